"use client";

import { deleteCookie, setCookie } from "httponly";
import { useState } from "react";

const themes = ["auto", "light", "dark"];

/** The choice lives in a cookie, so that the server renders it and nothing flickers. */
export function Theme({ theme }: { theme: string }) {
  const [chosen, setChosen] = useState(theme);
  const choose = (next: string) => {
    if (next === "auto") deleteCookie("theme");
    else setCookie("theme", next, { maxAge: 365 * 86_400 });
    document.documentElement.dataset.theme = next;
    setChosen(next);
  };
  return (
    <fieldset className="themes">
      <legend className="visually-hidden">Theme</legend>
      {themes.map((option) => (
        <label key={option} className={chosen === option ? "chosen" : undefined}>
          <input
            type="radio"
            name="theme"
            value={option}
            checked={chosen === option}
            onChange={() => choose(option)}
          />
          {option}
        </label>
      ))}
    </fieldset>
  );
}

import { AuthProvider, CookieProvider, useAuth, useCookie } from "httponly/react";
import { createElement, StrictMode, Suspense } from "react";

function Account() {
  const { status, user, session, error } = useAuth();
  const text = `${status} ${user?.name ?? "nobody"} ${session ? "session" : "none"} ${error?.code ?? "fine"}`;
  return createElement("p", { id: "hook" }, text);
}

function Theme() {
  const [theme, setTheme, removeTheme] = useCookie("theme", { maxAge: 3600 });
  globalThis.theme = { set: setTheme, remove: removeTheme };
  return createElement("p", { id: "theme", "data-theme": theme }, theme ?? "none");
}

/** One page for all: what it shows is the cookie alone. */
export function CookieApp({ cookies }) {
  const theme = createElement(Theme);
  return createElement(StrictMode, null, cookies ? createElement(CookieProvider, { cookies }, theme) : theme);
}

export function App({ initial }) {
  const account = createElement(Suspense, null, createElement(Account));
  return createElement(StrictMode, null, createElement(AuthProvider, { initial }, account));
}

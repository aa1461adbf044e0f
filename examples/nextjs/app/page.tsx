import { getCookie } from "httponly";
import { requestCookies } from "httponly/next";
import { getRequestCookies } from "httponly/server";
import { sessionOf } from "../lib/session";
import { Account } from "./account";
import { Chat } from "./chat";
import { Theme } from "./theme";

export default async function Page() {
  const cookies = await requestCookies();
  const session = await sessionOf(cookies);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the chat
      </a>
      <div className="page">
        <header className="top">
          <p className="brand">
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <path d="M16 2a14 14 0 1 0 14 14 6 6 0 0 1-7-6 6 6 0 0 1-7-8z" fill="var(--accent)" />
              <path
                d="M12.4 16v-2.2a3.6 3.6 0 0 1 7.2 0V16M11 16h10v7H11z"
                fill="none"
                stroke="#fff"
                strokeWidth="1.9"
                strokeLinejoin="round"
              />
            </svg>
            httponly
          </p>
          <Theme theme={getCookie("theme", { cookies }) ?? "auto"} />
        </header>

        <div className="hero">
          <h1>A chat that holds no token.</h1>
          <p>
            The page asks its own server, the server adds the token from an HttpOnly cookie, and the answer
            comes back word by word.
          </p>
          <noscript>
            <p className="noscript">JavaScript is off. Signing in and out still works; the chat needs it.</p>
          </noscript>
        </div>

        <Chat
          signedIn={session.status === "signed in"}
          project={getCookie("project", { cookies })}
          visitor={getRequestCookies(cookies).visitor?.slice(0, 8)}
        >
          <Account session={session} />
        </Chat>
      </div>
    </>
  );
}

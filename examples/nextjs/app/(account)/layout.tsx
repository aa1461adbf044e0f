import { getCookie } from "httponly";
import { requestCookies } from "httponly/next";
import { AuthProvider } from "httponly/react";
import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { who } from "../../lib/auth";
import { Theme } from "../theme";
import "./account.css";
import { UserMenu } from "./user-menu";

export const metadata: Metadata = {
  title: { default: "httponly account", template: "%s · httponly" },
  description: "An account on an authentication backend of its own, whose token JavaScript never sees.",
};

export default async function Layout({ children }: { children: ReactNode }) {
  const { user, session, status } = await who();
  const theme = getCookie("theme", { cookies: await requestCookies() }) ?? "auto";
  return (
    <AuthProvider initial={{ user, session, status }}>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <div className="page account-page">
        <header className="top">
          <Link className="brand" href="/library" prefetch={false}>
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
          </Link>
          <nav aria-label="Pages">
            <Link href="/library" prefetch={false}>
              Library
            </Link>
            <Link href="/studio" prefetch={false}>
              Studio
            </Link>
            <a href="/">Chat</a>
          </nav>
          <Theme theme={theme} />
          <UserMenu />
        </header>
        <main id="main">{children}</main>
      </div>
    </AuthProvider>
  );
}

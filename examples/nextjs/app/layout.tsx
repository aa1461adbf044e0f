import { getCookie } from "httponly";
import { requestCookies } from "httponly/next";
import type { Metadata } from "next";
import type { ReactNode } from "react";
import "./globals.css";

export const metadata: Metadata = {
  title: "httponly chat",
  description: "A chat that streams its answer through a proxy, with a token that JavaScript never sees.",
};

export default async function Layout({ children }: { children: ReactNode }) {
  const theme = getCookie("theme", { cookies: await requestCookies() }) ?? "auto";
  return (
    <html lang="en" data-theme={theme} suppressHydrationWarning>
      <body>{children}</body>
    </html>
  );
}

import type { CookieOptions } from "httponly";

/** What a browser drops without a word. */
export const mistakes: { label: string; name: string; value: string; options?: CookieOptions }[] = [
  { label: "5,000 bytes", name: "large", value: "x".repeat(5000) },
  { label: "; in a name", name: "semi;colon", value: "1" },
  { label: "CR LF in a value", name: "header", value: "1\r\nSet-Cookie: admin=1" },
  {
    label: "SameSite=None, not secure",
    name: "embedded",
    value: "1",
    options: { sameSite: "None", secure: false },
  },
  { label: "__Host- with a path", name: "__Host-id", value: "1", options: { path: "/account" } },
  { label: "A foreign domain", name: "tracker", value: "1", options: { domain: "example.com" } },
  { label: "A path without /", name: "lost", value: "1", options: { path: "account" } },
];

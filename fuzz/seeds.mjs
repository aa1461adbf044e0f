/**
 * Writes the rows of tests/vectors into fuzz/corpus, as what the targets begin with.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const vectors = (name) =>
  JSON.parse(readFileSync(new URL(`../tests/vectors/${name}.json`, import.meta.url), "utf8"));

function write(targets, texts) {
  for (const target of targets) {
    const folder = new URL(`corpus/${target}/`, import.meta.url);
    mkdirSync(folder, { recursive: true });
    for (const text of texts) {
      writeFileSync(new URL(createHash("sha1").update(text).digest("hex"), folder), text);
    }
  }
}

const redirects = vectors("redirect").map((row) => row.target);
write(["redirect", "passage", "page"], redirects);
write(
  ["guard"],
  redirects.flatMap((to) => [`\0${to.slice(1)}`, `\u0001${to.slice(1)}`, `\0login\nredirect=${to}`]),
);

const { path, header, location } = vectors("target");
const answers = location.map(
  (row) => `${row.requested.replace(/^https:..[^/]*.?(v1.)?/, "")}\n${row.location}`,
);
write(
  ["target"],
  [...path.map((row) => row.rest), ...header.map((row) => row.header), ...answers].map(
    (text) => `\u0001${text}`,
  ),
);
write(["passage"], [...path.map((row) => row.rest), ...answers]);
write(
  ["guard"],
  path.map((row) => `\u0001${row.rest}`),
);
const head = "x-httponly: 1\norigin: https://app.example\ncontent-type: application/json";
const addresses = [
  ...path.map((row) => [row.rest, ""]),
  ...header.map((row) => ["", `\nx-nordcraft-url: ${row.header}`]),
];
write(
  ["plan"],
  addresses.map(([rest, named]) => `\u0002api/${rest}\n${head}${named}\n\n{}`),
);

const templates = vectors("template").map((row) => [row.input, Object.values(row.cookies)]);
write(
  ["template"],
  templates.flatMap(([text, values]) => values.map((value) => `${text}\0${value}`)),
);
const spent = templates.map(([text]) => text.replace(/cookies\.\w+/g, "cookies.granted"));
write(
  ["plan"],
  spent.map((text) => `\u0002api/a?q=${text}\n${head}\nauthorization: ${text}\nx-a: ${text}\n\n${text}`),
);
write(
  ["json", "page"],
  vectors("template").map((row) => JSON.stringify(row)),
);
write(["json"], spent);

const lines = vectors("set-cookie").map((row) => row.line);
const cookies = vectors("cookie-header").map((row) => row.header);
write(["rewrite", "set_cookie"], [...lines, ...lines.map((line) => line.replace(/^[^=]*/, "sid"))]);
write(
  ["answer"],
  [
    "cache-control: public, s-maxage=5",
    "vary: A, *",
    "connection: x-a, vary",
    "content-type: text/event-stream",
  ].flatMap((header) =>
    lines.map((line) => `\u0003${header}\nlocation: /a\nset-cookie: ${line.replace(/^[^=]*/, "sid")}`),
  ),
);
write(["header"], cookies);
write(
  ["carry"],
  [
    ...cookies.map((text) => `${text}\n${lines.slice(0, 3).join("\n")}`),
    ...lines.map((line) => `a=1; b=2\n${line}`),
  ],
);
const names = ["my.session", "__Host-my.session", "better-auth.session_data.0", "two-factor", "theme"];
write(
  ["session_cookies"],
  cookies.flatMap((text) => names.map((name) => text.replace(/\w+=/g, `${name}=`))),
);

write(
  ["jwt"],
  vectors("jwt").map((row) => row.token ?? row.jwt ?? JSON.stringify(row)),
);
write(
  ["forwarded"],
  ["203.0.113.9, 192.0.2.7", "[2001:db8::7]:4711", "app.example:8443", "[::1]:80"].map(
    (text) => `\u0001${text}`,
  ),
);
const user = {
  user: { id: "u1", token: "t" },
  session: { userId: "u1", expiresAt: "2026-11-22T01:34:33.611Z" },
};
write(
  ["json", "page"],
  [user, { url: "https://a.example/o", redirect: true }, { token: "t", callbackURL: "/a" }].map((body) =>
    JSON.stringify(body),
  ),
);
write(
  ["page"],
  ["token=t&callbackURL=%2Fa&errorCallbackURL=/b", '{"error":{"code":"cross-origin","message":"m"}}', "null"],
);

const wishes = ["a\n/p\nmy.example\n1", "__Host-a\n\n\n\u00e9 ;%", "__Secure-a\n/\n.MY.example\n"];
write(
  ["assignment"],
  wishes.flatMap((wish) => ["\0\0", "\u0022\u0004", "\u0030\u000c"].map((flags) => flags + wish)),
);
write(
  ["endpoint"],
  [
    "\0name=a&value=b+c&ttl=1e3",
    '\u0001{"name":"__Host-my.session","value":"x","sameSite":"None","path":"/"}',
  ],
);
const form =
  "email=ada@a.example\npassword=analytical\nname=Ada\nprovider=github\ntoken=t\nconfirmation=analytical\nid=1";
const flows = Array.from({ length: 12 }, (_, at) => String.fromCharCode(at));
const replies = [
  '{"url":"https://p.example/o","user":{"id":"u1"}}',
  '{"code":"INVALID_TOKEN","message":"m"}',
  "/?error=X",
];
write(
  ["flow"],
  flows.flatMap((flow) =>
    replies.map((reply, at) => `${flow}${["\0\0", "`\u0002", "f\0"][at]}${form}\nredirect=/a?b\n\n${reply}`),
  ),
);

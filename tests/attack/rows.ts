/**
 * The attacks: what is sent, byte for byte, and how each ends. Used for both frameworks and a plain server.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { Framework } from "./apps.ts";

/** Cookies that the victim's browser sends with every request, unless a row says otherwise. */
export const SECRETS = {
  access_token: "s3cr3tAccessToken",
  granted: "s3cr3tGrantedKey",
  "__Host-sid": "s3cr3tHostSession",
  other: "s3cr3tOfAnotherApi",
} as const;

const COOKIES = Object.entries(SECRETS)
  .map(([name, value]) => `${name}=${value}`)
  .join("; ");

/** Where a row is sent. */
export interface Place {
  /** The app's own host and port. */
  host: string;
  /** The app's own origin. */
  origin: string;
  upstream: string;
  decoy: string;
  decoyPort: number;
}

/** How an attack ends. */
export type Outcome =
  /** Refused by us, with a typed error and no call. */
  | { refused: number; code: string }
  /** Refused below us, with no call: by the framework, or by Node's HTTP parser or the plain server. */
  | {
      refused: number;
      by: "node" | Framework;
      /** Whether the redirect names another host, as only an absolute request target does, which no browser sends. */
      away?: true;
    }
  /** The upstream gets it without the offending part. */
  | Arrival;

export interface Arrival {
  /** Method, and path and query, that arrive. */
  arrives: string;
  /** Headers that arrive, by name in lower case; `null` does not arrive. */
  headers?: Record<string, string | null>;
  body?: string;
}

export interface Row {
  name: string;
  method: string;
  bytes(at: Place): Buffer;
  outcome: Record<Framework, Outcome>;
}

interface Sent {
  method?: string;
  /** The request target, as it is to stand in the request line. */
  target: string;
  /** The Host header; `null` for none. */
  host?: string | null;
  /** The Cookie header; `null` for none. */
  cookie?: string | null;
  headers?: readonly [name: string, value: string][];
  body?: string;
  /** Whether the request carries what a browser sends with a `fetch` of the own origin; default yes. */
  proof?: boolean;
}

/**
 * How an attack ends on each. A plain server ends it as SvelteKit does, where that is not by SvelteKit's own refusal.
 */
type Outcomes = Outcome | (Omit<Record<Framework, Outcome>, "node"> & { node?: Outcome });

function each(outcome: Outcomes): Record<Framework, Outcome> {
  if ("sveltekit" in outcome) return { node: outcome.sveltekit, ...outcome };
  return { sveltekit: outcome, next: outcome, node: outcome };
}

/** A row that is a well-formed message but for what it says. */
function row(name: string, sent: Sent | ((at: Place) => Sent), outcome: Outcomes): Row {
  const make = typeof sent === "function" ? sent : () => sent;
  const probe = make({ host: "", origin: "", upstream: "", decoy: "", decoyPort: 0 });
  return {
    name,
    method: probe.method ?? "GET",
    outcome: each(outcome),
    bytes: (at) => Buffer.from(message(make(at), at), "latin1"),
  };
}

/** A row that is written out whole. */
function raw(name: string, lines: (at: Place) => string[], outcome: Outcomes): Row {
  return {
    name,
    method: "POST",
    outcome: each(outcome),
    bytes: (at) => Buffer.from(lines(at).join("\r\n"), "latin1"),
  };
}

function message(sent: Sent, at: Place): string {
  const { method = "GET", target, host = at.host, cookie = COOKIES, headers = [], body, proof = true } = sent;
  const lines = [`${method} ${target} HTTP/1.1`];
  const named = (name: string) => headers.some((header) => header[0].toLowerCase() === name);
  if (host !== null) lines.push(`Host: ${host}`);
  if (cookie !== null) lines.push(`Cookie: ${cookie}`);
  if (proof) lines.push("Sec-Fetch-Site: same-origin", "Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors");
  for (const [name, value] of headers) lines.push(`${name}: ${value === "OWN" ? at.origin : value}`);
  if (!named("connection")) lines.push("Connection: close");
  if (body !== undefined && !named("content-length") && !named("transfer-encoding"))
    lines.push(`Content-Length: ${Buffer.byteLength(body, "latin1")}`);
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

const URL_INVALID = { refused: 400, code: "url-invalid" };
const NO_TARGET = { refused: 404, code: "unknown-target" };
const NOT_GRANTED = { refused: 403, code: "cookie-not-granted" };
const NO_PROOF = { refused: 403, code: "cross-origin" };
const NO_COOKIE = { refused: 401, code: "unauthenticated" };
const TWICE = { refused: 400, code: "field-invalid" };
const byNode = (refused: number): Outcome => ({ refused, by: "node" });
const byNext = (refused: number): Outcome => ({ refused, by: "next" });
const byKit = (refused: number): Outcome => ({ refused, by: "sveltekit" });
const byFramework = (refused: number) => ({
  sveltekit: byKit(refused),
  next: byNext(refused),
  node: byNode(refused),
});
/** What both frameworks cannot decode. */
const UNDECODABLE = { sveltekit: byKit(400), next: byNext(500), node: URL_INVALID };
/** Next redirects what has empty segments or backslashes to what has none, within the app. */
const TIDIED = (sveltekit: Outcome): Outcomes => ({ sveltekit, next: byNext(308) });
const arrives = (line: string, rest: Omit<Arrival, "arrives"> = {}): Arrival => ({ arrives: line, ...rest });

// --- where a request goes -----------------------------------------------------------------------------------------

/** What stands behind `/api/proxy/plain/` in the request line. */
const PATHS: [rest: string, outcome: Outcomes][] = [
  ["..", NO_TARGET],
  ["../", NO_TARGET],
  ["../admin", NO_TARGET],
  ["../../../etc/passwd", byFramework(404)],
  ["%2e%2e/admin", NO_TARGET],
  [".%2E/admin", NO_TARGET],
  ["%252e%252e/admin", arrives("GET /v1/plain/%252e%252e/admin")],
  ["%252e%252e%252fadmin", arrives("GET /v1/plain/%252e%252e%252fadmin")],
  ["..%2fadmin", URL_INVALID],
  ["..%2Fadmin", URL_INVALID],
  ["..%5cadmin", URL_INVALID],
  ["..\\admin", TIDIED(NO_TARGET)],
  ["%5c%5cevil.example", URL_INVALID],
  ["..;/admin", URL_INVALID],
  ["%2e%2e;/admin", URL_INVALID],
  [".;/../admin", URL_INVALID],
  ["..%00/admin", URL_INVALID],
  ["%c0%ae%c0%ae/admin", UNDECODABLE],
  ["%e0%80%ae%e0%80%ae/admin", UNDECODABLE],
  ["%ef%bc%8e%ef%bc%8e/admin", arrives("GET /v1/plain/%ef%bc%8e%ef%bc%8e/admin")],
  ["%e2%80%a4%e2%80%a4/admin", arrives("GET /v1/plain/%e2%80%a4%e2%80%a4/admin")],
  ["%uff0e%uff0e/admin", UNDECODABLE],
  ["\xef\xbc\x8e\xef\xbc\x8e/admin", byNode(400)],
  ["a/./b/../c", arrives("GET /v1/plain/a/c")],
  ["@DECOY/", arrives("GET /v1/plain/@DECOY/")],
  ["@evil.example", arrives("GET /v1/plain/@evil.example")],
  [":DECOYPORT/", arrives("GET /v1/plain/:DECOYPORT/")],
  ["/DECOY/", TIDIED(URL_INVALID)],
  ["//DECOY/", TIDIED(URL_INVALID)],
  ["/\\DECOY/", TIDIED(URL_INVALID)],
  ["\\\\DECOY/", TIDIED(URL_INVALID)],
  ["http://DECOY/", TIDIED(URL_INVALID)],
  ["http:%2f%2fDECOY/", URL_INVALID],
  ["http:DECOY/", arrives("GET /v1/plain/http:DECOY/")],
  // Next writes a query anew.
  [
    "?url=http://DECOY/",
    {
      sveltekit: arrives("GET /v1/plain?url=http://DECOY/"),
      next: arrives("GET /v1/plain?url=http%3A%2F%2F127.0.0.1%3ADECOYPORT%2F"),
    },
  ],
  ["#@DECOY/", arrives("GET /v1/plain")],
  ["x%23@DECOY/", arrives("GET /v1/plain/x%23@DECOY/")],
  ["x%3f@DECOY/", arrives("GET /v1/plain/x%3f@DECOY/")],
  ["%0d%0aHost:%20evil.example", URL_INVALID],
  ["x%20HTTP/1.1%0d%0a", URL_INVALID],
  ["%09/admin", URL_INVALID],
  ["x\tHTTP/1.1", byNode(400)],
  ["x HTTP/1.1 y", byNode(400)],
  ["%", UNDECODABLE],
  ["%2", UNDECODABLE],
  ["x".repeat(8 * 1024), arrives(`GET /v1/plain/${"x".repeat(8 * 1024)}`)],
  [`${"../".repeat(2_700)}nowhere`, byFramework(404)],
  ["x".repeat(20 * 1024), byNode(431)],
];

/** Whole request targets. */
const TARGETS: [target: string, outcome: Outcomes][] = [
  ["/api/proxy/unknown/x", NO_TARGET],
  ["/api/proxy/", NO_TARGET],
  ["/api/proxy/PLAIN/x", NO_TARGET],
  ["/api/proxy/__proto__/x", NO_TARGET],
  ["/api/proxy/constructor/x", NO_TARGET],
  ["/api/proxy/plain%2f../api/x", NO_TARGET],
  ["/api/proxy/plain%00/x", NO_TARGET],
  ["/api/proxy/%70lain/x", NO_TARGET],
  ["/api/proxy/plain./x", NO_TARGET],
  ["/api/proxy//plain/x", TIDIED(NO_TARGET)],
  ["//api/proxy/plain/x", { sveltekit: byKit(404), next: byNext(308), node: byNode(404) }],
  ["/api/proxy/..%2fproxy/plain/x", NO_TARGET],
  ["/api%2fproxy/plain/x", byFramework(404)],
  ["\\api\\proxy\\plain\\x", byNode(400)],
  // No browser sends an absolute request target to an app. Next answers it with a redirect to itself.
  [
    "http://DECOY/api/proxy/plain/x",
    { sveltekit: byKit(404), next: { refused: 308, by: "next", away: true }, node: byNode(404) },
  ],
  [
    "http://DECOY/",
    { sveltekit: byKit(404), next: { refused: 308, by: "next", away: true }, node: byNode(404) },
  ],
  [
    "https://DECOY/api/proxy/plain/x",
    { sveltekit: byKit(404), next: { refused: 308, by: "next", away: true }, node: byNode(404) },
  ],
  ["//DECOY/api/proxy/plain/x", { sveltekit: byKit(404), next: byNext(308), node: byNode(404) }],
  ["DECOY", byNode(400)],
  ["@DECOY/api/proxy/plain/x", byNode(400)],
  ["*", { sveltekit: byKit(404), next: byNext(500), node: byNode(404) }],
  ["/api/proxy/plain/x\xff", byNode(400)],
];

/** Values of `x-nordcraft-url`. `UPSTREAM` and `DECOY` are host and port. */
const URLS: [url: string, outcome?: Outcomes][] = [
  ["http://UPSTREAM/v1/plain/x", arrives("GET /v1/plain/x", { headers: { "x-nordcraft-url": null } })],
  ["http://UPSTREAM/v1/plain/@DECOY/", arrives("GET /v1/plain/@DECOY/")],
  ["http://UPSTREAM/v1/plain?u=http://DECOY/", arrives("GET /v1/plain?u=http://DECOY/")],
  ["http://UPSTREAM/v1/plain/%252e%252e/api", arrives("GET /v1/plain/%252e%252e/api")],
  ["http://DECOY/"],
  ["http://DECOY/v1/plain/x"],
  ["https://UPSTREAM/v1/plain/x"],
  ["HTTP://UPSTREAM/v1/plain/x"],
  ["ws://UPSTREAM/v1/plain/x"],
  ["ftp://DECOY/"],
  ["gopher://DECOY/_GET%20/"],
  ["file:///etc/passwd"],
  ["data:text/html,x"],
  ["blob:http://DECOY/x"],
  ["javascript:fetch('http://DECOY/')"],
  ["unix:/run/docker.sock:/v1/plain"],
  ["//UPSTREAM/v1/plain/x"],
  ["/v1/plain/x"],
  ["x"],
  ["http:UPSTREAM/v1/plain/x"],
  ["http:/UPSTREAM/v1/plain/x"],
  ["http:///UPSTREAM/v1/plain/x"],
  ["http:\\\\UPSTREAM\\v1\\plain"],
  ["http://UPSTREAM@DECOY/v1/plain/x"],
  ["http://UPSTREAM:x@DECOY/v1/plain/x"],
  ["http://u:p@UPSTREAM/v1/plain/x"],
  ["http://@UPSTREAM/v1/plain/x"],
  ["http://DECOY#@UPSTREAM/v1/plain/x"],
  ["http://DECOY?@UPSTREAM/v1/plain/x"],
  ["http://DECOY\\@UPSTREAM/v1/plain/x"],
  ["http://DECOY\\.UPSTREAM/v1/plain/x"],
  ["http://UPSTREAM.evil.example/v1/plain/x"],
  ["http://UPSTREAM0/v1/plain/x"],
  ["http://127.0.0.1:DECOYPORT/v1/plain/x"],
  ["http://127.0.0.1./v1/plain/x"],
  ["http://localhost:UPSTREAMPORT/v1/plain/x"],
  ["http://localhost.:DECOYPORT/v1/plain/x"],
  ["http://2130706433:UPSTREAMPORT/v1/plain/x"],
  ["http://2130706433:DECOYPORT/"],
  ["http://0x7f000001:UPSTREAMPORT/v1/plain/x"],
  ["http://0x7f.1:DECOYPORT/"],
  ["http://0177.0.0.1:UPSTREAMPORT/v1/plain/x"],
  ["http://127.1:UPSTREAMPORT/v1/plain/x"],
  ["http://127.0.0.01:UPSTREAMPORT/v1/plain/x"],
  ["http://0:DECOYPORT/"],
  ["http://[::1]:DECOYPORT/"],
  ["http://[::ffff:127.0.0.1]:UPSTREAMPORT/v1/plain/x"],
  ["http://[::ffff:7f00:1]:UPSTREAMPORT/v1/plain/x"],
  ["http://[0:0:0:0:0:0:0:1]:DECOYPORT/"],
  ["http://[::1%25lo]:DECOYPORT/"],
  ["http://127%2e0%2e0%2e1:UPSTREAMPORT/v1/plain/x"],
  ["http://127\xe3\x80\x820\xe3\x80\x820\xe3\x80\x821:UPSTREAMPORT/v1/plain/x"],
  ["http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1:UPSTREAMPORT/v1/plain/x"],
  ["http://127.0.0.1:0UPSTREAMPORT/v1/plain/x"],
  ["http://127.0.0.1\t:UPSTREAMPORT/v1/plain/x"],
  ["http://UPSTREAM/v1/plain/\tx"],
  ["http://UPSTREAM/v1/plain/../api"],
  ["http://UPSTREAM/v1/plain/%2e%2e/api"],
  ["http://UPSTREAM/v1/plain/..%2fapi"],
  ["http://UPSTREAM/v1/plain/..;/api"],
  ["http://UPSTREAM/v1/plain\\..\\api"],
  ["http://UPSTREAM/v1/plain//DECOY"],
  ["http://UPSTREAM/v1/plainx"],
  ["http://UPSTREAM/v1/plai%6e/x"],
  ["http://UPSTREAM/v1/api"],
  ["http://UPSTREAM/v1/PLAIN/x"],
  ["http://UPSTREAM/"],
  ["http://UPSTREAM"],
  ["http://UPSTREAM/v1/plain/%0d%0aHost:%20evil"],
  ["http://UPSTREAM/v1/plain/x, http://DECOY/"],
  ["http://{{ cookies.granted }}/v1/plain/x"],
  ["{{ cookies.granted }}://UPSTREAM/v1/plain/x"],
  ["http://UPSTREAM/v1/plain/{{ cookies.granted }}"],
  ["http://UPSTREAM/v1/plain/x#{{ cookies.granted }}"],
  ["http://DECOY/?t={{ cookies.granted }}"],
  [`http://UPSTREAM/v1/plain/${"../".repeat(2_700)}`],
];

const place = (text: string, at: Place) =>
  text
    .replaceAll("UPSTREAMPORT", at.upstream.split(":")[1] ?? "")
    .replaceAll("DECOYPORT", String(at.decoyPort))
    .replaceAll("UPSTREAM", at.upstream)
    .replaceAll("DECOY", at.decoy);

/** The name of a row, readable whatever it sends. */
const shown = (text: string) =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 60)}… (${text.length})` : text);

export const destinations: Row[] = [
  ...PATHS.map(([rest, outcome]) =>
    row(`path ${shown(rest)}`, (at) => ({ target: `/api/proxy/plain/${place(rest, at)}` }), outcome),
  ),
  ...TARGETS.map(([target, outcome]) =>
    row(`request target ${shown(target)}`, (at) => ({ target: place(target, at) }), outcome),
  ),
  ...URLS.map(([url, outcome = URL_INVALID]) =>
    row(
      `x-nordcraft-url ${shown(url)}`,
      (at) => ({ target: "/api/proxy/plain", headers: [["x-nordcraft-url", place(url, at)]] }),
      outcome,
    ),
  ),
  row(
    "two x-nordcraft-url",
    (at) => ({
      target: "/api/proxy/plain",
      headers: [
        ["x-nordcraft-url", `http://${at.upstream}/v1/plain/x`],
        ["x-nordcraft-url", `http://${at.decoy}/`],
      ],
    }),
    URL_INVALID,
  ),
];

/**
 * The addresses of tests/vectors/target.json. A server may refuse or resolve one itself before we see it, so a row says
 * only that it stays inside the target.
 */
export const vectors = (
  JSON.parse(readFileSync(new URL("../vectors/target.json", import.meta.url), "utf8")) as {
    path: { rest: string }[];
  }
).path.map(({ rest }) => {
  const target = `/api/proxy/plain/${Buffer.from(rest, "utf8").toString("latin1")}`;
  return row(`vector ${shown(rest)}`, { target }, URL_INVALID);
});

// --- what goes with it ----------------------------------------------------------------------------------------------

const TOKEN_ARRIVES = { authorization: `Bearer ${SECRETS.access_token}`, "x-user-id": "user-1" };

/** A request to the target with bearer, where the headers have no effect. */
function harmless(
  name: string,
  headers: [string, string][],
  gone: Record<string, string | null>,
  extra: Partial<Sent> = {},
) {
  return row(
    name,
    { target: "/api/proxy/api/x", headers, ...extra },
    arrives(`${extra.method ?? "GET"} /v1/api/x`, { headers: { ...TOKEN_ARRIVES, cookie: null, ...gone } }),
  );
}

const DROPPED = [
  "forwarded",
  "via",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "fastly-client-ip",
  "x-original-url",
  "x-rewrite-url",
  "x-original-host",
  "x-host",
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
  "x-forwarded-server",
  "x-forwarded-user",
  "x-forwarded-prefix",
  "x-forwarded-port",
  "x-middleware-subrequest",
  "x-middleware-rewrite",
  "x-middleware-request-x-user-id",
  "x-middleware-set-cookie",
  "x-invoke-path",
  "x-matched-path",
  "x-nextjs-data",
  "x-sveltekit-invalidated",
  "x_user_id",
  "X_Forwarded_For",
  "proxy",
  "proxy-authorization",
  "te",
  "trailer",
  "keep-alive",
  "http2-settings",
  "cookie2",
  "__proto__",
  "sec-fetch-user",
  "origin-agent-cluster",
  "x-httponly-internal",
];

const post = (headers: string[], body: string) => (at: Place) => [
  "POST /api/proxy/plain/x HTTP/1.1",
  `Host: ${at.host}`,
  `Cookie: ${COOKIES}`,
  "Connection: close",
  // Without a type SvelteKit drops the body.
  "Content-Type: text/plain",
  `Origin: ${at.origin}`,
  ...headers,
  "",
  body,
];
const SMUGGLED = "GET /api/proxy/api/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

/** SvelteKit's server answers as if it had not been asked; Next's hangs up. */
const UPGRADE: Outcomes = {
  sveltekit: arrives("GET /v1/api/x", {
    headers: { upgrade: null, "http2-settings": null, connection: "keep-alive" },
  }),
  next: byNext(0),
};

export const headers: Row[] = [
  ...DROPPED.map((name) =>
    harmless(`the header ${name}`, [[name, "http://evil.example/DELETE"]], { [name.toLowerCase()]: null }),
  ),
  ...[
    "authorization",
    "cookie",
    "host",
    "x-user-id",
    "sec-fetch-site",
    "x-page-url",
    "accept",
    "content-length",
  ].map((name) =>
    row(
      `Connection nominates ${name}`,
      {
        target: "/api/proxy/api/x",
        headers: [
          ["Connection", `close, ${name}`],
          ["X-Page-URL", "p"],
          ["Accept", "a/b"],
        ],
      },
      arrives("GET /v1/api/x", {
        headers: {
          ...TOKEN_ARRIVES,
          cookie: null,
          "x-page-url": name === "x-page-url" ? null : "p",
          accept: name === "accept" ? "*/*" : "a/b",
          // That of `fetch` to the upstream, and never the client's.
          connection: "keep-alive",
        },
      }),
    ),
  ),
  row(
    "Connection nominates the template's Authorization",
    {
      target: "/api/proxy/templated/x",
      headers: [
        ["Connection", "close, Authorization"],
        ["Authorization", "Bearer {{ cookies.granted }}"],
      ],
    },
    arrives("GET /v1/templated/x", { headers: { authorization: null } }),
  ),
  harmless("a user id of the page's own", [["X-User-ID", "admin"]], {}),
  harmless(
    "a user id twice",
    [
      ["X-User-ID", "admin"],
      ["x-user-id", "root"],
    ],
    {},
  ),
  harmless("an Authorization of the page's own", [["Authorization", "Bearer evil"]], {}),
  harmless(
    "two Authorizations",
    [
      ["Authorization", "Bearer evil"],
      ["authorization", "Basic eA=="],
    ],
    {},
  ),
  row(
    "an Authorization for a target without grants",
    { target: "/api/proxy/plain/x", headers: [["Authorization", "Bearer evil"]] },
    arrives("GET /v1/plain/x", { headers: { authorization: null } }),
  ),
  ...["x-forwarded-host", "x-forwarded-proto"].map((name) =>
    row(
      `${name} of the client's own`,
      { target: "/api/proxy/api/x", headers: [[name, "evil.example"]] },
      // The app's own stands there; tests/attack/http.test.ts fills in its host.
      arrives("GET /v1/api/x", {
        headers: { ...TOKEN_ARRIVES, [name]: name.endsWith("host") ? "HOST" : "http" },
      }),
    ),
  ),
  row(
    "X-Forwarded-For of the client's own",
    {
      target: "/api/proxy/api/x",
      headers: [
        ["X-Forwarded-For", "10.0.0.1"],
        ["X-Forwarded-For", "169.254.169.254"],
      ],
    },
    {
      sveltekit: arrives("GET /v1/api/x", { headers: { "x-forwarded-for": "127.0.0.1" } }),
      next: arrives("GET /v1/api/x", { headers: { "x-forwarded-for": null } }),
    },
  ),
  row(
    "a page that says whose origin the app is by x-forwarded-host and Origin",
    {
      proof: false,
      target: "/api/proxy/api/x",
      headers: [
        ["Origin", "https://evil.example"],
        ["X-Forwarded-Host", "evil.example"],
        ["X-Forwarded-Proto", "https"],
      ],
    },
    NO_PROOF,
  ),
  row(
    "a page that says whose origin the app is by Host and Origin",
    {
      proof: false,
      host: "evil.example",
      target: "/api/proxy/api/x",
      headers: [["Origin", "http://evil.example"]],
    },
    NO_PROOF,
  ),
  row("no Host", { host: null, target: "/api/proxy/plain/x" }, byNode(400)),
  row(
    "the decoy's Host",
    (at) => ({ host: at.decoy, target: "/api/proxy/plain/x" }),
    arrives("GET /v1/plain/x", { headers: { host: "UPSTREAM" } }),
  ),
  row(
    "two Hosts",
    { target: "/api/proxy/plain/x", headers: [["Host", "evil.example"]] },
    arrives("GET /v1/plain/x", { headers: { host: "UPSTREAM" } }),
  ),
  row(
    "a Host with a path and credentials",
    { host: "u:p@evil.example/x?", target: "/api/proxy/plain/x" },
    arrives("GET /v1/plain/x", { headers: { host: "UPSTREAM" } }),
  ),
  row(
    "CR LF in a header",
    { target: "/api/proxy/plain/x", headers: [["X-Token", "a\r\nX-User-ID: admin"]] },
    arrives("GET /v1/plain/x", { headers: { "x-token": "a", "x-user-id": null } }),
  ),
  row(
    "a bare LF in a header",
    { target: "/api/proxy/plain/x", headers: [["X-Token", "a\nX-User-ID: admin"]] },
    byNode(400),
  ),
  row(
    "a bare CR in a header",
    { target: "/api/proxy/plain/x", headers: [["X-Token", "a\rX-User-ID: admin"]] },
    byNode(400),
  ),
  row("NUL in a header", { target: "/api/proxy/plain/x", headers: [["X-Token", "a\0b"]] }, byNode(400)),
  row(
    "a folded header line",
    { target: "/api/proxy/plain/x", headers: [["X-Token", "a\r\n X-User-ID: admin"]] },
    byNode(400),
  ),
  row(
    "a space before the colon",
    { target: "/api/proxy/plain/x", headers: [["X-User-ID ", "admin"]] },
    byNode(400),
  ),
  row(
    "a header name with a line break",
    { target: "/api/proxy/plain/x", headers: [["X\r\n", "a"]] },
    byNode(400),
  ),
  row("an empty header name", { target: "/api/proxy/plain/x", headers: [["", "a"]] }, byNode(400)),
  row(
    "a header of 1 MB",
    { target: "/api/proxy/plain/x", headers: [["X-Token", "a".repeat(1_000_000)]] },
    byNode(431),
  ),
  row(
    "10,000 headers",
    {
      target: "/api/proxy/plain/x",
      headers: Array.from({ length: 10_000 }, (_, i): [string, string] => [`x-${i}`, "a"]),
    },
    byNode(431),
  ),
  row("a Cookie of 1 MB", { target: "/api/proxy/api/x", cookie: `a=${"b".repeat(1_000_000)}` }, byNode(431)),
  row(
    "a header of 12 KB that passes",
    { target: "/api/proxy/plain/x", headers: [["X-Token", "a".repeat(12_000)]] },
    arrives("GET /v1/plain/x"),
  ),
  row(
    "Upgrade: websocket",
    {
      target: "/api/proxy/api/x",
      headers: [
        ["Connection", "Upgrade"],
        ["Upgrade", "websocket"],
        ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
        ["Sec-WebSocket-Version", "13"],
      ],
    },
    UPGRADE,
  ),
  row(
    "Upgrade: h2c",
    {
      target: "/api/proxy/api/x",
      headers: [
        ["Connection", "Upgrade, HTTP2-Settings"],
        ["Upgrade", "h2c"],
        ["HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA"],
      ],
    },
    UPGRADE,
  ),
  raw(
    "Transfer-Encoding and Content-Length",
    post(["Content-Length: 4", "Transfer-Encoding: chunked"], `0\r\n\r\n${SMUGGLED}`),
    byNode(400),
  ),
  raw(
    "Content-Length and Transfer-Encoding",
    post(["Transfer-Encoding: chunked", "Content-Length: 100"], `0\r\n\r\n${SMUGGLED}`),
    byNode(400),
  ),
  raw("two Content-Lengths", post(["Content-Length: 0", "Content-Length: 51"], SMUGGLED), byNode(400)),
  raw("a list of Content-Lengths", post(["Content-Length: 0, 51"], SMUGGLED), byNode(400)),
  raw("a Content-Length with a sign", post(["Content-Length: +0"], SMUGGLED), byNode(400)),
  raw(
    "Transfer-Encoding: xchunked",
    post(["Transfer-Encoding: xchunked"], `0\r\n\r\n${SMUGGLED}`),
    byNode(400),
  ),
  raw(
    "Transfer-Encoding: chunked, identity",
    post(["Transfer-Encoding: chunked, identity"], `0\r\n\r\n${SMUGGLED}`),
    byNode(400),
  ),
  raw(
    "Transfer-Encoding with a tab",
    post(["Transfer-Encoding:\tchunked"], `0\r\n\r\n`),
    arrives("POST /v1/plain/x", { body: "" }),
  ),
  raw(
    "Transfer-Encoding with a space before the colon",
    post(["Transfer-Encoding : chunked"], `0\r\n\r\n`),
    byNode(400),
  ),
  raw(
    "two Transfer-Encodings",
    post(["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], `0\r\n\r\n${SMUGGLED}`),
    byNode(400),
  ),
  raw(
    "Transfer_Encoding: chunked",
    post(["Transfer_Encoding: chunked", "Content-Length: 5"], "0\r\n\r\n"),
    arrives("POST /v1/plain/x", { headers: { transfer_encoding: null }, body: "0\r\n\r\n" }),
  ),
  raw("a chunk size with a sign", post(["Transfer-Encoding: chunked"], "+1\r\na\r\n0\r\n\r\n"), byNode(400)),
  raw(
    "a chunk that is longer than it says",
    post(["Transfer-Encoding: chunked"], `1\r\nabc\r\n0\r\n\r\n`),
    byNode(400),
  ),
  raw("a bare LF between chunks", post(["Transfer-Encoding: chunked"], "1\na\n0\n\n"), byNode(400)),
  raw(
    "trailers that would be headers",
    post(
      ["Transfer-Encoding: chunked", "Trailer: X-User-ID"],
      "1\r\na\r\n0\r\nX-User-ID: admin\r\nAuthorization: Bearer evil\r\n\r\n",
    ),
    arrives("POST /v1/plain/x", {
      headers: { "x-user-id": null, authorization: null, trailer: null },
      body: "a",
    }),
  ),
  raw(
    "a second request in the body",
    post([`Content-Length: ${SMUGGLED.length}`], SMUGGLED),
    arrives("POST /v1/plain/x", { body: SMUGGLED }),
  ),
  raw(
    "Expect: 100-continue with a body",
    post(["Expect: 100-continue", "Content-Length: 1"], "a"),
    arrives("POST /v1/plain/x", { headers: { expect: null }, body: "a" }),
  ),
  raw("Expect: something else", post(["Expect: 200-maybe", "Content-Length: 1"], "a"), byNode(417)),
  raw("a body over the limit, as declared", post(["Content-Length: 300000"], "a".repeat(300_000)), {
    refused: 413,
    code: "body-too-large",
  }),
  row("an HTTP/0.9 request", { method: "GET /api/proxy/api/x\r\n\r\nGET", target: "/" }, byNode(400)),
];

/** Destinations that run what they get, from a page whose own policy would let them. */
const RUNS = [
  "script",
  "worker",
  "sharedworker",
  "serviceworker",
  "audioworklet",
  "paintworklet",
  "xslt",
  "style",
];

export const callers: Row[] = [
  ...RUNS.map((dest) =>
    row(
      `what is fetched as ${dest}, where no cookie is spent`,
      {
        proof: false,
        target: "/api/proxy/plain/x.js",
        headers: [
          ["Sec-Fetch-Site", "same-origin"],
          ["Sec-Fetch-Dest", dest],
        ],
      },
      NO_PROOF,
    ),
  ),
  ...["empty", "image", "document", "iframe", "video", "font"].map((dest) =>
    row(
      `what is fetched as ${dest}, where no cookie is spent`,
      {
        proof: false,
        target: "/api/proxy/plain/x",
        headers: [
          ["Sec-Fetch-Site", "same-origin"],
          ["Sec-Fetch-Dest", dest],
        ],
      },
      arrives("GET /v1/plain/x"),
    ),
  ),
  ...["image", "document", "iframe", "script", "empty, empty", "Empty", ""].map((dest) =>
    row(
      `what is fetched as ${JSON.stringify(dest)}, where a cookie is spent`,
      {
        proof: false,
        target: "/api/proxy/api/x",
        headers: [
          ["Sec-Fetch-Site", "same-origin"],
          ["Sec-Fetch-Dest", dest],
        ],
      },
      NO_PROOF,
    ),
  ),
];

export const methods: Row[] = [
  ...["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"].map((name) =>
    row(
      `POST with ${name}: DELETE`,
      { method: "POST", target: "/api/proxy/plain/x?_method=DELETE", headers: [[name, "DELETE"]], body: "a" },
      arrives("POST /v1/plain/x?_method=DELETE", { headers: { [name.toLowerCase()]: null } }),
    ),
  ),
  ...["DELETE", "PUT", "PATCH"].map((method) =>
    row(
      `${method} to a target of GET and POST`,
      { method, target: "/api/proxy/plain/x" },
      { refused: 405, code: "method-not-allowed" },
    ),
  ),
  row(
    "OPTIONS",
    { method: "OPTIONS", target: "/api/proxy/api/x" },
    { refused: 405, code: "method-not-allowed" },
  ),
  row(
    "a preflight of another origin",
    {
      method: "OPTIONS",
      target: "/api/proxy/api/x",
      headers: [
        ["Origin", "https://evil.example"],
        ["Access-Control-Request-Method", "GET"],
        ["Access-Control-Request-Headers", "x-httponly"],
      ],
    },
    { refused: 405, code: "method-not-allowed" },
  ),
  ...(
    [
      ["TRACE", { sveltekit: byKit(400), next: byNext(500), node: byNode(405) }],
      ["CONNECT", byNode(0)],
      ["TRACK", byNode(400)],
      [
        "PROPFIND",
        { sveltekit: byKit(405), next: byNext(400), node: { refused: 405, code: "method-not-allowed" } },
      ],
      ["get", byNode(400)],
      ["GETT", byNode(400)],
    ] as [string, Outcomes][]
  ).map(([method, outcome]) => row(`the method ${method}`, { method, target: "/api/proxy/api/x" }, outcome)),
];

// --- which cookies ------------------------------------------------------------------------------------------------

const T = (name: string) => `{{ cookies.${name} }}`;
const GRANTED = SECRETS.granted;
const templated = (name: string, sent: Omit<Sent, "target"> & { rest?: string }, outcome: Outcomes) =>
  row(name, { ...sent, target: `/api/proxy/templated${sent.rest ?? "/x"}` }, outcome);
const plain = (name: string, sent: Omit<Sent, "target"> & { rest?: string }, outcome: Outcomes) =>
  row(name, { ...sent, target: `/api/proxy/plain${sent.rest ?? "/x"}` }, outcome);
const encode = (text: string) => encodeURIComponent(text);
/** Next writes a query anew where `proxy.ts` runs: a space as `+`. */
const asItStands = (line: string): Outcomes => ({
  sveltekit: arrives(line),
  next: arrives(line.replaceAll("%20", "+")),
});
const JSON_TYPE: [string, string] = ["Content-Type", "application/json"];
const FORM_TYPE: [string, string] = ["Content-Type", "application/x-www-form-urlencoded"];
const TEXT_TYPE: [string, string] = ["Content-Type", "text/plain"];
const OWN: [string, string] = ["Origin", "OWN"];

/** Names of cookies that no target below may spend, and what is near to them. */
const FOREIGN = [
  "access_token",
  "__Host-sid",
  "other",
  "Granted",
  "GRANTED",
  "granted ",
  " granted",
  "granted\t",
  "grante%64",
  "__proto__",
  "constructor",
  "*",
  "granted;other",
  "granted, other",
  "granted }} {{ cookies.other",
  "{{ cookies.granted",
];

export const cookies: Row[] = [
  // The one way in, so that the refusals below are not those of a door that is shut to all.
  templated(
    "the granted cookie in Authorization",
    { headers: [["Authorization", `Bearer ${T("granted")}`]] },
    arrives("GET /v1/templated/x", { headers: { authorization: `Bearer ${GRANTED}`, cookie: null } }),
  ),
  templated(
    "the granted cookie in a listed header",
    { headers: [["X-Token", `a ${T("granted")}`]] },
    arrives("GET /v1/templated/x", { headers: { "x-token": `a ${GRANTED}` } }),
  ),
  templated(
    "the granted cookie in the query",
    { rest: `/x?t=${encode(T("granted"))}` },
    arrives(`GET /v1/templated/x?t=${GRANTED}`),
  ),
  templated(
    "the granted cookie in a JSON body",
    { method: "POST", headers: [JSON_TYPE], body: JSON.stringify({ t: T("granted") }) },
    arrives("POST /v1/templated/x", { body: JSON.stringify({ t: GRANTED }) }),
  ),

  ...FOREIGN.flatMap((name) => [
    ...(/^\s|\s$/.test(name)
      ? []
      : [
          templated(
            `{{ cookies.${name} }} in Authorization`,
            { headers: [["Authorization", `Bearer ${T(name)}`]] },
            name.includes(" }} ")
              ? arrives("GET /v1/templated/x", { headers: { authorization: null } })
              : NOT_GRANTED,
          ),
        ]),
    templated(`{{ cookies.${name} }} in a listed header`, { headers: [["X-Token", T(name)]] }, NOT_GRANTED),
    templated(`{{ cookies.${name} }} in a query value`, { rest: `/x?t=${encode(T(name))}` }, NOT_GRANTED),
    templated(`{{ cookies.${name} }} in a query name`, { rest: `/x?${encode(T(name))}=t` }, NOT_GRANTED),
    templated(
      `{{ cookies.${name} }} in a text body`,
      { method: "POST", headers: [TEXT_TYPE, OWN], body: `t ${T(name)}` },
      NOT_GRANTED,
    ),
    templated(
      `{{ cookies.${name} }} in a JSON body`,
      { method: "POST", headers: [JSON_TYPE], body: JSON.stringify({ t: [{ u: T(name) }] }) },
      NOT_GRANTED,
    ),
    templated(
      `{{ cookies.${name} }} in a form body`,
      { method: "POST", headers: [FORM_TYPE, OWN], body: `a=b&t=${encode(T(name))}` },
      NOT_GRANTED,
    ),
    templated(
      `{{ cookies.${name} }} in a form's name`,
      { method: "POST", headers: [FORM_TYPE, OWN], body: `a=b&${encode(T(name))}=t` },
      NOT_GRANTED,
    ),
  ]),

  // Places where no target fills in, whatever it was granted.
  ...[
    T("granted"),
    encode(T("granted")),
    "%7B%7B+cookies.granted+%7D%7D",
    "%7b%7b%20cookies.granted%20}}",
  ].map((text) =>
    templated(
      `${text} in the path`,
      { rest: `/a/${text.replaceAll(" ", "%20")}/b` },
      text.includes("+") ? arrives(`GET /v1/templated/a/${text}/b`) : URL_INVALID,
    ),
  ),
  templated(
    "a template in the path, encoded twice",
    { rest: `/${encode(encode(T("granted")))}` },
    arrives(`GET /v1/templated/${encode(encode(T("granted")))}`),
  ),
  templated(
    "a template in the query, encoded twice",
    { rest: `/x?t=${encode(encode(T("granted")))}` },
    arrives(`GET /v1/templated/x?t=${encode(encode(T("granted")))}`),
  ),
  templated(
    "a template split across two parameters",
    { rest: `/x?a=${encode("{{ cookies.gra")}&b=${encode("nted }}")}` },
    asItStands(`GET /v1/templated/x?a=${encode("{{ cookies.gra")}&b=${encode("nted }}")}`),
  ),
  templated(
    "a template split by an encoded &",
    { rest: `/x?a=${encode("{{ cookies.gra&b=nted }}")}` },
    NOT_GRANTED,
  ),
  templated(
    "a template split across name and value",
    { rest: `/x?${encode("{{ cookies.granted")}=${encode(" }}")}` },
    asItStands(`GET /v1/templated/x?${encode("{{ cookies.granted")}=${encode(" }}")}`),
  ),
  templated(
    "a template split across two headers of one name",
    {
      headers: [
        ["X-Token", "{{ cookies.other"],
        ["X-Token", "}}"],
      ],
    },
    NOT_GRANTED,
  ),
  templated(
    "a template in a header that is not listed",
    {
      headers: [
        ["X-Page-URL", T("granted")],
        ["User-Agent", T("granted")],
        ["Referer", T("granted")],
      ],
    },
    arrives("GET /v1/templated/x", { headers: { "x-page-url": null, referer: null } }),
  ),
  templated(
    "a template in a header that passes unlisted",
    {
      headers: [
        ["Accept", T("granted")],
        ["Accept-Language", T("granted")],
        ["If-None-Match", T("other")],
      ],
    },
    arrives("GET /v1/templated/x", {
      headers: { accept: T("granted"), "accept-language": T("granted"), "if-none-match": T("other") },
    }),
  ),
  templated("a template in a header's name", { headers: [[T("granted"), "x"]] }, byNode(400)),
  templated(
    "a template in Host",
    { host: T("granted") },
    arrives("GET /v1/templated/x", { headers: { host: "UPSTREAM" } }),
  ),
  templated(
    "a template in Cookie",
    { cookie: `${COOKIES}; x=${T("other")}` },
    arrives("GET /v1/templated/x", { headers: { cookie: null } }),
  ),
  templated(
    "a template that a cookie's value holds",
    {
      cookie: `granted={{%20cookies.other%20}}; other=${SECRETS.other}`,
      rest: `/x?t=${encode(T("granted"))}`,
    },
    arrives(`GET /v1/templated/x?t=${encode("{{ cookies.other }}")}`),
  ),
  templated(
    "a template within a template",
    { headers: [["X-Token", "{{ cookies.{{ cookies.granted }} }}"]] },
    NOT_GRANTED,
  ),
  templated(
    "two templates, one of them foreign",
    { headers: [["X-Token", `${T("granted")}${T("other")}`]] },
    NOT_GRANTED,
  ),
  templated(
    "a template in capitals",
    { headers: [["X-Token", "{{ COOKIES.granted }}{{ Cookies.other }}"]] },
    arrives("GET /v1/templated/x", { headers: { "x-token": "{{ COOKIES.granted }}{{ Cookies.other }}" } }),
  ),
  templated(
    "a template without its spaces",
    { headers: [["X-Token", "{{cookies.other}}{{  cookies.other  }}"]] },
    arrives("GET /v1/templated/x", { headers: { "x-token": "{{cookies.other}}{{  cookies.other  }}" } }),
  ),
  templated(
    "credentials around a template",
    { headers: [["Authorization", `Bearer x${T("granted")}`]] },
    arrives("GET /v1/templated/x", { headers: { authorization: null } }),
  ),
  templated(
    "two templates as credentials",
    { headers: [["Authorization", `Bearer ${T("granted")} ${T("granted")}`]] },
    arrives("GET /v1/templated/x", { headers: { authorization: null } }),
  ),
  templated(
    "a template in the fragment",
    { rest: `/x#${encode(T("granted"))}` },
    arrives("GET /v1/templated/x"),
  ),
  templated(
    "a JSON template with its braces escaped",
    { method: "POST", headers: [JSON_TYPE], body: '{"t":"\\u007b\\u007b cookies.other \\u007d\\u007d"}' },
    arrives("POST /v1/templated/x", { body: '{"t":"\\u007b\\u007b cookies.other \\u007d\\u007d"}' }),
  ),
  templated(
    "a JSON template as a name",
    { method: "POST", headers: [JSON_TYPE], body: `{"${T("other")}":1}` },
    NOT_GRANTED,
  ),
  templated(
    "a form template, encoded twice",
    { method: "POST", headers: [FORM_TYPE, OWN], body: `t=${encode(encode(T("other")))}` },
    arrives("POST /v1/templated/x", { body: `t=${encode(encode(T("other")))}` }),
  ),
  templated(
    "a body in UTF-16",
    { method: "POST", headers: [JSON_TYPE], body: Buffer.from(T("other"), "utf16le").toString("latin1") },
    arrives("POST /v1/templated/x"),
  ),
  templated(
    "a body that says it is compressed",
    { method: "POST", headers: [JSON_TYPE, ["Content-Encoding", "gzip"]], body: T("other") },
    { refused: 400, code: "body-invalid" },
  ),
  templated(
    "a body with a type of two minds",
    { method: "POST", headers: [["Content-Type", "text/plain; application/json"], OWN], body: T("other") },
    NOT_GRANTED,
  ),
  templated(
    "a multipart body",
    {
      method: "POST",
      headers: [["Content-Type", "multipart/form-data; boundary=x"], OWN],
      body: `--x\r\nContent-Disposition: form-data; name="t"\r\n\r\n${T("other")}\r\n--x--\r\n`,
    },
    NOT_GRANTED,
  ),
  templated(
    "x-nordcraft-templates-in-body without a grant",
    {
      method: "POST",
      headers: [JSON_TYPE, ["x-nordcraft-templates-in-body", "1"]],
      body: `{"t":"${T("other")}"}`,
    },
    NOT_GRANTED,
  ),

  // A target without a grant sends templates as the text that they are, and asks no cookie.
  plain(
    "a template in a query without a grant",
    { rest: `/x?t=${encode(T("other"))}` },
    asItStands(`GET /v1/plain/x?t=${encode(T("other"))}`),
  ),
  plain("a template in a listed header without a grant", { headers: [["X-Token", T("other")]] }, NOT_GRANTED),
  plain(
    "a template in Authorization without a grant",
    { headers: [["Authorization", `Bearer ${T("other")}`]] },
    NOT_GRANTED,
  ),
  plain(
    "a template in a body without a grant",
    { method: "POST", headers: [JSON_TYPE, ["x-nordcraft-templates-in-body", "1"]], body: T("other") },
    arrives("POST /v1/plain/x", { body: T("other") }),
  ),
  row(
    "a template for another cookie where a bearer is declared",
    { target: "/api/proxy/api/x", headers: [["Authorization", `Bearer ${T("other")}`]] },
    arrives("GET /v1/api/x", { headers: TOKEN_ARRIVES }),
  ),
  row(
    "a template in a listed header where a bearer is declared",
    { target: "/api/proxy/api/x", headers: [["X-Page-URL", T("access_token")]] },
    NOT_GRANTED,
  ),

  // Which of several cookies is spent, and shadows of `__Host-` that a sibling host can plant.
  ...(
    [
      ["the name twice", "access_token=planted; access_token=REAL", TWICE],
      ["the name twice, the real one first", "access_token=REAL; access_token=planted", TWICE],
      ["the name twice with a space", "access_token =planted; access_token=REAL", TWICE],
      ["a nameless cookie that reads as the name", "=access_token=planted; access_token=REAL", undefined],
      ["the name without a value beside it", "access_token; access_token=REAL", undefined],
      [
        "the name in another case",
        "Access_Token=planted; ACCESS_TOKEN=planted; access_token=REAL",
        undefined,
      ],
      ["the name encoded", "access%5ftoken=planted; access_token=REAL", undefined],
      ["the name in quotes", '"access_token"=planted; access_token=REAL', undefined],
      [
        "the name with a prefix",
        // No sibling can plant the first.
        "access_token=planted; __Secure-access_token=planted; __Host-access_token=REAL",
        undefined,
      ],
      ["a quoted value that swallows the rest", 'a="; access_token=REAL; b="', undefined],
      ["a version", '$Version="1"; access_token=REAL; $Path="/"', undefined],
      ["a comma for a semicolon", "a=b,access_token=planted; access_token=REAL", undefined],
      ["an empty value", "access_token=", NO_COOKIE],
      ["no cookie", null, NO_COOKIE],
      ["another cookie only", `other=${SECRETS.other}`, NO_COOKIE],
      ["a comma only", "a=b,access_token=planted", NO_COOKIE],
      [
        "a value with an encoded line break",
        "access_token=a%0d%0aX-User-ID:%20admin",
        { refused: 400, code: "header-invalid" },
      ],
      ["a value beyond Latin-1", "access_token=%E2%82%AC", { refused: 400, code: "header-invalid" }],
    ] as [string, string | null, Outcome | undefined][]
  ).map(([name, cookie, outcome]) =>
    row(
      `bearer with ${name}`,
      { target: "/api/proxy/api/x", cookie: cookie?.replace("REAL", SECRETS.access_token) ?? null },
      outcome ?? arrives("GET /v1/api/x", { headers: TOKEN_ARRIVES }),
    ),
  ),
  row(
    "two Cookie headers, each with the name",
    { target: "/api/proxy/api/x", headers: [["Cookie", "access_token=planted"]] },
    TWICE,
  ),
  ...(
    [
      ["the name twice", "__Host-sid=planted; __Host-sid=REAL", TWICE],
      ["a nameless cookie", "=__Host-sid=planted", NO_COOKIE],
      ["the name in lower case", "__host-sid=planted", NO_COOKIE],
      ["the name in capitals", "__HOST-SID=planted", NO_COOKIE],
      ["the other prefix", "__Secure-sid=planted; __Http-sid=planted; __Host-Http-sid=planted", NO_COOKIE],
      ["a no-break space before the name", "\xc2\xa0__Host-sid=planted", NO_COOKIE],
      ["an en quad before the name", "\xe2\x80\x80__Host-sid=planted", NO_COOKIE],
      ["a byte order mark before the name", "\xef\xbb\xbf__Host-sid=planted", NO_COOKIE],
      ["a next-line character before the name", "\xc2\x85__Host-sid=planted", NO_COOKIE],
      ["the name encoded", "%5f%5fHost-sid=planted", NO_COOKIE],
      ["an old version", "$Version=1,__Host-sid=planted", NO_COOKIE],
      ["the name in a value", "a=b __Host-sid=planted", NO_COOKIE],
      ["underscores of another script", "\xef\xbc\xbf\xef\xbc\xbfHost-sid=planted", NO_COOKIE],
    ] as [string, string, Outcome][]
  ).map(([name, cookie, outcome]) =>
    row(
      `a __Host- cookie with ${name}`,
      { target: "/api/proxy/hosted/x", cookie: cookie.replace("REAL", SECRETS["__Host-sid"]) },
      outcome,
    ),
  ),
  templated(
    "a granted cookie twice",
    { cookie: `granted=planted; granted=${GRANTED}`, headers: [["X-Token", T("granted")]] },
    TWICE,
  ),
  templated(
    "a granted cookie that breaks a header",
    { cookie: "granted=a%0d%0aX-User-ID:%20admin", headers: [["X-Token", T("granted")]] },
    { refused: 400, code: "header-invalid" },
  ),
  templated(
    "a granted cookie that breaks the query",
    { cookie: "granted=a%26admin=1%23", rest: `/x?t=${encode(T("granted"))}` },
    arrives("GET /v1/templated/x?t=a%26admin%3D1%23"),
  ),
  templated(
    "a granted cookie that breaks JSON",
    {
      cookie: "granted=%22,%22admin%22:true,%22x%22:%22",
      method: "POST",
      headers: [JSON_TYPE],
      body: `{"t":"${T("granted")}"}`,
    },
    arrives("POST /v1/templated/x", { body: JSON.stringify({ t: '","admin":true,"x":"' }) }),
  ),
  templated(
    "a granted cookie that breaks a form",
    {
      cookie: "granted=a%26admin=1",
      method: "POST",
      headers: [FORM_TYPE, OWN],
      body: `t=${encode(T("granted"))}`,
    },
    arrives("POST /v1/templated/x", { body: "t=a%26admin%3D1" }),
  ),
];

// --- who asks -------------------------------------------------------------------------------------------------------

const SITES = [undefined, "none", "same-origin", "same-site", "cross-site"] as const;
const ORIGINS = [undefined, "own", "foreign", "null"] as const;
const METHODS = ["GET", "POST", "DELETE", "HEAD", "OPTIONS"] as const;
const TYPES = [
  undefined,
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/json",
] as const;
/** A `fetch`, what a link or form makes, and a browser without Fetch Metadata that says who calls. */
const CALLERS = ["fetch", "navigation", "x-httponly"] as const;

/** One way to ask. */
export interface Ask {
  name: string;
  site: string | undefined;
  origin: (typeof ORIGINS)[number];
  method: (typeof METHODS)[number];
  type: string | undefined;
  caller: (typeof CALLERS)[number];
  /** By the table below, which was not taken from the code under test. */
  proven: boolean;
}

/**
 * Whether a request carries the proof: rows are Sec-Fetch-Site, columns Origin (absent, own, foreign, null), a cell
 * says which callers prove by it: `f`etch, `n`avigation, `x`-httponly.
 */
const PROVES: Record<string, [string, string, string, string]> = {
  absent: ["x", "fnx", "", ""],
  none: ["", "", "", ""],
  // The browser has said who asks; behind TLS the app may know its own origin by another name.
  "same-origin": ["fx", "fx", "fx", "fx"],
  "same-site": ["", "", "", ""],
  "cross-site": ["", "", "", ""],
};

export const asks: Ask[] = SITES.flatMap((site) =>
  ORIGINS.flatMap((origin, column) =>
    METHODS.flatMap((method) =>
      TYPES.flatMap((type) =>
        CALLERS.map((caller) => ({
          name: `${caller}: ${method}, Sec-Fetch-Site ${site ?? "absent"}, Origin ${origin ?? "absent"}, ${type ?? "no type"}`,
          site,
          origin,
          method,
          type,
          caller,
          proven: PROVES[site ?? "absent"]?.[column]?.includes(caller[0] as string) ?? false,
        })),
      ),
    ),
  ),
);

/** The headers of a request that asks so. */
export function askHeaders(ask: Ask, own: string): Record<string, string> {
  const origins = { own, foreign: "https://evil.example", null: "null" };
  return {
    cookie: COOKIES,
    "sec-fetch-mode": ask.caller === "navigation" ? "navigate" : "cors",
    "sec-fetch-dest": ask.caller === "navigation" ? "document" : "empty",
    ...(ask.site !== undefined && { "sec-fetch-site": ask.site }),
    ...(ask.origin !== undefined && { origin: origins[ask.origin] }),
    ...(ask.type !== undefined && { "content-type": ask.type }),
    ...(ask.caller === "x-httponly" && { "x-httponly": "1" }),
  };
}

/** SvelteKit itself refuses what a form of another origin could send, before any handler. */
export function refusedBySvelteKit(ask: Ask): boolean {
  const form = ask.type !== undefined && ask.type !== "application/json";
  return form && ["POST", "DELETE"].includes(ask.method) && ask.origin !== "own";
}

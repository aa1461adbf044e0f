/**
 * Cookies on the server: reading requests, reading and writing Set-Cookie lines.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { parseCookie, stringifySetCookie } from "cookie";
import { getCookie } from "httponly";
import { getRequestCookies, parseSetCookie, serializeSetCookie } from "httponly/server";
import Cookies from "js-cookie";
import * as setCookieParser from "set-cookie-parser";
import { Cookie } from "tough-cookie";
import { cookies, header } from "./data/headers.mjs";
import { compare } from "./rounds.mjs";
import { budget, ratio, table, time } from "./table.mjs";

/** Flat, as the HTTP parser makes texts: not the tree of pieces that concatenation leaves. */
const flat = (text) => Buffer.from(text, "latin1").toString("latin1");

/** Headers of the same names with other values: as many as keep any memo from knowing the next one. */
const POOL = 256;
const pool = (count) => Array.from({ length: POOL }, (_, i) => flat(header(count, i + 1)));
const decoded = (count, seed) =>
  Object.fromEntries(cookies(count, seed).map(([name, value]) => [name, decodeURIComponent(value)]));

/** Fresh: another header each call, as requests come. Same: one header, as the handlers of one request read it. */
const WHICH = { "fresh header": POOL, "same header": 1 };

/** Runs with the least of a document, which js-cookie wants. */
function withDocument(run) {
  globalThis.document = { cookie: "" };
  try {
    return run(globalThis.document);
  } finally {
    delete globalThis.document;
  }
}

function oneCookie(settings) {
  const rows = [];
  for (const count of [10, 100]) {
    const headers = pool(count);
    const names = Object.keys(decoded(count, 1));
    const jars = headers.map((_, i) => decoded(count, i + 1));
    for (const [which, size] of Object.entries(WHICH)) {
      const ask = (i) => names[i % count];
      const of = (i) => headers[i % size];
      rows.push({
        label: `${count}, ${which}`,
        count,
        answers: withDocument((document) =>
          compare(
            {
              httponly: (i) => getCookie(ask(i), { cookies: of(i) }),
              cookie: (i) => parseCookie(of(i))[ask(i)],
              "js-cookie": (i) => {
                document.cookie = of(i);
                return Cookies.get(ask(i));
              },
            },
            { ...settings, expected: (i) => jars[i % size][ask(i)] },
          ),
        ),
      });
    }
  }
  return rows;
}

function allCookies(settings) {
  const rows = [];
  for (const count of [10, 100]) {
    const headers = pool(count);
    for (const [which, size] of Object.entries(WHICH)) {
      const expected = JSON.stringify(decoded(count, 1));
      for (const read of [getRequestCookies, parseCookie])
        if (JSON.stringify(read(headers[0])) !== expected) throw new Error(`${read.name} reads otherwise`);
      rows.push({
        label: `${count}, ${which}`,
        count,
        answers: withDocument((document) =>
          compare(
            {
              httponly: (i) => getRequestCookies(headers[i % size]),
              cookie: (i) => parseCookie(headers[i % size]),
              "js-cookie": (i) => {
                document.cookie = headers[i % size];
                return Cookies.get();
              },
            },
            settings,
          ),
        ),
      });
    }
  }
  return rows;
}

function setCookieLines(settings) {
  const lines = readFileSync(new URL("data/set-cookie.txt", import.meta.url), "utf8")
    .split("\n")
    .filter(Boolean)
    .map(flat);
  const at = (i) => lines[i % lines.length];
  for (const line of lines)
    for (const [name, value] of [
      ["tough-cookie", Cookie.parse(line, { loose: true })?.key],
      ["set-cookie-parser", setCookieParser.parseString(line).name],
      ["httponly", parseSetCookie(line)?.name],
    ])
      if (value !== line.split("=")[0]) throw new Error(`${name} reads ${line} otherwise`);
  return {
    count: lines.length,
    answers: compare(
      {
        httponly: (i) => parseSetCookie(at(i)).name,
        "tough-cookie": (i) => Cookie.parse(at(i)).key,
        "set-cookie-parser": (i) => setCookieParser.parseString(at(i)).name,
      },
      { ...settings, expected: (i) => at(i).split("=")[0] },
    ),
  };
}

function written(settings) {
  const attributes = { path: "/", maxAge: 604_800, httpOnly: true, secure: true, sameSite: "lax" };
  const value = (i) => `a value; ${i % 100}`;
  return compare(
    {
      httponly: (i) => serializeSetCookie("session", value(i), attributes),
      cookie: (i) => stringifySetCookie("session", value(i), attributes),
    },
    settings,
  );
}

const cells = ({ median, ratio: times }) => `${time(median)} ${ratio(times)}`;
const against = (answers, peer) => 1 / answers[peer].ratio;

function section(title, rows, what, notes = []) {
  const names = Object.keys(rows[0].answers);
  return {
    title,
    text: table(
      ["cookies", ...names],
      rows.map(({ label, answers }) => [label, ...names.map((name) => cells(answers[name]))]),
    ),
    notes,
    budgets: (what ? rows : []).flatMap(({ label, answers }) =>
      names
        .slice(1)
        .map((peer) =>
          budget(`${what} / ${peer}, ${label}`, against(answers, peer), 1, { source: "DESIGN 5" }),
        ),
    ),
    data: rows,
  };
}

export async function measureNode({ quick }) {
  const settings = quick ? { rounds: 20, milliseconds: 1 } : { rounds: 100, milliseconds: 1 };
  const lines = setCookieLines(settings);
  const serialized = written(settings);
  return [
    section(`Reading one cookie by name, Node ${process.versions.node}`, oneCookie(settings), "one cookie", [
      "getCookie(name, { cookies }), another name each call; × is the ratio to httponly. Fresh: another header each call.",
      "js-cookie reads document.cookie, here a property of a plain object; js-cookie stops at the name it looks for.",
    ]),
    section("Reading all cookies of a request, same Node", allCookies(settings)),
    {
      title: "Set-Cookie, same Node",
      text: table(
        ["", ...Object.keys(lines.answers), "cookie"],
        [
          ["parseSetCookie, per line", ...Object.values(lines.answers).map(cells)],
          ["serializeSetCookie", cells(serialized.httponly), "", "", cells(serialized.cookie)],
        ],
      ),
      notes: [`Lines: the ${lines.count} of bench/data/set-cookie.txt.`],
      budgets: [
        ...["tough-cookie", "set-cookie-parser"].map((peer) =>
          budget(`parseSetCookie / ${peer}`, against(lines.answers, peer), 1, { source: "DESIGN 5" }),
        ),
      ],
      data: { lines, serialized },
    },
  ];
}

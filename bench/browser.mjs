/**
 * What is measured inside the page: bundled by page.mjs, called through `globalThis.bench`.
 *
 * @module
 */
import { parseCookie, stringifySetCookie } from "cookie";
import { getCookie, setCookie } from "httponly";
import Cookies from "js-cookie";
import UniversalCookie from "universal-cookie";
import { cookies } from "./data/headers.mjs";
import { compare } from "./rounds.mjs";

const universal = new UniversalCookie();
// Without this it parses every value as JSON.
const asText = { doNotParse: true };

function clear() {
  for (const pair of document.cookie.split("; ")) {
    document.cookie = `${pair.split("=")[0]}=; path=/; max-age=0`;
  }
}

function fill(count) {
  clear();
  for (const [name, value] of cookies(count)) document.cookie = `${name}=${value}; path=/`;
  if (document.cookie.split("; ").length !== count)
    throw new Error("the browser kept another number of cookies");
}

/** Which name is asked for: always the same one, or another one each time. */
const NAMES = {
  first: (names) => [names[0]],
  last: (names) => [names.at(-1)],
  absent: () => ["absent"],
  rotating: (names) => names,
};

export function reads(counts, settings) {
  const rows = [];
  for (const count of counts) {
    fill(count);
    const values = Object.fromEntries(
      cookies(count).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
    for (const [which, choose] of Object.entries(NAMES)) {
      if (count === 1 && (which === "last" || which === "rotating")) continue;
      const names = choose(Object.keys(values));
      const { length } = names;
      const answers = compare(
        {
          "document.cookie": () => document.cookie,
          httponly: (i) => getCookie(names[i % length]),
          "js-cookie": (i) => Cookies.get(names[i % length]),
          "universal-cookie": (i) => universal.get(names[i % length], asText),
          cookie: (i) => parseCookie(document.cookie)[names[i % length]],
        },
        { ...settings, expected: (i) => values[names[i % length]], bare: "document.cookie" },
      );
      rows.push({ count, which, answers });
    }
  }
  clear();
  return rows;
}

export function writes(counts, settings) {
  const rows = [];
  for (const count of counts) {
    fill(count);
    const value = (i) => `value-${i % 10}`;
    const answers = compare(
      {
        "document.cookie": (i) => {
          document.cookie = `set=${value(i)}; SameSite=Lax; Path=/`;
          return document.cookie;
        },
        httponly: (i) => {
          setCookie("set", value(i));
          return "";
        },
        "httponly, verify: false": (i) => {
          setCookie("set", value(i), { verify: false });
          return "";
        },
        "js-cookie": (i) => Cookies.set("set", value(i), { sameSite: "lax" }),
        "js-cookie, and get": (i) => {
          Cookies.set("set", value(i), { sameSite: "lax" });
          return Cookies.get("set");
        },
        "universal-cookie": (i) => {
          universal.set("set", value(i), { path: "/", sameSite: "lax" });
          return "";
        },
        cookie: (i) => {
          document.cookie = stringifySetCookie("set", value(i), { path: "/", sameSite: "lax" });
          return "";
        },
        "cookie, and parse": (i) => {
          document.cookie = stringifySetCookie("set", value(i), { path: "/", sameSite: "lax" });
          return parseCookie(document.cookie).set;
        },
      },
      // A write is over when a read has seen it; writes alone would leave a queue to the candidate that comes next.
      { ...settings, settle: () => document.cookie },
    );
    rows.push({ count, answers });
  }
  clear();
  return rows;
}

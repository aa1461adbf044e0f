// Points 18 to 22 of the security checklist: who may make a request, on real sockets. browser.test.ts lets Chromium try.
import { request as httpRequest } from "node:http";
import { authBackend } from "httponly/server";
import { describe, expect, test } from "vitest";
import { Browser } from "../js/support/auth.ts";
import { codeOf, PROOF, send } from "../js/support/send.ts";
import { app, upstream } from "../js/support/serve.ts";
import { world } from "./support.ts";

const EVIL = "https://evil.example";

/** What browsers and others say of a request that is not the own origin's. */
const FOREIGN: [string, Record<string, string>][] = [
  ["another site", { "sec-fetch-site": "cross-site" }],
  ["a sibling", { "sec-fetch-site": "same-site" }],
  ["a navigation that the user began", { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }],
  ["no site in any case", { "sec-fetch-site": "Same-Origin " }],
  ["a foreign Origin", { origin: EVIL }],
  ["an Origin that begins as the own one does", { origin: "http://127.0.0.1.evil.example" }],
  ["Origin: null", { origin: "null" }],
  ["no word at all", {}],
  ["the own header beside a foreign Origin", { "x-httponly": "1", origin: EVIL }],
  ["the own header beside another site", { "x-httponly": "1", "sec-fetch-site": "cross-site" }],
];

const BODIES: [type: string | undefined, body: string][] = [
  ["application/json", "{}"],
  ["text/plain", "{}"],
  ["text/plain;application/json", "{}"],
  ["application/x-www-form-urlencoded", "a=b"],
  ["multipart/form-data; boundary=x", '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--'],
  [undefined, ""],
];

/** An app in front of a backend that says what reached it. */
async function setup() {
  const { origin: url, log } = await upstream((_, response) =>
    response.setHeader("content-type", "application/json").end("{}"),
  );
  const auth = authBackend({ url, cookie: "codex-session" });
  return { origin: await app(auth.handler), log };
}

describe("who may make a request", () => {
  test.each(FOREIGN)("checklist 18: %s changes nothing", async (_, headers) => {
    const { origin, log } = await setup();
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const answer = await send(origin, "/api/auth/update-user", {
        method,
        headers: {
          cookie: "codex-session=tok.sig",
          "content-type": "application/json",
          "content-length": "2",
          ...headers,
        },
        body: "{}",
      });
      expect([method, answer.status, codeOf(answer)]).toEqual([method, 403, "cross-origin"]);
    }
    expect(log).toEqual([]);
  });

  test("checklist 18: the own origin may, by Fetch Metadata, or where there is none by Origin", async () => {
    const { origin, log } = await setup();
    for (const headers of [{ "sec-fetch-site": "same-origin" }, { origin }]) {
      const answer = await send(origin, "/api/auth/update-user", { method: "POST", headers });
      expect(answer.status).toBe(200);
    }
    expect(log).toHaveLength(2);
  });

  test("checklist 19: whatever the body is, and no header makes another method of it", async () => {
    const { origin, log } = await setup();
    for (const [type, body] of BODIES)
      for (const override of [{}, { "x-http-method-override": "GET" }, { "x-method-override": "GET" }]) {
        const answer = await send(origin, "/api/auth/sign-out?_method=GET", {
          method: "POST",
          headers: {
            "sec-fetch-site": "cross-site",
            origin: EVIL,
            ...(type && { "content-type": type }),
            ...override,
          },
          body,
        });
        expect([type, answer.status, codeOf(answer)]).toEqual([type, 403, "cross-origin"]);
      }
    // Nor does one make a POST of a GET, here or at the backend.
    const headers = { ...PROOF, "x-http-method-override": "POST" };
    expect((await send(origin, "/api/auth/sign-out", { headers })).status).toBe(405);
    expect((await send(origin, "/api/auth/list-sessions", { headers })).status).toBe(200);
    expect(log.map(({ method, headers }) => [method, headers["x-http-method-override"]])).toEqual([
      ["GET", undefined],
    ]);
  });

  test("checklist 20: the own header stands for the proof where there is none; no preflight is answered", async () => {
    const { origin, log } = await setup();
    const post = (headers: Record<string, string>) =>
      send(origin, "/api/auth/update-user", { method: "POST", headers });
    expect((await post({ "x-httponly": "1" })).status).toBe(200);
    expect((await post({ "x-httponly": "0" })).status).toBe(403);
    log.length = 0;
    for (const asked of ["POST", "GET"]) {
      const answer = await send(origin, "/api/auth/update-user", {
        method: "OPTIONS",
        headers: {
          origin: EVIL,
          "access-control-request-method": asked,
          "access-control-request-headers": "x-httponly",
        },
      });
      expect(answer.status).toBe(405);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
    expect(log).toEqual([]);
  });

  test("checklist 21: there is no WebSocket: an upgrade is an ordinary request, here and at the backend", async () => {
    const { origin, log } = await setup();
    const outcome = await new Promise((resolve, reject) => {
      const { hostname, port } = new URL(origin);
      const headers = {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        origin: EVIL,
        cookie: "codex-session=tok.sig",
      };
      const asked = httpRequest({ hostname, port, path: "/api/auth/ok", headers, agent: false });
      asked.on("upgrade", () => resolve("upgraded"));
      asked.on("response", (response) => resolve(response.resume().statusCode));
      asked.on("error", reject);
      asked.end();
    });
    expect(outcome).toBe(200);
    expect(log).toHaveLength(1);
    for (const { headers } of log)
      expect(Object.keys(headers).filter((name) => /upgrade|websocket/.test(name))).toEqual([]);
  });

  test("checklist 22: another site may navigate here, and reads nothing", async () => {
    const { origin } = await world();
    const browser = new Browser(origin);
    await browser.signin();
    for (const site of ["cross-site", "same-site"])
      for (const [mode, dest, status] of [
        ["navigate", "document", 200],
        ["navigate", "iframe", 403],
        ["navigate", "object", 403],
        ["no-cors", "image", 403],
        ["no-cors", "script", 403],
        ["cors", "empty", 403],
        ["no-cors", "empty", 403],
      ] as const) {
        const headers = { "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest };
        const answer = await send(origin, "/api/auth/get-session", {
          headers: { ...headers, cookie: browser.cookie },
        });
        expect([site, mode, dest, answer.status]).toEqual([site, mode, dest, status]);
        // No cache keeps an answer, so that none need say that it varies by who asks.
        expect(answer.headers["cache-control"]).toContain("no-store");
        expect(answer.headers["x-content-type-options"]).toBe("nosniff");
      }
  });
});

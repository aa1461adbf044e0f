/**
 * Cookies of a server action, through Next's own serialiser, without its server.
 *
 * @module
 */
import { createRequire } from "node:module";
import { authBackend } from "httponly/server";
import { describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
// Next keeps what it knows of a request in these, and makes them of a global that its server sets.
require("next/dist/server/node-environment-baseline.js");
const { workAsyncStorage } = require("next/dist/server/app-render/work-async-storage.external.js");
const { workUnitAsyncStorage } = require("next/dist/server/app-render/work-unit-async-storage.external.js");
const { NextResponse } = await import("next/server.js");
const { session, setCookies } = await import("httponly/next");

/** The Set-Cookie lines of an action that sets these. */
async function sent(...lines: string[]): Promise<string[]> {
  const response = new NextResponse();
  const unit = { type: "request", phase: "action", userspaceMutableCookies: response.cookies };
  await workAsyncStorage.run({ route: "/" }, () =>
    workUnitAsyncStorage.run(unit, () => setCookies(...lines)),
  );
  return response.headers.getSetCookie();
}

describe("setCookies in a server action", () => {
  it.each([
    "codex-session=token.hmac%2B%2F%3D; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax",
    "codex-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    "__Secure-codex-session=t.h%3D; Max-Age=86400; Domain=.example.com; Path=/; HttpOnly; Secure; SameSite=Lax",
    "id=a+b/c=d%20e~!*'(); Path=/; SameSite=Lax",
    "id=%zz; Path=/a b/; HttpOnly; Max-Age=5",
    "id=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT; SameSite=lax; Path=/; Priority=High; Partitioned; Secure",
    "id=1; HttpOnly; Secure; Path=/; sAmEsItE=nOnE; x-unknown=1",
    'id="quoted value"; Domain=example.com; Path=/; Secure',
    "id=1; Path=",
    "id=1",
    "id=",
    "id=a=b=c",
  ])("%s arrives byte for byte", async (line) => {
    expect(await sent(line)).toEqual([line]);
  });

  it("every line for one name arrives, in order", async () => {
    const lines = [
      "id=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
      "id=; Max-Age=0; Path=/; Domain=example.com; HttpOnly; SameSite=Lax",
      "id=; Max-Age=0; Path=/; Domain=app.example.com; HttpOnly; SameSite=Lax",
      "id=2; Path=/; HttpOnly; SameSite=Lax",
    ];
    expect(await sent(...lines)).toEqual(lines);
  });

  it.each([
    ["a=b c; HttpOnly; Secure", "a=b%20c; Path=/; Secure; HttpOnly"],
    ["id=a+b/c%3D; Path=/; HttpOnly", "id=a%2Bb%2Fc%3D; Path=/; HttpOnly"],
    ["a=b; secure; httponly", "a=b; Path=/; Secure; HttpOnly"],
  ])("%s has no pieces that give it back, and is written as Next writes it", async (line, written) => {
    expect(await sent(line)).toEqual([written]);
  });

  it("a line that browsers ignore is left out", async () => {
    expect(await sent("a\u0001=1; Path=/", "b=1; Path=/")).toEqual(["b=1; Path=/"]);
  });
});

describe("session in a server component", () => {
  it.each(["app.example", "user:secret@app.example", "app.example/x?y#z", "", "[", "a b"])(
    "never throws, whatever the Host is: %j",
    async (host) => {
      const asked: string[] = [];
      const auth = authBackend({
        url: ({ url }) => {
          asked.push(new URL(url).origin);
          return "http://127.0.0.1:1";
        },
        cookie: "codex-session",
      });
      const headers = new Headers({ cookie: "codex-session=x", host });
      const unit = { type: "request", phase: "render", headers };
      const answer = await workAsyncStorage.run({ route: "/" }, () =>
        workUnitAsyncStorage.run(unit, () => session(auth)),
      );
      expect(answer.status).toBe("unavailable");
      expect(asked).toHaveLength(1);
    },
  );
});

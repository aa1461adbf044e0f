// The table as the frameworks ask it; its rules have their tests in src/session/guard.rs.
import { type Access, type GuardOptions, guard, type SessionAnswer } from "httponly/server";
import { describe, expect, test } from "vitest";

const NAVIGATION = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
const ADA = {
  id: "1",
  email: "ada@example.com",
  name: null,
  role: "customer",
  emailVerified: true,
  createdAt: "",
};

function visit(
  table: Record<string, Access>,
  path: string,
  {
    headers = NAVIGATION as Record<string, string>,
    user = null as Record<string, unknown> | null,
    status = (user ? "authenticated" : "anonymous") as SessionAnswer["status"],
    options = {} as GuardOptions,
    ...more
  } = {},
) {
  const { pathname, search } = new URL(path, "http://app");
  const request = new Request(`http://app${path}`, { headers });
  const session = { status, user: user as SessionAnswer["user"] };
  return guard(table, options).decide({ request, path: pathname, search, session, ...more });
}

describe("guard", () => {
  test("leads a navigation to login, and refuses everything else by a typed error", () => {
    const table: Record<string, Access> = { "/library": "signed-in" };
    expect(visit(table, "/library?a=b")).toEqual({
      kind: "redirect",
      location: "/login?redirect=/library%3Fa%3Db",
      page: true,
    });
    expect(visit(table, "/library", { headers: { accept: "application/json" } })).toEqual({
      kind: "refuse",
      status: 401,
      error: { code: "unauthenticated", message: "nobody is signed in" },
      page: false,
    });
    expect(visit(table, "/library", { status: "unavailable" })).toMatchObject({
      kind: "refuse",
      status: 503,
    });
    expect(visit(table, "/library", { user: ADA })).toEqual({ kind: "pass" });
  });

  test("knows a role by itself, in a list, and between commas; nothing else is one", () => {
    const table: Record<string, Access> = { "/studio": { role: ["creator", "admin"] } };
    for (const [role, kind] of [
      ["creator", "pass"],
      ["customer,admin", "pass"],
      [["customer", "admin"], "pass"],
      ["customer", "refuse"],
      [undefined, "refuse"],
      [{ toString: () => "admin" }, "refuse"],
      [true, "refuse"],
    ] as const)
      expect([role, visit(table, "/studio", { user: { ...ADA, role } }).kind]).toEqual([role, kind]);
  });

  test("takes an address for verified only if the backend says true", () => {
    const table: Record<string, Access> = { "/post": { emailVerified: true } };
    for (const emailVerified of [false, undefined, "true", 1])
      expect(visit(table, "/post", { user: { ...ADA, emailVerified } })).toMatchObject({
        location: "/verify?redirect=/post",
      });
    expect(visit(table, "/post", { user: ADA }).kind).toBe("pass");
  });

  test("lets whoever is to sign in reach the handler, where everything else is closed", () => {
    const options: GuardOptions = { otherwise: "signed-in" };
    const to = (path: string) => visit({}, path, { options, basePath: "/api/auth" } as object).kind;
    expect([to("/api/auth/sign-in/email"), to("/x"), to("/api/auth/..%2Fx")]).toEqual([
      "pass",
      "redirect",
      "redirect",
    ]);
  });

  test.each([
    [{ studio: "public" }, {}],
    [{ "/users/[id]": "signed-in" }, {}],
    [{ "/(app)/library": "signed-in" }, {}],
    [{ "/studio/:path*": "signed-in" }, {}],
    [{ "/a": "signedin" }, {}],
    [{ "/a": { roles: "admin" } }, {}],
    [{ "/a": { role: [] } }, {}],
    [{ "/a": { role: "" } }, {}],
    [{ "/a": { role: 1 } }, {}],
    [{ "/a": null }, {}],
    [{ "/a": "public", "/a/": "signed-in" }, {}],
    [null, {}],
    [{}, { login: "//evil.example" }],
    [{}, { home: 1 }],
    [{}, { otherwise: "nobody" }],
  ])("%j with %j is a mistake", (table, options) => {
    expect(() => guard(table as unknown as Record<string, Access>, options as GuardOptions)).toThrow(
      TypeError,
    );
  });
});

// The table as the frameworks ask it; its rules have their tests in src/session/guard.rs.
import { type Access, type GuardOptions, guard, type SessionAnswer } from "httponly/server";
import { describe, expect, test, vi } from "vitest";

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

  describe("a predicate", () => {
    const only = (allow: unknown): Record<string, Access> => ({ "/team": { allow } as Access });

    test("sees the session answer, and lets in by true alone", () => {
      const seen: SessionAnswer[] = [];
      const organization = (answer: SessionAnswer) => {
        seen.push(answer);
        return (answer.user as unknown as { orgs: string[] }).orgs.includes("acme");
      };
      expect(visit(only(organization), "/team", { user: { ...ADA, orgs: ["acme"] } }).kind).toBe("pass");
      expect(seen[0]).toMatchObject({ status: "authenticated", user: { email: ADA.email } });
      const refused = visit(only(organization), "/team", { user: { ...ADA, orgs: [] } });
      expect(refused).toMatchObject({ kind: "refuse", status: 403, error: { code: "rejected" } });
      for (const said of [1, "true", {}, undefined, Promise.resolve(true), Promise.reject(new Error("x"))])
        expect(
          visit(
            only(() => said),
            "/team",
            { user: ADA },
          ),
        ).toMatchObject({ status: 403 });
    });

    test("that throws is a refusal, and is told without what it threw", () => {
      const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
      const fails = () => {
        throw new RangeError("secret");
      };
      expect(visit(only(fails), "/team", { user: ADA })).toMatchObject({ status: 403 });
      expect(told.mock.calls.join()).toMatch(/"\/team".*RangeError/);
      expect(told.mock.calls.join()).not.toContain("secret");
      told.mockRestore();
    });

    test("is not asked about strangers, nor where another rule counts", () => {
      const allow = vi.fn(() => true);
      expect(visit(only(allow), "/team")).toMatchObject({ location: "/login?redirect=/team" });
      expect(visit(only(allow), "/team", { status: "unavailable" })).toMatchObject({ status: 503 });
      expect(visit({ ...only(allow), "/team/x": "public" }, "/team/x", { user: ADA }).kind).toBe("pass");
      expect(allow).not.toHaveBeenCalled();
    });

    test("comes beside a role and a verified address, and for what no key names", () => {
      const table: Record<string, Access> = {
        "/team": { role: "admin", emailVerified: true, allow: () => true },
      };
      expect(visit(table, "/team", { user: ADA })).toMatchObject({ status: 403 });
      const admin = { ...ADA, role: "admin" };
      expect(visit(table, "/team", { user: admin }).kind).toBe("pass");
      expect(visit(table, "/team", { user: { ...admin, emailVerified: false } }).kind).toBe("redirect");
      const options: GuardOptions = { otherwise: { allow: ({ user }) => user?.role === "admin" } };
      expect(visit({}, "/x", { user: ADA, options })).toMatchObject({ status: 403 });
      expect(visit({}, "/x", { user: admin, options }).kind).toBe("pass");
    });
  });

  test("a guest reaches the login page, and a user is led home from it", () => {
    const table: Record<string, Access> = { "/login": "signed-out" };
    const guest = { ...ADA, isAnonymous: true };
    expect(visit(table, "/login", { user: guest }).kind).toBe("pass");
    for (const isAnonymous of [false, null, "true", 1])
      expect(visit(table, "/login", { user: { ...ADA, isAnonymous } })).toMatchObject({ location: "/" });
    const members: Record<string, Access> = {
      "/m": { allow: ({ user }) => user?.isAnonymous !== true },
    };
    expect(visit(members, "/m", { user: guest })).toMatchObject({ status: 403 });
    expect(visit(members, "/m", { user: ADA }).kind).toBe("pass");
  });

  test("knows which of its keys match no route", () => {
    const made = guard({ "(app)": "signed-in", "/users/admin": "signed-in", "/nothing": "signed-in" });
    expect(made.unmatched(["/(app)/library", "/users/[id]"])).toEqual(["/nothing"]);
    expect(made.unmatched([])).toEqual(["(app)", "/users/admin", "/nothing"]);
  });

  test.each([
    [{ studio: "public" }, {}],
    [{ "/a": { allow: true } }, {}],
    [{ "/a": { allow: async () => true } }, {}],
    [{}, { otherwise: { allow: "yes" } }],
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

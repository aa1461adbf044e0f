import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { send } from "../js/support/send.ts";
import { FRAMEWORKS } from "./apps.ts";
import {
  type Ask,
  askHeaders,
  asks,
  callers,
  cookies,
  destinations,
  headers,
  methods,
  type Outcome,
  type Place,
  refusedBySvelteKit,
  SECRETS,
  vectors,
} from "./rows.ts";
import { type Answer, exchange, header } from "./wire.ts";
import { HOSTILE, type Received, start, type World } from "./world.ts";

const GROUPS = { destinations, headers, methods, callers, cookies };

describe.each(FRAMEWORKS)("%s", (framework) => {
  let world: World;
  let at: Place;
  beforeAll(async () => {
    world = await start(framework);
    at = { ...world, host: `localhost:${world.port}` };
  });
  afterAll(async () => {
    const output = world.output();
    await world.close();
    expect(output).not.toMatch(/unhandled|uncaught/i);
  });
  afterEach(() => {
    world.log.length = 0;
    expect(world.strays).toEqual([]);
    expect(world.alive()).toBe(true);
  });

  describe.each(Object.entries(GROUPS))("%s", (_, rows) => {
    test.each(rows)("$name", async (row) => {
      const outcome = row.outcome[framework];
      const answers = await exchange(world.port, row.bytes(at), row.method);
      // What is refused below us may have been passed on before that.
      if ("by" in outcome) await new Promise((resolve) => setTimeout(resolve, 20));
      for (const answer of answers) leaksNothing(answer);
      for (const received of world.log) staysInside(received);
      ends(outcome, answers, world, at);
    });
  });

  test.each(vectors)("$name stays inside its target", async (row) => {
    const answers = await exchange(world.port, row.bytes(at), row.method);
    for (const answer of answers) leaksNothing(answer);
    for (const received of world.log) staysInside(received);
    const [first] = answers;
    expect(answers).toHaveLength(1);
    expect(world.log).toHaveLength(first?.status === 200 ? 1 : 0);
    if (first?.status !== 200) expect(first?.status).toBeGreaterThanOrEqual(300);
    for (const { url } of world.log) expect(url).toMatch(/^\/v1\/plain(?=[/?]|$)/);
  });

  describe("who asks", () => {
    const columns = new Map<string, Ask[]>();
    for (const ask of asks) {
      const column = `Sec-Fetch-Site ${ask.site ?? "absent"}, Origin ${ask.origin ?? "absent"}`;
      columns.set(column, [...(columns.get(column) ?? []), ask]);
    }

    test.each([...columns])("the proxy, %s", async (_, column) => {
      const wrong: unknown[] = [];
      await each(column, async (ask, i) => {
        const answer = await send(`http://127.0.0.1:${world.port}`, `/api/proxy/api/x?row=${i}`, {
          method: ask.method,
          headers: {
            ...askHeaders(ask, world.origin),
            host: at.host,
            ...(writes(ask) && { "content-length": "2" }),
          },
          ...(writes(ask) && { body: "{}" }),
        });
        const calls = world.log.filter(({ url }) => url.endsWith(`row=${i}`)).length;
        const expected = proxyVerdict(ask, framework);
        if (answer.status !== expected || calls !== Number(expected === 200))
          wrong.push([ask.name, { expected, status: answer.status, calls }]);
        for (const secret of Object.values(SECRETS)) expect(JSON.stringify(answer)).not.toContain(secret);
      });
      for (const received of world.log) staysInside(received);
      expect(wrong).toEqual([]);
    });

    test.each([...columns])("the cookie endpoint, %s", async (_, column) => {
      const wrong: unknown[] = [];
      const fields = "name=n&value=v";
      await each(column, async (ask) => {
        const json = ask.type === "application/json";
        const query = ask.method === "POST" ? "" : `?${fields}`;
        const body = json ? '{"name":"n","value":"v"}' : fields;
        const answer = await send(
          `http://127.0.0.1:${world.port}`,
          `/.nordcraft/cookies/set-cookie${query}`,
          {
            method: ask.method,
            headers: {
              ...askHeaders(ask, world.origin),
              host: at.host,
              ...(writes(ask) && { "content-length": String(body.length) }),
            },
            ...(writes(ask) && { body }),
          },
        );
        const expected = endpointVerdict(ask, framework);
        const sets = answer.headers["set-cookie"]?.length ?? 0;
        if (answer.status !== expected || sets !== Number(expected === 200))
          wrong.push([ask.name, { expected, status: answer.status, sets }]);
      });
      expect(world.log).toEqual([]);
      expect(wrong).toEqual([]);
    });
  });
});

function writes({ method }: Ask): boolean {
  return method === "POST" || method === "DELETE";
}

function proxyVerdict(ask: Ask, framework: string): number {
  if (framework === "sveltekit" && refusedBySvelteKit(ask)) return 403;
  if (ask.method === "OPTIONS") return 405;
  return ask.proven ? 200 : 403;
}

function endpointVerdict(ask: Ask, framework: string): number {
  if (framework === "sveltekit" && refusedBySvelteKit(ask)) return 403;
  if (ask.method !== "GET" && ask.method !== "POST") return 405;
  if (!ask.proven) return 403;
  // Markup can imitate a GET, but for this header.
  if (ask.method === "GET" && ask.caller !== "x-httponly") return 403;
  const readable = ask.type === "application/json" || ask.type === "application/x-www-form-urlencoded";
  return ask.method === "GET" || readable ? 200 : 400;
}

/** Eight at a time. */
async function each<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < items.length; i = next++) await work(items[i] as T, i);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

/** No response holds a cookie of the victim's, nor a header by which an upstream would act on the app. */
function leaksNothing(answer: Answer): void {
  const text = JSON.stringify([answer.headers, answer.body]);
  for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret);
  for (const [name, hostile] of Object.entries(HOSTILE))
    for (const value of [hostile].flat()) expect(answer.headers).not.toContainEqual([name, value]);
  expect(header(answer, "set-cookie")).toBeUndefined();
}

/** The cookie that is declared for a target. */
const DECLARED: Record<string, string> = {
  api: SECRETS.access_token,
  hosted: SECRETS["__Host-sid"],
  templated: SECRETS.granted,
};

/** What arrived lies inside a declared target, and holds no cookie but the one that is declared for it. */
function staysInside({ method, url, rawHeaders, body }: Received): void {
  const target = /^\/v1\/(api|hosted|templated|plain)(?=[/?]|$)/.exec(url)?.[1] ?? "none";
  expect([url, target]).not.toEqual([url, "none"]);
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  expect(names).not.toContain("cookie");
  const text = [method, url, ...rawHeaders, body].join("\n");
  for (const secret of Object.values(SECRETS))
    if (secret !== DECLARED[target]) expect(text).not.toContain(secret);
  // A declared bearer stands in Authorization alone.
  if (target === "api" || target === "hosted") {
    const bearer = 2 * names.indexOf("authorization") + 1;
    const rest = [method, url, ...rawHeaders.filter((_, i) => i !== bearer), body].join("\n");
    expect(rest).not.toContain(DECLARED[target]);
  }
}

function ends(outcome: Outcome, answers: Answer[], world: World, at: Place): void {
  const [answer] = answers;
  const fill = (text: string) =>
    text
      .replaceAll("DECOYPORT", String(at.decoyPort))
      .replaceAll("DECOY", at.decoy)
      .replaceAll("UPSTREAM", at.upstream)
      .replaceAll("HOST", at.host);
  // A second answer would be to a request that was smuggled in.
  expect(answers.length).toBeLessThanOrEqual(1);
  if ("arrives" in outcome) {
    const arrived = world.log.map(({ method, url }) => `${method} ${url}`);
    expect([answer?.status, arrived]).toEqual([200, [fill(outcome.arrives)]]);
    const raw = world.log[0]?.rawHeaders ?? [];
    for (const [name, value] of Object.entries(outcome.headers ?? {})) {
      const found = raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === name);
      expect([name, found]).toEqual([name, value === null ? [] : [fill(value)]]);
    }
    if (outcome.body !== undefined) expect(world.log[0]?.body).toBe(outcome.body);
    expect(header(answer as Answer, "x-content-type-options")).toBe("nosniff");
    expect(header(answer as Answer, "content-security-policy")).toBe("sandbox");
    return;
  }
  expect(world.log).toEqual([]);
  expect(answer?.status ?? 0).toBe(outcome.refused);
  const code = /^\{"error":\{"code":"([a-z-]+)"/.exec(answer?.body ?? "")?.[1];
  expect(code).toBe("code" in outcome ? outcome.code : undefined);
  const location = answer && header(answer, "location");
  if (location !== undefined && "by" in outcome) {
    const { origin } = new URL(location, at.origin);
    expect(origin === at.origin).toBe(outcome.away !== true);
  }
}

import { appendFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { send } from "../js/support/send.ts";
import { FRAMEWORKS } from "./apps.ts";
import * as rows from "./rows.ts";
import type { Outcome, Place, Row } from "./rows.ts";
import { type Answer, exchange, header } from "./wire.ts";
import { HOSTILE, type Received, start, type World } from "./world.ts";

describe.each(FRAMEWORKS)("%s", (framework) => {
  let world: World;
  let at: Place;
  beforeAll(async () => {
    world = await start(framework);
    at = { ...world, host: `localhost:${world.port}` };
  });
  afterAll(async () => {
    await world.close();
  });
  afterEach(() => {
    world.log.length = 0;
    expect(world.strays).toEqual([]);
    expect(world.alive()).toBe(true);
  });

  for (const [group, list] of [["destinations", rows.destinations], ["headers", rows.headers], ["methods", rows.methods], ["cookies", rows.cookies]] as const) {
    describe(group, () => {
      test.each(list)("$name", async (row) => {
        const answers = await exchange(world.port, row.bytes(at), row.method);
        if (process.env.RECORD) {
          const [first] = answers;
          appendFileSync(process.env.RECORD, `${JSON.stringify([framework, group, row.name.slice(0,100), row.outcome[framework], answers.map(a=>a.status).join(), first && first.body.slice(0, 130), header(first!, "location"), world.log.map((r) => [r.method, r.url.slice(0, 150), r.body.slice(0,80)])])}\n`);
        }
        for (const answer of answers) leaksNothing(answer);
        for (const received of world.log) staysInside(received);
        ends(row.outcome[framework], answers, world, at);
      });
    });
  }
});

const SECRETS = Object.values(rows.SECRETS);

/** No response holds a cookie of the victim's, nor a header by which an upstream would act on the app. */
function leaksNothing(answer: Answer): void {
  const text = JSON.stringify([answer.headers, answer.body]);
  for (const secret of SECRETS) expect(text).not.toContain(secret);
  for (const name of Object.keys(HOSTILE)) {
    if (name === "content-security-policy") continue;
    if (name === "x-middleware-set-cookie" || name === "x-middleware-rewrite") expect(header(answer, name) ?? "").not.toMatch(/evil|planted/);
    else expect([name, header(answer, name)]).toEqual([name, undefined]);
  }
}

/** What arrived lies inside a declared target, and holds no cookie but the one that is declared for it. */
function staysInside({ method, url, rawHeaders, body }: Received): void {
  const target = /^\/v1\/(api|hosted|templated|plain)(?=[/?]|$)/.exec(url)?.[1];
  expect([url, target]).toEqual([url, expect.any(String)]);
  expect(rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())).not.toContain("cookie");
  const allowed: Record<string, string> = {
    api: rows.SECRETS.access_token,
    hosted: rows.SECRETS["__Host-sid"],
    templated: rows.SECRETS.granted,
  };
  let text = [method, url, ...rawHeaders, body].join("\n");
  for (const secret of SECRETS) {
    if (secret !== allowed[target ?? ""]) expect(text).not.toContain(secret);
  }
  // A declared bearer stands in Authorization alone.
  if (target === "api" || target === "hosted") {
    const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === "authorization");
    text = [method, url, ...rawHeaders.filter((_, i) => i !== at + 1), body].join("\n");
    expect(text).not.toContain(allowed[target]);
  }
}

function ends(outcome: Outcome, answers: Answer[], world: World, at: Place): void {
  const [answer] = answers;
  const fill = (text: string) => text.replaceAll("DECOYPORT", String(at.decoyPort)).replaceAll("DECOY", at.decoy).replaceAll("UPSTREAM", at.upstream).replaceAll("HOST", at.host);
  if ("arrives" in outcome) {
    expect([answer?.status, world.log.map(({ method, url }) => `${method} ${url}`)]).toEqual([200, [fill(outcome.arrives)]]);
    const [received] = world.log;
    for (const [name, value] of Object.entries(outcome.headers ?? {})) {
      const found = received?.rawHeaders.filter((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === name);
      expect([name, found]).toEqual([name, value === null ? [] : [fill(value)]]);
    }
    if (outcome.body !== undefined) expect(received?.body).toBe(outcome.body);
    expect(header(answer as Answer, "x-content-type-options")).toBe("nosniff");
    expect(header(answer as Answer, "content-security-policy")).toBe("sandbox");
    return;
  }
  expect(world.log).toEqual([]);
  if ("answered" in outcome) expect(answer?.status).toBe(outcome.answered);
  else {
    expect(answer?.status ?? 0).toBe(outcome.refused);
    const code = /^\{"error":\{"code":"([a-z-]+)"/.exec(answer?.body ?? "")?.[1];
    expect(code).toBe("code" in outcome ? outcome.code : undefined);
  }
  expect(answers.length).toBeLessThanOrEqual(1);
}
void send;

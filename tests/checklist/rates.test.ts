// Rate limits of the backend, by the client's address: in both frameworks' built servers, with clients at two addresses.
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort, serve } from "../attack/server.ts";
import { ADA, backend } from "../js/support/auth.ts";
import { APPS } from "./apps.ts";
import { type Client, clientAt } from "./client.ts";
import { hop } from "./hops.ts";
import { tablesWithUsers } from "./support.ts";

const WRONG = { email: ADA.email, password: "wrong-password" };
const RIGHT = { email: ADA.email, password: ADA.password };
const PATH = "/api/auth/sign-in/email";
/** How many sign-ins one address may try, and then two more. */
const TRIED = 12;

/** An app, the backend that it asks, and what reached that. */
async function start(framework: keyof typeof APPS, env: Record<string, string> = {}) {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const { url } = await backend({ origins: [origin], tables: await tablesWithUsers() });
  const asked = await hop(url);
  const app = APPS[framework];
  const running = await serve(app, port, app.ready, { BACKEND: asked.origin, ORIGIN: origin, ...env });
  onTestFinished(running.close);
  const addresses = () => asked.log.map(({ headers }) => headers["x-forwarded-for"]);
  return { origin, port, addresses };
}

/** Each header by which a client could claim an address. */
const claim = (address: string) => ({
  "x-forwarded-for": address,
  "x-real-ip": address,
  "x-client-ip": address,
  "cf-connecting-ip": address,
  "true-client-ip": address,
  forwarded: `for=${address}`,
});

/** Wrong passwords from one address, each with the claim to be another; the statuses. */
async function guess(client: Client): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < TRIED; i++)
    statuses.push((await client.post(PATH, WRONG, claim(`203.0.113.${i}`))).status);
  return statuses;
}

const TEN_ONLY = [...Array(10).fill(401), 429, 429];

describe("ten wrong logins by one address stop that one only, whatever it claims", () => {
  test("in SvelteKit, by the socket's address", async () => {
    const { origin, port, addresses } = await start("sveltekit");
    const [one, other] = [clientAt("127.0.0.1", origin, port), clientAt("127.0.0.2", origin, port)];
    expect(await guess(one)).toEqual(TEN_ONLY);
    const stopped = await one.post(PATH, RIGHT, claim("127.0.0.2"));
    expect([stopped.status, stopped.headers["retry-after"]]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    // Nor does claiming to be the one stop the other.
    expect((await other.post(PATH, RIGHT, claim("127.0.0.1"))).status).toBe(200);
    expect(addresses()).toEqual([...Array(TRIED + 1).fill("127.0.0.1"), "127.0.0.2"]);
  });

  test("in Next, behind the one proxy that is declared", async () => {
    const { origin, port, addresses } = await start("next", { PROXIES: "1" });
    // Appends, as proxies do: what the client wrote stays before it.
    const front = await hop(`http://127.0.0.1:${port}`, (headers, address) => ({
      ...headers,
      "x-forwarded-for": [headers["x-forwarded-for"], address].filter(Boolean).join(", "),
    }));
    const at = Number(new URL(front.origin).port);
    const [one, other] = [clientAt("127.0.0.1", origin, at), clientAt("127.0.0.2", origin, at)];
    expect(await guess(one)).toEqual(TEN_ONLY);
    expect((await one.post(PATH, RIGHT, claim("127.0.0.2"))).status).toBe(429);
    expect((await other.post(PATH, RIGHT, claim("127.0.0.1"))).status).toBe(200);
    expect(addresses()).toEqual([...Array(TRIED + 1).fill("127.0.0.1"), "127.0.0.2"]);
  });

  test("in Next, without a declared proxy, no address is sent, and none that a client claims", async () => {
    const { origin, port, addresses } = await start("next");
    const one = clientAt("127.0.0.1", origin, port);
    await one.post(PATH, WRONG);
    await one.post(PATH, WRONG, claim("203.0.113.1"));
    await one.post(PATH, WRONG, claim("127.0.0.1"));
    expect(addresses()).toEqual([undefined, undefined, undefined]);
  });
});

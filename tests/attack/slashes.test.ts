/**
 * APIs that want a slash at the end of a path, and redirect there, as Django does: the framework must not redirect back.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { send } from "../js/support/send.ts";
import { FRAMEWORKS } from "./apps.ts";
import { SECRETS } from "./rows.ts";
import { start, type World } from "./world.ts";

describe.each(FRAMEWORKS)("%s", (framework) => {
  let world: World;
  beforeAll(async () => {
    world = await start(framework);
    world.answer(({ url }, response) => {
      const [path = "", query] = url.split("?");
      if (path.endsWith("/")) response.end("the list");
      else {
        const location = query === undefined ? `${path}/` : `${path}/?${query}`;
        response.writeHead(301, { location }).end();
      }
      return true;
    });
  });
  afterAll(() => world.close());

  const ask = (path: string, method = "GET") =>
    send(`http://127.0.0.1:${world.port}`, path, {
      method,
      headers: {
        host: `localhost:${world.port}`,
        origin: world.origin,
        "sec-fetch-site": "same-origin",
        "sec-fetch-mode": "cors",
        "sec-fetch-dest": "empty",
        cookie: `access_token=${SECRETS.access_token}`,
        ...(method !== "GET" && { "content-length": "0" }),
      },
    });

  test.each([
    ["GET", "/items/"],
    ["GET", "/items/?page=2"],
    ["GET", "/a/b/c/"],
    ["POST", "/items/"],
    ["DELETE", "/items/7/"],
  ])("%s %s arrives with its slash", async (method, path) => {
    world.log.length = 0;
    const answer = await ask(`/api/proxy/api${path}`, method);
    expect([answer.status, answer.body]).toEqual([200, "the list"]);
    expect(world.log.map(({ method, url }) => `${method} ${url}`)).toEqual([`${method} /v1/api${path}`]);
  });

  test.each(["/items", "/items?page=2", "/a/b/c"])("a redirect from %s ends after one step", async (path) => {
    const first = await ask(`/api/proxy/api${path}`);
    const [before, query] = path.split("?");
    const expected = `/api/proxy/api${before}/${query === undefined ? "" : `?${query}`}`;
    expect([first.status, first.headers.location]).toEqual([301, expected]);
    const second = await ask(expected);
    expect([second.status, second.body]).toEqual([200, "the list"]);
  });
});

import { apiProxy } from "httponly/server";
import { expect, test } from "vitest";
import { app, upstream } from "./support/serve.ts";

const PROOF = { "sec-fetch-site": "same-origin", "sec-fetch-dest": "empty" };

test("a GET goes to the target with the bearer from the cookie", async () => {
  const api = await upstream();
  const proxy = await app(
    apiProxy({ targets: { api: { url: `${api.origin}/v1`, authorization: { bearer: "t" } } } }),
  );
  const response = await fetch(`${proxy}/api/proxy/api/me?a=b`, {
    headers: { ...PROOF, cookie: "t=secret; other=1" },
  });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("ok");
  expect(api.log).toHaveLength(1);
  expect(api.log[0]).toMatchObject({ method: "GET", url: "/v1/me?a=b" });
  expect(api.log[0]?.headers).toMatchObject({
    authorization: "Bearer secret",
    "accept-encoding": "gzip, deflate",
  });
  expect(api.log[0]?.headers.cookie).toBeUndefined();
});

import { EventEmitter, once } from "node:events";
import { connect } from "node:net";
import { ask, chats, expect, signin, test, tokenOf, type World } from "./world.ts";

/** Sends a request as its bytes stand. The answer is shown to `coming` as far as it has come, whenever more comes. */
function raw(
  world: World,
  lines: string[],
  body = "",
  coming: (soFar: string) => void = () => {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(world.port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
      coming(answer);
    });
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
    const head = [...lines, `Host: localhost:${world.port}`, "Connection: close"];
    if (body) head.push("Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`);
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
}

const PROOF = ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors"];
const CALL = ["POST /api/chatkit HTTP/1.1", ...PROOF];
const MESSAGE = JSON.stringify({ message: "hello" });

test("the answer streams into the page word by word", async ({ page, world }) => {
  await signin(page, world);
  await page.evaluate(() => {
    const states: { text: string; at: number }[] = [];
    Object.assign(window, { states });
    new MutationObserver(() => {
      const text = document.querySelector("[data-testid=api] p")?.textContent ?? "";
      if (text !== (states.at(-1)?.text ?? "")) states.push({ text, at: performance.now() });
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await ask(page, "Who am I?");
  await expect(page.getByTestId("api")).toContainText("not for proof.", { timeout: 15_000 });
  const states = await page.evaluate(
    () => (window as unknown as { states: { text: string; at: number }[] }).states,
  );
  expect(states.length).toBeGreaterThanOrEqual(3);
  for (const [at, { text }] of states.entries())
    expect(text.startsWith(states[at - 1]?.text ?? "")).toBe(true);
  const [first, last] = [states[0], states.at(-1)];
  expect((last?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(500);
  // The first words stood there while the API was still speaking.
  expect(first?.text.length).toBeLessThan((last?.text.length ?? 0) / 4);
});

test("the first event arrives before the second was sent, with gzip accepted", async ({ world }) => {
  const token = await tokenOf(world);
  // By order and not by clocks: the API sends an event only when the one before has arrived, and else gives up.
  const arrivals = new EventEmitter();
  const order = new Set<string>();
  world.nextChat.answer = async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    for (let number = 1; number <= 5; number++) {
      const arrival = once(arrivals, String(number), { signal: AbortSignal.timeout(10_000) });
      order.add(`sent ${number}`);
      response.write(`data: ${number}\n\n`);
      const arrived = await arrival.catch(() => undefined);
      if (!arrived) break;
    }
    response.end();
  };
  const lines = [...CALL, `Cookie: taskflow_id_token=${token}`, "Accept-Encoding: gzip, deflate, br"];
  const answer = await raw(world, lines, MESSAGE, (soFar) => {
    const number = /.*^data: (\d+)\n\n/ms.exec(soFar)?.[1];
    if (number === undefined) return;
    order.add(`arrived ${number}`);
    arrivals.emit(number);
  });
  const [head] = answer.split("\r\n\r\n");
  expect(head).toMatch(/^HTTP\/1\.1 200 /);
  expect(head).toMatch(/content-type: text\/event-stream/i);
  expect(head).toMatch(/cache-control: private, no-cache, no-transform/i);
  expect(head).not.toMatch(/content-encoding/i);
  expect([...order]).toEqual([1, 2, 3, 4, 5].flatMap((number) => [`sent ${number}`, `arrived ${number}`]));
});

test("signed out, the proxy answers 401 and the API is not called", async ({ page, world }) => {
  await page.goto(world.app);
  const answered = page.waitForResponse(/\/api\/chatkit/);
  await ask(page, "Who am I?");
  const answer = await answered;
  expect(answer.status()).toBe(401);
  expect(await answer.json()).toEqual({
    error: { code: "unauthenticated", message: expect.any(String) },
  });
  await expect(page.getByTestId("refusal")).toContainText("401 unauthenticated");
  await expect(page.getByTestId("refusal").getByRole("link", { name: "Sign in" })).toBeVisible();
  expect(world.received).toEqual([]);
});

test("signing out ends it: the cookie is gone, and so is the chat", async ({ page, world }) => {
  await signin(page, world);
  await ask(page, "Who am I?");
  await expect(page.getByTestId("api")).toContainText("Ada");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByTestId("sign-in")).toBeVisible();
  await expect(page.getByTestId("api")).toHaveCount(0);
  expect((await page.context().cookies()).map(({ name }) => name)).not.toContain("taskflow_id_token");
});

test("a token that the API has ended shows as signed out, not as an error", async ({ page, world }) => {
  const value = `${await tokenOf(world)}x`;
  await page.context().addCookies([{ name: "taskflow_id_token", value, url: world.app, httpOnly: true }]);
  await page.goto(world.app);
  await expect(page.getByTestId("sign-in")).toBeVisible();
  await ask(page, "Who am I?");
  await expect(page.getByTestId("refusal")).toContainText("401 token-invalid");
});

test("Stop ends the API's stream within a second", async ({ page, world }) => {
  await signin(page, world);
  await ask(page, "Who am I?");
  await expect(page.getByTestId("api")).toContainText("Hello");
  const [chat] = chats(world);
  expect(chat?.closed).toBeUndefined();
  const stopped = Date.now();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect.poll(() => chat?.closed, { timeout: 2000 }).toBeDefined();
  expect((chat?.closed ?? 0) - stopped).toBeLessThan(1000);
  await expect(page.getByRole("button", { name: "Send" })).toBeVisible();
});

test("the page hydrates without a complaint", async ({ page, world }) => {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await signin(page, world);
  await page.reload();
  await expect(page.getByTestId("token-read")).toHaveText("null");
  expect(complaints).toEqual([]);
});

test.describe("headers", () => {
  test("the page's hints reach the API, and the user's id comes from the session", async ({
    page,
    world,
  }) => {
    await signin(page, world);
    await page.getByLabel("Project").fill("apollo 11");
    await ask(page, "Who am I?");
    await expect(page.getByTestId("user-id")).toHaveText("1");
    await expect(page.getByTestId("page-url")).toHaveText(`${world.app}/`);
    await expect(page.getByTestId("page-title")).toHaveText("httponly chat");
    await expect(page.getByTestId("project-id")).toHaveText("apollo 11");
    const [{ headers } = { headers: {} as Record<string, string> }] = chats(world);
    expect(headers.authorization).toMatch(/^Bearer ey/);
    expect(headers.cookie).toBeUndefined();
  });

  test("an X-User-ID from the page never reaches the API", async ({ page, world }) => {
    await signin(page, world);
    const status = await page.evaluate(
      async (body) =>
        (
          await fetch("/api/chatkit", {
            method: "POST",
            headers: { "content-type": "application/json", "X-User-ID": "2" },
            body,
          })
        ).status,
      MESSAGE,
    );
    expect(status).toBe(200);
    expect(chats(world).map(({ headers }) => headers["x-user-id"])).toEqual(["1"]);
  });

  for (const [title, forged] of [
    ["sent twice", ["X-User-ID: 2", "x-user-id: 3"]],
    ["named in Connection", ["X-User-ID: 2", "Connection: x-user-id, authorization"]],
    ["beside an Authorization of its own", ["X-User-ID: 2", "Authorization: Bearer forged"]],
    ["beside addresses of its own", ["X-User-ID: 2", "X-Real-IP: 203.0.113.9", "Forwarded: for=203.0.113.9"]],
  ] as const)
    test(`a forged X-User-ID ${title} does not reach the API either`, async ({ world }) => {
      const token = await tokenOf(world);
      await raw(world, [...CALL, ...forged, `Cookie: taskflow_id_token=${token}`], MESSAGE);
      const [chat] = chats(world);
      expect(chat?.headers["x-user-id"]).toBe("1");
      expect(chat?.headers.authorization).toBe(`Bearer ${token}`);
      expect(JSON.stringify(chat?.headers)).not.toContain("203.0.113.9");
    });

  test("X-Forwarded-For is the address that the one declared proxy saw, whatever the client wrote", async ({
    world,
  }) => {
    const token = await tokenOf(world);
    const lines = [...CALL, `Cookie: taskflow_id_token=${token}`];
    await raw(world, [...lines, "X-Forwarded-For: 203.0.113.9, 192.0.2.7"], MESSAGE);
    expect(chats(world)[0]?.headers["x-forwarded-for"]).toBe("192.0.2.7");
    expect(chats(world)[0]?.headers["x-forwarded-host"]).toBe(`localhost:${world.port}`);
  });

  test("a forged X-Forwarded-Host does not make another origin the app's own", async ({ world }) => {
    const token = await tokenOf(world);
    const forged = [
      "POST /api/chatkit HTTP/1.1",
      `Cookie: taskflow_id_token=${token}`,
      "Origin: https://evil.example",
      "X-Forwarded-Host: evil.example",
      "X-Forwarded-Proto: https",
    ];
    const answer = await raw(world, forged, MESSAGE);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(chats(world)).toEqual([]);
  });
});

for (const [title, start] of [
  ["another method", "GET /api/chatkit HTTP/1.1"],
  ["a path below the target", "POST /api/chatkit/../../echo HTTP/1.1"],
  ["an encoded path out of the target", "POST /api/chatkit/%2e%2e/login HTTP/1.1"],
] as const)
  test(`${title} does not leave the target`, async ({ world }) => {
    const token = await tokenOf(world);
    const answer = await raw(world, [start, ...PROOF, `Cookie: taskflow_id_token=${token}`], MESSAGE);
    expect(answer).toMatch(/^HTTP\/1\.1 (30\d|4\d\d) /);
    expect(world.received.filter(({ path }) => path !== "/me")).toEqual([]);
  });

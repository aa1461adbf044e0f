import { test as base, type Cookie, expect, type Locator, type Page, type Request } from "@playwright/test";

export { expect };

/** Everything that a page sent and received, for searching it. */
export interface Recorded {
  /** All text: request URLs, headers but Cookie, and bodies; response headers but Set-Cookie, and bodies. */
  text(): Promise<string>;
  /** Origins that were asked for anything. */
  origins(): string[];
}

function record(page: Page): Recorded {
  const exchanges: Promise<string>[] = [];
  const origins = new Set<string>();
  page.on("requestfinished", (request) => {
    origins.add(new URL(request.url()).origin);
    // At once: the browser forgets bodies when the page goes elsewhere.
    exchanges.push(exchange(request));
  });
  return {
    text: async () => (await Promise.all(exchanges)).join("\n"),
    origins: () => [...origins],
  };
}

async function exchange(request: Request): Promise<string> {
  const response = await request.response();
  const sent = { ...(await request.allHeaders()), cookie: "" };
  const received: Record<string, string> = { ...(await response?.allHeaders()), "set-cookie": "" };
  const empty = received["content-length"] === "0" || (response?.status() ?? 0) === 303;
  const body = empty ? "" : await response?.text().catch(() => `UNREAD ${request.url()}`);
  return [request.url(), JSON.stringify(sent), request.postData(), JSON.stringify(received), body].join("\n");
}

export const test = base.extend<{
  recorded: Recorded;
  open: (path?: string) => Promise<void>;
  failures: string[];
}>({
  recorded: async ({ page }, use) => use(record(page)),
  /** What the page's own code got wrong; a test that expects a refusal by HTTP sees no entry for it. */
  failures: [
    async ({ page }, use) => {
      const failures: string[] = [];
      page.on("pageerror", (error) => failures.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
          failures.push(message.text());
      });
      await use(failures);
      expect(failures, "errors in the page").toEqual([]);
    },
    { auto: true },
  ],
  /** Opens the example and waits until its scripts run. */
  open: async ({ page }, use) =>
    use(async (path = "/") => {
      await page.goto(path);
      await hydrated(page);
    }),
});

export async function hydrated(page: Page): Promise<void> {
  await expect(page.getByTestId("page-value")).not.toHaveText("…");
  await expect(page.getByTestId("jar")).not.toContainText("JavaScript fills this list");
}

/** The browser's own cookie of this name, as DevTools sees it. */
export async function stored(page: Page, name: string): Promise<Cookie | undefined> {
  return (await page.context().cookies()).find((cookie) => cookie.name === name);
}

/** The entry of a cookie in the page's list. */
export function listed(page: Page, name: string): Locator {
  return page.getByTestId("jar").locator(`[data-cookie="${name}"]`);
}

export async function signin(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByTestId("signed-in")).toContainText("Signed in as Ada Lovelace.");
  const cookie = await stored(page, "access_token");
  expect(cookie?.value.split(".")).toHaveLength(3);
  return cookie?.value ?? "";
}

/** The claims of a JWT. */
export function claims(token: string): { exp: number; sub: string } {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
}

/** Seconds since 1970. */
export const now = () => Date.now() / 1000;

import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { open, start, type World } from "./world.ts";

type HttpOnly = typeof import("httponly");
declare const httponly: HttpOnly;
declare let heard: string[];
declare let ends: (() => void)[];

let world: World;
let context: BrowserContext;

beforeAll(async () => {
  world = await start();
});
afterAll(() => world.close());
beforeEach(async () => {
  context = await world.browser.newContext();
});
afterEach(() => context.close());

async function listening(origin: string): Promise<Page> {
  const page = await open(context, `${origin}/plain`);
  await page.evaluate(() => {
    const heard: string[] = [];
    const ends = [httponly.onCookieChange(({ name, value }) => heard.push(`${name}=${value}`))];
    Object.assign(globalThis, { heard, ends });
  });
  return page;
}

const heardBy = (page: Page) => page.evaluate(() => heard);
const hears = (page: Page, ...expected: string[]) => expect.poll(() => heardBy(page)).toEqual(expected);
const quiet = (page: Page) => page.waitForTimeout(200);

describe.each([
  ["with a CookieStore", "origin", true],
  ["without one", "insecure", false],
] as const)("onCookieChange %s", (_, which, store) => {
  let page: Page;
  beforeEach(async () => {
    page = await listening(world[which]);
    expect(await page.evaluate(() => "cookieStore" in globalThis)).toBe(store);
  });

  test("tells what this page sets, changes and deletes, decoded", async () => {
    await page.evaluate(() => httponly.setCookie("a", "1; é"));
    await hears(page, "a=1; é");
    await page.evaluate(() => httponly.setCookie("a", "2"));
    await hears(page, "a=1; é", "a=2");
    await page.evaluate(() => httponly.deleteCookie("a"));
    await hears(page, "a=1; é", "a=2", "a=null");
    expect(await page.evaluate(() => httponly.getCookie("a"))).toBe(null);
  });

  test("tells what another script of this page writes", async () => {
    await page.evaluate(() => {
      document.cookie = "b=1; path=/";
    });
    await hears(page, "b=1");
  });

  test("tells what another tab sets that listens", async () => {
    const other = await listening(world[which]);
    await other.evaluate(() => httponly.setCookie("c", "1"));
    await hears(page, "c=1");
    await hears(other, "c=1");
  });

  test("tells what a response has set, at the latest when the visitor comes back", async () => {
    await context.addCookies([{ name: "d", value: "1", url: world[which] }]);
    if (!store) await page.evaluate(() => dispatchEvent(new Event("focus")));
    await hears(page, "d=1");
  });

  test("tells nothing of cookies that no script can read", async () => {
    await context.addCookies([{ name: "secret", value: "1", url: world[which], httpOnly: true }]);
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    await quiet(page);
    expect(await heardBy(page)).toEqual([]);
  });

  test("is ended by what it gives, and another listener goes on", async () => {
    await page.evaluate(() => {
      ends.push(httponly.onCookieChange(({ name }) => heard.push(`second ${name}`)));
      ends[0]?.();
      ends[0]?.();
      httponly.setCookie("e", "1");
    });
    await hears(page, "second e");
    await page.evaluate(() => {
      ends[1]?.();
      httponly.setCookie("e", "2");
    });
    await quiet(page);
    expect(await heardBy(page)).toEqual(["second e"]);
    expect(await page.evaluate(() => Object.hasOwn(document, "cookie"))).toBe(false);
  });

  test("a listener that sets a cookie hears of it", async () => {
    await page.evaluate(() => {
      httponly.onCookieChange(({ name, value }) => {
        if (name === "f" && value === "1") httponly.setCookie("g", "1");
      });
      httponly.setCookie("f", "1");
    });
    await hears(page, "f=1", "g=1");
  });

  test("a listener that throws does not keep the others from hearing", async () => {
    await page.evaluate(() => {
      ends[0]?.();
      httponly.onCookieChange(() => {
        throw new Error("this one is broken");
      });
      httponly.onCookieChange(({ name }) => heard.push(`later ${name}`));
      httponly.setCookie("h", "1");
    });
    await hears(page, "later h");
  });
});

test("whoever has put a property of theirs over document.cookie keeps it", async () => {
  const page = await open(context, `${world.insecure}/plain`);
  const kept = await page.evaluate(() => {
    const calls: string[] = [];
    const inherited = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
    const theirs = {
      configurable: true,
      get: () => inherited?.get?.call(document),
      set: (text: string) => {
        calls.push(text.split("=")[0] ?? "");
        inherited?.set?.call(document, text);
      },
    };
    Object.defineProperty(document, "cookie", theirs);
    const end = httponly.onCookieChange(() => {});
    httponly.setCookie("a", "1");
    end();
    const back = Object.getOwnPropertyDescriptor(document, "cookie")?.set === theirs.set;
    const again = httponly.onCookieChange(() => {});
    Object.defineProperty(document, "cookie", theirs);
    again();
    return [calls, back, Object.getOwnPropertyDescriptor(document, "cookie")?.set === theirs.set];
  });
  expect(kept).toEqual([["a"], true, true]);
});

test("during SSR there is nothing to hear, and nothing keeps the process alive", async () => {
  const { onCookieChange } = await import("httponly");
  const end = onCookieChange(() => {
    throw new Error("nothing changes here");
  });
  end();
});

describe.each([
  ["with a CookieStore", "origin"],
  ["without one", "insecure"],
] as const)("the value that onCookieChange %s tells last is the true one", (_, which) => {
  const respond = (page: Page, ...lines: string[]) =>
    page.evaluate(async (lines) => {
      for (const line of lines) await fetch(`/set?${encodeURIComponent(line)}`);
    }, lines);

  test("after responses have set, changed and deleted it", async () => {
    const page = await listening(world[which]);
    for (let round = 0; round < 10; round++) {
      await respond(page, `r=${round}; Path=/`);
      await expect.poll(() => heardBy(page), { timeout: 5000 }).toContain(`r=${round}`);
      await respond(page, "r=; Path=/; Max-Age=0");
      await expect.poll(async () => (await heardBy(page)).at(-1), { timeout: 5000 }).toBe("r=null");
    }
  }, 60_000);

  test("once it has expired", async () => {
    const page = await listening(world[which]);
    await page.evaluate(() => httponly.setCookie("short", "1", { maxAge: 1 }));
    await expect.poll(() => heardBy(page), { timeout: 5000 }).toEqual(["short=1", "short=null"]);
  });
});

test.each(["origin", "insecure"] as const)(
  "in a sandboxed frame, which may have no cookies, nothing is told and nothing is thrown: %s",
  async (which) => {
    const page = await open(context, `${world[which]}/plain`);
    const script = (await page.evaluate(async () => {
      const [element] = document.querySelectorAll<HTMLScriptElement>("script[src]");
      return element?.src;
    })) as string;
    const said = await page.evaluate(
      (src) =>
        new Promise((done) => {
          addEventListener("message", ({ data }) => done(data));
          const frame = document.createElement("iframe");
          frame.sandbox.add("allow-scripts");
          // The module of another origin needs CORS, so its text goes in by itself.
          frame.srcdoc = `<script type=module>
            const errors = [];
            addEventListener("error", ({ message }) => errors.push(message));
            addEventListener("unhandledrejection", ({ reason }) => errors.push(String(reason)));
            try {
              const httponly = await import(${JSON.stringify(src)}).then(() => globalThis.httponly);
              const end = httponly.onCookieChange(({ name }) => errors.push(name));
              const read = [httponly.getCookie("a"), JSON.stringify(httponly.getCookies())];
              let code;
              try { httponly.setCookie("a", "1"); } catch (error) { code = error.code; }
              await new Promise((done) => setTimeout(done, 1300));
              end();
              parent.postMessage({ read, code, errors }, "*");
            } catch (error) { parent.postMessage(String(error), "*"); }
          </script>`;
          document.body.append(frame);
        }),
      script,
    );
    expect(said).toEqual({ read: [null, "{}"], code: "no-document", errors: [] });
  },
);

/**
 * Chromium and Firefox behind one small driver, so that one table of attacks runs in both.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { type BrowserContext as ChromiumContext, chromium } from "playwright-core";
import { type BrowserContext as FirefoxContext, launch as launchFirefox } from "puppeteer-core";
import base from "../../playwright.config.ts";

/** A page of a profile. */
export interface Tab {
  goto(url: string): Promise<void>;
  /** Runs a function in the page, which sees nothing but its argument. */
  run<A, R>(work: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
}

/** A profile of its own: cookies, cache and service workers. */
export interface Profile {
  tab(): Promise<Tab>;
  /** Sets cookies of a host as HttpOnly. */
  setCookies(origin: string, cookies: Readonly<Record<string, string>>): Promise<void>;
  /** Names of all cookies. */
  cookies(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Browser {
  profile(): Promise<Profile>;
  close(): Promise<void>;
}

const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

/** The browsers that are there; Chromium always is. */
export const BROWSERS: Record<string, () => Promise<Browser>> = {
  Chromium: startChromium,
  ...(spawnSync(FIREFOX, ["--version"]).status === 0 && { Firefox: startFirefox }),
};
if (!("Firefox" in BROWSERS)) console.warn(`skipped in Firefox: there is no ${FIREFOX}`);

async function startChromium(): Promise<Browser> {
  const browser = await chromium.launch(base.use?.launchOptions ?? {});
  return {
    profile: async () => chromiumProfile(await browser.newContext()),
    close: () => browser.close(),
  };
}

function chromiumProfile(context: ChromiumContext): Profile {
  return {
    async tab() {
      const page = await context.newPage();
      return {
        goto: async (url) => void (await page.goto(url)),
        // The two drivers type what a page gives back too narrowly for a function of any type.
        run: (work, argument) => page.evaluate(work as never, argument) as never,
      };
    },
    setCookies: (origin, cookies) =>
      context.addCookies(
        Object.entries(cookies).map(([name, value]) => ({ name, value, url: origin, httpOnly: true })),
      ),
    cookies: async () => (await context.cookies()).map(({ name }) => name),
    close: () => context.close(),
  };
}

async function startFirefox(): Promise<Browser> {
  const browser = await launchFirefox({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    extraPrefsFirefox: {
      "dom.disable_open_during_load": false,
      // On, as in other browsers.
      "browser.send_pings": true,
      // Off: a test waits for nothing that Firefox asks its makers.
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
    },
  });
  return {
    profile: async () => firefoxProfile(await browser.createBrowserContext()),
    close: () => browser.close(),
  };
}

function firefoxProfile(context: FirefoxContext): Profile {
  return {
    async tab() {
      const page = await context.newPage();
      return {
        goto: async (url) => void (await page.goto(url)),
        run: (work, argument) => page.evaluate(work as never, argument) as never,
      };
    },
    setCookies: (origin, cookies) =>
      context.setCookie(
        ...Object.entries(cookies).map(([name, value]) => ({
          name,
          value,
          domain: new URL(origin).hostname,
          path: "/",
          httpOnly: true,
          secure: false,
        })),
      ),
    cookies: async () => (await context.cookies()).map(({ name }) => name),
    close: () => context.close(),
  };
}

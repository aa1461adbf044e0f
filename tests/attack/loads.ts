/**
 * How a page brings something into the browser's cache, and how it loads code. Each function runs in the page alone.
 *
 * @module
 */

/** Fills the cache with an address, and waits until the browser has it, whatever came. */
export const WARMERS: Record<string, (url: string) => Promise<unknown>> = {
  nothing: async () => {},
  "an image": (url) =>
    new Promise((done) => {
      const image = new Image();
      Object.assign(image, { onload: done, onerror: done, src: url });
    }),
  "a stylesheet": (url) =>
    new Promise((done) => {
      const link = document.createElement("link");
      document.head.append(
        Object.assign(link, { onload: done, onerror: done, rel: "stylesheet", href: url }),
      );
    }),
  "a fetch": (url) => fetch(url).then((response) => response.arrayBuffer()),
  "a visited link": async (url) => {
    const opened = window.open(url);
    await new Promise((done) => setTimeout(done, 1000));
    opened?.close();
  },
  "a preload for fetch": (url) =>
    new Promise((done) => {
      const link = document.createElement("link");
      const settings = { onload: done, onerror: done, rel: "preload", as: "fetch", href: url };
      document.head.append(Object.assign(link, settings));
      setTimeout(done, 1000);
    }),
  "a crossorigin preload for fetch": (url) =>
    new Promise((done) => {
      const link = document.createElement("link");
      const settings = { onload: done, onerror: done, crossOrigin: "use-credentials", rel: "preload" };
      document.head.append(Object.assign(link, settings, { as: "fetch", href: url }));
      setTimeout(done, 1000);
    }),
  "a prefetch": (url) =>
    new Promise((done) => {
      const link = document.createElement("link");
      document.head.append(Object.assign(link, { onload: done, onerror: done, rel: "prefetch", href: url }));
      setTimeout(done, 1000);
    }),
};

/** What a loader takes. */
export type Kind = "script" | "style" | "xslt" | "svg";

export interface Loader {
  kind: Kind;
  /** Whether it loaded, where the browser says so to the page; a script that runs tells it by itself as well. */
  load(url: string): Promise<boolean | undefined>;
}

/** Every way in which a page loads what then acts in its origin. */
export const LOADERS: Record<string, Loader> = {
  script: {
    kind: "script",
    load: (url) =>
      new Promise((done) => {
        const element = document.createElement("script");
        const settings = { onload: () => done(true), onerror: () => done(false), src: url };
        document.head.append(Object.assign(element, settings));
      }),
  },
  "module script": {
    kind: "script",
    load: (url) =>
      new Promise((done) => {
        const element = document.createElement("script");
        const settings = { onload: () => done(true), onerror: () => done(false), type: "module", src: url };
        document.head.append(Object.assign(element, settings));
      }),
  },
  "import()": {
    kind: "script",
    // As text: the test runner would put a function of its own in its place.
    load: (url) => new Function("url", "return import(url).then(() => true, () => false)")(url),
  },
  importScripts: {
    kind: "script",
    load: (url) =>
      new Promise((done) => {
        const text = `try { importScripts(${JSON.stringify(new URL(url, location.href).href)}); postMessage(true) } catch { postMessage(false) }`;
        const blob = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
        new Worker(blob).onmessage = ({ data }) => done(data);
        setTimeout(done, 1500);
      }),
  },
  worker: {
    kind: "script",
    load: (url) =>
      new Promise((done) => {
        new Worker(url).onerror = () => done(false);
        setTimeout(done, 1500);
      }),
  },
  "module worker": {
    kind: "script",
    load: (url) =>
      new Promise((done) => {
        new Worker(url, { type: "module" }).onerror = () => done(false);
        setTimeout(done, 1500);
      }),
  },
  "shared worker": {
    kind: "script",
    load: (url) =>
      new Promise((done) => {
        new SharedWorker(url).onerror = () => done(false);
        setTimeout(done, 1500);
      }),
  },
  "audio worklet": {
    kind: "script",
    load: (url) =>
      new OfflineAudioContext(1, 1, 8000).audioWorklet.addModule(url).then(
        () => true,
        () => false,
      ),
  },
  "paint worklet": {
    kind: "script",
    async load(url) {
      const { paintWorklet } = CSS as typeof CSS & { paintWorklet?: Worklet };
      return paintWorklet?.addModule(url).then(
        () => true,
        () => false,
      );
    },
  },
  "service worker": {
    kind: "script",
    load: (url) =>
      navigator.serviceWorker.register(url, { updateViaCache: "all" }).then(
        () => true,
        () => false,
      ),
  },
  stylesheet: {
    kind: "style",
    load: (url) =>
      new Promise((done) => {
        const link = document.createElement("link");
        const settings = { onload: () => done(true), onerror: () => done(false), href: url };
        document.head.append(Object.assign(link, settings, { rel: "stylesheet" }));
      }),
  },
  "@import": {
    kind: "style",
    load: (url) =>
      new Promise((done) => {
        const style = document.createElement("style");
        style.append(`@import ${JSON.stringify(url)};`);
        document.head.append(style);
        setTimeout(done, 500);
      }),
  },
  XSLT: {
    kind: "xslt",
    load: (url) =>
      new Promise((done) => {
        const { href } = new URL(url, location.href);
        const text = `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="${href}"?><a/>`;
        const frame = document.createElement("iframe");
        frame.src = URL.createObjectURL(new Blob([text], { type: "text/xml" }));
        document.body.append(frame);
        setTimeout(done, 1000);
      }),
  },
  "use of SVG": {
    kind: "svg",
    load: (url) =>
      new Promise((done) => {
        const svg = `<svg width=9 height=9><use href="${url}#part" /></svg>`;
        document.body.append(document.createRange().createContextualFragment(svg));
        setTimeout(done, 1000);
      }),
  },
};

/**
 * What both apps under attack declare. `UPSTREAM` is the upstream's origin, `ORIGIN` the app's own.
 *
 * @module
 */
import { apiProxy, authBackend, cookieEndpoint, type ProxySettings, safeRedirect } from "httponly/server";

const upstream = process.env.UPSTREAM ?? "http://127.0.0.1:9";
const origin = process.env.ORIGIN ?? "http://localhost:3000";

/** The proxy; each target has a path of its own, so that the upstream's log says where a request was let in. */
export const proxy = (clientAddress: ProxySettings["clientAddress"] = () => undefined) =>
  apiProxy({
    mount: "/api/proxy",
    origin,
    clientAddress,
    bodyLimit: 256 * 1024,
    targets: {
      api: {
        url: `${upstream}/v1/api`,
        authorization: { bearer: "access_token" },
        forwardHeaders: ["x-page-url"],
        headers: { "x-user-id": "user-1" },
      },
      hosted: { url: `${upstream}/v1/hosted`, authorization: { bearer: "__Host-sid" } },
      templated: {
        url: `${upstream}/v1/templated`,
        cookies: ["granted"],
        templates: ["header", "query", "body"],
        forwardHeaders: ["x-token"],
      },
      // A load in the app's own markup may spend here.
      pictures: {
        url: `${upstream}/v1/pictures`,
        authorization: { bearer: "access_token" },
        destinations: ["image"],
      },
      // Here a `fetch` proves itself by a header, which no preload sends.
      headed: {
        url: `${upstream}/v1/headed`,
        authorization: { bearer: "access_token" },
        proof: "header",
      },
      plain: { url: `${upstream}/v1/plain`, methods: ["GET", "POST"], forwardHeaders: ["x-token"] },
    },
  });

export const endpoint = cookieEndpoint({ origin, reserved: ["access_token", "granted", "__Host-sid"] });

/** The same for an app whose old client sends a GET without the header. */
export const bareEndpoint = cookieEndpoint({
  origin,
  bareGet: true,
  reserved: ["access_token", "granted", "__Host-sid"],
});

/** An authentication backend, by whose sign-out markup would try to end a session. */
export const auth = authBackend({
  url: upstream,
  origin,
  cookie: "auth_session",
  clientAddress: () => undefined,
}).handler;

/** A page of the app with no policy of its own: what does not run there is held back by the proxy alone. */
export const stage = async () =>
  new Response("<!doctype html><title>stage</title><body><p>stage</p>", {
    headers: { "content-type": "text/html" },
  });

/** A sign-in page's way back. */
export const go = async (request: Request) => {
  const location = safeRedirect(new URL(request.url).searchParams.get("to"), { origin, fallback: "/stage" });
  return new Response(null, { status: 302, headers: { location } });
};

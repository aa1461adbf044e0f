// The app that every environment serves: page functions during SSR, the endpoint, the proxy, a session and a guard, as
// one function from a request to its response.
import { getCookie, getHttpOnlyCookie } from "httponly";
import { apiProxy, authBackend, cookieEndpoint, parseSetCookie, serializeSetCookie } from "httponly/server";

/** @param upstream origin of the API and of the authentication backend */
export function createApp(upstream) {
  const endpoint = cookieEndpoint();
  const proxy = apiProxy({ targets: { api: { url: upstream, cookies: ["access_token"] } } });
  const auth = authBackend({ url: upstream });
  return async (request, platform) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/proxy/")) return proxy(request, platform);
    if (pathname.startsWith("/api/auth/")) return auth.handler(request, platform);
    if (pathname === "/.nordcraft/cookies/set-cookie" || pathname === "/set-cookie") return endpoint(request);
    if (pathname === "/cookies") {
      const cookies = request.headers.get("cookie") ?? "";
      const line = serializeSetCookie("a", "ü 1", { httpOnly: true, maxAge: 99_999_999_999 });
      return Response.json({
        theme: getCookie("theme", { cookies }),
        token: getHttpOnlyCookie("access_token"),
        line,
        parsed: parseSetCookie(line),
      });
    }
    if (pathname === "/me" || pathname === "/private") {
      const { status, user } = await auth.getSession(request, platform);
      if (pathname === "/private" && status !== "authenticated")
        return new Response(null, { status: 303, headers: { location: "/login" } });
      return Response.json({ status, user: user?.email ?? null });
    }
    return undefined;
  };
}

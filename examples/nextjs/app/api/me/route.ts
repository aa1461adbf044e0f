import { who } from "../../../lib/auth";

/** Who is signed in, for programs. `proxy.ts` does not see this path, so it asks for itself. */
export async function GET(): Promise<Response> {
  const { status, user } = await who();
  const statuses = { authenticated: 200, anonymous: 401, rejected: 403, unavailable: 503 };
  const headers = { "cache-control": "private, no-store" };
  return Response.json({ status, user }, { status: statuses[status], headers });
}

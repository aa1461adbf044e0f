export const dynamic = "force-dynamic";

async function answer(request) {
  const headers = new Headers(request.headers);
  headers.delete("host");
  const { method, body } = request;
  const path = new URL(request.url).pathname.replace("/bare", "");
  const init = { method, headers, body, redirect: "manual", ...(body ? { duplex: "half" } : {}) };
  const { status, headers: kept, body: sent } = await fetch(process.env.UPSTREAM + path, init);
  return new Response(sent, { status, headers: kept });
}

export { answer as GET, answer as POST };

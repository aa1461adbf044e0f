export const GET = () => new Response("SECRET report");
export const POST = GET;

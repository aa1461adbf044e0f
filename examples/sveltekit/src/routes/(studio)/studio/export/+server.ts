import { drafts } from "$lib/drafts.server";
import type { RequestHandler } from "./$types";

/** An endpoint of the studio: the guard answers it as it answers the page. */
export const GET: RequestHandler = () =>
  new Response(
    ["title,published", ...drafts.map((one) => `"${one.title}",${one.published}`), ""].join("\r\n"),
    {
      headers: { "content-type": "text/csv", "content-disposition": 'attachment; filename="drafts.csv"' },
    },
  );

import { drafts } from "../../../../lib/drafts";

export const dynamic = "force-dynamic";

/** The guard's table holds for endpoints, too: this one has no check of its own. */
export function GET(): Response {
  const rows = drafts.map(({ id, title, published }) => `${id},"${title}",${published}`);
  return new Response(["id,title,published", ...rows, ""].join("\r\n"), {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": 'attachment; filename="drafts.csv"',
    },
  });
}

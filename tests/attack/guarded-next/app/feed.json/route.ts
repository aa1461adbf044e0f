export const GET = () => Response.json({ title: "Feed" });

export const GET = ({ locals }) => Response.json(locals);

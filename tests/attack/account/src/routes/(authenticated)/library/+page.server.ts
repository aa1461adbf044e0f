export const load = ({ locals }: { locals: { user: { email: string } | null } }) => ({
  secret: `SECRET for ${locals.user?.email ?? "nobody"}`,
});
export const actions = { save: () => ({ saved: "SECRET" }) };

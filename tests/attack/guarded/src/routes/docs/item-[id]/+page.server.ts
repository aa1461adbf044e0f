export const load = ({ params }: { params: Record<string, string> }) => ({
  secret: `SECRET of ${Object.values(params).join()}`,
});

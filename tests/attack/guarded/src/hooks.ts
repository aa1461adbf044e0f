import type { Reroute } from "@sveltejs/kit";

/** Short addresses: `/u/ada` shows what `/users/ada` does. */
export const reroute: Reroute = ({ url }) => {
  const { pathname } = url;
  return /\/u\//.test(pathname) ? pathname.replace("/u/", "/users/") : undefined;
};

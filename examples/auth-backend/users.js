/** The demo users, one a role. */
export const USERS = [
  { email: "ada@example.com", name: "Ada Lovelace", password: "analytical-engine", role: "customer" },
  { email: "grace@example.com", name: "Grace Hopper", password: "nanosecond-wire", role: "creator" },
  { email: "edsger@example.com", name: "Edsger Dijkstra", password: "shortest-path", role: "admin" },
];

/** Who has an account at the OpenID provider, and none here until they come from there. */
export const PEOPLE = [{ email: "linus@example.org", name: "Linus Example", password: "just-for-fun" }];

/** The demo users, one a role. */
export const USERS = [
  { email: "ada@example.com", name: "Ada Lovelace", password: "analytical-engine", role: "customer" },
  { email: "grace@example.com", name: "Grace Hopper", password: "nanosecond-wire", role: "creator" },
  { email: "edsger@example.com", name: "Edsger Dijkstra", password: "shortest-path", role: "admin" },
];

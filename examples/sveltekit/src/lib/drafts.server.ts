/** What the studio works on, for want of a database: it lasts as long as the server. */
export const drafts = [
  { id: "1", title: "Debugging, with a moth", published: false },
  { id: "2", title: "Eleven inches of wire", published: false },
  { id: "3", title: "A compiler from scratch", published: true },
];

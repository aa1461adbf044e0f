interface Draft {
  id: string;
  title: string;
  published: boolean;
}

/** One list for pages, actions and route handlers, each of which has modules of its own. */
const kept = globalThis as typeof globalThis & { drafts?: Draft[] };

kept.drafts ??= [
  { id: "1", title: "Debugging, with a moth", published: false },
  { id: "2", title: "Eleven inches of wire", published: false },
  { id: "3", title: "A compiler from scratch", published: true },
];

/** What the studio works on, for want of a database: it lasts as long as the server. */
export const drafts = kept.drafts;

/** What is in the library, for want of a database. */
export const COURSES = [
  { title: "Notes on an engine", by: "Ada Lovelace", lessons: 12, done: 9, hue: 28 },
  { title: "A compiler from scratch", by: "Grace Hopper", lessons: 18, done: 4, hue: 262 },
  { title: "Shortest paths", by: "Edsger Dijkstra", lessons: 8, done: 8, hue: 152 },
  { title: "Protocols that last", by: "Radia Perlman", lessons: 10, done: 2, hue: 205 },
  { title: "Proofs and programs", by: "Tony Hoare", lessons: 14, done: 0, hue: 340 },
  { title: "Small systems", by: "Ken Thompson", lessons: 9, done: 0, hue: 82 },
];

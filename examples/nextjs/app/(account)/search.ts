/** What Next gives a page of its query. */
export interface Search {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/** The first of what was given for a name; the rest is of no interest. */
export function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

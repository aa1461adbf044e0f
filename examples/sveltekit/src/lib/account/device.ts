/** A session as the backend lists it, without its token. */
export interface Device {
  id: string;
  userAgent?: string | null;
  ipAddress?: string | null;
  createdAt: string;
}

const BROWSERS = [
  ["Firefox", "Firefox"],
  ["Edg", "Edge"],
  ["OPR", "Opera"],
  ["Chrome", "Chrome"],
  ["Safari", "Safari"],
  ["curl", "curl"],
] as const;
const SYSTEMS = ["Android", "iPhone", "iPad", "Mac", "Windows", "Linux"];

/** What a User-Agent says to people. */
export function deviceName(userAgent: string | null | undefined): string {
  const browser = BROWSERS.find(([mark]) => userAgent?.includes(mark))?.[1] ?? "A browser";
  const system = SYSTEMS.find((mark) => userAgent?.includes(mark));
  return system ? `${browser} on ${system}` : browser;
}

const moment = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

export const since = (created: string) => `${moment.format(new Date(created))} UTC`;

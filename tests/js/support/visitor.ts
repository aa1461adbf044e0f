/**
 * A visitor of an app without JavaScript: one who sends its forms and keeps its cookies.
 *
 * @module
 */
import { type Auth, runFlow } from "httponly/server";

export const APP = "http://localhost:5173";
/** What a browser says of a form of the app's own page. */
export const FORM = {
  origin: APP,
  "sec-fetch-site": "same-origin",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
};

export type Fields = Record<string, string>;

/** A visitor who sends forms and keeps cookies. */
export class Visitor {
  readonly auth: Auth;
  readonly jar = new Map<string, string>();
  readonly said: string[] = [];

  constructor(auth: Auth) {
    this.auth = auth;
  }

  get cookie() {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  request(path: string, headers: Fields = {}, init: RequestInit = {}) {
    const { cookie } = this;
    return new Request(APP + path, { headers: { ...(cookie && { cookie }), ...headers }, ...init });
  }

  keep(lines: string[]) {
    for (const line of lines) {
      const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.jar.delete(name);
      else this.jar.set(name, value);
    }
  }

  async run(
    flow: Parameters<typeof runFlow>[1],
    fields: Fields = {},
    path = "/login",
    headers: Fields = FORM,
  ) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const request = this.request(path, headers, { method: "POST" });
    const answer = await runFlow(this.auth, flow, { request, fields: form });
    this.keep(answer.setCookies);
    const { setCookies: _, ...rest } = answer;
    this.said.push(JSON.stringify(rest));
    return answer;
  }

  async who() {
    return (await this.auth.getSession(this.request("/"))).user?.email ?? null;
  }
}

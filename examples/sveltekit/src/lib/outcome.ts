import { HttpOnlyError } from "httponly";

/** What an action led to, for the line under its buttons. */
export type Outcome =
  | { kind: "done"; text: string }
  | { kind: "refused"; code: string; rule: string; message: string };

/** Runs an action; an HttpOnlyError becomes the outcome, anything else is a defect and passes. */
export async function attempt(action: () => string | Promise<string>): Promise<Outcome> {
  try {
    return { kind: "done", text: await action() };
  } catch (error) {
    if (!(error instanceof HttpOnlyError)) throw error;
    return { kind: "refused", code: error.code, rule: error.rule ?? "", message: error.message };
  }
}

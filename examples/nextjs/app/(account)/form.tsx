"use client";

import type { State } from "httponly/next";
import { type ComponentProps, createContext, type ReactNode, useActionState, useContext } from "react";

/** What to say after a flow, by its notice. */
const NOTICES: Record<string, string> = {
  "magic-link-sent": "Look into your mail: the link in it signs you in.",
  "reset-sent": "If there is an account with this address, a mail with a link is on its way.",
  "verification-sent": "Another mail is on its way.",
  "session-revoked": "That device is signed out.",
  "sessions-revoked": "All other devices are signed out.",
};

const Values = createContext<Record<string, string>>({});

/** A form that runs one flow: it says what went wrong, keeps what was typed, and works without JavaScript. */
export function FlowForm(props: {
  action: (state: State, form: FormData) => Promise<State>;
  submit: string;
  busy?: string;
  kind?: "primary" | "danger" | "quiet";
  className?: string;
  children?: ReactNode;
}) {
  const { action, submit, busy = `${submit} …`, kind = "primary", className, children } = props;
  const [state, run, pending] = useActionState(action, {});
  const notice = state.notice && (NOTICES[state.notice] ?? state.notice);
  return (
    <form action={run} className={className ?? "flow"}>
      <Values value={state.values ?? {}}>{children}</Values>
      {state.error && (
        <p className="problem" role="alert" data-code={state.error.code}>
          {state.error.message}
        </p>
      )}
      {notice && (
        <p className="notice" role="status">
          {notice}
        </p>
      )}
      <button type="submit" className={kind} disabled={pending}>
        {pending ? busy : submit}
      </button>
    </form>
  );
}

/** An input with its label, filled with what was typed before. */
export function Field({ label, name, ...rest }: ComponentProps<"input"> & { label: string; name: string }) {
  const values = useContext(Values);
  return (
    <label>
      {label}
      <input name={name} defaultValue={values[name] ?? ""} {...rest} />
    </label>
  );
}

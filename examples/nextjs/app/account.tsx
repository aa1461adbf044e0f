"use client";

import { useActionState } from "react";
import type { Session } from "../lib/session";
import { signIn, signOut } from "./actions";

/** Signing in and out: plain forms, which work without JavaScript. */
export function Account({ session }: { session: Session }) {
  const [problem, action, pending] = useActionState(signIn, null);

  if (session.status === "signed in")
    return (
      <form action={signOut} className="signed-in" data-testid="signed-in">
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M4.5 7V5a3.5 3.5 0 0 1 7 0v2M3.5 7h9v6.5h-9z" />
        </svg>
        <p>
          <strong>{session.user.name}</strong>
          <span>{session.user.email}</span>
        </p>
        <button type="submit">Sign out</button>
      </form>
    );

  return (
    <form action={action} className="card sign-in" id="sign-in" data-testid="sign-in">
      <h2>Sign in</h2>
      <p className="lead">
        The server signs in at the API and keeps its token in the HttpOnly cookie{" "}
        <code>taskflow_id_token</code>.
      </p>
      {session.status === "unavailable" && (
        <p className="problem" role="status">
          The API does not answer, so nobody knows whether you are signed in.
        </p>
      )}
      <label>
        E-mail
        <input name="email" type="email" autoComplete="username" defaultValue="ada@example.com" required />
      </label>
      <label>
        Password
        <input
          name="password"
          type="password"
          autoComplete="current-password"
          defaultValue="analytical"
          required
        />
      </label>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <button className="primary sealed" type="submit" disabled={pending}>
        {pending ? "Signing in …" : "Sign in"}
      </button>
      <p className="hint">or grace@example.com / nanosecond</p>
    </form>
  );
}

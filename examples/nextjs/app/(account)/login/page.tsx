import type { Metadata } from "next";
import Link from "next/link";
import { sendMagicLink, signin, social } from "../actions";
import { Field, FlowForm } from "../form";
import { first, type Search } from "../search";

export const metadata: Metadata = { title: "Sign in" };

const NOTICES: Record<string, string> = {
  "password-reset": "Your password is changed, and every device is signed out. Sign in with the new one.",
};

export default async function Login({ searchParams }: Search) {
  const search = await searchParams;
  const redirect = first(search.redirect);
  // A provider leads back with it.
  const failed = first(search.error) !== undefined;
  const notice = NOTICES[first(search.notice) ?? ""];
  const next = redirect && <input type="hidden" name="redirect" value={redirect} />;
  const onwards = redirect ? `?${new URLSearchParams({ redirect })}` : "";
  return (
    <div className="narrow">
      <section className="card">
        <h1>Sign in</h1>
        <p className="lead">
          The session lives on an authentication server of its own. Its token stays in an HttpOnly cookie.
        </p>
        {notice && (
          <p className="notice" role="status">
            {notice}
          </p>
        )}
        {failed && (
          <p className="problem" role="alert">
            That did not work: you cancelled, or it took too long.
          </p>
        )}
        <FlowForm action={signin} submit="Sign in" busy="Signing in …">
          {next}
          <Field label="E-mail" name="email" type="email" autoComplete="username" required />
          <Field label="Password" name="password" type="password" autoComplete="current-password" required />
          <div className="row">
            <label className="check">
              <input type="checkbox" name="rememberMe" defaultChecked /> Remember me
            </label>
            <Link href="/forgot" prefetch={false}>
              Forgot your password?
            </Link>
          </div>
        </FlowForm>
        <p className="or">
          <span>or without a password</span>
        </p>
        <FlowForm action={sendMagicLink} submit="Send me a link" busy="Sending …" kind="quiet">
          {next}
          <Field label="E-mail for the link" name="email" type="email" autoComplete="email" required />
        </FlowForm>
        <FlowForm action={social} submit="Continue with Example ID" busy="Going there …" kind="quiet">
          <input type="hidden" name="provider" value="example-id" />
          {next}
        </FlowForm>
      </section>
      <p className="aside">
        New here?{" "}
        <Link href={`/register${onwards}`} prefetch={false}>
          Create an account
        </Link>
      </p>
      <p className="hint">
        To try it: ada@example.com / analytical-engine, or grace@example.com / nanosecond-wire, who is a
        creator.
      </p>
    </div>
  );
}

import type { Metadata } from "next";
import Link from "next/link";
import { resetPassword } from "../actions";
import { Field, FlowForm } from "../form";
import { first, type Search } from "../search";

// The token is in the address, which no other page is to learn.
export const metadata: Metadata = { title: "Choose a new password", referrer: "same-origin" };

export default async function Reset({ searchParams }: Search) {
  const token = first((await searchParams).token);
  return (
    <div className="narrow">
      <section className="card">
        <h1>Choose a new password</h1>
        {token ? (
          <>
            <p className="lead">Afterwards every device is signed out, this one too.</p>
            <FlowForm action={resetPassword} submit="Change password" busy="Changing …">
              <input type="hidden" name="token" value={token} />
              <Field
                label="New password, of at least 8 characters"
                name="password"
                type="password"
                autoComplete="new-password"
                minLength={8}
                required
              />
              <Field
                label="The same again"
                name="confirmation"
                type="password"
                autoComplete="new-password"
                required
              />
            </FlowForm>
          </>
        ) : (
          <p className="problem" role="alert">
            That link has been used, or is too old.
          </p>
        )}
      </section>
      <p className="aside">
        <Link href="/forgot" prefetch={false}>
          Ask for another mail
        </Link>
      </p>
    </div>
  );
}

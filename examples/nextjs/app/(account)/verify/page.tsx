import type { Metadata } from "next";
import Link from "next/link";
import { who } from "../../../lib/auth";
import { sendVerification } from "../actions";
import { Field, FlowForm } from "../form";
import { first, type Search } from "../search";

export const metadata: Metadata = { title: "Verify your e-mail" };

export default async function Verify({ searchParams }: Search) {
  const search = await searchParams;
  const { user } = await who();
  const failed = first(search.error) !== undefined;
  if (user?.emailVerified)
    return (
      <div className="narrow">
        <section className="card">
          <h1>Your e-mail is verified</h1>
          <p className="lead">
            <strong>{user.email}</strong> is yours.
          </p>
          <Link className="button primary" href="/library" prefetch={false}>
            Go to the library
          </Link>
        </section>
      </div>
    );
  return (
    <div className="narrow">
      <section className="card">
        <h1>Verify your e-mail</h1>
        <p className="lead">
          {failed
            ? "That link has been used, or is too old. Here is another."
            : "We sent you a mail. The link in it shows that the address is yours."}
        </p>
        <FlowForm action={sendVerification} submit="Send it again" busy="Sending …" kind="quiet">
          <Field
            label="E-mail"
            name="email"
            type="email"
            autoComplete="email"
            defaultValue={user?.email ?? first(search.email) ?? ""}
            required
          />
        </FlowForm>
      </section>
    </div>
  );
}

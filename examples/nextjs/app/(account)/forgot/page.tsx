import type { Metadata } from "next";
import Link from "next/link";
import { requestReset } from "../actions";
import { Field, FlowForm } from "../form";

export const metadata: Metadata = { title: "Forgot your password" };

export default function Forgot() {
  return (
    <div className="narrow">
      <section className="card">
        <h1>Forgot your password?</h1>
        <p className="lead">Say who you are, and a mail leads you to a new one.</p>
        <FlowForm action={requestReset} submit="Send the mail" busy="Sending …">
          <Field label="E-mail" name="email" type="email" autoComplete="username" required />
        </FlowForm>
      </section>
      <p className="aside">
        <Link href="/login" prefetch={false}>
          Back to signing in
        </Link>
      </p>
    </div>
  );
}

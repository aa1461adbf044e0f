import type { Metadata } from "next";
import Link from "next/link";
import { signup } from "../actions";
import { Field, FlowForm } from "../form";
import { first, type Search } from "../search";

export const metadata: Metadata = { title: "Create an account" };

export default async function Register({ searchParams }: Search) {
  const redirect = first((await searchParams).redirect);
  const onwards = redirect ? `?${new URLSearchParams({ redirect })}` : "";
  return (
    <div className="narrow">
      <section className="card">
        <h1>Create an account</h1>
        <p className="lead">It takes a name, an address and a password.</p>
        <FlowForm action={signup} submit="Create account" busy="Creating …">
          {redirect && <input type="hidden" name="redirect" value={redirect} />}
          <Field label="Name" name="name" autoComplete="name" required />
          <Field label="E-mail" name="email" type="email" autoComplete="username" required />
          <Field
            label="Password, of at least 8 characters"
            name="password"
            type="password"
            autoComplete="new-password"
            minLength={8}
            required
          />
        </FlowForm>
      </section>
      <p className="aside">
        You have one?{" "}
        <Link href={`/login${onwards}`} prefetch={false}>
          Sign in
        </Link>
      </p>
    </div>
  );
}

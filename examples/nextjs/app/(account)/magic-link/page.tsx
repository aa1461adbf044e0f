import type { Metadata } from "next";
import Link from "next/link";
import { consumeMagicLink } from "../actions";
import { FlowForm } from "../form";
import { first, type Search } from "../search";

// The token is in the address, which no other page is to learn.
export const metadata: Metadata = { title: "Sign in by mail", referrer: "same-origin" };

/** Where the link in the mail leads. To open it uses nothing up, so a mail scanner may. */
export default async function MagicLink({ searchParams }: Search) {
  const search = await searchParams;
  const token = first(search.token);
  const callbackURL = first(search.callbackURL);
  return (
    <div className="narrow">
      <section className="card">
        <h1>Is it you?</h1>
        {token ? (
          <>
            <p className="lead">The link from your mail signs you in on this device, once.</p>
            <FlowForm action={consumeMagicLink} submit="Sign in" busy="Signing in …">
              <input type="hidden" name="token" value={token} />
              {callbackURL && <input type="hidden" name="redirect" value={callbackURL} />}
            </FlowForm>
          </>
        ) : (
          <p className="problem" role="alert">
            That link has been used, or is too old.
          </p>
        )}
      </section>
      <p className="aside">
        <Link href="/login" prefetch={false}>
          Sign in another way
        </Link>
      </p>
    </div>
  );
}

import type { Metadata } from "next";
import Link from "next/link";
import { devices, who } from "../../../lib/auth";
import { revokeOtherSessions, revokeSession, signout, signoutEverywhere } from "../actions";
import { FlowForm } from "../form";

export const metadata: Metadata = { title: "Account" };

/** What a User-Agent says to people. */
function deviceName(userAgent: string | null | undefined): string {
  const browser = ["Firefox", "Edg", "OPR", "Chrome", "Safari", "curl"].find((name) =>
    userAgent?.includes(name),
  );
  const system = ["Android", "iPhone", "iPad", "Mac OS X", "Windows", "Linux"].find((name) =>
    userAgent?.includes(name),
  );
  const known = { Edg: "Edge", OPR: "Opera" }[browser ?? ""] ?? browser ?? "A browser";
  return system ? `${known} on ${system.replace(" OS X", "")}` : known;
}

const day = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

export default async function Account() {
  const { user, session } = await who();
  if (!user || !session) return null;
  const list = await devices();
  return (
    <>
      <div className="hero">
        <h1>{user.name ?? user.email}</h1>
        <p>
          {user.email} · {user.role}
          {user.emailVerified ? (
            <span className="tag good">verified</span>
          ) : (
            <Link className="tag" href="/verify" prefetch={false}>
              not verified
            </Link>
          )}
        </p>
      </div>
      <section className="card" aria-labelledby="devices">
        <h2 id="devices">Where you are signed in</h2>
        <p className="lead">
          No page learns the tokens of these sessions, so that none can be stolen from it.
        </p>
        {list === undefined ? (
          <p className="problem" role="status">
            The list cannot be read at the moment.
          </p>
        ) : (
          <ul className="devices" data-testid="devices">
            {list.map(({ id, userAgent, ipAddress, createdAt }) => (
              <li key={id} data-testid={id === session.id ? "this-device" : "device"}>
                <p>
                  <strong>{deviceName(userAgent)}</strong>
                  <span>
                    since {day.format(new Date(createdAt))} UTC{ipAddress && `, from ${ipAddress}`}
                  </span>
                </p>
                {id === session.id ? (
                  <span className="tag good">this one</span>
                ) : (
                  <FlowForm action={revokeSession} submit="Sign out" kind="quiet" className="inline-flow">
                    <input type="hidden" name="id" value={id} />
                  </FlowForm>
                )}
              </li>
            ))}
          </ul>
        )}
        <div className="actions">
          <FlowForm action={revokeOtherSessions} submit="Sign out all others" kind="quiet" />
        </div>
      </section>
      <section className="card leave" aria-labelledby="leave">
        <h2 id="leave">Leave</h2>
        <div className="actions">
          <FlowForm action={signout} submit="Sign out here" kind="quiet" />
          <FlowForm action={signoutEverywhere} submit="Sign out everywhere" kind="danger" />
        </div>
      </section>
    </>
  );
}

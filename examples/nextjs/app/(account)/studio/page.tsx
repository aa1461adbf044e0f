import type { Metadata } from "next";
import { who } from "../../../lib/auth";
import { drafts } from "../../../lib/drafts";
import { FlowForm } from "../form";
import { publish } from "./actions";

export const metadata: Metadata = { title: "Studio" };

export default async function Studio() {
  const { user } = await who();
  if (!user) return null;
  return (
    <>
      <div className="hero">
        <h1>Studio</h1>
        <p>
          For creators and admins; you are {user.role === "admin" ? "an admin" : `a ${user.role}`}. Everybody
          else gets a 403, for the page, its data and its actions alike.
        </p>
      </div>
      <section className="card" aria-labelledby="drafts">
        <h2 id="drafts">Drafts</h2>
        <ul className="devices">
          {drafts.map(({ id, title, published }) => (
            <li key={id}>
              <p>
                <strong>{title}</strong>
                <span>{published ? "In the library" : "Only you see it"}</span>
              </p>
              {published ? (
                <span className="tag good">published</span>
              ) : (
                <FlowForm action={publish} submit="Publish" kind="quiet" className="inline-flow">
                  <input type="hidden" name="id" value={id} />
                </FlowForm>
              )}
            </li>
          ))}
        </ul>
        <div className="actions">
          <a className="button" href="/studio/export">
            Download as CSV
          </a>
        </div>
      </section>
    </>
  );
}

import type { Metadata } from "next";
import { who } from "../../../lib/auth";
import { COURSES } from "../../../lib/courses";

export const metadata: Metadata = { title: "Library" };

export default async function Library() {
  const { user } = await who();
  if (!user) return null;
  return (
    <>
      <div className="hero">
        <h1>Good to see you, {(user.name ?? user.email).split(" ")[0]}.</h1>
        <p>Six courses are yours. Nobody sees this page who is not signed in.</p>
      </div>
      <ul className="shelf">
        {COURSES.map(({ title, by, lessons, done, hue }) => (
          <li key={title} className="card course">
            <div className="cover" style={{ ["--hue" as string]: hue }} aria-hidden="true" />
            <h2>{title}</h2>
            <p>
              {by} · {lessons} lessons
            </p>
            <progress max={lessons} value={done} aria-label={`${done} of ${lessons} lessons done`} />
          </li>
        ))}
      </ul>
    </>
  );
}

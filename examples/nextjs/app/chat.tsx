"use client";

import { getCookie, setCookie } from "httponly";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { readEvents } from "../lib/events";

interface Turn {
  id: number;
  who: "you" | "api" | "refusal";
  text: string;
  status?: string;
}

/** The headers that the API says it received. */
interface Context {
  userId: string | null;
  pageUrl: string | null;
  pageTitle: string | null;
  projectId: string | null;
}

const DEFAULT_PROJECT = "apollo";
const SUGGESTIONS = ["Who am I to you?", "Where is my token?", "What do you know of this page?"];

/** A header carries no more than Latin-1, so what is not ASCII is percent-encoded. */
const headerText = (text: string) =>
  text.replace(/[^\x20-\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character));

export function Chat(props: {
  signedIn: boolean;
  project: string | null;
  visitor: string | undefined;
  children: ReactNode;
}) {
  const { signedIn, visitor, children } = props;
  const [turns, setTurns] = useState<Turn[]>([]);
  const [context, setContext] = useState<Context>();
  const [project, setProject] = useState(props.project ?? DEFAULT_PROJECT);
  const [draft, setDraft] = useState("");
  const [streaming, setStreaming] = useState(false);
  const [jar, setJar] = useState<string>();
  const running = useRef<AbortController>(undefined);
  const log = useRef<HTMLOListElement>(null);
  const count = useRef(0);

  useEffect(() => setJar(document.cookie), [signedIn, project]);
  useEffect(() => () => running.current?.abort(), []);
  useEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [turns]);
  // Who signed out has no use for the answers of before.
  useEffect(() => {
    running.current?.abort();
    setTurns([]);
    setContext(undefined);
  }, [signedIn]);

  const add = (turn: Omit<Turn, "id">) => {
    const id = ++count.current;
    setTurns((turns) => [...turns, { id, ...turn }]);
    return (text: string) =>
      setTurns((turns) => turns.map((turn) => (turn.id === id ? { ...turn, text: turn.text + text } : turn)));
  };

  async function ask(message: string) {
    if (streaming || message.trim() === "") return;
    setDraft("");
    setStreaming(true);
    add({ who: "you", text: message });
    const controller = new AbortController();
    running.current = controller;
    try {
      const answer = await fetch("/api/chatkit", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-page-url": location.href,
          "x-page-title": headerText(document.title),
          "x-project-id": headerText(project),
        },
        body: JSON.stringify({ message }),
        signal: controller.signal,
      });
      if (!answer.ok || !answer.body) {
        const { error } = (await answer.json()) as { error: { code: string; message: string } };
        const signedOut = error.code === "unauthenticated";
        const text = signedOut ? "Nobody is signed in, so the server has no token to send." : error.message;
        add({ who: "refusal", text, status: `${answer.status} ${error.code}` });
        return;
      }
      const append = add({ who: "api", text: "" });
      let ended = false;
      await readEvents(answer.body, (name, data) => {
        if (name === "context") setContext(JSON.parse(data));
        if (name === "token") append(JSON.parse(data).text);
        if (name === "done") ended = true;
      });
      if (!ended) add({ who: "refusal", text: "The answer broke off.", status: "cut" });
    } catch {
      if (!controller.signal.aborted)
        add({ who: "refusal", text: "The answer broke off.", status: "network" });
    } finally {
      setStreaming(false);
    }
  }

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void ask(draft);
  };

  return (
    <main id="main" className="columns">
      <section className="card chat" aria-labelledby="chat-title">
        <header>
          <h2 id="chat-title">Chat</h2>
          <label className="project">
            Project
            <input
              name="project"
              defaultValue={props.project ?? DEFAULT_PROJECT}
              onChange={({ target }) => {
                setProject(target.value);
                setCookie("project", target.value, { maxAge: 365 * 86_400 });
              }}
            />
          </label>
        </header>

        <ol className="turns" ref={log} aria-live="polite" aria-busy={streaming} data-testid="turns">
          {turns.length === 0 && (
            <li className="empty">
              <p>
                {signedIn
                  ? "Ask something."
                  : "Nobody is signed in. Ask anyway, and see what the server says."}
              </p>
              <div className="actions chips">
                {SUGGESTIONS.map((text) => (
                  <button key={text} type="button" className="chip" onClick={() => ask(text)}>
                    {text}
                  </button>
                ))}
              </div>
            </li>
          )}
          {turns.map(({ id, who, text, status }) => (
            <li key={id} className={who} data-testid={who}>
              <span className="visually-hidden">{who === "you" ? "You: " : "The API: "}</span>
              {status && <strong>{status}</strong>}
              <p>{text}</p>
              {who === "refusal" && status?.startsWith("401") && (
                <a href="#sign-in">Sign in, and ask again</a>
              )}
            </li>
          ))}
        </ol>

        <form className="composer" onSubmit={submit}>
          <label className="visually-hidden" htmlFor="message">
            Message
          </label>
          <input
            id="message"
            name="message"
            autoComplete="off"
            placeholder="Ask something"
            value={draft}
            onChange={({ target }) => setDraft(target.value)}
          />
          {streaming ? (
            <button type="button" onClick={() => running.current?.abort()}>
              Stop
            </button>
          ) : (
            <button type="submit" className="primary">
              Send
            </button>
          )}
        </form>
      </section>

      <aside>
        {children}
        <section className="card travels" aria-labelledby="travels-title">
          <h2 id="travels-title">What the API received</h2>
          <dl>
            <dt>Authorization</dt>
            <dd className="sealed">
              {context ? "Bearer, from the cookie" : "–"} <small>server</small>
            </dd>
            <dt>X-User-ID</dt>
            <dd className="sealed">
              <span data-testid="user-id">{context?.userId ?? "–"}</span> <small>server</small>
            </dd>
            <dt>X-Page-URL</dt>
            <dd data-testid="page-url">{context?.pageUrl ?? "–"}</dd>
            <dt>X-Page-Title</dt>
            <dd data-testid="page-title">{context?.pageTitle ?? "–"}</dd>
            <dt>X-Project-ID</dt>
            <dd data-testid="project-id">{context?.projectId ?? "–"}</dd>
          </dl>
          <footer>
            <h3>What JavaScript sees</h3>
            <dl>
              <dt>getCookie("taskflow_id_token")</dt>
              <dd data-testid="token-read">
                {jar === undefined ? "…" : JSON.stringify(getCookie("taskflow_id_token"))}
              </dd>
              <dt>getCookie("project")</dt>
              <dd data-testid="project-read">
                {jar === undefined ? "…" : JSON.stringify(getCookie("project"))}
              </dd>
              <dt>the same, during SSR</dt>
              <dd data-testid="project-ssr">{JSON.stringify(props.project)}</dd>
              <dt>visitor, from proxy.ts</dt>
              <dd className="sealed" data-testid="visitor">
                {visitor ? `${visitor}… ` : "– "}
                <small>server</small>
              </dd>
            </dl>
          </footer>
        </section>
      </aside>
    </main>
  );
}

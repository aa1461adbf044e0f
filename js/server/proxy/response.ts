/**
 * An upstream's answer as the page gets it: its headers, judged by the rules, and its body.
 *
 * @module
 */
import { callWasm } from "../../wasm/server.ts";
import { memo } from "../memo.ts";
import { alarm, type Bytes, watch, withHeartbeat } from "../stream.ts";
import type { Answer, Running } from "../transport.ts";
import type { Declared } from "./options.ts";

// The bindings' numbers: src/wasm/server/proxy.rs.
const SPENDS = 1;
const BY_HEADER = 8;
const SETS = 16;
const KEEP = 1;
const JUDGE = 2;
const JUDGE_UNIQUE = 3;
const JUDGE_NAME = 4;

/** The header that the rules add to event streams only. */
const EVENTS_MARK = "x-accel-buffering";

/** What was asked of an upstream. */
export interface Asked {
  /** The index of the target. */
  target: number;
  flags: number;
  url: string;
  /** The URL of the target where it came with the request, else an empty text. */
  base: string;
}

/** Makes responses for a proxy. */
export function responding({ binding, targets, asksForUrl, idleTimeout, heartbeat }: Declared) {
  const actions = targets.map((_, target) =>
    memo(512, (name) => callWasm(() => binding.responseHeaderAction(target, name))),
  );
  const judge = (question: string) => {
    const [target, flags, ...head] = question.split("\n");
    return readPairs(callWasm(() => binding.judge(Number(target), Number(flags), head.join("\n"))));
  };
  const judgeOften = memo(256, judge);

  /** @throws whatever `Headers` and `Response` cannot hold */
  return (answer: Answer, running: Running, { target, flags, url, base }: Asked): Response => {
    const actionOf = actions[target] as (name: string) => number;
    let unique = asksForUrl;
    let judged = "";
    const kept: [name: string, value: string][] = [];
    const copied = new Map<string, string>();
    for (const header of answer.headers) {
      const [name, value] = header;
      const action = actionOf(name);
      if (action === KEEP) kept.push(header);
      else if (action === JUDGE || action === JUDGE_UNIQUE) judged += `\n${name}\n${value}`;
      else if (action === JUDGE_NAME) judged += `\n${name}\n`;
      if (action === JUDGE_UNIQUE) unique = true;
      if (action !== KEEP) copied.set(name, value);
    }
    const { status } = answer;
    const question = `${target}\n${flags & (SPENDS | BY_HEADER | SETS)}\n${status}\n${unique ? url : ""}\n${base}${judged}`;
    const verdicts = (unique ? judge : judgeOften)(question);
    const out = new Headers();
    for (const [name, value] of kept) out.append(name, value);
    for (const [name, value] of verdicts) {
      const mark = name[0];
      if (mark === "=") out.set(name.slice(1), copied.get(name.slice(1)) ?? "");
      else if (mark === "-") out.delete(name.slice(1));
      else out.append(name, value);
    }
    let body = answer.body();
    if (body instanceof ReadableStream) {
      if (idleTimeout !== undefined) body = withIdleLimit(body, idleTimeout, running);
      if (heartbeat !== undefined && out.has(EVENTS_MARK)) body = withHeartbeat(body, heartbeat);
    }
    return new Response(body, { status, headers: out });
  };
}

/** A body that is broken off when the upstream says nothing for too long. */
function withIdleLimit(body: ReadableStream<Bytes>, ms: number, running: Running): ReadableStream<Bytes> {
  const idle = alarm(ms, () =>
    running.abort(new DOMException("the upstream sent nothing for too long", "TimeoutError")),
  );
  idle.pause();
  return watch(body, {
    asked: () => idle.arm(),
    // A slow reader is not a silent upstream.
    passed: () => idle.pause(),
    ended: () => idle.stop(),
  });
}

function readPairs(text: string): [name: string, value: string][] {
  const lines = text.split("\n");
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) pairs.push([lines[i] as string, lines[i + 1] as string]);
  return pairs;
}

/**
 * A client that writes bytes and reads what comes back, whole: what no HTTP client would send, and what none would
 * show.
 *
 * @module
 */
import { connect } from "node:net";

/** A response. */
export interface Answer {
  status: number;
  /** Name in lower case and value, in order. */
  headers: [name: string, value: string][];
  body: string;
}

/** How long a connection may stay silent; an attacked server may also just say nothing. */
const SILENCE = 3_000;

/** Writes bytes, and reads responses until the server closes the connection or falls silent. */
export async function exchange(port: number, bytes: Buffer, method: string): Promise<Answer[]> {
  return split(await read(port, bytes), method);
}

function read(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1");
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks));
    };
    socket.setTimeout(SILENCE, done);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", done);
    // A server that has refused may reset what is still being written to it.
    socket.on("error", done);
    socket.on("close", done);
    socket.write(bytes);
  });
}

function split(bytes: Buffer, method: string): Answer[] {
  const answers: Answer[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) throw new Error(`no response head: ${rest.toString("latin1").slice(0, 200)}`);
    const [first = "", ...lines] = rest.toString("latin1", 0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
    if (!status) throw new Error(`no status line: ${first}`);
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    rest = rest.subarray(end + 4);
    const get = (name: string) => headers.find((header) => header[0] === name)?.[1];
    let body = Buffer.alloc(0);
    if (method === "HEAD" || status < 200 || status === 204 || status === 304) {
      // No body, whatever the head says.
    } else if (get("transfer-encoding") === "chunked") {
      for (let size = -1; size !== 0; ) {
        const line = rest.indexOf("\r\n");
        size = line === -1 ? 0 : Number.parseInt(rest.toString("latin1", 0, line), 16);
        body = Buffer.concat([body, rest.subarray(line + 2, line + 2 + size)]);
        rest = line === -1 ? Buffer.alloc(0) : rest.subarray(line + 4 + size);
      }
    } else {
      const length = Number(get("content-length") ?? rest.length);
      body = rest.subarray(0, length);
      rest = rest.subarray(length);
    }
    // `100 Continue` is no answer yet.
    if (status >= 200) answers.push({ status, headers, body: body.toString("utf8") });
  }
  return answers;
}

/** The value of a response header. */
export function header({ headers }: Answer, name: string): string | undefined {
  return headers.find((header) => header[0] === name)?.[1];
}

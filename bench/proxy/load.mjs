// The load, in its own process: so many connections, each asking again when it has its answer, for so long.
import { request } from "node:http";
import { connect } from "node:net";
import { constants, createGunzip } from "node:zlib";

const HEADERS = [
  "Host: app.example",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
  "Accept: application/json",
  "Accept-Language: en-US,en;q=0.9",
  "Accept-Encoding: gzip, deflate, br",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-Mode: cors",
  "Sec-Fetch-Dest: empty",
  "Referer: http://app.example/",
  "Cookie: theme=dark; token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U; lang=en",
];

const KINDS = {
  get: () => ({ method: "GET", body: "" }),
  post: () => ({ method: "POST", body: JSON.stringify({ text: "x".repeat(10_000) }) }),
  megabyte: () => ({ method: "POST", body: JSON.stringify({ text: "x".repeat(1_000_000) }) }),
  templates: () => ({
    method: "POST",
    body: JSON.stringify({ text: "x".repeat(1_000_000), token: "{{ cookies.token }}" }),
  }),
};

function bytesOf(kind) {
  const { method, body } = KINDS[kind]();
  const own = body ? ["Content-Type: application/json", `Content-Length: ${body.length}`] : [];
  return Buffer.from(
    `${[`${method} /api/proxy/items?page=2 HTTP/1.1`, ...HEADERS, ...own].join("\r\n")}\r\n\r\n${body}`,
  );
}

/** Whether a whole response stands at the end of what came. */
function isWhole(text) {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head));
  return length ? text.length === head + 4 + Number(length[1]) : text.endsWith("\r\n0\r\n\r\n");
}

async function load({ port, kind, connections, milliseconds }) {
  const bytes = bytesOf(kind);
  const until = performance.now() + milliseconds;
  const firsts = [];
  let answers = 0;
  const one = (done, failed) => {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    let text = "";
    let asked = 0;
    let last = false;
    const ask = () => {
      text = "";
      asked = performance.now();
      socket.write(bytes);
    };
    socket.on("connect", ask);
    socket.on("data", (chunk) => {
      if (!text) firsts.push(performance.now() - asked);
      text += chunk.latin1Slice();
      if (!isWhole(text)) return;
      if (!text.startsWith("HTTP/1.1 200")) failed(new Error(text.slice(0, 200)));
      answers++;
      last = performance.now() >= until;
      if (last) socket.end();
      // There is a proxy that closes after each answer.
      else if (!/\r\nconnection: close/i.test(text)) ask();
    });
    socket.on("error", failed);
    socket.on("close", () => {
      if (last) done();
      else if (isWhole(text)) one(done, failed);
      else failed(new Error("closed"));
    });
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: connections }, () => new Promise(one)));
  firsts.sort((a, b) => a - b);
  return {
    answers,
    seconds: (performance.now() - began) / 1000,
    first: firsts[firsts.length >> 1],
    first99: firsts[Math.floor(firsts.length * 0.99)],
  };
}

/** When the first event came, and when the second one was sent, after the first one was sent. */
function events({ port }) {
  return new Promise((done, failed) => {
    const headers = Object.fromEntries(HEADERS.map((line) => line.split(": ", 2)));
    request({ port, host: "127.0.0.1", path: "/api/proxy/events", headers, agent: false }, (answer) => {
      const coded = answer.headers["content-encoding"] === "gzip";
      const body = coded ? answer.pipe(createGunzip({ flush: constants.Z_SYNC_FLUSH })) : answer;
      let text = "";
      let came = 0;
      body.on("data", (chunk) => {
        text += chunk.latin1Slice();
        came ||= Date.now();
      });
      body.on("error", failed);
      body.on("end", () => {
        const [first, second] = [...text.matchAll(/data: (\d+)/g)].map((match) => Number(match[1]));
        if (second) done({ came: came - first, second: second - first });
        else failed(new Error(`${answer.statusCode} ${text.slice(0, 200)}`));
      });
    })
      .on("error", failed)
      .end();
  });
}

process.on("message", async ({ id, ...task }) => {
  try {
    process.send({ id, result: await (task.kind === "events" ? events(task) : load(task)) });
  } catch (error) {
    process.send({ id, error: `${task.kind}: ${error.message}` });
  }
});
process.on("disconnect", () => process.exit());
process.send({ port: 0 });

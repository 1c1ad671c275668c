// The same server, behind real HTTP and the platform's own fetch.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Readable } from "node:stream";
import { Tidings } from "../src/tidings.js";
import { Server } from "./server.js";

const clock = { now: () => Date.now(), setTimeout: (task, delay) => setTimeout(task, delay).unref(), clearTimeout };
const server = new Server(clock);
let http;
let base;

before(async () => {
  http = createServer(async (request, response) => {
    const abort = new AbortController();
    response.on("close", () => abort.abort());
    let body = "";
    for await (const chunk of request) body += chunk;
    const answer = await server
      .request(`http://test${request.url}`, { method: request.method, headers: request.headers, body, signal: abort.signal })
      .catch(() => null);
    if (!answer) return void response.destroy();
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.flushHeaders();
    if (!answer.body) return void response.end();
    Readable.fromWeb(answer.body).on("error", () => response.destroy()).pipe(response);
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  base = `http://127.0.0.1:${http.address().port}/realtime`;
});

after(() => {
  http.closeAllConnections();
  http.close();
});

/** Until something is so. */
async function until(condition) {
  for (let i = 0; !condition(); i++) {
    assert.ok(i < 400, `It does not come to that: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

for (const transport of ["sse", "poll"]) {
  test(`${transport} by the platform's fetch: both ways, cut, resumed, left`, async () => {
    const tidings = new Tidings(base, { transports: [transport], backoff: { min: 10, max: 100 } });
    const messages = [];
    const room = tidings.subscribe("a");
    room.on("message", ({ data }) => messages.push(data));
    tidings.connect();
    await room.ready;
    const connection = server.last;
    connection.say({ type: "message", channel: "a", data: "grüße 🎉" });
    assert.deepEqual(await tidings.publish("a", { text: "hello" }), { outcome: "ok" });
    assert.deepEqual(await tidings.request("echo", [1, 2]), [1, 2]);
    connection.cut();
    connection.say({ type: "message", channel: "a", data: 2 });
    await until(() => messages.length === 2);
    assert.deepEqual(messages, ["grüße 🎉", 2]);
    assert.deepEqual(await tidings.publish("a", "again"), { outcome: "ok" });
    assert.equal(server.last, connection);
    tidings.close();
    await until(() => !server.connections.has(connection.token));
  });
}

test("from a stream to polls and back, by the platform's fetch", async () => {
  const tidings = new Tidings(base, { transports: ["sse", "poll"], upgradeAfter: 0 });
  const seen = [];
  tidings.on("direct", ({ data }) => seen.push(data));
  tidings.connect();
  await until(() => tidings.transport === "sse");
  const connection = server.last;
  let said = 0;
  const talk = setInterval(() => connection.say({ type: "direct", event: "a", data: ++said }), 5);
  for (const transport of ["poll", "sse", "poll"]) {
    await tidings.use(transport);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(tidings.transport, transport);
  }
  clearInterval(talk);
  await until(() => seen.length === said);
  assert.deepEqual(seen, Array.from({ length: said }, (_, i) => i + 1));
  tidings.close();
});

test("F49 a redirect is not followed, so that the secret of the connection goes nowhere else", async () => {
  const { faults } = server;
  faults.sse = () => new Response(null, { status: 302, headers: { Location: "http://127.0.0.1:9/elsewhere" } });
  const tidings = new Tidings(base, { transports: ["sse"], maxAttempts: 1 });
  const states = [];
  tidings.on("state", (event) => states.push(event));
  tidings.connect();
  await until(() => tidings.state === "closed");
  assert.match(states.at(-1).reason, /redirects/);
  delete faults.sse;
});

test("nobody there: refused connections are waited out", async () => {
  const tidings = new Tidings("http://127.0.0.1:9/realtime", { backoff: { min: 10, max: 20 }, maxAttempts: 3 });
  tidings.connect();
  await until(() => tidings.state === "closed");
});

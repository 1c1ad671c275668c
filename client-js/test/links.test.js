import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { json, never, settled, World } from "./harness.js";

let world;
let server;
let clock;
beforeEach(() => {
  world = new World();
  ({ server, clock } = world);
});
afterEach(() => world.end());

const html = (status = 200, headers = {}) => () =>
  new Response("<html>Log in</html>", { status, headers: { "Content-Type": "text/html", ...headers } });

// ---- Each transport ----

for (const transport of ["websocket", "sse", "poll"]) {
  test(`${transport}: everything goes both ways, is acknowledged, and survives a cut wire`, async () => {
    const { tidings, states } = await world.connected({ transports: [transport] });
    assert.equal(tidings.transport, transport);
    const room = tidings.subscribe("a");
    const messages = [];
    room.on("message", ({ data }) => messages.push(data));
    await clock.advance(100);
    assert.equal(room.state, "subscribed");
    const connection = server.last;
    connection.say({ type: "message", channel: "a", data: 1 });
    await clock.advance(2000);
    assert.deepEqual(connection.kept, [], "acknowledged");
    const resumed = [];
    tidings.on("resumed", (event) => resumed.push(event));
    connection.cut();
    await clock.advance(0);
    connection.say({ type: "message", channel: "a", data: 2 });
    const published = tidings.publish("a", "while away");
    assert.equal(tidings.transport, null);
    await clock.advance(1000);
    connection.say({ type: "message", channel: "a", data: 3 });
    await clock.advance(2000);
    assert.deepEqual(await published, { outcome: "ok" });
    assert.deepEqual(messages, [1, 2, 3]);
    assert.deepEqual(connection.kept, []);
    assert.equal(server.all.length, 1);
    assert.deepEqual(resumed, [{ connection: "c1" }]);
    assert.deepEqual(
      states.map(({ state }) => state),
      ["connecting", "connected", "reconnecting", "connected"],
    );
    tidings.close();
    await clock.advance(0);
    assert.equal(server.connections.size, 0, "left");
  });

  test(`${transport}: a ping is answered`, async () => {
    await world.connected({ transports: [transport] });
    server.last.whisper({ type: "ping" });
    await clock.advance(10);
    assert.ok(server.carrier.some(({ type }) => type === "pong"));
  });

  test(`${transport}: the token is sent where it belongs, and never in a URL`, async () => {
    const given = [];
    server.needsToken = true;
    server.authenticate = (token) => (given.push(token), token === "t0ken");
    const { tidings } = await world.connected({ transports: [transport], token: () => Promise.resolve("t0ken") });
    assert.equal(tidings.state, "connected");
    assert.deepEqual(given, ["t0ken"]);
    assert.ok(!server.log.join().includes("t0ken"));
    assert.ok(!server.log.join().includes("secret"));
  });
}

test("an address may be absolute, have a query, and be that of a WebSocket", async () => {
  const { Tidings } = await import("../src/tidings.js");
  for (const [address, expected] of [
    ["https://example.com/realtime", "wss://example.com/realtime/websocket"],
    ["ws://example.com:8080/realtime/", "ws://example.com:8080/realtime/websocket"],
    ["http://example.com/a?tenant=b", "ws://example.com/a/websocket?tenant=b"],
    ["/b", "ws://page.example/b/websocket"],
  ]) {
    const urls = [];
    class WebSocket {
      constructor(url) {
        urls.push(url);
      }
      close() {}
    }
    const tidings = new Tidings(address, { WebSocket, storage: null, environment: { base: "http://page.example/x/y?z" } });
    tidings.connect();
    await settled();
    tidings.close();
    assert.deepEqual(urls, [expected]);
  }
  assert.throws(() => new Tidings("/relative"), TypeError);
});

test("a WebSocket without batches gets one frame a message", async () => {
  server.protocols = ["tidings.v1"];
  const { tidings } = await world.connected();
  tidings.publish("a", 1);
  tidings.publish("a", 2);
  await settled();
  assert.equal(server.sockets[0].messages.length, 2);
});

test("with batches, what waits is sent together, up to the limit of a message", async () => {
  const client = world.client();
  for (let i = 0; i < 5; i++) client.tidings.publish("a", "x".repeat(5000));
  client.tidings.connect();
  await clock.advance(0);
  const sizes = server.sockets[0].messages.map((text) => text.split("\n").length);
  assert.deepEqual(sizes, [3, 2]);
  assert.equal(server.last.received.length, 5);
});

// ---- Falling back ----

test("a refused WebSocket is followed by a stream, and that by polls", async () => {
  server.faults.websocket = (socket) => socket.closes(1006);
  const sse = await world.connected({ storage: null });
  assert.equal(sse.tidings.transport, "sse");
  server.faults.sse = () => json(404, { code: 4000, reason: "Not served" });
  const poll = await world.connected({ storage: null });
  assert.equal(poll.tidings.transport, "poll");
  assert.deepEqual(
    poll.states.map(({ state }) => state),
    ["connecting", "connected"],
  );
});

test("a proxy that swallows the upgrade costs the time-out", async () => {
  server.faults.websocket = () => true;
  const { tidings } = await world.connected({ openTimeout: 4000 });
  await clock.advance(3999);
  assert.equal(tidings.state, "connecting");
  await clock.advance(1);
  assert.equal(tidings.transport, "sse");
  assert.equal(server.sockets[0].closedWith, 3001);
});

test("a WebSocket that opens and never says welcome is left", async () => {
  server.needsToken = true;
  server.authenticate = () => true;
  const { tidings } = await world.connected();
  assert.equal(tidings.state, "connecting");
  server.needsToken = false;
  await clock.advance(10_000);
  assert.equal(tidings.transport, "sse");
});

test("a WebSocket whose sub-protocol got lost is left", async () => {
  server.protocols = [];
  const { tidings } = await world.connected();
  assert.equal(tidings.transport, "sse");
});

test("F28 F46 a proxy that holds the stream back costs 5 seconds", async () => {
  server.faults.websocket = (socket) => socket.closes(1006);
  server.faults.sse = () => new Response(new ReadableStream(), { headers: { "Content-Type": "text/event-stream" } });
  const { tidings } = await world.connected();
  await clock.advance(4999);
  assert.equal(tidings.state, "connecting");
  await clock.advance(1);
  assert.equal(tidings.transport, "poll");
});

test("F46 a stream held back before its headers is the same", async () => {
  server.faults.sse = never;
  const { tidings } = await world.connected({ transports: ["sse", "poll"] });
  await clock.advance(5000);
  assert.equal(tidings.transport, "poll");
});

test("without a WebSocket class there are the others, and without anything the end", async () => {
  const some = await world.connected({ WebSocket: null });
  assert.equal(some.tidings.transport, "sse");
  const none = await world.connected({ transports: ["websocket"], WebSocket: null });
  assert.equal(none.tidings.state, "closed");
  assert.match(none.states.at(-1).reason, /No transport is available/);
});

test("a transport that worked is begun with next time", async () => {
  server.faults.websocket = (socket) => socket.closes(1006);
  const first = await world.connected();
  assert.equal(first.tidings.transport, "sse");
  first.tidings.close();
  server.log.length = 0;
  const second = await world.connected();
  assert.equal(second.tidings.transport, "sse");
  assert.deepEqual(server.log, ["GET sse"]);
});

test("after a lost link the same transport is tried alone, and the others from the third attempt on", async () => {
  await world.connected();
  server.log.length = 0;
  server.faults.websocket = (socket) => socket.closes(1006);
  server.faults.sse = server.faults.poll = () => Promise.reject(new TypeError("Failed to fetch"));
  server.last.cut();
  await clock.advance(5000);
  assert.deepEqual(server.log.slice(0, 5), [
    "websocket?resume=true",
    "websocket?resume=true",
    "websocket?resume=true",
    "GET sse",
    "GET poll?timeout=0",
  ]);
});

test("a transport that opens and dies at once, again and again, gives way to the next", async () => {
  const { tidings } = await world.connected();
  for (let i = 0; i < 3; i++) {
    server.last.cut();
    await clock.advance(5000);
  }
  assert.equal(tidings.transport, "sse");
});

// ---- Weird answers ----

const offline = () => Promise.reject(new TypeError("Failed to fetch"));
for (const [name, answer] of [
  ["204", () => new Response(null, { status: 204 })],
  ["302", html(302, { Location: "/login" })],
  ["an opaque redirect", () => Object.defineProperty(Response.error(), "type", { value: "opaqueredirect" })],
  ["a login page", html()],
  ["404 in HTML", html(404)],
  ["403 in HTML", html(403)],
  ["500 in HTML", html(500)],
  ["502", () => new Response("Bad gateway", { status: 502 })],
  ["503 without a word", () => new Response("", { status: 503 })],
  ["JSON that is something else", () => json(200, ["hello"])],
  ["an error in JSON that is somebody else's", () => json(500, { error: "oops" })],
  ["our 500", () => json(500, { code: 4100, reason: "Not set up" })],
  ["no network", offline],
]) {
  test(`F49 ${name} on every transport is a failure of the wire: back-off, no hurry, no end`, async () => {
    server.faults.websocket = (socket) => socket.closes(1006);
    server.faults.sse = server.faults.poll = answer;
    const { tidings, states } = await world.connected();
    await clock.advance(120_000);
    assert.equal(tidings.state, "connecting");
    const attempts = states.filter(({ retryIn }) => retryIn !== undefined).length;
    assert.ok(attempts >= 8 && attempts <= 20, `${attempts} attempts in two minutes`);
    assert.equal(server.log.length, 3 * (attempts));
    delete server.faults.sse;
    await clock.advance(20_000);
    assert.equal(tidings.transport, "sse");
  });
}

for (const [name, body] of [
  ["not events", "garbage\n\n\n"],
  ["events that are not frames", "data: hello\n\n"],
  ["an empty stream", ""],
]) {
  test(`a stream of ${name} is left`, async () => {
    server.faults.sse = () => new Response(body, { headers: { "Content-Type": "text/event-stream" } });
    const { tidings } = await world.connected({ transports: ["sse", "poll"] });
    await clock.advance(5000);
    assert.equal(tidings.transport, "poll");
  });
}

test("F49 polls that are answered at once by nothing, again and again, are not a tight loop", async () => {
  const { tidings } = await world.connected({ transports: ["poll"] });
  server.faults.poll = () => new Response("", { headers: { "Content-Type": "application/x-ndjson", "Tidings-First": "1" } });
  server.last.say({ type: "direct", event: "a", data: 1 });
  server.log.length = 0;
  await clock.advance(60_000);
  assert.equal(tidings.state, "connected");
  assert.ok(server.log.length < 60, `${server.log.length} polls in a minute`);
});

test("an answer to a poll that has lost its number is not ours", async () => {
  const { tidings } = await world.connected({ transports: ["poll"] });
  server.faults.poll = () => new Response('{"type":"direct","event":"a","data":1}', { headers: { "Content-Type": "application/x-ndjson" } });
  server.last.say({ type: "direct", event: "a", data: 1 });
  await clock.advance(0);
  assert.equal(tidings.state, "reconnecting");
  delete server.faults.poll;
  await clock.advance(30_000);
  assert.equal(tidings.state, "connected");
});

test("F37 a lost answer to a poll comes again, once", async () => {
  const client = await world.connected({ transports: ["poll"] });
  const direct = client.all("direct");
  let lost = 0;
  server.faults.poll = async (init, headers, url) => {
    const token = server.connections.get(headers.get("Tidings-Connection"));
    if (token && lost++ < 2) {
      await server.poll(token, false, Number(headers.get("Tidings-Received")), headers, url, init.signal);
      throw new TypeError("Failed to fetch");
    }
  };
  server.last.say({ type: "direct", event: "a", data: 1 });
  server.last.say({ type: "direct", event: "a", data: 2 });
  await clock.advance(60_000);
  assert.ok(lost > 2);
  assert.deepEqual(
    direct.map(({ data }) => data),
    [1, 2],
  );
});

// ---- Posts ----

test("posts: one at a time, in batches, with the number of the first", async () => {
  const { tidings } = await world.connected({ transports: ["sse"] });
  const posts = [];
  let release;
  server.faults.post = (init, headers) => {
    posts.push([headers.get("Tidings-First"), init.body.split("\n").length, headers.get("Content-Type")]);
    return new Promise((resolve) => (release = () => resolve(undefined)));
  };
  tidings.publish("a", 1);
  tidings.publish("a", 2);
  await clock.advance(0);
  tidings.publish("a", 3);
  const last = tidings.publish("a", 4);
  await clock.advance(100);
  assert.deepEqual(posts, [["1", 2, "application/x-ndjson"]]);
  release();
  await clock.advance(0);
  assert.deepEqual(posts[1], ["3", 2, "application/x-ndjson"]);
  release();
  await clock.advance(0);
  assert.deepEqual(await last, { outcome: "ok" });
});

test("F40 posts: what failed is repeated, and taken once", async () => {
  const { tidings } = await world.connected({ transports: ["sse"] });
  let failures = 3;
  server.faults.post = async (init, headers) => {
    if (failures-- > 0) {
      // The server has it; the answer gets lost.
      server.post(headers, init);
      throw new TypeError("Failed to fetch");
    }
  };
  const done = [tidings.publish("a", 1), tidings.publish("a", 2)];
  await clock.advance(10_000);
  await Promise.all(done);
  assert.deepEqual(
    server.last.received.map(({ data }) => data),
    [1, 2],
  );
  assert.equal(tidings.state, "connected");
});

test("posts: where not everything is taken, it goes on from there, after a while", async () => {
  const { tidings } = await world.connected({ transports: ["sse"] });
  const posts = [];
  server.faults.post = (init, headers) => {
    if (headers.get("Tidings-First") === null) return undefined;
    posts.push([clock.now(), headers.get("Tidings-First")]);
    if (posts.length > 1) return undefined;
    const first = init.body.split("\n")[0];
    server.post(headers, { body: first });
    return json(429, { code: 4129, reason: "Rate limited", expects: 2, retryAfter: 700 });
  };
  const done = [tidings.publish("a", 1), tidings.publish("a", 2), tidings.publish("a", 3)];
  await clock.advance(5000);
  await Promise.all(done);
  assert.equal(posts.length, 2);
  assert.equal(posts[1][0] - posts[0][0], 700);
  assert.equal(posts[1][1], "2");
  assert.equal(server.last.received.length, 3);
});

test("posts: what is refused for good ends the connection, and is not repeated for ever", async () => {
  const { tidings, states } = await world.connected({ transports: ["sse"] });
  let posts = 0;
  server.faults.post = () => (posts++, json(400, { code: 4000, reason: "Bad request", expects: 1 }));
  const failed = assert.rejects(tidings.publish("a", 1), { code: "closed" });
  await clock.advance(20_000);
  await failed;
  assert.equal(tidings.state, "closed");
  assert.equal(states.at(-1).code, 4000);
  assert.equal(posts, 3);
});

test("posts: 404 opens another link, where the connection goes on or a new one begins", async () => {
  const { tidings } = await world.connected({ transports: ["sse"] });
  await clock.advance(6000);
  server.connections.clear();
  const published = assert.rejects(tidings.publish("a", 1), { code: "gone" });
  await clock.advance(1000);
  await published;
  assert.equal(tidings.state, "connected");
  assert.equal(tidings.id, "c2");
});

test("posts: somebody who takes less than the server gets smaller batches", async () => {
  const { tidings } = await world.connected({ transports: ["sse"] });
  const sizes = [];
  server.faults.post = (init) => {
    sizes.push(init.body.split("\n").length);
    if (init.body.length > 300) return new Response("Too large", { status: 413 });
  };
  const done = [];
  for (let i = 0; i < 8; i++) done.push(tidings.publish("a", "x".repeat(40)));
  await clock.advance(20_000);
  await Promise.all(done);
  assert.equal(sizes[0], 8);
  assert.ok(sizes.includes(4) && sizes.includes(2));
  assert.equal(server.last.received.length, 8);
});

test("posts: where nothing can be posted, another transport is used", async () => {
  const { tidings } = await world.connected({ transports: ["sse", "websocket"] });
  server.faults.post = () => new Response("<html>", { status: 403 });
  const published = tidings.publish("a", 1);
  await clock.advance(30_000);
  assert.equal(tidings.transport, "websocket");
  assert.deepEqual(await published, { outcome: "ok" });
  assert.equal(server.all.length, 1);
});

test("posts: an answer that is no answer is taken for none", async () => {
  const { tidings } = await world.connected({ transports: ["poll"] });
  const answers = [json(200, { hello: 1 }), new Response(null, { status: 204 }), new Response("<html>", { headers: { "Content-Type": "text/html" } })];
  server.faults.post = () => answers.shift();
  const published = tidings.publish("a", 1);
  await clock.advance(10_000);
  assert.deepEqual(await published, { outcome: "ok" });
  assert.equal(server.last.received.length, 1);
});

test("a poll that meets a server that was restarted comes back with its credentials", async () => {
  server.needsToken = true;
  server.authenticate = (token) => token === "good";
  const client = await world.connected({ transports: ["poll"], token: "good" });
  await clock.advance(6000);
  const { last } = server;
  server.connections.clear();
  last.whisper({ type: "ack", received: 0 });
  await clock.advance(3000);
  assert.equal(client.tidings.state, "connected");
  assert.equal(server.all.length, 2);
  server.authenticate = () => false;
  server.connections.clear();
  server.last.whisper({ type: "ack", received: 0 });
  await clock.advance(3000);
  assert.equal(client.tidings.state, "closed", "credentials that are really wrong end it");
  assert.equal(client.states.at(-1).code, 4001);
});

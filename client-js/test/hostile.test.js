// What pages, proxies and servers do to a client, and should not.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { EventStream } from "../src/tidings.js";
import { json, never, settled, World } from "./harness.js";

let world;
let server;
let clock;
beforeEach(() => {
  world = new World();
  ({ server, clock } = world);
});
afterEach(() => world.end());

const polls = () => server.log.filter((line) => line.startsWith("GET poll"));

// ---- Listeners that do something to the client ----

for (const event of ["state", "transport", "welcome"]) {
  test(`a listener to "${event}" may close the client as soon as it is connected`, async () => {
    const client = world.client();
    const { tidings } = client;
    const welcomes = client.all("welcome");
    tidings.on(event, () => tidings.state === "connected" && tidings.close());
    tidings.connect();
    await clock.advance(60_000);
    assert.equal(tidings.state, "closed");
    assert.equal(tidings.id, null);
    assert.equal(server.connections.size, 0, "left");
    assert.equal(server.log.length, 1);
    assert.equal(clock.pending, 0, "timers");
    assert.equal(welcomes.length, event === "welcome" ? 1 : 0);
    assert.deepEqual(world.failed, []);
  });
}

test("a listener may close the client when it is resumed", async () => {
  for (const event of ["state", "resumed"]) {
    const { tidings } = await world.connected();
    tidings.on(event, () => tidings.state === "connected" && tidings.close());
    server.last.cut();
    await clock.advance(60_000);
    assert.equal(tidings.state, "closed");
    assert.equal(tidings.transport, null);
    assert.deepEqual(world.failed, []);
    assert.equal(clock.pending, 0, "timers");
  }
});

test("the end of the server's own subscription may close the client in the middle of a welcome", async () => {
  const client = world.client();
  const { tidings } = client;
  tidings.on("subscribed", ({ subscription }) => subscription.on("unsubscribed", () => tidings.close()));
  tidings.connect();
  await clock.advance(0);
  server.last.say({ type: "subscribed", channel: "given" });
  await settled();
  server.forget();
  const published = tidings.publish("a", 1).catch(({ code }) => code);
  await clock.advance(60_000);
  assert.equal(tidings.state, "closed");
  assert.equal(await published, "closed");
  assert.equal(clock.pending, 0, "timers");
});

test("a listener that closes the client because there is no token closes it for good", async () => {
  const client = world.client({ token: () => Promise.reject(new Error("logged out")), transports: ["sse"] });
  const { tidings } = client;
  tidings.on("error", ({ code }) => code === "token" && tidings.close());
  tidings.connect();
  await clock.advance(120_000);
  assert.equal(tidings.state, "closed");
  assert.deepEqual(server.log, []);
  assert.equal(clock.pending, 0, "timers");
});

// ---- What cannot be said in JSON ----

test("what cannot be said of a member is refused at once, and harms nothing later", async () => {
  const cycle = {};
  cycle.self = cycle;
  const client = world.client();
  const { tidings } = client;
  const room = tidings.subscribe("a");
  await assert.rejects(room.enter(cycle), TypeError);
  await assert.rejects(room.enter({ n: 1n }), TypeError);
  tidings.connect();
  await clock.advance(100);
  assert.equal(tidings.state, "connected");
  await assert.rejects(room.update(cycle), TypeError);
  server.forget();
  await clock.advance(2_000);
  assert.equal(tidings.state, "connected");
  assert.equal(room.state, "subscribed");
  assert.ok(!server.last.received.some(({ type }) => type === "enter"));
});

test("a member stays what it said, whatever becomes of the object", async () => {
  const { tidings } = await world.connected();
  const self = { name: "ada" };
  await tidings.subscribe("a").enter(self);
  self.name = "eve";
  self.self = self;
  server.forget();
  await clock.advance(2_000);
  assert.equal(tidings.state, "connected");
  assert.deepEqual(
    server.last.received.filter(({ type }) => type === "enter").map(({ data }) => data),
    [{ name: "ada" }],
  );
});

test("a position that is no text is refused at once", () => {
  const { tidings } = world.client();
  assert.throws(() => tidings.subscribe("a", { since: 1n }), TypeError);
  assert.throws(() => tidings.subscribe("a", { since: 41 }), TypeError);
});

test("an answer that cannot be said is an error to who asked", async () => {
  const { tidings } = await world.connected();
  tidings.onRequest("count", () => 1n);
  server.last.say({ type: "request", id: "s1", event: "count", data: null });
  await clock.advance(10);
  const [answer] = server.last.received;
  assert.equal(answer?.type, "error");
  assert.equal(answer.id, "s1");
});

// ---- Servers and proxies that hurry a client ----

test("a server that says come back at once, again and again, is not come back to in a hurry", async () => {
  for (const body of [{ code: 4129, reason: "Too many connections", retryAfter: 0 }, { code: 4203, reason: "Stopping", retryAfter: 0 }]) {
    server.log.length = 0;
    server.faults.sse = () => json(body.code === 4203 ? 503 : 429, body);
    const { tidings } = await world.connected({ transports: ["sse"] });
    await clock.advance(60_000);
    assert.ok(server.log.length < 20, `${server.log.length} attempts`);
    tidings.close();
  }
});

test("posts that are refused, to be tried again at once, are not repeated in a hurry", async () => {
  const { tidings } = await world.connected({ transports: ["poll"] });
  server.faults.post = () => json(429, { code: 4129, reason: "Rate limited", expects: 1, retryAfter: 0 });
  server.log.length = 0;
  tidings.publish("a", 1).catch(() => {});
  await clock.advance(60_000);
  const posts = server.log.filter((line) => line.startsWith("POST"));
  assert.ok(posts.length < 20, `${posts.length} posts`);
});

test("an old answer that somebody keeps giving to polls is not a tight loop", async () => {
  const { tidings } = await world.connected({ transports: ["poll"] });
  server.last.say({ type: "direct", event: "e", data: 1 });
  await clock.advance(100);
  server.faults.poll = () =>
    new Response('{"type":"direct","event":"e","data":1}', {
      headers: { "Content-Type": "application/x-ndjson", "Tidings-First": "1" },
    });
  server.last.link?.wake();
  server.last.whisper({ type: "pong" });
  server.log.length = 0;
  await clock.advance(60_000);
  assert.ok(polls().length < 20, `${polls().length} polls`);
  tidings.close();
});

test("a frame that is counted by the server alone, and so comes again and again, is not a tight loop", async () => {
  await world.connected({ transports: ["poll"] });
  server.last.say({ type: "pong" });
  server.log.length = 0;
  // A tight loop would not let the clock go on.
  server.faults.poll = () => (polls().length > 100 ? never() : undefined);
  await clock.advance(60_000);
  assert.ok(polls().length < 30, `${polls().length} polls`);
});

// ---- The number of a poll ----

test("a poll whose number came before is polled again with a higher one", async () => {
  const client = await world.connected({ transports: ["poll"] });
  const { tidings } = client;
  const directs = client.all("direct");
  const connection = server.last;
  // A request that the browser, or a proxy, has repeated by itself; or a page before that got further than it could say.
  connection.poll += 5;
  connection.link = null;
  tidings.publish("a", 1).catch(() => {});
  connection.say({ type: "direct", event: "e", data: 1 });
  connection.whisper({ type: "pong" });
  server.faults.poll = undefined;
  await clock.advance(40_000);
  assert.equal(tidings.id, connection.id);
  assert.equal(tidings.state, "connected");
  assert.equal(server.all.length, 1, "the same connection");
  assert.deepEqual(
    directs.map(({ data }) => data),
    [1],
  );
});

test("polls whose numbers are never high enough are given up, and not in a hurry", async () => {
  const { tidings } = await world.connected({ transports: ["poll"] });
  const [first] = server.all;
  first.poll = Number.MAX_SAFE_INTEGER;
  first.whisper({ type: "pong" });
  await clock.advance(60_000);
  assert.ok(polls().length < 30, `${polls().length} polls`);
  assert.equal(tidings.state, "connected");
  assert.notEqual(tidings.id, first.id, "a new connection");
});

// ---- Memory ----

test("an event that never ends is too long at some time", () => {
  const stream = new EventStream();
  const line = new TextEncoder().encode(`data: ${"x".repeat(1024 * 1024)}\n`);
  assert.throws(() => {
    for (let i = 0; i < 40; i++) stream.push(line);
  }, /too long/);
});

// ---- Names ----

test("names that objects have by themselves are names like others", async () => {
  const client = await world.connected();
  const { tidings } = client;
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const room = tidings.subscribe(name);
    const messages = [];
    room.on("message", ({ data }) => messages.push(data));
    const presences = [];
    room.on("presence", (event) => presences.push(event));
    tidings.onRequest(name, () => name);
    await clock.advance(10);
    assert.equal(room.state, "subscribed");
    server.last.say(JSON.parse(`{"type":"message","channel":"${name}","data":{"__proto__":{"polluted":1}}}`));
    server.last.say({ type: "presence", channel: name, version: 1, members: [{ connection: name, data: null }] });
    server.last.say({ type: "request", id: `r${name}`, event: name, data: null });
    server.last.say({ type: "gap", channel: name, reason: name });
    await clock.advance(10);
    assert.equal(messages.length, 1);
    assert.deepEqual([...room.members.keys()], [name]);
  }
  server.last.say(JSON.parse('{"type":"__proto__","__proto__":{"polluted":1}}'));
  await clock.advance(10);
  assert.equal({}.polluted, undefined);
  assert.equal(tidings.state, "connected");
  assert.deepEqual(world.failed, []);
});

test("posts wait for as long as they are told, but not for ever", async () => {
  const { tidings } = await world.connected({ transports: ["sse"] });
  let refused = 1;
  server.faults.post = () => (refused-- > 0 ? json(429, { code: 4129, reason: "Rate limited", expects: 1, retryAfter: 1e15 }) : undefined);
  const published = tidings.publish("a", 1);
  published.catch(() => {});
  for (let i = 0; i < 200; i++) {
    await clock.advance(20_000);
    server.last.whisper({ type: "ping" });
  }
  assert.deepEqual(await published, { outcome: "ok" });
  assert.equal(server.log.filter((line) => line === "GET sse").length, 1, "the same stream");
});

// ---- Clocks ----

test("a clock that is put back delays nothing by as much", async () => {
  for (const transport of ["sse", "poll"]) {
    let wrong = 0;
    // Timers go by another clock than the one on the wall.
    const environment = { now: () => clock.time + wrong };
    const { tidings } = await world.connected({ transports: [transport], environment });
    const connection = server.last;
    server.acks = false;
    for (let i = 0; i < 100; i++) tidings.publish("a", i).catch(() => {});
    await clock.advance(100);
    wrong -= 3_600_000;
    await clock.advance(60_000);
    assert.equal(connection.received.length, 100, transport);
    server.acks = true;
    tidings.close();
  }
});

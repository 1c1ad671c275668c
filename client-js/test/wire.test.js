import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { EventStream } from "../src/tidings.js";
import { World } from "./harness.js";

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../docs/vectors/${name}.json`, import.meta.url), "utf8")).vectors;

let world;
beforeEach(() => (world = new World()));
afterEach(() => world.end());

// ---- The stream ----

const STREAM = "\uFEFF: hello\r\nretry: 1000\n\ndata: {\"a\":\"grüße 🎉\"}\n\ndata:1\rdata: 2\r\r\nevent: x\r\ndata: 3\r\n\r\n: x\n\ndata\n\ndata:  two\n\nid: 7\n\n";
const EVENTS = ['{"a":"grüße 🎉"}', "1\n2", "3", "", " two"];

test("a stream is read the same however it is cut", () => {
  const bytes = new TextEncoder().encode(STREAM);
  for (let size = 1; size <= bytes.length; size++) {
    const stream = new EventStream();
    const events = [];
    for (let i = 0; i < bytes.length; i += size) events.push(...stream.push(bytes.subarray(i, i + size)));
    assert.deepEqual(events, EVENTS, `in pieces of ${size} bytes`);
  }
});

test("each end of a line does, also between two pieces", () => {
  for (const end of ["\n", "\r", "\r\n"]) {
    const stream = new EventStream();
    const events = [];
    for (const unit of `data: 1${end}${end}data: 2${end}data: 3${end}${end}`) events.push(...stream.push(new TextEncoder().encode(unit)));
    assert.deepEqual(events, ["1", "2\n3"]);
  }
});

test("a long event in many pieces takes time in proportion", () => {
  const stream = new EventStream();
  const piece = new TextEncoder().encode("x".repeat(1000));
  stream.push(new TextEncoder().encode("data: "));
  for (let i = 0; i < 5000; i++) stream.push(piece);
  const [event] = stream.push(new TextEncoder().encode("\n\n"));
  assert.equal(event.length, 5_000_000);
});

test("a line without an end is not kept for ever", () => {
  const stream = new EventStream();
  const piece = new TextEncoder().encode("x".repeat(1024 * 1024));
  assert.throws(() => {
    for (let i = 0; i < 20; i++) stream.push(piece);
  }, /too long/);
});

test("frames in a stream that is cut anywhere", async () => {
  const client = await world.connected({ transports: ["sse"] });
  const direct = client.all("direct");
  const text = JSON.stringify({ type: "direct", event: "a", data: "grüße 🎉\r\n\u2028" });
  const link = world.server.last.link;
  for (const byte of new TextEncoder().encode(`data: ${text}\n\n`)) {
    link.raw(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(direct[0].data, "grüße 🎉\r\n\u2028");
});

// ---- The vectors ----

for (const { name, counted, frame } of vectors("server-frames")) {
  test(`server-frames: ${name}`, async () => {
    const { tidings } = await world.connected();
    tidings.subscribe("chat:lobby");
    await world.clock.advance(2000);
    world.server.carrier.length = 0;
    const socket = world.server.sockets[0];
    socket.onmessage?.({ data: frame });
    const parsed = JSON.parse(frame);
    if (parsed.type === "welcome") {
      // To a plain client it has no secret: this is not one.
      if (parsed.resume) assert.deepEqual([tidings.id, tidings.user], [parsed.connection, parsed.user]);
      else assert.equal(tidings.state, "reconnecting");
      return;
    }
    if (parsed.type === "close") {
      assert.equal(tidings.state, parsed.reconnect === "never" ? "closed" : "reconnecting");
      return;
    }
    await world.clock.advance(1000);
    const acks = world.server.carrier.filter(({ type }) => type === "ack").map(({ received }) => received);
    // One reply came before: that to `subscribe`.
    assert.deepEqual(acks, counted ? [2] : []);
    assert.deepEqual(world.failed, []);
  });
}

test("server-frames: what is in them comes out", async () => {
  const all = Object.fromEntries(vectors("server-frames").map(({ name, frame }) => [name, JSON.parse(frame)]));
  const client = await world.connected();
  const direct = client.all("direct");
  for (const name of ["direct", "direct, bytes"]) world.server.last.say(all[name]);
  assert.equal(direct.length, 2);
  assert.deepEqual(direct[0], { event: all.direct.event, data: all.direct.data });
  assert.deepEqual(Buffer.from(direct[1].bytes).toString("base64"), all["direct, bytes"].bytes);
  const everything = all["message, with everything"];
  const room = client.tidings.subscribe(everything.channel);
  const messages = [];
  room.on("message", (message) => messages.push(message));
  await room.ready;
  world.server.last.say(everything);
  const { type, ...fields } = everything;
  assert.equal(type, "message");
  assert.deepEqual(messages, [fields]);
});

for (const { code, reason, reconnect } of vectors("close-codes")) {
  test(`close-codes: ${code} ${reason}`, async () => {
    const client = await world.connected();
    await world.clock.advance(6000);
    world.server.last.end(code, reason, { reconnect });
    const { state, retryIn } = client.states.at(-1);
    if (code === 4009) assert.equal(state, "reconnecting", "as a new connection");
    else if (reconnect === "never") assert.equal(state, "closed");
    else assert.deepEqual([state, retryIn], ["reconnecting", reconnect === "now" ? 0 : 250]);
  });
}

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { TidingsError } from "../src/tidings.js";
import { never, outcome, settled, World } from "./harness.js";

let world;
beforeEach(() => (world = new World()));
afterEach(() => world.end());

test("the constructor does not connect, and connecting twice is connecting once", async () => {
  const { tidings, states } = world.client();
  await world.clock.advance(60_000);
  assert.equal(tidings.state, "idle");
  assert.deepEqual(world.server.log, []);
  tidings.connect();
  tidings.connect();
  await world.clock.advance(0);
  assert.deepEqual(world.server.log, ["websocket"]);
  assert.deepEqual(
    states.map(({ state, previous }) => [previous, state]),
    [
      ["idle", "connecting"],
      ["connecting", "connected"],
    ],
  );
  assert.equal(tidings.transport, "websocket");
  assert.equal(tidings.id, "c1");
  assert.equal(tidings.user, null);
});

test("what is said before there is a connection waits, subscriptions first", async () => {
  const { tidings } = world.client();
  const published = tidings.publish("a", 1);
  const room = tidings.subscribe("a");
  const asked = tidings.request("time", { zone: "UTC" });
  assert.equal(await outcome(room.ready), "pending");
  tidings.connect();
  await world.clock.advance(0);
  assert.deepEqual(
    world.server.last.received.map(({ type }) => type),
    ["subscribe", "publish", "request"],
  );
  assert.deepEqual(await published, { outcome: "ok" });
  assert.deepEqual(await asked, { zone: "UTC" });
  await room.ready;
  assert.equal(room.state, "subscribed");
});

test("payloads go both ways: values, nothing, and bytes", async () => {
  const { tidings } = await world.connected();
  const room = tidings.subscribe("a");
  const messages = [];
  room.on("message", (message) => messages.push(message));
  await world.clock.advance(0);
  room.publish(new Uint8Array([0, 1, 255]), { event: "picture", echo: false });
  room.publish(undefined);
  room.publish(new DataView(new Uint8Array([9, 8, 7]).buffer, 1, 1));
  room.publish(new Uint8Array([5]).buffer);
  await settled();
  const [, picture, nothing, view, buffer] = world.server.last.received;
  assert.deepEqual([picture.bytes, picture.event, picture.echo, "data" in picture], ["AAH/", "picture", false, false]);
  assert.equal(nothing.data, null);
  assert.equal(view.bytes, "CA==");
  assert.equal(buffer.bytes, "BQ==");
  world.server.last.say({ type: "message", channel: "a", bytes: "AAH/", event: "picture", user: "bob", position: "1-a" });
  world.server.last.say({ type: "message", channel: "a", data: null });
  await settled();
  assert.deepEqual(messages, [
    {
      channel: "a",
      data: new Uint8Array([0, 1, 255]),
      bytes: new Uint8Array([0, 1, 255]),
      event: "picture",
      user: "bob",
      position: "1-a",
    },
    { channel: "a", data: null },
  ]);
  assert.equal(room.position, "1-a");
});

test("direct messages come to all listeners and to those of their event", async () => {
  const client = await world.connected();
  const all = client.all("direct");
  const lunch = [];
  const off = client.tidings.onEvent("lunch", ({ data }) => lunch.push(data));
  world.server.last.say({ type: "direct", event: "lunch", data: 12 });
  world.server.last.say({ type: "direct", event: "dinner", data: 19 });
  off();
  world.server.last.say({ type: "direct", event: "lunch", data: 13 });
  assert.deepEqual(
    all.map(({ event, data }) => [event, data]),
    [
      ["lunch", 12],
      ["dinner", 19],
      ["lunch", 13],
    ],
  );
  assert.deepEqual(lunch, [12]);
});

test("the server's requests are answered: by values, promises and errors", async () => {
  const { tidings } = await world.connected();
  tidings.onRequest("sum", ([a, b]) => a + b);
  tidings.onRequest("later", async () => new Uint8Array([1]));
  tidings.onRequest("bad", () => {
    throw new Error("No");
  });
  tidings.onRequest("busy", async () => {
    throw new TidingsError("busy", "Ask again later");
  });
  for (const [id, event] of ["sum", "later", "bad", "busy", "strange"].entries()) {
    world.server.last.say({ type: "request", id: `s${id}`, event, data: [1, 2] });
  }
  await settled();
  const byId = (a, b) => a.id.localeCompare(b.id);
  assert.deepEqual(world.server.last.received.toSorted?.(byId) ?? [...world.server.last.received].sort(byId), [
    { type: "reply", id: "s0", data: 3 },
    { type: "reply", id: "s1", bytes: "AQ==" },
    { type: "error", id: "s2", code: "error", reason: "No" },
    { type: "error", id: "s3", code: "busy", reason: "Ask again later" },
    { type: "error", id: "s4", code: "unknown", reason: "Nobody answers to this event" },
  ]);
});

test("a request ends by its timeout and by its signal, and is not sent any more", async () => {
  const { tidings } = world.client();
  const late = outcome(tidings.request("a", 1, { timeout: 1000 }), never());
  const abort = new AbortController();
  const aborted = assert.rejects(tidings.request("b", 2, { signal: abort.signal }), /Changed my mind/);
  const patient = tidings.request("c", 3);
  abort.abort(new Error("Changed my mind"));
  await world.clock.advance(1000);
  assert.equal(await late, "timeout");
  await aborted;
  tidings.connect();
  await world.clock.advance(0);
  assert.equal(await patient, 3);
  assert.deepEqual(
    world.server.last.received.map(({ event }) => event),
    ["c"],
  );
  await assert.rejects(tidings.request("d", 4, { signal: AbortSignal.abort() }), { name: "AbortError" });
});

test("errors reject what they answer, and those without an id are an event", async () => {
  const client = await world.connected();
  world.server.handle = (connection, { id, channel }) => {
    connection.say({ type: "error", id, code: "forbidden", reason: "Not allowed", channel });
  };
  const error = await client.tidings.publish("a", 1).catch((e) => e);
  assert.ok(error instanceof TidingsError);
  assert.deepEqual([error.code, error.reason, error.channel], ["forbidden", "Not allowed", "a"]);
  world.server.last.say({ type: "error", code: "bad_request", reason: "Unheard" });
  assert.match(world.warned[0][0], /bad_request: Unheard/);
  const errors = client.all("error");
  world.server.last.say({ type: "error", code: "bad_request", reason: "Heard" });
  assert.deepEqual(errors, [{ code: "bad_request", reason: "Heard" }]);
  assert.equal(world.warned.length, 1);
});

test("a refused subscription rejects, says so, and can be asked for again", async () => {
  const client = await world.connected();
  const errors = client.all("error");
  const { handle } = world.server;
  world.server.handle = (connection, { id, channel }) => {
    connection.say({ type: "error", id, code: "forbidden", reason: "Not allowed", channel });
  };
  const room = client.tidings.subscribe("a");
  const ended = [];
  room.on("unsubscribed", (event) => ended.push(event));
  await settled();
  assert.equal(await outcome(room.ready), "forbidden");
  assert.equal(room.state, "ended");
  assert.deepEqual(ended, [{ channel: "a", code: "forbidden", reason: "Not allowed" }]);
  assert.deepEqual(errors, [{ code: "forbidden", reason: "Not allowed", channel: "a" }]);
  world.server.handle = handle;
  const other = client.tidings.subscribe("a");
  assert.notEqual(other, room);
  await settled();
  assert.equal(other.state, "subscribed");
});

test("a subscription that is refused for now is asked for again", async () => {
  const { tidings } = await world.connected();
  const { handle } = world.server;
  let refusals = 2;
  world.server.handle = (connection, frame) => {
    if (frame.type === "subscribe" && refusals-- > 0) {
      connection.say({ type: "error", id: frame.id, code: "unavailable", reason: "Later" });
    } else {
      handle.call(world.server, connection, frame);
    }
  };
  const room = tidings.subscribe("a");
  await settled();
  assert.equal(room.state, "waiting");
  await world.clock.advance(3000);
  assert.equal(room.state, "subscribed");
  await room.ready;
});

test("a channel has one subscription; presence is added to it", async () => {
  const { tidings } = await world.connected();
  const room = tidings.subscribe("a");
  assert.equal(tidings.subscribe("a"), room);
  assert.equal(tidings.subscribe("a", { presence: true }), room);
  await settled();
  assert.deepEqual(
    world.server.last.received.map(({ type, presence }) => [type, presence]),
    [
      ["subscribe", undefined],
      ["subscribe", true],
    ],
  );
});

test("after unsubscribing nothing of the channel comes, also not to the next subscription before it stands", async () => {
  const { tidings } = await world.connected();
  const room = tidings.subscribe("a");
  const messages = [];
  room.on("message", ({ data }) => messages.push(data));
  await settled();
  world.server.last.say({ type: "message", channel: "a", data: 1 });
  const done = room.unsubscribe();
  const other = tidings.subscribe("a");
  other.on("message", ({ data }) => messages.push(data));
  world.server.last.say({ type: "message", channel: "a", data: 2 });
  await done;
  await other.ready;
  world.server.last.say({ type: "message", channel: "a", data: 3 });
  assert.deepEqual(messages, [1, 3]);
  assert.equal(room.state, "ended");
});

test("the server may subscribe, and end a subscription", async () => {
  const client = await world.connected();
  const given = client.all("subscribed");
  world.server.last.say({ type: "subscribed", channel: "news" });
  const messages = [];
  given[0].subscription.on("message", ({ data }) => messages.push(data));
  world.server.last.say({ type: "message", channel: "news", data: 1 });
  assert.deepEqual(messages, [1]);
  assert.equal(client.tidings.subscribe("news"), given[0].subscription);
  await settled();
  world.server.last.say({ type: "unsubscribed", channel: "news", code: "forbidden", reason: "Not any more" });
  assert.equal(given[0].subscription.state, "ended");
  const before = world.server.last.received.length;
  await world.clock.advance(60_000);
  assert.equal(world.server.last.received.length, before);
});

test("history is read, with bytes as bytes", async () => {
  const { tidings } = await world.connected();
  world.server.handle = (connection, { id, ...asked }) => {
    if (asked.type === "subscribe") return;
    assert.deepEqual(asked, { type: "history", channel: "a", since: "1-a", limit: 2, backwards: true });
    const messages = [
      { channel: "a", data: 2, position: "2-b", user: "ada" },
      { channel: "a", bytes: "AQ==", position: "3-c" },
    ];
    connection.say({ type: "reply", id, channel: "a", epoch: "e", messages, more: true });
  };
  const history = await tidings.subscribe("a").history({ since: "1-a", limit: 2, backwards: true });
  assert.deepEqual(history, {
    messages: [
      { channel: "a", data: 2, position: "2-b", user: "ada" },
      { channel: "a", data: new Uint8Array([1]), bytes: new Uint8Array([1]), position: "3-c" },
    ],
    more: true,
    epoch: "e",
  });
});

test("a listener that throws is reported, and the others still run", async () => {
  const client = await world.connected();
  const heard = [];
  client.tidings.on("direct", () => {
    throw new Error("Mine");
  });
  client.tidings.on("direct", async () => {
    throw new Error("Mine, later");
  });
  client.tidings.on("direct", ({ data }) => heard.push(data));
  world.server.last.say({ type: "direct", event: "a", data: 1 });
  await settled();
  assert.deepEqual(heard, [1]);
  assert.deepEqual(
    world.failed.map(([, error]) => error.message),
    ["Mine", "Mine, later"],
  );
  const errors = client.all("error");
  client.tidings.on("error", () => {
    throw new Error("Even here");
  });
  world.server.last.say({ type: "direct", event: "a", data: 2 });
  await settled();
  assert.deepEqual(heard, [1, 2]);
  assert.deepEqual(
    errors.map(({ code, reason }) => [code, reason]),
    [
      ["listener", "Mine"],
      ["listener", "Mine, later"],
    ],
  );
  assert.equal(client.tidings.state, "connected");
});

test("closing says so, fails what has no answer, and ends everything", async () => {
  const client = await world.connected();
  world.server.handle = () => {};
  const { tidings, states } = client;
  const pending = [tidings.request("a", 1), tidings.subscribe("b").ready, tidings.publish("c", 1)];
  await settled();
  tidings.close();
  for (const promise of pending) assert.equal(await outcome(promise), "closed");
  assert.equal(await outcome(tidings.publish("c", 2)), "closed");
  assert.equal(tidings.state, "closed");
  assert.equal(states.at(-1).code, 1000);
  assert.equal(world.server.sockets[0].closedWith, 1000);
  assert.ok(world.server.sockets[0].messages.includes('{"type":"close"}'));
  await world.clock.advance(120_000);
  assert.equal(world.clock.pending, 0);
  assert.deepEqual(world.server.log, ["websocket"]);
  assert.equal(world.storage.entries.size, 1, "the transport that worked");
});

test("after closing, connecting begins anew, with the subscriptions that there were", async () => {
  const client = await world.connected();
  const room = client.tidings.subscribe("a");
  await settled();
  client.tidings.close();
  assert.equal(room.state, "waiting");
  client.tidings.connect();
  await world.clock.advance(0);
  await room.ready;
  assert.equal(world.server.last.id, "c2");
  assert.deepEqual(
    world.server.last.received.map(({ type }) => type),
    ["subscribe"],
  );
});

test("options that cannot be are refused at once", () => {
  assert.throws(() => world.client({ transports: ["carrier pigeon"] }), /no transport "carrier pigeon"/);
  assert.throws(() => world.client({ transports: [] }), /no transport/);
  const { tidings } = world.client();
  assert.throws(() => tidings.subscribe(""), TypeError);
  assert.throws(() => tidings.on("state"), TypeError);
});

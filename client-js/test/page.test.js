import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { outcome, settled, Storage, World } from "./harness.js";

let world;
let server;
let clock;
beforeEach(() => {
  world = new World();
  ({ server, clock } = world);
});
afterEach(() => world.end());

/** What is in the storage beside the transport that worked. */
const left = (storage = world.storage) => [...storage.entries.keys()].filter((key) => !key.endsWith(":transport"));

/** The page goes, and another one comes. */
async function reload(client, options) {
  client.fire("pagehide", { persisted: false });
  await clock.advance(200);
  return world.client(options);
}

for (const transport of ["websocket", "sse", "poll"]) {
  test(`${transport}: a reload goes on with the connection, and misses nothing`, async () => {
    const before = await world.connected({ transports: [transport] });
    before.tidings.subscribe("a");
    await clock.advance(100);
    server.last.say({ type: "message", channel: "a", data: 1, position: "1-a" });
    await clock.advance(10);
    const after = await reload(before, { transports: [transport] });
    server.last.say({ type: "message", channel: "a", data: 2, position: "2-b" });
    const room = after.tidings.subscribe("a");
    const [messages, welcomes, gaps] = [[], after.all("welcome"), after.all("gap")];
    room.on("message", ({ data }) => messages.push(data));
    after.tidings.connect();
    await clock.advance(100);
    await room.ready;
    server.last.say({ type: "message", channel: "a", data: 3, position: "3-c" });
    await clock.advance(10);
    assert.equal(after.tidings.id, "c1");
    assert.deepEqual(messages, [2, 3]);
    assert.deepEqual([welcomes, gaps], [[], []]);
    assert.equal(server.all.length, 1);
    assert.deepEqual(left(), []);
    assert.deepEqual(await after.tidings.publish("a", "on"), { outcome: "ok" });
  });
}

test("what was on its way and what waited goes over a reload, once; ids do not collide", async () => {
  const before = await world.connected();
  server.sockets[0].deaf = true;
  const ignore = (promise) => promise.catch(() => {});
  ignore(before.tidings.publish("a", "sent"));
  await settled();
  server.last.cut();
  ignore(before.tidings.publish("a", "waiting"));
  ignore(before.tidings.publish("a", "waiting, too"));
  const after = await reload(before);
  const mine = after.tidings.publish("a", "new");
  after.tidings.connect();
  await clock.advance(10);
  assert.deepEqual(await mine, { outcome: "ok" });
  assert.deepEqual(
    server.last.received.map(({ data }) => data),
    ["sent", "waiting", "waiting, too", "new"],
  );
  assert.equal(new Set(server.last.received.map(({ id }) => id)).size, 4);
  assert.equal(server.all.length, 1);
});

test("a reload after which the connection is gone: positions are kept, and what may be lost is told", async () => {
  const before = await world.connected();
  before.tidings.subscribe("a");
  await settled();
  server.last.say({ type: "message", channel: "a", data: 1, position: "1-a" });
  server.sockets[0].deaf = true;
  before.tidings.publish("a", "sent").catch(() => {});
  before.tidings.request("a", "sent").catch(() => {});
  const after = await reload(before);
  server.connections.clear();
  const errors = after.all("error");
  const gaps = after.all("gap");
  after.tidings.connect();
  after.tidings.subscribe("a");
  await clock.advance(10);
  assert.equal(after.tidings.id, "c2");
  assert.equal(server.last.received[0].since, "1-a");
  assert.deepEqual(
    errors.map(({ code, reason }) => [code, reason]),
    [["gone", "2 frames of the page before may not have arrived"]],
  );
  assert.deepEqual(
    gaps.map(({ reason }) => reason),
    ["NEW_CONNECTION"],
  );
});

test("a channel that the page wants late gets what came until then; what it does not want ends", async () => {
  const before = await world.connected();
  before.tidings.subscribe("late").enter(1);
  before.tidings.subscribe("never").enter(2);
  before.tidings.subscribe("kept").enter(3);
  await settled();
  const after = await reload(before);
  after.tidings.connect();
  await clock.advance(10);
  server.last.say({ type: "message", channel: "late", data: 1 });
  server.last.say({ type: "gap", channel: "late", reason: "OVERFLOW" });
  server.last.say({ type: "message", channel: "late", data: 2 });
  await clock.advance(1000);
  const room = after.tidings.subscribe("late");
  const came = [];
  room.on("message", ({ data }) => came.push(data));
  room.on("gap", ({ reason }) => came.push(reason));
  await after.tidings.subscribe("kept").enter(4);
  await settled();
  assert.deepEqual(came, [1, "OVERFLOW", 2]);
  const count = server.last.received.length;
  await clock.advance(30_000);
  assert.deepEqual(
    server.last.received.slice(count).map(({ type, channel }) => [type, channel]),
    [
      ["unsubscribe", "never"],
      ["leave", "late"],
      ["leave", "never"],
    ],
  );
});

test("too much for a channel that nobody wanted yet is a gap", async () => {
  const before = await world.connected();
  before.tidings.subscribe("a");
  await settled();
  const after = await reload(before);
  after.tidings.connect();
  await clock.advance(10);
  for (let i = 1; i <= 1001; i++) server.last.say({ type: "message", channel: "a", data: i });
  const came = [];
  const room = after.tidings.subscribe("a");
  room.on("message", ({ data }) => came.push(data));
  room.on("gap", ({ reason }) => came.push(reason));
  await settled();
  assert.deepEqual(came, ["OVERFLOW", 1001]);
});

test("presence after a reload is asked for", async () => {
  const before = await world.connected();
  before.tidings.subscribe("a", { presence: true });
  await settled();
  const after = await reload(before);
  const room = after.tidings.subscribe("a", { presence: true });
  after.tidings.connect();
  const { handle } = server;
  server.handle = (connection, frame) => {
    if (frame.type !== "members") return handle.call(server, connection, frame);
    const members = [{ connection: "c9", data: 1 }];
    connection.say({ type: "reply", id: frame.id, channel: "a", version: 7, members });
  };
  await clock.advance(10);
  assert.deepEqual([...room.members.keys()], ["c9"]);
});

test("F38 a duplicated tab gets a connection of its own, and neither disturbs the other", async () => {
  const first = await world.connected();
  const copy = new Storage();
  for (const [key, value] of world.storage.entries) copy.setItem(key, value);
  const second = await world.connected({ storage: copy });
  await clock.advance(30_000);
  assert.deepEqual([first.tidings.id, second.tidings.id], ["c1", "c2"]);
  assert.deepEqual([first.tidings.state, second.tidings.state], ["connected", "connected"]);
  assert.equal(server.sockets.length, 2);
});

test("F38 a tab that was copied while its page was away: one goes on, the other begins anew, without ping-pong", async () => {
  const before = await world.connected();
  before.fire("pagehide", { persisted: false });
  const copy = new Storage();
  for (const [key, value] of world.storage.entries) copy.setItem(key, value);
  const first = await world.connected();
  const second = await world.connected({ storage: copy });
  await clock.advance(30_000);
  assert.deepEqual([first.tidings.id, second.tidings.id], ["c2", "c1"]);
  assert.deepEqual([first.tidings.state, second.tidings.state], ["connected", "connected"]);
  assert.equal(server.sockets.length, 4);
});

test("what a page left long ago is not taken up", async () => {
  const before = await world.connected();
  const after = await reload(before);
  await clock.advance(6 * 60_000);
  after.tidings.connect();
  await clock.advance(10);
  assert.equal(after.tidings.id, "c2");
  assert.deepEqual(server.log, ["websocket", "websocket"]);
});

test("what cannot be read in the storage is ignored", async () => {
  const key = "tidings:http://test/realtime";
  for (const rubbish of ["{", "null", '{"version":2}', '{"version":1,"savedAt":1000000}']) {
    world.storage.setItem(key, rubbish);
    const client = await world.connected();
    assert.equal(client.tidings.state, "connected");
    assert.equal(world.storage.getItem(key), null);
    client.tidings.close();
  }
});

test("two clients of one page do not mix", async () => {
  const page = (window = new EventTarget()) => ({ environment: { window } });
  const before = page();
  const one = await world.connected(before);
  const two = await world.connected(before);
  before.environment.window.dispatchEvent(new Event("pagehide"));
  assert.deepEqual([one.tidings.id, two.tidings.id, left().length], ["c1", "c2", 2]);
  const after = page();
  const [again, againTwo] = [await world.connected(after), await world.connected(after)];
  assert.deepEqual([again.tidings.id, againTwo.tidings.id], ["c1", "c2"]);
});

test("where nothing can be kept, a page that goes says so", async () => {
  const broken = { getItem: () => null, removeItem() {}, setItem: () => { throw new Error("Quota"); } };
  for (const storage of [null, broken]) {
    const { fire } = await world.connected({ storage });
    fire("pagehide", { persisted: false });
    assert.equal(server.sockets.at(-1).closedWith, 1000);
  }
});

for (const transport of ["websocket", "sse", "poll"]) {
  test(`F50 ${transport}: a page that comes back from the back-forward cache goes on`, async () => {
    const client = await world.connected({ transports: [transport] });
    const direct = client.all("direct");
    client.fire("pagehide", { persisted: true });
    assert.deepEqual([client.tidings.state, client.tidings.transport], ["reconnecting", null]);
    await clock.advance(30_000);
    const before = server.log.length;
    server.last.say({ type: "direct", event: "a", data: 1 });
    await clock.advance(30_000);
    client.fire("online");
    client.fireDocument("visibilitychange");
    await clock.advance(30_000);
    assert.equal(server.log.length, before);
    client.fire("pageshow", { persisted: true });
    await clock.advance(10);
    assert.equal(client.tidings.id, "c1");
    assert.equal(direct.length, 1);
    assert.deepEqual(left(), []);
  });
}

test("a page that comes back after another page took the connection up begins anew", async () => {
  const first = await world.connected();
  const room = first.tidings.subscribe("a");
  await settled();
  server.last.say({ type: "message", channel: "a", data: 1, position: "1-a" });
  first.fire("pagehide", { persisted: true });
  // Another page has another name, by chance.
  world.random = 0.25;
  const second = await world.connected();
  assert.equal(second.tidings.id, "c1");
  second.fire("pagehide", { persisted: true });
  first.fire("pageshow", { persisted: true });
  await clock.advance(10);
  assert.equal(first.tidings.id, "c2");
  await room.ready;
  assert.equal(server.last.received[0].since, "1-a");
});

test("a page that is closed says nothing when it goes, and leaves nothing", async () => {
  const client = await world.connected();
  client.tidings.close();
  client.fire("pagehide", { persisted: false });
  client.fire("pageshow", { persisted: true });
  client.fire("online");
  await clock.advance(60_000);
  assert.deepEqual(left(), []);
  assert.equal(server.sockets.length, 1);
  assert.equal(await outcome(client.tidings.publish("a", 1)), "closed");
});

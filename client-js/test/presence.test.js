import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { settled, World } from "./harness.js";

let world;
let server;
let asked;
beforeEach(() => {
  world = new World();
  ({ server } = world);
  asked = [];
  const { handle } = server;
  server.handle = (connection, frame) => {
    if (frame.type === "members") asked.push(frame);
    else handle.call(server, connection, frame);
  };
});
afterEach(() => world.end());

const member = (connection, data = null) => ({ connection, data });
const snapshot = (version, ...members) => server.last.say({ type: "presence", channel: "a", version, members });
const change = (version, fields) =>
  server.last.say({ type: "presence", channel: "a", version, entered: [], updated: [], left: [], ...fields });
const answer = async (version, ...members) => {
  await settled();
  server.last.say({ type: "reply", id: asked.shift().id, channel: "a", version, members });
  await settled();
};

async function room() {
  const { tidings } = await world.connected();
  const subscription = tidings.subscribe("a", { presence: true });
  const events = [];
  subscription.on("presence", ({ members, ...changes }) => {
    assert.equal(members, subscription.members);
    events.push(Object.fromEntries(Object.entries(changes).map(([name, list]) => [name, list.map(({ connection }) => connection)])));
  });
  await settled();
  return { subscription, events, names: () => [...subscription.members.keys()].sort().join("") };
}

test("a snapshot, and changes that follow it", async () => {
  const { subscription, events, names } = await room();
  snapshot(7, member("x", 1), { connection: "y", user: "bob", bytes: "AQ==" });
  change(8, { entered: [member("z")], left: [member("x")] });
  change(9, { updated: [member("z", 2)] });
  assert.equal(names(), "yz");
  assert.deepEqual(subscription.members.get("z"), { connection: "z", data: 2 });
  assert.deepEqual(subscription.members.get("y").bytes, new Uint8Array([1]));
  assert.equal(subscription.members.get("y").user, "bob");
  assert.deepEqual(events, [
    { entered: ["x", "y"], updated: [], left: [] },
    { entered: ["z"], updated: [], left: ["x"] },
    { entered: [], updated: ["z"], left: [] },
  ]);
  assert.deepEqual(asked, []);
});

test("changes before the snapshot wait for it, and old ones are dropped", async () => {
  const { names } = await room();
  change(6, { entered: [member("old")] });
  change(8, { entered: [member("z")] });
  snapshot(7, member("x"));
  assert.equal(names(), "xz");
  change(8, { left: [member("z")] });
  assert.equal(names(), "xz");
});

test("a missing change: the members are asked for, and changes wait in the meantime", async () => {
  const { names, events } = await room();
  snapshot(7, member("x"));
  change(9, { entered: [member("z")] });
  change(10, { left: [member("x")] });
  await settled();
  assert.equal(names(), "x");
  assert.equal(asked.length, 1);
  await answer(9, member("x"), member("y"), member("z"));
  assert.equal(names(), "yz");
  assert.equal(events.length, 3);
  change(11, { entered: [member("q")] });
  assert.equal(names(), "qyz");
  assert.equal(asked.length, 0);
});

test("an answer that is older than what came in the meantime is not believed", async () => {
  const { names } = await room();
  snapshot(7, member("x"));
  change(9, { entered: [member("z")] });
  snapshot(12, member("q"));
  await answer(9, member("x"), member("z"));
  assert.equal(names(), "q");
  change(13, { entered: [member("r")] });
  assert.equal(names(), "qr");
});

test("an answer that is not new enough is followed by another question", async () => {
  const { names } = await room();
  snapshot(7, member("x"));
  change(11, { entered: [member("z")] });
  await answer(8, member("x"));
  assert.equal(asked.length, 1);
  await answer(11, member("x"), member("z"));
  assert.equal(names(), "xz");
});

test("after a gap of the channel the members are asked for", async () => {
  const { names } = await room();
  snapshot(7, member("x"));
  server.last.say({ type: "gap", channel: "a", reason: "OVERFLOW" });
  change(9, { entered: [member("z")] });
  await settled();
  assert.equal(asked.length, 1);
  await answer(9, member("y"), member("z"));
  assert.equal(names(), "yz");
});

test("a snapshot that could not be read is asked for after a while", async () => {
  const { names } = await room();
  server.last.say({ type: "error", code: "unavailable", reason: "Members cannot be read", channel: "a" });
  await world.clock.advance(500);
  assert.equal(asked.length, 0);
  await world.clock.advance(1500);
  await answer(3, member("x"));
  assert.equal(names(), "x");
});

test("a new connection begins with versions of its own, and the difference is told", async () => {
  const { events, names } = await room();
  snapshot(70, member("x"), member("y"));
  events.length = 0;
  server.forget();
  await world.clock.advance(1000);
  assert.equal(names(), "xy");
  snapshot(3, member("y"), member("z"));
  change(4, { entered: [member("q")] });
  assert.equal(names(), "qyz");
  assert.deepEqual(events[0], { entered: ["z"], updated: [], left: ["x"] });
});

test("after unsubscribing nobody is there", async () => {
  const { subscription } = await room();
  snapshot(7, member("x"));
  await subscription.unsubscribe();
  assert.equal(subscription.members.size, 0);
});

test("members: a refusal goes to whoever entered, and what was entered before stands", async () => {
  const { subscription } = await room();
  const { handle } = server;
  await subscription.enter(1);
  server.handle = (connection, { id, channel }) => connection.say({ type: "error", id, code: "too_large", reason: "Too large", channel });
  await assert.rejects(subscription.update("x".repeat(2000)), { code: "too_large" });
  server.handle = handle;
  server.forget();
  await world.clock.advance(1000);
  assert.deepEqual(server.last.received.find(({ type }) => type === "enter").data, 1);
  await subscription.leave();
  server.forget();
  await world.clock.advance(6000);
  assert.equal(server.last.received.find(({ type }) => type === "enter"), undefined);
});

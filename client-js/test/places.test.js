// Pages of one browser share six connections to a server over HTTP/1.1.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Locks, World } from "./harness.js";

let world;
let clock;
let locks;
beforeEach(() => {
  world = new World();
  ({ clock } = world);
  locks = new Locks();
});
afterEach(() => world.end());

const pageOf = (options) => world.connected({ storage: null, upgradeAfter: 0, ...options, environment: { locks, ...options.environment } });

/** Pages one after the other, and for each the messages that it has got. */
async function pages(count, options) {
  const all = [];
  for (let i = 0; i < count; i++) {
    const page = await pageOf(options);
    all.push({ ...page, connection: world.server.last, messages: page.all("direct") });
  }
  await clock.advance(100);
  return all;
}

const held = () => world.server.log.filter((line) => line === "GET poll?timeout=25000").length;

test("three pages hold a poll; the others ask every two seconds, and lose nothing", async () => {
  const all = await pages(5, { transports: ["poll"] });
  assert.equal(locks.held.size, 3);
  assert.equal(held(), 3);
  for (const { connection } of all) connection.say({ type: "direct", event: "a", data: 1 });
  await clock.advance(50);
  assert.deepEqual(
    all.map(({ messages }) => messages.length),
    [1, 1, 1, 0, 0],
  );
  await clock.advance(2000);
  assert.deepEqual(
    all.map(({ messages }) => messages.length),
    [1, 1, 1, 1, 1],
  );
  const asked = () => world.server.log.filter((line) => line === "GET poll?timeout=0").length;
  const before = asked();
  await clock.advance(20_000);
  assert.equal(asked() - before, 20, "ten each");
});

test("a page that goes makes place for another", async () => {
  const [first, , , fourth] = await pages(4, { transports: ["poll"] });
  first.tidings.close();
  await clock.advance(2100);
  assert.equal(locks.held.size, 3);
  fourth.connection.say({ type: "direct", event: "a", data: 1 });
  await clock.advance(50);
  assert.equal(fourth.messages.length, 1, "at once");
});

test("streams take places too; who finds none polls, and streams when there is one", async () => {
  const all = await pages(4, { transports: ["sse", "poll"], upgradeAfter: 10_000 });
  assert.deepEqual(
    all.map(({ tidings }) => tidings.transport),
    ["sse", "sse", "sse", "poll"],
  );
  assert.equal(locks.held.size, 3);
  await assert.rejects(all[3].tidings.use("sse"), /Other pages of this browser/);
  all[3].tidings.use(null);
  all[1].tidings.close();
  await clock.advance(30_000);
  assert.equal(all[3].tidings.transport, "sse");
  assert.equal(locks.held.size, 3);
});

test("a page that moves between transports has one place at most, and none on a WebSocket", async () => {
  const page = await pageOf({ transports: ["sse"] });
  for (const transport of ["poll", "sse", "poll", "websocket", "sse"]) {
    const moved = page.tidings.use(transport);
    await clock.advance(5000);
    await moved;
    assert.equal(page.tidings.transport, transport);
    assert.equal(locks.held.size, transport === "websocket" ? 0 : 1, transport);
  }
  page.tidings.close();
  await clock.advance(0);
  assert.equal(locks.held.size, 0);
});

test("a page without a place moves to another transport while it rests", async () => {
  await pages(3, { transports: ["poll"] });
  const page = await pageOf({ transports: ["poll"] });
  await clock.advance(500);
  const moved = page.tidings.use("websocket");
  await clock.advance(100);
  await moved;
  assert.equal(page.tidings.transport, "websocket");
  assert.equal(world.server.all.length, 4);
});

test("a page that closes while it looks for a place leaves none taken", async () => {
  const page = world.client({ storage: null, transports: ["sse"], environment: { locks } });
  page.tidings.connect();
  await null;
  page.tidings.close();
  await clock.advance(0);
  assert.equal(locks.held.size, 0);
  page.tidings.connect();
  page.tidings.close();
  page.tidings.connect();
  await clock.advance(100);
  assert.equal(page.tidings.transport, "sse");
  assert.equal(locks.held.size, 1);
});

test("nobody counts over HTTP/2, without locks, where locks are forbidden, and when told so", async () => {
  const forbidden = { request: () => Promise.reject(new DOMException("Not here", "SecurityError")) };
  const broken = {
    request() {
      throw new DOMException("Not here", "SecurityError");
    },
  };
  for (const options of [
    { environment: { multiplexed: () => true } },
    { environment: { locks: null } },
    { environment: { locks: forbidden } },
    { environment: { locks: broken } },
    { heldRequests: Infinity },
  ]) {
    const all = await pages(5, { transports: ["sse"], ...options });
    for (const { tidings } of all) assert.equal(tidings.transport, "sse");
    for (const { tidings } of all) tidings.close();
  }
});

test("how many, is to be chosen", async () => {
  const all = await pages(3, { transports: ["sse", "poll"], heldRequests: 1 });
  assert.deepEqual(
    all.map(({ tidings }) => tidings.transport),
    ["sse", "poll", "poll"],
  );
  assert.throws(() => world.client({ heldRequests: -1 }), TypeError);
  assert.throws(() => world.client({ heldRequests: 1.5 }), TypeError);
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { never, outcome, settled, World } from "./harness.js";

let world;
let server;
let clock;
beforeEach(() => {
  world = new World();
  ({ server, clock } = world);
});
afterEach(() => world.end());

/** Pings that keep links alive. */
function pings(minutes) {
  for (let i = 1; i <= minutes * 3; i++) clock.setTimeout(() => server.last?.whisper({ type: "ping" }), i * 20_000);
}

const TRANSPORTS = ["websocket", "sse", "poll"];
for (const from of TRANSPORTS) {
  for (const to of TRANSPORTS.filter((name) => name !== from)) {
    test(`${from} to ${to}: on demand, without loss, while both sides talk`, async () => {
      const client = await world.connected({ transports: [from, ...TRANSPORTS], upgradeAfter: 0 });
      const { tidings, transports, states } = client;
      const direct = client.all("direct");
      assert.equal(tidings.transport, from);
      const done = [];
      let said = 0;
      const talk = () => {
        server.last.say({ type: "direct", event: "a", data: ++said });
        done.push(tidings.publish("a", said));
      };
      for (let i = 0; i < 20; i++) clock.setTimeout(talk, i * 10);
      await clock.advance(95);
      await Promise.all([tidings.use(to), clock.advance(0)]);
      talk();
      await clock.advance(3000);
      assert.equal(tidings.transport, to);
      assert.deepEqual(transports, [from, to]);
      assert.deepEqual(
        states.map(({ state }) => state),
        ["connecting", "connected"],
        "nobody noticed",
      );
      await Promise.all(done);
      const expected = Array.from({ length: said }, (_, i) => i + 1);
      assert.deepEqual(direct.map(({ data }) => data), expected);
      assert.deepEqual(
        server.last.received.map(({ data }) => data),
        server.last.received.map(({ data }) => data).sort((a, b) => a - b),
        "in order",
      );
      assert.equal(new Set(server.last.received.map(({ data }) => data)).size, said);
      assert.equal(server.all.length, 1);
      await clock.advance(20_000);
      assert.equal(tidings.state, "connected", "the old link's end is no end");
    });
  }
}

test("what comes on the old link while another one takes over is not acknowledged there", async () => {
  const client = await world.connected({ upgradeAfter: 0 });
  const direct = client.all("direct");
  let has = NaN;
  server.faults.sse = async (init, headers) => {
    has = Number(headers.get("Tidings-Received"));
    await new Promise((resolve) => clock.setTimeout(resolve, 2000));
    assert.ok(server.last.acknowledged <= has, "the server would take it for a loss");
    return undefined;
  };
  const moved = client.tidings.use("sse");
  for (let i = 0; i < 100; i++) clock.setTimeout(() => server.last.say({ type: "direct", event: "a", data: i }), 5 + i * 10);
  await Promise.all([moved, clock.advance(3000)]);
  assert.equal(client.tidings.transport, "sse");
  assert.ok(Number.isSafeInteger(has));
  assert.deepEqual(direct.map(({ data }) => data), Array.from({ length: 100 }, (_, i) => i));
  await clock.advance(2000);
  assert.equal(server.last.acknowledged, server.last.number);
});

test("a transport that was asked for and does not work leaves everything as it is", async () => {
  const { tidings } = await world.connected({ upgradeAfter: 0 });
  server.faults.sse = () => new Response("<html>", { status: 404 });
  await assert.rejects(tidings.use("sse"), { code: "unavailable", message: "HTTP 404" });
  assert.equal(tidings.transport, "websocket");
  assert.deepEqual(await tidings.publish("a", 1), { outcome: "ok" });
  await assert.rejects(tidings.use("pigeon"), { code: "unavailable" });
  server.last.cut();
  await clock.advance(1000);
  assert.equal(tidings.transport, "websocket");
});

test("a stream that took over and is held back gives way to the link before, without loss", async () => {
  const client = await world.connected({ transports: ["poll", "sse"], upgradeAfter: 0 });
  const direct = client.all("direct");
  server.faults.sse = (init, headers) => {
    const connection = server.connections.get(headers.get("Tidings-Connection"));
    server.stream(connection, false, Number(headers.get("Tidings-Received")), undefined);
    return new Response(new ReadableStream(), { headers: { "Content-Type": "text/event-stream" } });
  };
  const moved = outcome(client.tidings.use("sse"), never());
  await clock.advance(100);
  server.last.say({ type: "direct", event: "a", data: 1 });
  const published = client.tidings.publish("a", 1);
  await clock.advance(8000);
  assert.equal(await moved, "unavailable");
  assert.equal(client.tidings.transport, "poll");
  assert.deepEqual(await published, { outcome: "ok" });
  assert.deepEqual(direct.length, 1);
});

test("a forced transport is kept over a lost link, until it is not forced any more", async () => {
  const { tidings } = await world.connected({ upgradeAfter: 10_000 });
  await tidings.use("poll");
  server.last.cut();
  await clock.advance(30_000);
  assert.equal(tidings.transport, "poll");
  await tidings.use(null);
  await clock.advance(100);
  assert.equal(tidings.transport, "websocket");
});

test("a transport can be chosen before there is a connection, and while there is none", async () => {
  const client = world.client();
  await client.tidings.use("poll");
  client.tidings.connect();
  await clock.advance(0);
  assert.equal(client.tidings.transport, "poll");
  await clock.advance(10_000);
  server.faults.poll = () => Promise.reject(new TypeError("Failed to fetch"));
  server.last.cut();
  await clock.advance(0);
  const moved = client.tidings.use("websocket");
  await clock.advance(0);
  await moved;
  assert.equal(client.tidings.transport, "websocket");
  assert.equal(client.tidings.id, "c1");
});

test("the better transport is tried again later and later, and taken without loss", async () => {
  server.faults.websocket = (socket) => socket.closes(1006);
  world.random = 0.5;
  const { tidings, transports, states } = await world.connected();
  pings(60);
  assert.equal(tidings.transport, "sse");
  const tries = [];
  server.faults.websocket = (socket) => {
    tries.push(clock.now() - 1_000_000);
    socket.closes(1006);
  };
  await clock.advance(20 * 60_000);
  assert.deepEqual(tries, [30_000, 90_000, 210_000, 450_000, 930_000]);
  delete server.faults.websocket;
  await clock.advance(16 * 60_000);
  assert.deepEqual(transports, ["sse", "websocket"]);
  assert.deepEqual(
    states.map(({ state }) => state),
    ["connecting", "connected"],
  );
  assert.equal(server.all.length, 1);
});

test("a move waits for the post that is under way", async () => {
  const { tidings } = await world.connected({ transports: ["sse", "websocket"], upgradeAfter: 0 });
  let release;
  server.faults.post = () => new Promise((resolve) => (release = () => resolve(undefined)));
  const first = tidings.publish("a", 1);
  await clock.advance(0);
  const second = tidings.publish("a", 2);
  const moved = tidings.use("websocket");
  await clock.advance(1000);
  assert.equal(tidings.transport, "sse");
  assert.deepEqual(server.sockets[0].messages, []);
  release();
  await clock.advance(0);
  await moved;
  await Promise.all([first, second]);
  assert.deepEqual(
    server.last.received.map(({ data }) => data),
    [1, 2],
  );
});

test("a link that is lost during a move does not stop it", async () => {
  const { tidings } = await world.connected({ transports: ["poll", "websocket"], upgradeAfter: 0 });
  server.faults.websocket = (socket) => {
    clock.setTimeout(() => socket.closes(1006), 1000);
    return true;
  };
  const moved = outcome(tidings.use("websocket"), never());
  await clock.advance(100);
  server.last.cut();
  await clock.advance(3000);
  assert.equal(await moved, "unavailable");
  await clock.advance(5000);
  assert.equal(tidings.state, "connected");
  assert.equal(tidings.id, "c1");
});

test("a connection that turns out to be gone during a move begins anew on the new link", async () => {
  const client = await world.connected({ transports: ["poll", "websocket"], upgradeAfter: 0, token: "t" });
  server.needsToken = true;
  const room = client.tidings.subscribe("a");
  await settled();
  await clock.advance(100);
  server.connections.clear();
  await Promise.all([client.tidings.use("websocket"), clock.advance(1000)]);
  assert.equal(client.tidings.id, "c2");
  assert.equal(client.tidings.transport, "websocket");
  await room.ready;
});

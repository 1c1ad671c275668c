import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { json, outcome, settled, World } from "./harness.js";

let world;
let server;
let clock;
beforeEach(() => {
  world = new World();
  ({ server, clock } = world);
});
afterEach(() => world.end());

const retries = (states) => states.filter(({ retryIn }) => retryIn !== undefined).map(({ retryIn }) => retryIn);
const down = () => {
  server.faults.websocket = (socket) => socket.closes(1006);
};
/** The frames that a socket has sent, one by one. */
const said = (socket) => socket.messages.flatMap((text) => text.split("\n")).map((text) => JSON.parse(text));

// ---- Back-off ----

test("the back-off doubles from 0.5 s to 20 s, is random, and begins anew after a good link", async () => {
  const { states, tidings } = await world.connected({ transports: ["websocket"] });
  await clock.advance(6000);
  down();
  world.random = 1;
  server.last.cut();
  await clock.advance(100_000);
  assert.deepEqual(retries(states), [500, 1000, 2000, 4000, 8000, 16000, 20000, 20000, 20000, 20000]);
  states.length = 0;
  world.random = 0.1;
  await clock.advance(30_000);
  assert.equal(retries(states).at(-1), 2000);
  delete server.faults.websocket;
  await clock.advance(30_000);
  assert.equal(tidings.state, "connected");
  states.length = 0;
  world.random = 1;
  server.last.cut();
  assert.deepEqual(retries(states), [500]);
});

test("a link that opens and dies at once does not make the back-off begin anew", async () => {
  world.random = 1;
  const { states } = await world.connected({ transports: ["websocket"] });
  for (let i = 0; i < 5; i++) {
    server.last.cut();
    await clock.advance(retries(states).at(-1));
  }
  assert.deepEqual(retries(states), [500, 1000, 2000, 4000, 8000]);
});

test("the bounds of the back-off, and the number of attempts, are options", async () => {
  down();
  world.random = 1;
  const { states, tidings } = await world.connected({ transports: ["websocket"], backoff: { min: 10, max: 30 }, maxAttempts: 5 });
  await clock.advance(1000);
  assert.deepEqual(retries(states), [10, 20, 30, 30]);
  assert.equal(tidings.state, "closed");
  assert.match(states.at(-1).reason, /Given up after 5 attempts/);
  assert.deepEqual(
    states.filter(({ attempt }) => attempt !== undefined).map(({ attempt }) => attempt),
    [1, 2, 3, 4],
  );
});

// ---- Close codes ----

for (const [code, expected] of [
  [1000, "closed"],
  [1001, "backoff"],
  [1006, "backoff"],
  [1012, "backoff"],
  [4000, "closed"],
  [4003, "closed"],
  [4013, "closed"],
  [4099, "closed"],
  [4100, "backoff"],
  [4108, "backoff"],
  [4129, "backoff"],
  [4199, "backoff"],
  [4203, "now"],
  [4300, "closed"],
]) {
  for (const how of ["a frame", "the code of the WebSocket alone"]) {
    test(`F49 ${code} by ${how}: ${expected}`, async () => {
      const { states, tidings } = await world.connected();
      await clock.advance(6000);
      if (how === "a frame") server.last.end(code, "Because");
      else server.sockets[0].closes(code, "Because");
      const last = states.at(-1);
      assert.equal(last.code, code);
      assert.equal(last.reason, "Because");
      if (expected === "closed") assert.equal(last.state, "closed");
      else assert.deepEqual([last.state, last.retryIn], ["reconnecting", expected === "now" ? 0 : 250]);
      await clock.advance(10_000);
      assert.equal(tidings.state, expected === "closed" ? "closed" : "connected");
      assert.equal(server.sockets.length, expected === "closed" ? 1 : 2);
    });
  }
}

test("the server's word on when to come back is kept, also against the event that the network is there", async () => {
  const client = await world.connected();
  await clock.advance(6000);
  server.last.end(4203, "Shutting down", { retryAfter: 1700 });
  assert.equal(client.states.at(-1).retryIn, 1700);
  await clock.advance(1500);
  client.fire("online");
  await clock.advance(199);
  assert.equal(server.sockets.length, 1);
  await clock.advance(1);
  assert.equal(server.sockets.length, 2);
});

test("F49 4203 again and again is not a tight loop", async () => {
  await world.connected();
  for (let i = 0; i < 100; i++) {
    if (server.last.link) server.last.end(4203, "Shutting down");
    await clock.advance(100);
  }
  assert.ok(server.sockets.length < 15, `${server.sockets.length} sockets in 10 s`);
});

for (const transport of ["sse", "poll"]) {
  test(`F49 ${transport}: an HTTP status with a code is the same as the close code`, async () => {
    for (const [answer, expected] of [
      [() => json(403, { code: 4003, reason: "Origin not allowed" }), [undefined, 4003]],
      [() => json(429, { code: 4129, reason: "Too many connections", retryAfter: 3000 }), [3000, 4129]],
      [() => json(429, { code: 4129, reason: "Too many connections" }, { "Retry-After": "2" }), [2000, 4129]],
      [() => json(503, { code: 4203, reason: "Shutting down", retryAfter: 1500 }), [1500, 4203]],
      [() => new Response("", { status: 503, headers: { "Retry-After": "7" } }), [7000, 1006]],
      [() => json(409, { code: 4009, reason: "Connection in use elsewhere" }), [250, 4009]],
    ]) {
      server.faults[transport] = answer;
      const { states } = await world.connected({ transports: [transport] });
      assert.deepEqual([states.at(-1).retryIn, states.at(-1).code], expected);
    }
  });

  test(`F49 ${transport}: 401 asks for another token once`, async () => {
    server.needsToken = true;
    const given = [];
    server.authenticate = (token) => (given.push(token), false);
    let tokens = 0;
    const { states, tidings } = await world.connected({ transports: [transport], token: () => `t${++tokens}` });
    await clock.advance(60_000);
    assert.deepEqual(given, ["t1", "t2"]);
    assert.equal(tidings.state, "closed");
    assert.deepEqual([states.at(-1).code, states.at(-1).reason], [4001, "Unauthorized"]);
  });
}

// ---- Credentials ----

test("4001: a token function is asked once more, and once more only", async () => {
  server.needsToken = true;
  const given = [];
  server.authenticate = (token) => (given.push(token), false);
  let tokens = 0;
  const { states, tidings } = await world.connected({ token: async () => `t${++tokens}` });
  await clock.advance(60_000);
  assert.deepEqual(given, ["t1", "t2"]);
  assert.equal(tidings.state, "closed");
  assert.deepEqual([states.at(-1).code, states.at(-1).reason], [4001, "Invalid token"]);
  server.authenticate = () => true;
  tidings.connect();
  await clock.advance(0);
  assert.equal(tidings.state, "connected");
  assert.equal(tokens, 3);
});

test("F26 1008, by which a container ends what belonged to an HTTP session: a new token once, no loop", async () => {
  server.needsToken = true;
  const given = [];
  server.authenticate = (token) => (given.push(token), true);
  let tokens = 0;
  const { tidings } = await world.connected({ token: () => `t${++tokens}`, transports: ["websocket"] });
  await clock.advance(10_000);
  // The container ends the link; the connection that was resumable is not here any more either.
  server.connections.clear();
  server.sockets[0].closes(1008, "This connection was established under an authenticated HTTP session that has ended.");
  await clock.advance(20_000);
  assert.equal(tidings.state, "connected");
  assert.deepEqual(given, ["t1", "t2"]);
  assert.equal(server.sockets.length, 2);

  // And where the session stays away, each answer of the same kind costs a longer back-off.
  const before = server.sockets.length;
  for (let i = 0; i < 600; i++) {
    server.connections.clear();
    const socket = server.sockets.at(-1);
    if (socket.readyState === 1) socket.closes(1008, "No session");
    await clock.advance(100);
  }
  const attempts = server.sockets.length - before;
  assert.ok(attempts >= 3 && attempts <= 20, `${attempts} attempts in a minute`);
});

test("4001: a token that is a text is not tried twice", async () => {
  server.needsToken = true;
  server.authenticate = () => false;
  const { tidings } = await world.connected({ token: "fixed" });
  await clock.advance(60_000);
  assert.equal(tidings.state, "closed");
  assert.equal(server.sockets.length, 1);
});

test("a token that ran out in the middle is replaced, and it may happen again", async () => {
  server.needsToken = true;
  let tokens = 0;
  const { tidings } = await world.connected({ token: () => `t${++tokens}` });
  for (let i = 2; i < 5; i++) {
    await clock.advance(10_000);
    server.connections.clear();
    server.last.end(4001, "Token expired");
    await clock.advance(1000);
    assert.equal(tidings.state, "connected");
    assert.equal(tokens, i);
  }
});

test("a token is refreshed before it runs out, on the living connection", async () => {
  server.needsToken = true;
  server.expiresIn = 600_000;
  let tokens = 0;
  const { tidings } = await world.connected({ token: () => `t${++tokens}`, transports: ["websocket"] });
  const auths = () => server.carrier.filter(({ type }) => type === "auth").map(({ id, token }) => [id, token]);
  for (let i = 1; i <= 90; i++) clock.setTimeout(() => server.last.whisper({ type: "ping" }), i * 20_000);
  await clock.advance(530_000);
  assert.deepEqual(auths(), [[undefined, "t1"]]);
  await clock.advance(20_000);
  assert.deepEqual(auths().slice(1), [["refresh-1", "t2"]]);
  await clock.advance(545_000);
  assert.deepEqual(auths().slice(2), [["refresh-2", "t3"]]);
  assert.equal(server.sockets.length, 1);
  assert.equal(tidings.state, "connected");
});

test("a token function that fails is asked again, and its failure is told", async () => {
  let calls = 0;
  const client = world.client({
    token: async () => {
      if (++calls < 3) throw new Error("No session");
      return "t";
    },
  });
  const errors = client.all("error");
  client.tidings.connect();
  await clock.advance(10_000);
  assert.equal(client.tidings.state, "connected");
  assert.deepEqual(
    errors.map(({ code, reason }) => [code, reason]),
    [
      ["token", "No session"],
      ["token", "No session"],
    ],
  );
});

test("a token function that never answers is given up after 30 s", async () => {
  let calls = 0;
  const { tidings } = await world.connected({ token: () => (++calls === 1 ? new Promise(() => {}) : "t") });
  await clock.advance(29_000);
  assert.equal(tidings.state, "connecting");
  await clock.advance(2000);
  assert.equal(tidings.state, "connected");
});

// ---- Resuming ----

test("a resumed connection gets what it missed, once, and says again what got lost", async () => {
  const client = await world.connected();
  const direct = client.all("direct");
  const socket = server.sockets[0];
  server.last.say({ type: "direct", event: "a", data: 1 });
  const first = client.tidings.publish("a", 1);
  await settled();
  // From now on nothing arrives at the server.
  socket.deaf = true;
  const second = client.tidings.publish("a", 2);
  const third = client.tidings.publish("a", 3);
  server.last.say({ type: "direct", event: "a", data: 2 });
  await settled();
  const connection = server.last;
  connection.cut();
  connection.say({ type: "direct", event: "a", data: 3 });
  await clock.advance(1000);
  assert.deepEqual(await Promise.all([first, second, third]), [{ outcome: "ok" }, { outcome: "ok" }, { outcome: "ok" }]);
  assert.deepEqual(
    direct.map(({ data }) => data),
    [1, 2, 3],
  );
  assert.deepEqual(
    connection.received.map(({ data }) => data),
    [1, 2, 3],
  );
  assert.deepEqual(said(server.sockets[1])[0], { type: "resume", token: "c1.secret", received: 3 });
});

test("frames that come with a number that the client has are dropped", async () => {
  const client = await world.connected();
  const direct = client.all("direct");
  for (let i = 1; i <= 5; i++) server.last.say({ type: "direct", event: "a", data: i });
  server.last.cut();
  server.resumed = ({ id, expects }) => JSON.stringify({ type: "resumed", connection: id, next: 3, expects });
  const { attach } = Object.getPrototypeOf(server.last);
  server.last.attach = function (link) {
    attach.call(this, link, 2);
  };
  await clock.advance(1000);
  server.last.say({ type: "direct", event: "a", data: 6 });
  assert.deepEqual(
    direct.map(({ data }) => data),
    [1, 2, 3, 4, 5, 6],
  );
});

test("a connection that is gone: subscriptions, members and what waits go to a new one; the rest fails", async () => {
  const client = await world.connected();
  const { tidings } = client;
  const [welcomes, gaps] = [client.all("welcome"), client.all("gap")];
  const room = tidings.subscribe("a", { presence: true });
  const subscribed = [];
  room.on("subscribed", ({ again }) => subscribed.push(again));
  const enter = room.enter({ name: "Ada" });
  await enter;
  server.last.say({ type: "message", channel: "a", data: 1, position: "41-x" });
  await settled();
  server.sockets[0].deaf = true;
  const lost = outcome(tidings.publish("a", "sent, never arrived"), new Promise(() => {}));
  const question = outcome(tidings.request("b", "sent, never arrived"), new Promise(() => {}));
  server.forget();
  await settled();
  const waits = tidings.publish("a", "not sent yet");
  const update = room.update({ name: "Ada", away: true });
  const other = tidings.subscribe("b");
  await clock.advance(1000);
  assert.equal(await lost, "gone");
  assert.equal(await question, "gone");
  assert.deepEqual(await waits, { outcome: "ok" });
  await update;
  await other.ready;
  assert.equal(tidings.id, "c2");
  assert.deepEqual(
    server.last.received.map(({ id, ...frame }) => frame),
    [
      { type: "subscribe", channel: "a", presence: true, since: "41-x" },
      { type: "subscribe", channel: "b" },
      { type: "enter", channel: "a", data: { name: "Ada", away: true } },
      { type: "publish", channel: "a", data: "not sent yet" },
    ],
  );
  assert.deepEqual(welcomes, [{ connection: "c2", user: null, again: true }]);
  assert.deepEqual(
    gaps.map(({ channel, reason }) => [channel, reason]),
    [[null, "NEW_CONNECTION"]],
  );
  assert.deepEqual(subscribed, [false, true]);
});

test("a channel without history that could not be resumed has a gap, with words", async () => {
  const client = await world.connected();
  const gaps = client.all("gap");
  const room = client.tidings.subscribe("a");
  const own = [];
  room.on("gap", (gap) => own.push(gap));
  await settled();
  server.forget();
  await clock.advance(1000);
  assert.deepEqual(
    gaps.map(({ channel, reason }) => [channel, reason]),
    [
      [null, "NEW_CONNECTION"],
      ["a", "NO_HISTORY"],
    ],
  );
  assert.deepEqual(own, [gaps[1]]);
  assert.match(own[0].text, /keeps no history/);
});

test("the position to recover from: the last message, else where the subscription began, or the one after a gap", async () => {
  const { tidings } = await world.connected();
  let newest = "10-a";
  const { handle } = server;
  server.handle = (connection, frame) => {
    if (frame.type !== "subscribe") handle.call(server, connection, frame);
    else connection.say({ type: "reply", id: frame.id, channel: frame.channel, epoch: "e", position: newest });
  };
  const asked = () => server.last.received.filter(({ type }) => type === "subscribe").map(({ since }) => since);
  const again = async () => {
    server.forget();
    await clock.advance(6000);
  };
  const room = tidings.subscribe("a");
  await settled();
  await again();
  assert.deepEqual(asked(), ["10-a"]);
  newest = "20-b";
  await again();
  server.last.say({ type: "message", channel: "a", data: 1, position: "15-c" });
  await again();
  assert.deepEqual(asked(), ["15-c"]);
  newest = "30-d";
  await again();
  server.last.say({ type: "gap", channel: "a", reason: "TRIMMED" });
  await again();
  assert.deepEqual(asked(), ["30-d"]);
  const other = tidings.subscribe("b", { since: "5-f" });
  await settled();
  assert.equal(asked().at(-1), "5-f");
  assert.equal(room.position, "30-d");
  assert.equal(other.position, "5-f");
});

test("4009: another page has the connection; this one begins another, once, after a back-off", async () => {
  const { states, tidings } = await world.connected();
  const room = tidings.subscribe("a");
  await clock.advance(6000);
  const elsewhere = server.last;
  const link = { wake() {}, whisper() {}, end: () => assert.fail("taken back"), cut() {} };
  elsewhere.attach(link, 1);
  assert.deepEqual([states.at(-1).state, states.at(-1).code, states.at(-1).retryIn], ["reconnecting", 4009, 250]);
  await clock.advance(30_000);
  assert.equal(tidings.id, "c2");
  assert.equal(elsewhere.link, link);
  assert.equal(room.state, "subscribed");
  assert.deepEqual(server.log, ["websocket", "websocket"]);
});

test("a gap without a channel fails what has no answer, and asks again what makes up the state", async () => {
  const client = await world.connected();
  const { handle } = server;
  server.handle = () => {};
  const { tidings } = client;
  const question = outcome(tidings.request("a", 1), new Promise(() => {}));
  const room = tidings.subscribe("b");
  const enter = room.enter(1);
  const left = tidings.subscribe("c").leave();
  await settled();
  server.handle = handle;
  server.last.say({ type: "gap", reason: "OVERFLOW" });
  await settled();
  assert.equal(await question, "gap");
  await Promise.all([room.ready, enter, left]);
});

// ---- The window ----

test("no more is sent than the server's window takes, and the rest when it makes room", async () => {
  server.limits = { frameBytes: 65536, pendingFrames: 3, pendingBytes: 1000 };
  server.acks = false;
  const { tidings } = await world.connected();
  for (let i = 0; i < 5; i++) tidings.publish("a", i);
  await settled();
  assert.equal(server.last.received.length, 3);
  server.last.whisper({ type: "ack", received: 1 });
  await settled();
  assert.equal(server.last.received.length, 4);
  server.last.whisper({ type: "ack", received: 4 });
  await settled();
  assert.equal(server.last.received.length, 5);
  server.last.whisper({ type: "ack", received: 5 });
  tidings.publish("a", "x".repeat(600));
  tidings.publish("a", "x".repeat(600));
  await settled();
  assert.equal(server.last.received.length, 6, "bytes count, too");
  server.last.whisper({ type: "ack", received: 6 });
  await settled();
  assert.equal(server.last.received.length, 7);
});

test("what the server has taken counts until it is acknowledged; the word may be lost, so not for ever", async () => {
  server.limits = { frameBytes: 65536, pendingFrames: 2, pendingBytes: 1000 };
  server.acks = false;
  const { tidings } = await world.connected();
  for (let i = 0; i < 4; i++) tidings.publish("a", i);
  await settled();
  server.last.cut();
  await clock.advance(1000);
  assert.equal(server.last.received.length, 2);
  await clock.advance(5000);
  assert.equal(server.last.received.length, 4);
});

test("a frame that is too large is refused, before and after the limit is known", async () => {
  const client = world.client();
  const early = outcome(client.tidings.publish("a", "x".repeat(70_000)), new Promise(() => {}));
  client.tidings.connect();
  await clock.advance(0);
  assert.equal(await early, "too_large");
  assert.equal(await outcome(client.tidings.publish("a", "x".repeat(70_000))), "too_large");
  assert.equal(await outcome(client.tidings.publish("a", "ä".repeat(33_000))), "too_large");
  assert.deepEqual(await client.tidings.publish("a", "ok"), { outcome: "ok" });
  assert.equal(server.last.received.length, 1);
});

test("what waits is bounded, and what is beyond the bound is refused with a reason", async () => {
  const { tidings } = world.client({ maxUnsent: { frames: 3, bytes: 500 } });
  const room = tidings.subscribe("a");
  const waiting = [tidings.publish("a", 1), tidings.send("b", 2), tidings.request("c", 3)];
  await assert.rejects(tidings.publish("a", 4), { name: "TidingsError", code: "limit", message: /^3 frames of \d+ bytes wait/ });
  tidings.subscribe("d");
  const entered = room.enter(1);
  tidings.connect();
  await clock.advance(0);
  await Promise.all([...waiting, entered]);
  server.last.cut();
  await settled();
  const big = tidings.publish("a", "x".repeat(300));
  await assert.rejects(tidings.publish("a", "x".repeat(300)), { code: "limit" });
  await clock.advance(1000);
  await big;
});

test("received frames are acknowledged after 32, after 64 KiB, and after a second", async () => {
  await world.connected();
  const acks = () => server.carrier.filter(({ type }) => type === "ack").map(({ received }) => received);
  for (let i = 0; i < 40; i++) server.last.say({ type: "direct", event: "a", data: i });
  await settled();
  assert.deepEqual(acks(), [32]);
  await clock.advance(999);
  assert.deepEqual(acks(), [32]);
  await clock.advance(1);
  assert.deepEqual(acks(), [32, 40]);
  server.last.say({ type: "direct", event: "a", data: "x".repeat(40_000) });
  server.last.say({ type: "direct", event: "a", data: "x".repeat(40_000) });
  await settled();
  assert.deepEqual(acks(), [32, 40, 42]);
  await clock.advance(5000);
  assert.deepEqual(acks(), [32, 40, 42]);
});

test("frames of a type that is not known are counted and otherwise ignored", async () => {
  await world.connected();
  server.last.say({ type: "novelty", channel: "a" });
  server.last.say({ type: "direct", event: "a", data: 1 });
  await clock.advance(1000);
  assert.deepEqual(server.carrier, [{ type: "ack", received: 2 }]);
});

// ---- Pace ----

test("much at once is sent at a pace that the server takes", async () => {
  const { tidings } = await world.connected();
  for (let i = 0; i < 200; i++) tidings.publish("a", i);
  await settled();
  assert.equal(server.last.received.length, 80);
  await clock.advance(2000);
  assert.ok(Math.abs(server.last.received.length - 130) <= 2, String(server.last.received.length));
  await clock.advance(4000);
  assert.equal(server.last.received.length, 200);
});

test("without a rate only the window holds back, until the server objects", async () => {
  const { tidings } = await world.connected({ rate: null });
  for (let i = 0; i < 200; i++) tidings.publish("a", i);
  await settled();
  assert.equal(server.last.received.length, 200);
  server.last.end(4129, "Rate limited");
  await clock.advance(1000);
  for (let i = 0; i < 100; i++) tidings.publish("a", i);
  await clock.advance(1000);
  assert.ok(server.last.received.length < 240, String(server.last.received.length));
  await clock.advance(20_000);
  assert.equal(server.last.received.length, 300);
});

// ---- Liveness ----

for (const transport of ["websocket", "sse"]) {
  test(`${transport}: a server that says nothing for 35 s is taken for dead`, async () => {
    const { tidings, states } = await world.connected({ transports: [transport] });
    await clock.advance(25_000);
    server.last.whisper({ type: "ping" });
    await clock.advance(34_000);
    assert.equal(tidings.state, "connected");
    await clock.advance(2500);
    assert.equal(tidings.state, "connected");
    assert.equal(server.all.length, 1);
    assert.deepEqual(states.slice(2).map(({ state, code, retryIn }) => [state, code, retryIn]), [
      ["reconnecting", 4108, 0],
      ["connected", undefined, undefined],
    ]);
  });

  test(`F50 ${transport}: after a long sleep it is back within 3 s`, async () => {
    const { tidings } = await world.connected({ transports: [transport] });
    server.answersPings = false;
    await clock.sleep(600_000);
    await clock.advance(3000);
    assert.equal(tidings.state, "connected");
    assert.equal(server.log.length >= 2, true);
  });

  test(`${transport}: after a short sleep the link is asked, and kept if it lives`, async () => {
    const { tidings } = await world.connected({ transports: [transport] });
    const links = () => server.log.filter((line) => !line.startsWith("POST")).length;
    await clock.sleep(20_000);
    await clock.advance(3000);
    assert.equal(links(), 1);
    server.answersPings = false;
    await clock.sleep(20_000);
    await clock.advance(3000);
    assert.equal(links(), 2);
    assert.equal(tidings.state, "connected");
  });
}

test("F50 poll: after a sleep it polls anew at once", async () => {
  const { tidings } = await world.connected({ transports: ["poll"] });
  await clock.advance(1000);
  server.log.length = 0;
  await clock.sleep(20_000);
  await clock.advance(100);
  assert.deepEqual(server.log, ["GET poll?timeout=0", "GET poll?timeout=25000"]);
  await clock.advance(60_000);
  assert.equal(tidings.state, "connected");
  assert.equal(server.all.length, 1);
});

test("a sleep in the middle of a back-off ends it when the page is looked at again", async () => {
  const client = await world.connected({ transports: ["websocket"] });
  down();
  world.random = 1;
  server.last.cut();
  await clock.advance(40_000);
  delete server.faults.websocket;
  client.fireDocument("visibilitychange");
  await clock.advance(0);
  assert.equal(client.tidings.state, "connected");
});

test("F50 without a network it waits for one, and is there at once", async () => {
  const client = await world.connected();
  await clock.advance(10_000);
  world.online = false;
  server.answersPings = false;
  client.fire("offline");
  await clock.advance(2000);
  assert.equal(client.tidings.state, "reconnecting");
  assert.equal(client.states.at(-1).retryIn, 20_000);
  const before = server.sockets.length;
  await clock.advance(10_000);
  assert.equal(server.sockets.length, before);
  world.online = true;
  client.fire("online");
  await clock.advance(0);
  assert.equal(client.tidings.state, "connected");
  assert.equal(client.tidings.id, "c1");
});

test("another network is noticed: the link is asked, and replaced if it does not answer", async () => {
  const client = await world.connected();
  await clock.advance(10_000);
  server.answersPings = false;
  client.fire("online");
  await clock.advance(1500);
  assert.equal(server.sockets.length, 2);
  assert.equal(client.tidings.state, "connected");
});

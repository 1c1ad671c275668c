// A server as the specification has it, in memory, with faults to be had: three transports, counted frames, resuming.

const NOT_COUNTED = new Set(["auth", "resume", "ack", "ping", "pong", "close"]);
const encoder = new TextEncoder();

/** One client's conversation. */
class Connection {
  subscribed = new Set();
  /** Frames that came, in order, each once. */
  received = [];
  expects = 1;
  /** What was said and not acknowledged: {number, text}. */
  kept = [];
  number = 0;
  acknowledged = 0;
  poll = 0;
  link = null;

  constructor(server, id, user) {
    this.server = server;
    this.id = id;
    this.user = user;
    this.token = `${id}.secret`;
  }

  /** Says a counted frame. */
  say(frame) {
    this.kept.push({ number: ++this.number, text: JSON.stringify(frame) });
    this.link?.wake();
  }

  /** Says something of the carrier's own. */
  whisper(frame) {
    this.link?.whisper(JSON.stringify(frame));
  }

  receive(frame, number) {
    if (NOT_COUNTED.has(frame.type)) {
      this.carrier(frame);
      return;
    }
    if (number < this.expects) return;
    if (number > this.expects) throw new Error(`A hole: ${number} in place of ${this.expects}`);
    this.expects++;
    this.received.push(frame);
    this.server.handle(this, frame);
    if (this.server.acks) this.whisper({ type: "ack", received: this.expects - 1 });
  }

  carrier(frame) {
    this.server.carrier.push(frame);
    if (frame.type === "ack") this.release(frame.received);
    if (frame.type === "ping" && this.server.answersPings) this.whisper({ type: "pong" });
    if (frame.type === "auth") this.server.refresh(this, frame);
    if (frame.type === "close") {
      this.server.connections.delete(this.token);
      this.end(1000, "Normal closure");
    }
  }

  release(received) {
    this.acknowledged = Math.max(this.acknowledged, received);
    this.kept = this.kept.filter(({ number }) => number > received);
  }

  /** Another link carries it. */
  attach(link, received) {
    const old = this.link;
    this.release(received);
    this.link = link;
    link.sent = received;
    old?.end(4009, "Connection in use elsewhere");
  }

  end(code, reason, more = {}) {
    const { link } = this;
    this.link = null;
    link?.end(code, reason, more);
  }

  /** The wire is cut, without a word. */
  cut() {
    const { link } = this;
    this.link = null;
    link?.cut();
  }
}

export class Server {
  connections = new Map();
  /** All connections that there ever were. */
  all = [];
  /** Frames of the carrier that came. */
  carrier = [];
  /** Requests and sockets, as text: "websocket?resume=true", "GET poll?timeout=0". */
  log = [];
  acks = true;
  answersPings = true;
  user = null;
  /** By transport, or "post": a function that may answer in place of the server. */
  faults = {};
  expiresIn = undefined;
  limits = { frameBytes: 65536, pendingFrames: 64, pendingBytes: 262144 };
  protocols = ["tidings.v1.lines", "tidings.v1"];
  /** Answers to tokens: a function from the token, or null, to whether it is good. */
  authenticate = () => true;
  needsToken = false;
  sockets = [];
  #ids = 0;

  constructor(clock) {
    this.clock = clock;
    const server = this;
    this.WebSocket = class extends FakeSocket {
      constructor(url, protocols) {
        super(server, url, protocols);
      }
    };
    this.fetch = (url, init) => server.request(url, init);
  }

  get last() {
    return this.all.at(-1);
  }

  begin() {
    const id = `c${++this.#ids}`;
    const connection = new Connection(this, id, this.user);
    this.connections.set(connection.token, connection);
    this.all.push(connection);
    return connection;
  }

  welcome({ id, token, user }) {
    const { expiresIn, limits } = this;
    const more = { heartbeat: 25000, timeout: 10000, expiresIn, limits };
    return JSON.stringify({ type: "welcome", connection: id, user: user ?? undefined, resume: token, next: 1, expects: 1, ...more });
  }

  resumed(connection, received) {
    return JSON.stringify({ type: "resumed", connection: connection.id, next: received + 1, expects: connection.expects });
  }

  refresh(connection, frame) {
    if (this.authenticate(frame.token)) {
      connection.whisper({ type: "auth_success", id: frame.id, expiresIn: this.expiresIn });
    } else {
      connection.end(4001, "Invalid token");
    }
  }

  /** Forgets everybody: as after a restart. */
  forget() {
    for (const connection of this.connections.values()) connection.cut();
    this.connections.clear();
  }

  /** What is done with a command. */
  handle(connection, frame) {
    const { type, id, channel } = frame;
    if (type === "subscribe") {
      connection.subscribed.add(channel);
      connection.say({ type: "reply", id, channel });
    } else if (type === "members") {
      connection.say({ type: "reply", id, channel, version: 0, members: [] });
    } else if (type === "publish") {
      connection.say({ type: "reply", id, outcome: "ok" });
    } else if (type === "request") {
      connection.say({ type: "reply", id, data: frame.data });
    } else if (id !== undefined && type !== "reply" && type !== "error") {
      connection.say({ type: "reply", id });
    }
  }

  async request(address, init = {}) {
    const url = new URL(address);
    const path = url.pathname.split("/").at(-1);
    const method = init.method ?? "GET";
    this.log.push(`${method} ${path}${url.search}`);
    if (init.signal?.aborted) throw new DOMException("Aborted", "AbortError");
    const fault = this.faults[method === "POST" ? "post" : path];
    const headers = new Headers(init.headers);
    const given = fault ? await until(init.signal, fault(init, headers, url)) : undefined;
    if (given) return given;
    if (method === "POST") return this.post(headers, init);
    const token = headers.get("Tidings-Connection");
    const credentials = headers.get("Authorization")?.replace("Bearer ", "") ?? null;
    let connection = token === null ? undefined : this.connections.get(token);
    const fresh = connection === undefined;
    if (fresh) {
      if ((credentials !== null || this.needsToken) && !this.authenticate(credentials)) {
        return json(401, { code: 4001, reason: "Unauthorized" });
      }
      connection = this.begin();
    }
    const received = fresh ? 0 : Number(headers.get("Tidings-Received") ?? 0);
    return path === "sse"
      ? this.stream(connection, fresh, received, init.signal)
      : this.poll(connection, fresh, received, headers, url, init.signal);
  }

  stream(connection, fresh, received, signal) {
    const link = new StreamEnd(this, connection, signal);
    link.whisper(fresh ? this.welcome(connection) : this.resumed(connection, received));
    connection.attach(link, received);
    link.wake();
    return new Response(link.body, { headers: { "Content-Type": "text/event-stream;charset=utf-8" } });
  }

  async poll(connection, fresh, received, headers, url, signal) {
    const number = Number(headers.get("Tidings-Poll"));
    if (number <= connection.poll) return json(409, { code: 4009, reason: "Connection in use elsewhere" });
    connection.poll = number;
    const away = !(connection.link instanceof PollEnd);
    const link = new PollEnd(this, connection, signal);
    if (fresh) link.whisper(this.welcome(connection));
    else if (away) link.whisper(this.resumed(connection, received));
    connection.attach(link, received);
    link.wake();
    const answer = await until(signal, link.answer(Number(url.searchParams.get("timeout") ?? 25000)));
    return new Response(answer.lines.join("\n"), {
      headers: { "Content-Type": "application/x-ndjson", "Tidings-First": String(answer.first) },
    });
  }

  post(headers, init) {
    const connection = this.connections.get(headers.get("Tidings-Connection"));
    if (!connection) return json(404, { code: 4108, reason: "Not here" });
    let number = Number(headers.get("Tidings-First") ?? 1);
    for (const line of init.body.split("\n")) {
      const frame = JSON.parse(line);
      connection.receive(frame, NOT_COUNTED.has(frame.type) ? 0 : number++);
    }
    return json(200, { expects: connection.expects });
  }
}

/** An answer in JSON. */
export function json(status, body, headers = {}) {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json;charset=utf-8", ...headers } });
}

/** An answer that never comes. */
export const never = () => new Promise(() => {});

function until(signal, promise) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const aborted = () => reject(new DOMException("Aborted", "AbortError"));
    signal.addEventListener("abort", aborted);
    Promise.resolve(promise)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", aborted));
  });
}

/** The server's end of a stream. */
class StreamEnd {
  sent = 0;
  #controller;
  #over = false;

  constructor(server, connection, signal) {
    this.server = server;
    this.connection = connection;
    this.body = new ReadableStream({ start: (controller) => void (this.#controller = controller) });
    this.#write(": hello\n\n");
    signal?.addEventListener("abort", () => {
      this.#over = true;
      if (connection.link === this) connection.link = null;
      try {
        this.#controller.error(new DOMException("Aborted", "AbortError"));
      } catch {
        // Over already.
      }
    });
  }

  #write(text) {
    this.raw(encoder.encode(text));
  }

  raw(bytes) {
    if (!this.#over) this.#controller.enqueue(bytes);
  }

  whisper(text) {
    this.#write(`data: ${text}\n\n`);
  }

  wake() {
    for (const { number, text } of this.connection.kept) {
      if (number <= this.sent) continue;
      this.sent = number;
      this.whisper(text);
    }
  }

  end(code, reason, more) {
    this.whisper(JSON.stringify({ type: "close", code, reason, reconnect: "never", ...more }));
    this.cut();
  }

  cut() {
    if (this.#over) return;
    this.#over = true;
    this.#controller.close();
  }
}

/** The server's end of a poll. */
class PollEnd {
  sent = 0;
  #lines = [];
  #wake = () => {};
  #over = false;

  constructor(server, connection) {
    this.server = server;
    this.connection = connection;
  }

  whisper(text) {
    this.#lines.push(text);
    this.#wake();
  }

  wake() {
    this.#wake();
  }

  async answer(timeout) {
    const waiting = () => this.connection.kept.filter(({ number }) => number > this.sent);
    if (timeout > 0 && this.#lines.length === 0 && waiting().length === 0) {
      await new Promise((resolve) => {
        this.#wake = resolve;
        this.server.clock.setTimeout(resolve, timeout);
      });
    }
    if (this.#over === "cut") throw new TypeError("terminated");
    const frames = this.#over ? [] : waiting();
    const first = frames[0]?.number ?? this.connection.number + 1;
    return { first, lines: [...this.#lines, ...frames.map(({ text }) => text)] };
  }

  end(code, reason, more) {
    this.#over = true;
    this.whisper(JSON.stringify({ type: "close", code, reason, reconnect: "never", ...more }));
  }

  cut() {
    this.#over = "cut";
    this.#wake();
  }
}

/** Both ends of a WebSocket. */
class FakeSocket {
  readyState = 0;
  protocol = "";
  sent = 0;
  /** Messages from the client. */
  messages = [];
  closedWith = null;
  #connection = null;
  #received = 0;
  #resuming;

  constructor(server, url, protocols) {
    this.server = server;
    this.url = new URL(url);
    server.log.push(`websocket${this.url.search}`);
    server.sockets.push(this);
    this.#resuming = this.url.searchParams.get("resume") === "true";
    const fault = server.faults.websocket;
    queueMicrotask(() => {
      if (this.readyState !== 0) return;
      const done = fault ? fault(this) : false;
      if (done !== false) return;
      this.protocol = server.protocols.find((name) => protocols.includes(name)) ?? "";
      this.readyState = 1;
      this.onopen?.({});
      if (!this.#resuming && !server.needsToken) this.#welcome();
    });
  }

  #welcome() {
    const connection = (this.#connection = this.server.begin());
    this.whisper(this.server.welcome(connection));
    connection.attach(this, 0);
  }

  // The client's side.

  send(text) {
    if (this.readyState !== 1) throw new Error("Not open");
    this.messages.push(text);
    if (this.deaf) return;
    queueMicrotask(() => {
      for (const line of text.split("\n")) this.#frame(JSON.parse(line));
    });
  }

  #frame(frame) {
    const { server } = this;
    const connection = this.#connection;
    if (connection) {
      if (connection.link !== this) return;
      const counted = !NOT_COUNTED.has(frame.type);
      connection.receive(frame, counted ? ++this.#received : 0);
    } else if (frame.type === "resume") {
      this.#resume(frame);
    } else if (frame.type === "auth") {
      server.carrier.push(frame);
      if (!server.authenticate(frame.token)) {
        this.end(4001, "Invalid token");
        return;
      }
      this.whisper(JSON.stringify({ type: "auth_success", expiresIn: server.expiresIn }));
      this.#welcome();
    }
  }

  #resume({ token, received }) {
    const connection = this.server.connections.get(token);
    if (!connection) {
      this.whisper('{"type":"error","code":"gone","reason":"That connection is not here any more"}');
      if (!this.server.needsToken) this.#welcome();
      return;
    }
    this.#connection = connection;
    this.#received = connection.expects - 1;
    this.whisper(this.server.resumed(connection, received));
    connection.attach(this, received);
    this.wake();
  }

  close(code) {
    this.closedWith = code ?? 1005;
    this.readyState = 3;
    const connection = this.#connection;
    if (connection?.link !== this) return;
    connection.link = null;
    if (code === 1000) this.server.connections.delete(connection.token);
  }

  // The server's side.

  whisper(text) {
    if (this.readyState === 1) this.onmessage?.({ data: text });
  }

  wake() {
    for (const { number, text } of this.#connection.kept) {
      if (number <= this.sent) continue;
      this.sent = number;
      this.whisper(text);
    }
  }

  end(code, reason, more) {
    this.whisper(JSON.stringify({ type: "close", code, reason, reconnect: "never", ...more }));
    this.closes(code, reason);
  }

  cut() {
    this.closes(1006, "");
  }

  closes(code, reason = "") {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

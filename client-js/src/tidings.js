/**
 * The browser client of Tidings: one conversation with a server over whichever wire works, and goes on over another when it
 * does not.
 *
 * ```text
 * Tidings                   what the page sees
 *   Conversation            the connection: which link carries it, when it comes back, whether it is alive
 *     Ledger                counted frames: waiting, sent, answered; the window
 *     Subscription, Roster  a channel, and who is in it
 *     Membership            that this client is in a channel
 *     Credentials           the token, and when it has to be a new one
 *     Backoff, Pace         how long to wait, how fast to send
 *     Handover              what goes over a reload in the session storage
 *     Link                  a wire, one of three:
 *       WebSocketLink
 *       StreamLink          Server-Sent Events by fetch   -> Posts, one at a time
 *       PollLink            long polling                  -> Posts, one at a time
 * ```
 *
 * What goes over the wire is specified in `docs/protocol.md`; numbers of sections in comments are those of that page.
 *
 * @license Apache-2.0
 */

// ---- What the page sees: types -----------------------------------------------------------------------------------------

/** @typedef {"websocket" | "sse" | "poll"} Transport */
/** @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "closed"} State */

/**
 * Called when a link opens on a new connection, when the credentials run out, and after they were refused.
 *
 * @typedef {() => string | null | undefined | Promise<string | null | undefined>} TokenSource
 */

/**
 * @typedef {object} Options
 * @property {string | TokenSource} [token] who this is. A text is used as it is; a function is asked again when the token runs
 *   out, and once when it was refused. Default: none.
 * @property {Transport[]} [transports] the transports that may be used, in order of preference. Default: `websocket`, `sse`, `poll`.
 * @property {number} [openTimeout] how long, in milliseconds, a transport may take to open before the next one is tried.
 *   Default: 5,000.
 * @property {{min?: number, max?: number}} [backoff] the back-off between attempts: a random time up to `min`, doubled with each
 *   failure up to `max`. Default: 500 and 20,000.
 * @property {number} [maxAttempts] after how many failed attempts in a row the client gives up. Default: `Infinity`.
 * @property {number} [upgradeAfter] after how long, in milliseconds, a better transport is tried again; twice as long after each
 *   failure, up to 15 minutes. 0: never. Default: 30,000.
 * @property {{frames?: number, bytes?: number}} [maxUnsent] how much may wait to be sent; what is beyond it is refused with
 *   `limit`. Default: 1,000 frames and 1 MiB.
 * @property {{frames?: number, burst?: number, bytes?: number, byteBurst?: number} | null} [rate] how fast frames are sent: per
 *   second, and at once. Default: 25, 80, 112 KiB, 448 KiB: a little less than a server takes by default. `null`: as fast as
 *   the window allows, until the server objects.
 * @property {number} [requestTimeout] how long, in milliseconds, `request` waits for its answer. Default: 35,000.
 * @property {Storage | SimpleStorage | null} [storage] where the connection is kept over a reload. Default: `sessionStorage`
 *   where there is one. `null`: nowhere.
 * @property {boolean} [withCredentials] whether cookies are sent to another origin (SSE and polling). Default: false.
 * @property {typeof globalThis.fetch} [fetch] Default: the global one.
 * @property {any} [WebSocket] a class like the browser's. Default: the global one.
 * @property {Partial<Environment>} [environment] time, chance and the page, for tests.
 */

/**
 * @typedef {object} SimpleStorage
 * @property {(key: string) => string | null} getItem
 * @property {(key: string, value: string) => void} setItem
 * @property {(key: string) => void} removeItem
 */

/**
 * What the client takes from its surroundings.
 *
 * @typedef {object} Environment
 * @property {() => number} now the time in milliseconds, as of a clock on the wall: it goes on while a device sleeps
 * @property {(task: () => void, delay: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} random from 0 to 1
 * @property {EventTarget | null} window fires `online`, `offline`, `pagehide`, `pageshow`
 * @property {(EventTarget & {visibilityState?: string}) | null} document fires `visibilitychange`, `resume`
 * @property {() => boolean} online whether there is any network
 * @property {string | undefined} base what a relative address is relative to
 * @property {{warn: (...said: any[]) => void, error: (...said: any[]) => void}} console
 */

/**
 * @typedef {object} StateEvent
 * @property {State} state
 * @property {State} previous
 * @property {string} [reason] why, for people
 * @property {number} [code] the close code, where it is about the end of a link
 * @property {number} [retryIn] when the next attempt is made, in milliseconds
 * @property {number} [attempt] how many attempts in a row have failed
 */

/**
 * @typedef {object} Message
 * @property {string} channel
 * @property {any} data the value, or a `Uint8Array` if bytes were published
 * @property {Uint8Array} [bytes] the same, if bytes were published
 * @property {string} [event]
 * @property {string} [user] who published it, by the server's word
 * @property {string} [position] its place in the channel's history, where there is one
 */

/**
 * @typedef {object} Direct
 * @property {string} event
 * @property {any} data the value, or a `Uint8Array` if bytes were sent
 * @property {Uint8Array} [bytes]
 */

/**
 * Something may be missing here.
 *
 * @typedef {object} Gap
 * @property {string | null} channel the channel; null: direct messages, answers and requests
 * @property {string} reason a word of the protocol, or `NEW_CONNECTION`
 * @property {string} text the same in plain words
 */

/**
 * @typedef {object} Problem
 * @property {string} code
 * @property {string} reason
 * @property {string} [channel]
 * @property {unknown} [error] what was thrown, if something was
 */

/**
 * @typedef {object} Member
 * @property {string} connection
 * @property {string} [user]
 * @property {any} data what the member says of itself
 * @property {Uint8Array} [bytes]
 */

/**
 * @typedef {object} Presence
 * @property {Map<string, Member>} members everybody, by connection; the same map as `members` of the subscription
 * @property {Member[]} entered
 * @property {Member[]} updated
 * @property {Member[]} left
 */

/**
 * @typedef {object} PublishOptions
 * @property {string} [event] the name of an event
 * @property {boolean} [echo] whether this client, if subscribed, gets the message too. Default: true.
 */

/**
 * @typedef {object} Published
 * @property {"ok" | "local_only" | "unknown"} outcome
 * @property {string} [position]
 */

/**
 * @typedef {object} HistoryOptions
 * @property {string} [since] after (backwards: before) this position. Default: from the oldest (backwards: the newest).
 * @property {number} [limit] at most so many; the server's limit is 300 by default
 * @property {boolean} [backwards] newest first
 */

/**
 * @typedef {object} History
 * @property {Message[]} messages
 * @property {boolean} more whether there are more beyond the last
 * @property {string} [epoch]
 */

/**
 * @typedef {object} SubscribeOptions
 * @property {boolean} [presence] whether to get the members, and what changes among them
 * @property {string} [since] the position from which to recover
 */

/**
 * @typedef {object} RequestOptions
 * @property {number} [timeout] in milliseconds. Default: `requestTimeout` of the client's options.
 * @property {AbortSignal} [signal]
 */

/**
 * @typedef {object} TidingsEvents
 * @property {StateEvent} state the state has changed, or another attempt is going to be made
 * @property {{transport: Transport, previous: Transport | null}} transport another transport carries the connection
 * @property {{connection: string, user: string | null, again: boolean}} welcome a new connection begins; `again`: in place of one
 *   that could not be resumed
 * @property {{connection: string}} resumed the same connection goes on
 * @property {Direct} direct a message to this connection, its user, or everybody
 * @property {Gap} gap something may be missing
 * @property {Problem} error something failed that nobody waits for; without a listener it goes to the console
 * @property {{channel: string, subscription: Subscription}} subscribed the server has subscribed this connection to a channel
 */

/**
 * @typedef {object} SubscriptionEvents
 * @property {Message} message
 * @property {Presence} presence
 * @property {Gap} gap
 * @property {{channel: string, epoch?: string, position?: string, again: boolean}} subscribed `again`: on a new connection
 * @property {{channel: string, code: string | null, reason: string}} unsubscribed it has ended; `code` is null if you ended it
 */

/** What went wrong, by a code of the protocol or one of the client's own: `closed`, `gone`, `gap`, `limit`, `timeout`. */
export class TidingsError extends Error {
  /**
   * @param {string} code
   * @param {string} reason
   * @param {string} [channel]
   */
  constructor(code, reason, channel) {
    super(reason || code);
    this.name = "TidingsError";
    /** A code of the protocol, or `closed`, `gone`, `gap`, `limit`, `timeout` by the client itself. @readonly */
    this.code = code;
    /** For people. @readonly */
    this.reason = reason;
    /** The channel it is about, if it is about one. @readonly */
    this.channel = channel;
  }
}

// ---- Constants ---------------------------------------------------------------------------------------------------------

const PROTOCOL = "tidings.v1";
const PROTOCOL_LINES = "tidings.v1.lines";
const NOT_COUNTED = new Set(["welcome", "resumed", "auth_success", "ack", "ping", "pong", "close"]);

/** @type {Transport[]} */
const TRANSPORTS = ["websocket", "sse", "poll"];

const NORMAL = 1000;
const LINK_LOST = 1006;
const POLICY = 1008;
const BAD_REQUEST = 4000;
const UNAUTHORIZED = 4001;
const IN_USE = 4009;
const INTERNAL = 4100;
const SILENT = 4108;
const RATE_LIMITED = 4129;
/** Of a WebSocket that this side drops: any code but 1000, so that the connection waits (7.5). */
const DROPPED = 3001;

const ACK_FRAMES = 32;
const ACK_BYTES = 64 * 1024;
const ACK_AFTER = 1000;
/** A frame that the server has taken and not acknowledged counts against the window for so long: the word may be lost. */
const TAKEN_COUNTS = 5000;
/** How often the clock is looked at, and how late that may be before it means that the device slept. */
const TICK = 1000;
const LATE = 5000;
/** How long a link that is asked whether it lives may take to say so. */
const PROBE = 1500;
/** A link that lived so long was a good one: failures before it are forgotten. */
const STABLE = 5000;
const SHORT_LIVED = 10_000;
const SHORT_LIVES = 3;
const TOKEN_TIMEOUT = 30_000;
const REFRESH_AHEAD = 60_000;
const MAX_UPGRADE_AFTER = 15 * 60_000;
const MAX_RETRY_AFTER = 60 * 60_000;
const POST_TIMEOUT = 15_000;
const POST_FAILURES = 5;
const POLL_HOLD = 25_000;
const POLL_GRACE = 10_000;
/** What a page leaves to the next one is good for so long. */
const HANDOVER_AGE = 5 * 60_000;
const HANDOVER_BYTES = 512 * 1024;
/** How long the next page may take to want a channel that the page before had, and how much is kept for it until then. */
const INHERITED_FOR = 30_000;
const INHERITED_FRAMES = 1000;
const MAX_PENDING_CHANGES = 1000;
const MAX_LINE = 16 * 1024 * 1024;
const BATCH_BYTES = 16 * 1024;

/** @type {Record<string, string>} */
const GAPS = {
  OVERFLOW: "More was said than is kept for a client that is away or slow.",
  NO_HISTORY: "The channel keeps no history, and this client was away.",
  EPOCH_CHANGED: "The channel's history began anew.",
  TRIMMED: "The channel's history no longer reaches back that far.",
  LIMIT: "More was missed than can be recovered at once.",
  BROKER_OUTAGE: "The servers could not reach each other.",
  FORBIDDEN: "This client may not read the channel any more.",
  NEW_CONNECTION: "The connection could not be resumed: direct messages and answers may be missing.",
};

// ---- Small things ------------------------------------------------------------------------------------------------------

/** @typedef {{[field: string]: any, type: string}} Frame */

/**
 * How a link ended, or why it did not open.
 *
 * @typedef {object} End
 * @property {number} code
 * @property {string} reason
 * @property {number} [retryAfter]
 * @property {boolean} [unusable] not the server's verdict: this transport does not work here, perhaps another one does
 * @property {boolean} [atOnce] come back without a back-off
 */

/** @param {string} reason @returns {End} */
const unusable = (reason) => ({ code: LINK_LOST, reason, unusable: true });

/**
 * What a close code asks for (12).
 *
 * @param {number} code
 * @returns {"never" | "backoff" | "now"}
 */
function reaction(code) {
  if (code === NORMAL) return "never";
  if (code < 4000) return "backoff";
  if (code < 4100) return "never";
  if (code < 4200) return "backoff";
  if (code < 4300) return "now";
  return "never";
}

/** @param {string} text the number of bytes that it has in UTF-8 */
function utf8Length(text) {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) length += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return length;
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

/** @param {string} text */
function fromBase64(text) {
  return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
}

/**
 * A payload as fields of a frame (3.2).
 *
 * @param {any} data
 * @returns {{data: any} | {bytes: string}}
 */
function payload(data) {
  if (data instanceof ArrayBuffer) return { bytes: toBase64(new Uint8Array(data)) };
  if (ArrayBuffer.isView(data)) {
    return { bytes: toBase64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) };
  }
  return { data: data === undefined ? null : data };
}

/**
 * The payload of a frame: bytes are in both fields, so that a handler that knows what it gets needs only `data`.
 *
 * @param {{[field: string]: any}} frame
 * @returns {{data: any, bytes?: Uint8Array}}
 */
function payloadOf(frame) {
  if (typeof frame.bytes === "string") {
    const bytes = fromBase64(frame.bytes);
    return { data: bytes, bytes };
  }
  return { data: frame.data === undefined ? null : frame.data };
}

/**
 * @param {{[field: string]: any}} frame
 * @param {string} channel
 * @returns {Message}
 */
function messageOf(frame, channel) {
  /** @type {Message} */
  const message = { channel, ...payloadOf(frame) };
  if (frame.event != null) message.event = frame.event;
  if (frame.user != null) message.user = frame.user;
  if (frame.position != null) message.position = frame.position;
  return message;
}

/** @param {{[field: string]: any}} said @returns {Member} */
function memberOf(said) {
  /** @type {Member} */
  const member = { connection: said.connection, ...payloadOf(said) };
  if (said.user != null) member.user = said.user;
  return member;
}

/** @param {unknown} error */
const words = (error) => (error instanceof Error ? error.message : String(error));

/**
 * A promise and its two ends. A rejection that nobody looks at is not an error of the page's.
 *
 * @template T
 */
class Deferred {
  /** @type {(value: T) => void} */
  resolve = () => {};
  /** @type {(error: unknown) => void} */
  reject = () => {};
  /** @type {Promise<T>} */
  promise = new Promise((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    this.promise.catch(() => {});
  }
}

/**
 * Listeners by name. One that throws is reported, and the others still run.
 *
 * @template {object} Events
 */
class Emitter {
  /** @type {Map<PropertyKey, Set<(event: any) => unknown>>} */
  #listeners = new Map();
  #report;

  /** @param {(error: unknown) => void} report */
  constructor(report) {
    this.#report = report;
  }

  /**
   * @template {keyof Events} K
   * @param {K} name
   * @param {(event: Events[K]) => unknown} listener
   * @returns {() => void} ends it
   */
  on(name, listener) {
    if (typeof listener !== "function") throw new TypeError("A listener is a function");
    // A listener that is added twice is called twice, and each is ended by itself.
    const own = (/** @type {any} */ event) => listener(event);
    let listeners = this.#listeners.get(name);
    if (!listeners) this.#listeners.set(name, (listeners = new Set()));
    listeners.add(own);
    return () => void this.#listeners.get(name)?.delete(own);
  }

  /** @param {keyof Events} name */
  has(name) {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /**
   * @template {keyof Events} K
   * @param {K} name
   * @param {Events[K]} event
   */
  emit(name, event) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) this.call(listener, event);
  }

  /**
   * @param {(event: any) => unknown} listener
   * @param {any} event
   */
  call(listener, event) {
    try {
      const result = listener(event);
      if (result instanceof Promise) result.catch((error) => this.#report(error));
    } catch (error) {
      this.#report(error);
    }
  }
}

/** A random time up to a bound that doubles with each failure. */
class Backoff {
  #failures = 0;

  /**
   * @param {number} min
   * @param {number} max
   * @param {() => number} random
   */
  constructor(min, max, random) {
    this.min = min;
    this.max = max;
    this.random = random;
  }

  next() {
    const bound = Math.min(this.max, this.min * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    return Math.round(this.random() * bound);
  }

  reset() {
    this.#failures = 0;
  }
}

/** How fast frames are sent: two buckets that fill again with time. A server that objects halves the speed for a while. */
class Pace {
  #slowed = 0;
  #slowedAt = 0;
  #at = 0;
  #frames = 0;
  #bytes = 0;

  /**
   * @param {{frames: number, burst: number, bytes: number, byteBurst: number}} rate
   * @param {boolean} always false: only once the server has objected
   */
  constructor(rate, always) {
    this.rate = rate;
    this.always = always;
    this.#frames = rate.burst;
    this.#bytes = rate.byteBurst;
  }

  /** @param {number} now */
  slower(now) {
    this.#refill(now);
    this.#slowed = Math.min(this.#slowed + 1, 4);
    this.#slowedAt = now;
    this.#frames = Math.min(this.#frames, 5);
    this.#bytes = Math.min(this.#bytes, this.rate.bytes);
  }

  /**
   * Takes a frame's share.
   *
   * @param {number} bytes
   * @param {number} now
   * @returns {number} 0 if it may be sent; else how long to wait before asking again
   */
  take(bytes, now) {
    this.#refill(now);
    if (!this.always && this.#slowed === 0) return 0;
    const factor = 2 ** -this.#slowed;
    if (this.#frames < 1) return Math.ceil(((1 - this.#frames) * 1000) / (this.rate.frames * factor));
    const needed = Math.min(bytes, this.rate.byteBurst);
    if (this.#bytes < needed) {
      return Math.ceil(((needed - this.#bytes) * 1000) / (this.rate.bytes * factor));
    }
    this.#frames--;
    this.#bytes -= bytes;
    return 0;
  }

  /** @param {number} now */
  #refill(now) {
    if (this.#slowed > 0 && now - this.#slowedAt > 60_000) {
      this.#slowed--;
      this.#slowedAt = now;
    }
    const seconds = Math.max(0, now - this.#at) / 1000;
    const factor = 2 ** -this.#slowed;
    this.#at = now;
    this.#frames = Math.min(this.rate.burst, this.#frames + seconds * this.rate.frames * factor);
    this.#bytes = Math.min(this.rate.byteBurst, this.#bytes + seconds * this.rate.bytes * factor);
  }
}

/** The token: asked for when there is none or it has run out, else remembered. */
class Credentials {
  /** @type {string | null} */
  #token = null;
  #asked = false;
  /** When the token runs out; Infinity if it does not, or nobody knows. */
  expiresAt = Infinity;

  /**
   * @param {string | TokenSource | undefined} source
   * @param {Environment} environment
   */
  constructor(source, environment) {
    this.source = source;
    this.environment = environment;
  }

  /** Whether another token can be had. */
  get renewable() {
    return typeof this.source === "function";
  }

  /** It was refused, or has to be taken for that. */
  forget() {
    this.#asked = false;
    this.expiresAt = Infinity;
  }

  /** @returns {Promise<string | null>} */
  async get() {
    if (this.#asked && this.environment.now() < this.expiresAt) return this.#token;
    return this.renew();
  }

  /** @returns {Promise<string | null>} */
  async renew() {
    if (typeof this.source !== "function") return this.source ?? null;
    /** @type {any} */
    let timer;
    const late = new Promise((_, reject) => {
      const fail = () => reject(new TidingsError("timeout", "The token function does not answer"));
      timer = this.environment.setTimeout(fail, TOKEN_TIMEOUT);
    });
    try {
      const token = await Promise.race([this.source(), late]);
      this.#token = /** @type {string | null | undefined} */ (token) ?? null;
      this.#asked = true;
      this.expiresAt = Infinity;
      return this.#token;
    } finally {
      this.environment.clearTimeout(timer);
    }
  }
}

/** What a page leaves to the next page of its tab, and which transport worked. Storage that fails is as good as none. */
class Handover {
  /** The keys that live clients of this page hold, so that two clients of one address do not share one. @type {Set<string>} */
  static #held = new Set();
  /** @type {string | null} */
  #key = null;

  /**
   * @param {SimpleStorage | null} storage
   * @param {string} address
   */
  constructor(storage, address) {
    this.storage = storage;
    this.address = address;
  }

  hold() {
    if (this.#key !== null) return;
    for (let i = 0; ; i++) {
      const key = `tidings:${this.address}${i === 0 ? "" : `#${i}`}`;
      if (!Handover.#held.has(key)) {
        Handover.#held.add((this.#key = key));
        return;
      }
    }
  }

  release() {
    if (this.#key !== null) Handover.#held.delete(this.#key);
    this.#key = null;
  }

  /** Takes what was left: afterwards it is not there any more, so that a copy of this tab does not find it too. @returns {any} */
  take() {
    const text = this.#try((storage, key) => {
      const found = storage.getItem(key);
      if (found !== null) storage.removeItem(key);
      return found;
    });
    try {
      const state = text ? JSON.parse(text) : null;
      return state !== null && typeof state === "object" && state.version === 1 ? state : null;
    } catch {
      return null;
    }
  }

  /** @param {object} state */
  leave(state) {
    return this.#try((storage, key) => (storage.setItem(key, JSON.stringify(state)), true)) === true;
  }

  /** @returns {string | null} */
  get worked() {
    return this.#try((storage, key) => storage.getItem(`${key}:transport`));
  }

  /** @param {Transport} transport */
  set worked(transport) {
    this.#try((storage, key) => storage.setItem(`${key}:transport`, transport));
  }

  /**
   * @template T
   * @param {(storage: SimpleStorage, key: string) => T} use
   * @returns {T | null}
   */
  #try(use) {
    try {
      return this.storage && this.#key !== null ? use(this.storage, this.#key) : null;
    } catch {
      return null;
    }
  }
}

// ---- Links: the wires --------------------------------------------------------------------------------------------------

/**
 * A frame on its way out. Counted ones have their number, others 0.
 *
 * @typedef {{text: string, number: number, bytes: number}} Outgoing
 */

/** @typedef {{token: string | null, received: number, credentials: string | null}} Hello */

/**
 * A wire. It opens in two steps, so that an old one can come to rest before the new one takes the connection over.
 *
 * @typedef {object} Link
 * @property {Transport} name
 * @property {number} next the number of the next counted frame that comes in
 * @property {boolean} acknowledges whether the wire itself says what has been received
 * @property {() => void} connect finds out whether the wire works at all; then the host hears `opened`
 * @property {(hello: Hello) => void} begin takes a connection over, or begins one; then `welcome` or `resumed` comes
 * @property {(token: string) => void} authenticate the connection to resume is gone: says who this is
 * @property {(frames: Outgoing[]) => void} send
 * @property {() => void} probe makes the server say something soon, if the wire lives
 * @property {(quiet: () => void) => void} pause sends nothing more; calls back when nothing is on its way
 * @property {() => void} unpause
 * @property {() => void} forget drops what is counted and not sent
 * @property {() => void} leave says that the connection ends, and drops the wire
 * @property {() => void} drop ends the wire without a word; the host hears nothing more
 */

/**
 * What a link knows of the conversation, and tells it.
 *
 * @typedef {object} LinkHost
 * @property {Environment} environment
 * @property {typeof globalThis.fetch | null} fetch
 * @property {any} WebSocket
 * @property {RequestCredentials} credentials
 * @property {() => Backoff} backoff
 * @property {(path: string, query?: string) => string} url
 * @property {() => {token: string | null, received: number, frameBytes: number}} session
 * @property {() => number} nextPoll
 * @property {() => void} opened
 * @property {() => void} heard something has come in, whatever it is
 * @property {(text: string) => void} frame
 * @property {(first: number | null, frames: string[]) => void} answered a poll was answered, by frames from this number on
 * @property {(expects: number) => void} taken the server has what is below
 * @property {(end: End) => void} ended
 */

/** A WebSocket: one message is one frame, or several with line feeds in between. @implements {Link} */
class WebSocketLink {
  /** @type {Transport} */
  name = "websocket";
  next = 1;
  acknowledges = false;
  /** @type {any} */
  #socket = null;
  #host;
  #dropped = false;

  /** @param {LinkHost} host */
  constructor(host) {
    this.#host = host;
  }

  connect() {
    const host = this.#host;
    const query = host.session().token === null ? "" : "resume=true";
    const url = host.url("websocket", query).replace(/^http/, "ws");
    let socket;
    try {
      socket = this.#socket = new host.WebSocket(url, [PROTOCOL_LINES, PROTOCOL]);
    } catch (error) {
      host.ended(unusable(words(error)));
      return;
    }
    socket.onopen = () => {
      if (this.#dropped) return;
      if (socket.protocol !== PROTOCOL && socket.protocol !== PROTOCOL_LINES) {
        this.drop();
        host.ended(unusable("The server does not speak the protocol on this WebSocket"));
        return;
      }
      host.heard();
      host.opened();
    };
    socket.onmessage = (/** @type {{data: unknown}} */ event) => this.#message(event.data);
    socket.onerror = () => {};
    socket.onclose = (/** @type {{code?: number, reason?: string}} */ event) => {
      if (this.#dropped) return;
      this.#dropped = true;
      host.ended({ code: event.code ?? LINK_LOST, reason: event.reason || "The WebSocket was closed" });
    };
  }

  /** @param {unknown} data */
  #message(data) {
    if (this.#dropped) return;
    this.#host.heard();
    if (typeof data !== "string") {
      this.drop();
      this.#host.ended({ code: LINK_LOST, reason: "The server sent bytes" });
      return;
    }
    for (const line of data.split("\n")) {
      if (this.#dropped) return;
      if (line !== "") this.#host.frame(line);
    }
  }

  /** @param {Hello} hello */
  begin(hello) {
    if (hello.token !== null) {
      this.#say(JSON.stringify({ type: "resume", token: hello.token, received: hello.received }));
    } else if (hello.credentials !== null) {
      this.authenticate(hello.credentials);
    }
  }

  /** @param {string} token */
  authenticate(token) {
    this.#say(JSON.stringify({ type: "auth", token }));
  }

  /** @param {Outgoing[]} frames */
  send(frames) {
    if (this.#socket?.protocol !== PROTOCOL_LINES) {
      for (const frame of frames) this.#say(frame.text);
      return;
    }
    const limit = Math.min(BATCH_BYTES, this.#host.session().frameBytes);
    let lines = "";
    let bytes = 0;
    for (const frame of frames) {
      if (lines !== "" && bytes + 1 + frame.bytes > limit) {
        this.#say(lines);
        lines = "";
        bytes = 0;
      }
      lines += (lines === "" ? "" : "\n") + frame.text;
      bytes += frame.bytes + 1;
    }
    if (lines !== "") this.#say(lines);
  }

  /** @param {string} text */
  #say(text) {
    // A socket that is closing swallows it; its frames are sent again on the next link.
    if (!this.#dropped && this.#socket.readyState === 1) this.#socket.send(text);
  }

  probe() {
    this.#say('{"type":"ping"}');
  }

  /** @param {() => void} quiet */
  pause(quiet) {
    quiet();
  }

  unpause() {}

  forget() {}

  leave() {
    this.#say('{"type":"close"}');
    this.#end(NORMAL);
  }

  drop() {
    this.#end(DROPPED);
  }

  /** @param {number} code */
  #end(code) {
    if (this.#dropped) return;
    this.#dropped = true;
    const socket = this.#socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(code);
    } catch {
      // Not open yet in an implementation that minds.
    }
  }
}

/**
 * Reads `data` of events out of a stream that may be cut anywhere, inside of a character or between CR and LF too.
 *
 * @internal
 */
export class EventStream {
  // A byte order mark at the beginning is dropped by the decoder.
  #decoder = new TextDecoder();
  #rest = "";
  #searched = 0;
  #afterCr = false;
  /** @type {string[]} */
  #data = [];

  /**
   * @param {Uint8Array} bytes
   * @returns {string[]} the data of the events that are complete now
   */
  push(bytes) {
    /** @type {string[]} */
    const events = [];
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    let from = 0;
    let at = this.#searched;
    for (; at < this.#rest.length; at++) {
      const unit = this.#rest.charCodeAt(at);
      if (unit !== 10 && unit !== 13) {
        this.#afterCr = false;
        continue;
      }
      if (unit === 10 && this.#afterCr) {
        // The second half of a CRLF, whose first half ended the line.
        from = at + 1;
        this.#afterCr = false;
        continue;
      }
      this.#afterCr = unit === 13;
      this.#line(this.#rest.slice(from, at), events);
      from = at + 1;
    }
    this.#rest = this.#rest.slice(from);
    this.#searched = this.#rest.length;
    if (this.#rest.length > MAX_LINE) throw new Error("A line of the stream is too long");
    return events;
  }

  /**
   * @param {string} line
   * @param {string[]} events
   */
  #line(line, events) {
    if (line === "") {
      if (this.#data.length > 0) events.push(this.#data.join("\n"));
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    if (field !== "data") return;
    const value = colon < 0 ? "" : line.slice(colon + 1);
    this.#data.push(value.startsWith(" ") ? value.slice(1) : value);
  }
}

/**
 * What an HTTP answer says that is not the one hoped for (2.3, 2.4). An object with a code is the server's verdict; anything else
 * comes from somewhere in between, and says only that this transport does not work now.
 *
 * @param {Response} response
 * @returns {Promise<End & {expects?: number}>}
 */
async function refusal(response) {
  const { status } = response;
  if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
    return unusable("The server redirects, perhaps to a login page");
  }
  const header = response.headers.get("Retry-After");
  const seconds = header === null ? NaN : Number(header);
  /** @type {{retryAfter?: number}} */
  const later = seconds >= 0 ? { retryAfter: seconds * 1000 } : {};
  if (isType(response, "application/json")) {
    const said = parse(await response.text());
    if (said !== null && typeof said.code === "number") {
      /** @type {End & {expects?: number}} */
      const end = { code: said.code, reason: String(said.reason ?? ""), ...later };
      if (typeof said.retryAfter === "number") end.retryAfter = said.retryAfter;
      if (Number.isSafeInteger(said.expects)) end.expects = said.expects;
      // Not served here, or not set up for it: another transport may be.
      if (end.code === INTERNAL || (end.code === BAD_REQUEST && [404, 405, 406, 415, 426, 501].includes(status))) {
        end.unusable = true;
      }
      return end;
    }
  }
  response.body?.cancel().catch(() => {});
  if (status === 401) return { code: UNAUTHORIZED, reason: "HTTP 401" };
  if (status === 429) return { code: RATE_LIMITED, reason: "HTTP 429", ...later };
  if (status === 503) return { code: LINK_LOST, reason: "HTTP 503", ...later, unusable: !("retryAfter" in later) };
  if (status === 200) return unusable("The answer is not the server's own, perhaps a login page");
  return unusable(`HTTP ${status}`);
}

/**
 * @param {Response} response
 * @param {string} type
 */
function isType(response, type) {
  return (response.headers.get("Content-Type") ?? "").split(";", 1)[0].trim().toLowerCase() === type;
}

/** @param {string} text @returns {{[field: string]: any} | null} an object, or null */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * A request that ends at the latest after some time, its answer included.
 *
 * @template T
 * @param {LinkHost} host
 * @param {string} url
 * @param {RequestInit} init
 * @param {{timeout: number, abort: AbortController}} bounds a timeout of 0: none
 * @param {(response: Response) => Promise<T>} read
 * @returns {Promise<T>}
 */
async function exchange(host, url, init, { timeout, abort }, read) {
  const { environment } = host;
  const timer = timeout > 0 ? environment.setTimeout(() => abort.abort(), timeout) : null;
  try {
    const send = /** @type {typeof globalThis.fetch} */ (host.fetch);
    const response = await send(url, {
      cache: "no-store",
      // A redirected request would carry the secret of the connection somewhere else.
      redirect: "manual",
      credentials: host.credentials,
      signal: abort.signal,
      ...init,
    });
    return await read(response);
  } finally {
    if (timer !== null) environment.clearTimeout(timer);
  }
}

/**
 * What a client has to say where the wire only receives: posted in batches, one at a time, again until it is known to have arrived
 * (2.7).
 */
class Posts {
  /** @type {Outgoing[]} */
  #queue = [];
  /** @type {AbortController | null} */
  #busy = null;
  #scheduled = false;
  /** @type {any} */
  #timer = null;
  /** @type {(() => void) | null} */
  #quiet = null;
  #paused = false;
  #ended = false;
  #failures = 0;
  #stuck = 0;
  #batchBytes = Infinity;
  #backoff;
  #host;
  #path;

  /**
   * @param {LinkHost} host
   * @param {string} path
   */
  constructor(host, path) {
    this.#host = host;
    this.#path = path;
    this.#backoff = host.backoff();
  }

  /** @param {Outgoing[]} frames */
  add(frames) {
    if (this.#ended) return;
    this.#queue.push(...frames);
    this.#schedule();
  }

  /** Drops what is counted, what is on its way included: the conversation begins to count anew, or goes on from elsewhere. */
  forget() {
    this.#queue = this.#queue.filter((frame) => frame.number === 0);
    this.#busy?.abort();
    this.#busy = null;
  }

  /** @param {() => void} quiet */
  pause(quiet) {
    this.#paused = true;
    if (this.#busy) this.#quiet = quiet;
    else quiet();
  }

  unpause() {
    this.#paused = false;
    this.#quiet = null;
    this.#schedule();
  }

  end() {
    this.#ended = true;
    this.#queue = [];
    this.#quiet = null;
    this.#busy?.abort();
    this.#host.environment.clearTimeout(this.#timer);
  }

  /** Says that the connection ends, after what has been said before, and whether or not the page is there to see it. */
  leave() {
    const { token } = this.#host.session();
    const rest = this.#queue;
    this.end();
    if (token === null || this.#host.fetch === null) return;
    const last = { text: '{"type":"close"}', number: 0, bytes: 16 };
    const { body, first } = this.#batch([...rest, last], 60 * 1024);
    const farewell = body.includes(last.text) ? body : last.text;
    const init = { method: "POST", body: farewell, headers: this.#headers(token, first), keepalive: true };
    exchange(this.#host, this.#host.url(this.#path), init, { timeout: 0, abort: new AbortController() }, async () => {}).catch(
      () => {},
    );
  }

  // Not at once: what a page says in one go is one batch.
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      void this.#post();
    });
  }

  /** @param {number} delay */
  #later(delay) {
    this.#timer = this.#host.environment.setTimeout(() => {
      this.#timer = null;
      void this.#post();
    }, delay);
  }

  /**
   * @param {Outgoing[]} frames
   * @param {number} limit
   */
  #batch(frames, limit) {
    let count = 0;
    let bytes = 0;
    for (const frame of frames) {
      if (count > 0 && bytes + 1 + frame.bytes > limit) break;
      bytes += frame.bytes + 1;
      count++;
    }
    const taken = frames.slice(0, count);
    return { taken, first: taken.find((frame) => frame.number > 0)?.number ?? 0, body: taken.map((f) => f.text).join("\n") };
  }

  /**
   * @param {string} token
   * @param {number} first
   */
  #headers(token, first) {
    /** @type {Record<string, string>} */
    const headers = {
      "Content-Type": "application/x-ndjson",
      "Tidings-Protocol": PROTOCOL,
      "Tidings-Connection": token,
    };
    if (first > 0) headers["Tidings-First"] = String(first);
    return headers;
  }

  async #post() {
    const host = this.#host;
    const { token, frameBytes } = host.session();
    if (this.#busy || this.#paused || this.#ended || this.#timer !== null || this.#queue.length === 0 || token === null) return;
    const { taken, first, body } = this.#batch(this.#queue, Math.min(frameBytes, this.#batchBytes));
    const abort = (this.#busy = new AbortController());
    /** @type {(End & {expects?: number}) | {expects: number, code?: undefined}} */
    let result;
    let status = 0;
    try {
      const init = { method: "POST", body, headers: this.#headers(token, first) };
      result = await exchange(host, host.url(this.#path), init, { timeout: POST_TIMEOUT, abort }, async (response) => {
        status = response.status;
        if (status === 200 && isType(response, "application/json")) {
          const said = parse(await response.text());
          if (said !== null && Number.isSafeInteger(said.expects)) return { expects: said.expects };
          return unusable("The answer to a POST is not the server's own");
        }
        return refusal(response);
      });
    } catch (error) {
      result = unusable(words(error));
    }
    if (this.#ended || this.#busy !== abort) return;
    this.#busy = null;
    const quiet = this.#quiet;
    this.#quiet = null;
    if (result.code === undefined) this.#arrived(taken, result.expects);
    else this.#refused(status, first, taken, result);
    quiet?.();
  }

  /**
   * @param {Outgoing[]} taken
   * @param {number} expects
   */
  #arrived(taken, expects) {
    this.#failures = this.#stuck = 0;
    this.#backoff.reset();
    this.#host.heard();
    const posted = new Set(taken);
    const counted = taken.filter((frame) => frame.number > 0).length;
    const before = this.#queue.length;
    this.#queue = this.#queue.filter((frame) => (frame.number > 0 ? frame.number >= expects : !posted.has(frame)));
    this.#host.taken(expects);
    if (this.#ended) return;
    // All was well, and yet nothing was taken: not in a hurry.
    if (counted > 0 && this.#queue.length === before) this.#later(this.#backoff.next());
    else this.#schedule();
  }

  /**
   * @param {number} status
   * @param {number} first
   * @param {Outgoing[]} taken
   * @param {End & {expects?: number}} end
   */
  #refused(status, first, taken, end) {
    const host = this.#host;
    if (end.expects !== undefined && end.expects > 0 && [400, 413, 429].includes(status)) {
      const { expects } = end;
      const progress = first > 0 && expects > first;
      this.#stuck = progress ? 0 : this.#stuck + 1;
      host.heard();
      this.#queue = this.#queue.filter((frame) => frame.number === 0 || frame.number >= expects);
      host.taken(expects);
      if (this.#ended) return;
      // Being too fast passes with time; being wrong does not.
      if (status !== 429 && this.#stuck >= 3) host.ended(end);
      else this.#later(end.retryAfter ?? this.#backoff.next());
      return;
    }
    if (status === 404 && end.code === SILENT) {
      host.ended({ ...end, atOnce: true });
      return;
    }
    if (end.code >= 4000 && !end.unusable && status !== 429) {
      host.ended(end);
      return;
    }
    if (status === 413 && taken.length > 1) {
      // Something in between takes less than the server.
      this.#batchBytes = Math.max(1, Math.floor(taken.reduce((sum, frame) => sum + frame.bytes + 1, 0) / 2));
    } else {
      this.#failures++;
    }
    if (this.#failures >= POST_FAILURES) host.ended(unusable(`Nothing can be posted: ${end.reason}`));
    else this.#later(end.retryAfter ?? this.#backoff.next());
  }
}

/** The headers of a request that receives. @param {Hello} hello */
function receiving(hello) {
  /** @type {Record<string, string>} */
  const headers = { "Tidings-Protocol": PROTOCOL };
  if (hello.credentials !== null) headers.Authorization = `Bearer ${hello.credentials}`;
  if (hello.token !== null) {
    headers["Tidings-Connection"] = hello.token;
    headers["Tidings-Received"] = String(hello.received);
  }
  return headers;
}

/** Server-Sent Events, read by fetch. @implements {Link} */
class StreamLink {
  /** @type {Transport} */
  name = "sse";
  next = 1;
  acknowledges = false;
  #abort = new AbortController();
  #dropped = false;
  #begun = false;
  #host;
  #posts;

  /** @param {LinkHost} host */
  constructor(host) {
    this.#host = host;
    this.#posts = new Posts(host, "sse");
  }

  connect() {
    this.#host.opened();
  }

  /** @param {Hello} hello */
  begin(hello) {
    void this.#run(hello);
  }

  /** @param {Hello} hello */
  async #run(hello) {
    /** @type {End} */
    let end;
    try {
      const init = { headers: { ...receiving(hello), Accept: "text/event-stream" } };
      const bounds = { timeout: 0, abort: this.#abort };
      end = await exchange(this.#host, this.#host.url("sse"), init, bounds, async (response) => {
        if (response.status !== 200 || !isType(response, "text/event-stream")) return refusal(response);
        if (!response.body) return unusable("This browser does not read streams");
        return this.#read(response.body.getReader());
      });
    } catch (error) {
      end = { code: LINK_LOST, reason: words(error), unusable: !this.#begun };
    }
    if (this.#dropped) return;
    this.drop();
    this.#host.ended(end);
  }

  /**
   * @param {ReadableStreamDefaultReader<Uint8Array>} reader
   * @returns {Promise<End>}
   */
  async #read(reader) {
    const stream = new EventStream();
    for (;;) {
      const { done, value } = await reader.read();
      if (this.#dropped || done) return { code: LINK_LOST, reason: "The stream ended", unusable: !this.#begun };
      this.#host.heard();
      for (const text of stream.push(value)) {
        this.#begun = true;
        this.#host.frame(text);
        if (this.#dropped) return { code: LINK_LOST, reason: "" };
      }
    }
  }

  // Its credentials are in a header.
  authenticate() {}

  /** @param {Outgoing[]} frames */
  send(frames) {
    this.#posts.add(frames);
  }

  probe() {
    this.#posts.add([{ text: '{"type":"ping"}', number: 0, bytes: 15 }]);
  }

  /** @param {() => void} quiet */
  pause(quiet) {
    this.#posts.pause(quiet);
  }

  unpause() {
    this.#posts.unpause();
  }

  forget() {
    this.#posts.forget();
  }

  leave() {
    this.#posts.leave();
    this.drop();
  }

  drop() {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#posts.end();
    this.#abort.abort();
  }
}

/** Long polling: each request says what has arrived, each answer is followed by the next request. @implements {Link} */
class PollLink {
  /** @type {Transport} */
  name = "poll";
  next = 1;
  acknowledges = true;
  #dropped = false;
  #abort = new AbortController();
  #backoff;
  #host;
  #posts;

  /** @param {LinkHost} host */
  constructor(host) {
    this.#host = host;
    this.#posts = new Posts(host, "poll");
    this.#backoff = host.backoff();
  }

  connect() {
    this.#host.opened();
  }

  /** @param {Hello} hello */
  begin(hello) {
    // Answered at once, whether there is something to say or not: so it is known that the connection goes on.
    void this.#run(hello, 0);
  }

  /**
   * @param {Hello | null} hello null: a connection is under way
   * @param {number} hold
   */
  async #run(hello, hold) {
    const host = this.#host;
    const abort = (this.#abort = new AbortController());
    let quick = 0;
    for (let timeout = hold; ; timeout = POLL_HOLD, hello = null) {
      const begun = host.environment.now();
      /** @type {End | null} */
      let end;
      let empty = false;
      try {
        const said = hello ?? { ...host.session(), credentials: null };
        const headers = { ...receiving(said), Accept: "application/x-ndjson", "Tidings-Poll": String(host.nextPoll()) };
        const url = host.url("poll", `timeout=${timeout}`);
        end = await exchange(host, url, { headers }, { timeout: timeout + POLL_GRACE, abort }, async (response) => {
          if (response.status !== 200 || !isType(response, "application/x-ndjson")) return refusal(response);
          const text = await response.text();
          if (this.#dropped || this.#abort !== abort) return null;
          const first = response.headers.get("Tidings-First");
          const lines = text.split("\n").filter((line) => line.trim() !== "");
          empty = lines.length === 0;
          host.heard();
          host.answered(first === null ? null : Number(first), lines);
          return null;
        });
      } catch (error) {
        end = { code: LINK_LOST, reason: words(error), unusable: hello !== null };
      }
      if (this.#dropped || this.#abort !== abort) return;
      if (end !== null) {
        this.drop();
        host.ended(end);
        return;
      }
      // Nothing, and at once, again and again: somebody answers who should not.
      quick = empty && timeout > 0 && host.environment.now() - begun < 1000 ? quick + 1 : 0;
      if (quick === 0) this.#backoff.reset();
      if (quick >= 3) {
        const delay = 500 + this.#backoff.next();
        await new Promise((resolve) => host.environment.setTimeout(() => resolve(null), delay));
        if (this.#dropped || this.#abort !== abort) return;
      }
    }
  }

  // Its credentials are in a header.
  authenticate() {}

  /** @param {Outgoing[]} frames */
  send(frames) {
    this.#posts.add(frames);
  }

  probe() {
    this.#abort.abort();
    void this.#run(null, 0);
  }

  /** @param {() => void} quiet */
  pause(quiet) {
    this.#posts.pause(quiet);
  }

  unpause() {
    this.#posts.unpause();
  }

  forget() {
    this.#posts.forget();
  }

  leave() {
    this.#posts.leave();
    this.drop();
  }

  drop() {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#posts.end();
    this.#abort.abort();
  }
}

// ---- Frames ------------------------------------------------------------------------------------------------------------

/**
 * A counted frame from when it is made until it is acknowledged.
 *
 * @typedef {object} Entry
 * @property {number | string} id
 * @property {string} text
 * @property {number} bytes
 * @property {number} number 0 while it waits
 * @property {number} taken when the server was known to have it; 0 if it is not known
 * @property {"command" | "state" | "answer"} kind what becomes of it on a new connection: a command that was not sent yet is sent
 *   there; what makes up the state, such as `subscribe`, is made anew; an answer has lost its question
 * @property {(frame: Frame) => void} resolve
 * @property {(error: TidingsError) => void} reject
 * @property {() => void} [lost] the connection has ended before the answer; default: reject with `gone`
 */

/** The counted frames of both directions (7). It knows numbers and bounds, and nothing of links and time. */
class Ledger {
  /** Not sent yet. @type {Entry[]} */
  waiting = [];
  /** Sent and not acknowledged. @type {Entry[]} */
  sent = [];
  /** How many of `sent`, from the beginning, have been sent on this link, or need not be. */
  cursor = 0;
  /** What awaits an answer. @type {Map<number | string, Entry>} */
  open = new Map();
  /** The number of the last frame that was sent. */
  number = 0;
  /** The number of the last frame that came in. */
  received = 0;
  nextId = 1;
  limits = { frameBytes: 64 * 1024, pendingFrames: 64, pendingBytes: 256 * 1024 };

  /** @param {Entry} entry */
  add(entry) {
    this.waiting.push(entry);
    if (entry.kind !== "answer") this.open.set(entry.id, entry);
  }

  unsent() {
    let frames = 0;
    let bytes = 0;
    for (const entry of this.waiting) {
      if (entry.kind === "state") continue;
      frames++;
      bytes += entry.bytes;
    }
    return { frames, bytes };
  }

  /**
   * What is to be sent next, if the window has room for it: first what is to be sent again, which has room already.
   *
   * @param {number} now
   * @returns {Entry | null}
   */
  peek(now) {
    if (this.cursor < this.sent.length) return this.sent[this.cursor];
    if (this.waiting.length === 0) return null;
    let frames = 1;
    let bytes = this.waiting[0].bytes;
    for (const entry of this.sent) {
      if (entry.taken > 0 && now - entry.taken >= TAKEN_COUNTS) continue;
      frames++;
      bytes += entry.bytes;
    }
    const fits = frames <= this.limits.pendingFrames && bytes <= this.limits.pendingBytes;
    return fits || frames === 1 ? this.waiting[0] : null;
  }

  /** When the window opens although nothing is said; Infinity if it does not. @param {number} now */
  opensIn(now) {
    let at = Infinity;
    for (const entry of this.sent) {
      if (entry.taken > 0 && now - entry.taken < TAKEN_COUNTS) at = Math.min(at, entry.taken + TAKEN_COUNTS);
    }
    return at - now;
  }

  /** What `peek` returned is sent. @returns {Outgoing} */
  take() {
    if (this.cursor === this.sent.length) {
      const entry = /** @type {Entry} */ (this.waiting.shift());
      entry.number = ++this.number;
      this.sent.push(entry);
    }
    return this.sent[this.cursor++];
  }

  /** @param {number} received the server has handled everything up to this number */
  acknowledged(received) {
    let count = 0;
    while (count < this.sent.length && this.sent[count].number <= received) count++;
    this.sent.splice(0, count);
    this.cursor = Math.max(0, this.cursor - count);
  }

  /** The server has what is below. @param {number} expects @param {number} now */
  taken(expects, now) {
    for (const entry of this.sent) {
      if (entry.number < expects && entry.taken === 0) entry.taken = Math.max(1, now);
    }
  }

  /** Another link goes on: what the server has not taken is sent again. */
  again() {
    const first = this.sent.findIndex((entry) => entry.taken === 0);
    this.cursor = first < 0 ? this.sent.length : first;
  }

  /** It is not to be sent, or its answer is of no interest any more. @param {Entry} entry */
  cancel(entry) {
    this.open.delete(entry.id);
    const at = this.waiting.indexOf(entry);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  /** A new connection begins: what is lost by that. @returns {Entry[]} */
  reset() {
    const lost = new Set([...this.open.values(), ...this.sent].filter((entry) => entry.number > 0 || entry.kind === "state"));
    this.waiting = this.waiting.filter((entry) => entry.kind === "command");
    for (const entry of lost) this.open.delete(entry.id);
    this.sent = [];
    this.cursor = this.number = this.received = 0;
    return [...lost];
  }
}

// ---- Channels ----------------------------------------------------------------------------------------------------------

/** Who is in a channel: a snapshot, and changes that fit to it without a hole (10). */
class Roster {
  /** @type {Map<string, Member>} */
  members = new Map();
  /** @type {number | null} */
  #version = null;
  /** Changes go on being kept until a snapshot comes. */
  #uncertain = true;
  /** @type {Frame[]} */
  #changes = [];
  #asking = false;

  /**
   * @param {() => Promise<Frame>} ask
   * @param {(presence: Presence) => void} changed
   */
  constructor(ask, changed) {
    this.askMembers = ask;
    this.changed = changed;
  }

  get known() {
    return this.#version !== null;
  }

  /** A new subscription: versions of another server may be others. */
  reset() {
    this.#version = null;
    this.#uncertain = true;
    this.#asking = false;
    this.#changes = [];
  }

  /** @param {Frame} frame */
  receive(frame) {
    if (Array.isArray(frame.members)) this.#snapshot(frame);
    else this.#change(frame);
  }

  /** Something is missing, or may be. */
  ask() {
    this.#uncertain = true;
    if (this.#asking) return;
    this.#asking = true;
    this.askMembers().then(
      (frame) => {
        this.#asking = false;
        this.#snapshot(frame);
      },
      () => void (this.#asking = false),
    );
  }

  /** @param {Frame} frame */
  #snapshot(frame) {
    if (this.#version === null || frame.version >= this.#version) {
      this.#version = frame.version;
      this.#replace(frame.members.map(memberOf));
    }
    this.#uncertain = false;
    const changes = this.#changes.sort((a, b) => a.version - b.version);
    this.#changes = [];
    for (const change of changes) this.#change(change);
  }

  /** @param {Frame} frame */
  #change(frame) {
    if (this.#version !== null && frame.version <= this.#version) return;
    if (!this.#uncertain && frame.version === /** @type {number} */ (this.#version) + 1) {
      this.#version = frame.version;
      this.#apply(frame);
      return;
    }
    if (this.#changes.length >= MAX_PENDING_CHANGES) this.#changes = [];
    this.#changes.push(frame);
    if (!this.#uncertain) this.ask();
  }

  /** @param {Frame} frame */
  #apply(frame) {
    /** @param {any} list @returns {Member[]} */
    const listed = (list) => (Array.isArray(list) ? list.map(memberOf) : []);
    const [entered, updated, left] = [listed(frame.entered), listed(frame.updated), listed(frame.left)];
    for (const member of [...entered, ...updated]) this.members.set(member.connection, member);
    for (const member of left) this.members.delete(member.connection);
    this.changed({ members: this.members, entered, updated, left });
  }

  /** @param {Member[]} now */
  #replace(now) {
    const connections = new Set(now.map((member) => member.connection));
    const left = [...this.members.values()].filter((member) => !connections.has(member.connection));
    const entered = now.filter((member) => !this.members.has(member.connection));
    const updated = now.filter((member) => {
      const before = this.members.get(member.connection);
      return before !== undefined && JSON.stringify(before) !== JSON.stringify(member);
    });
    this.members.clear();
    for (const member of now) this.members.set(member.connection, member);
    this.changed({ members: this.members, entered, updated, left });
  }
}

/** A channel that this client is subscribed to, or is going to be as soon as it can. */
export class Subscription {
  #conversation;
  #emitter;
  #roster;
  /** @type {Deferred<void>} */
  #ready = new Deferred();
  /** @type {"waiting" | "subscribed" | "ended"} */
  #state = "waiting";
  #presence = false;
  /** A `subscribe` is under way or was answered on this connection. */
  #asked = false;
  /** Frames of the channel are this subscription's: it was answered, or it stood before. */
  #accepting = false;
  /** It has stood before, on this connection or another. */
  #stood = false;
  /** The application has asked for it, not the server. */
  #wanted = false;
  #retries;
  /** @type {any} */
  #timer = null;
  /** The position of the last message, or the one from which to begin. @type {string | undefined} */
  #position;
  /** The channel's newest position when the subscription began, until a message came. @type {string | undefined} */
  #newest;

  /**
   * @param {Conversation} conversation
   * @param {string} channel
   * @internal
   */
  constructor(conversation, channel) {
    /** The channel's name. @readonly */
    this.channel = channel;
    this.#conversation = conversation;
    this.#retries = conversation.backoff();
    this.#emitter = /** @type {Emitter<SubscriptionEvents>} */ (new Emitter((error) => conversation.listenerFailed(error)));
    this.#roster = new Roster(
      () => conversation.ask({ type: "members", channel }, { kind: "state" }),
      (presence) => this.#emitter.emit("presence", presence),
    );
  }

  /** `waiting` until the server has answered, also after a connection had to begin anew; `ended` once and for all. */
  get state() {
    return this.#state;
  }

  /** Resolves when subscribed; rejects with a `TidingsError` if that is refused. */
  get ready() {
    return this.#ready.promise;
  }

  /** The members by connection, if subscribed with `presence`: a map that changes. @returns {Map<string, Member>} */
  get members() {
    return this.#roster.members;
  }

  /** The position of the last message, to be given as `since` another time. */
  get position() {
    return this.#position;
  }

  /**
   * @template {keyof SubscriptionEvents} K
   * @param {K} name
   * @param {(event: SubscriptionEvents[K]) => unknown} listener
   * @returns {() => void} ends it
   */
  on(name, listener) {
    return this.#emitter.on(name, listener);
  }

  /**
   * Publishes to the channel.
   *
   * @param {any} data a JSON value, or bytes as a `Uint8Array`
   * @param {PublishOptions} [options]
   * @returns {Promise<Published>}
   */
  publish(data, options) {
    return this.#conversation.publish(this.channel, data, options);
  }

  /**
   * Enters the channel as a member, and again on each new connection.
   *
   * @param {any} [data] what the member says of itself
   * @returns {Promise<void>}
   */
  enter(data) {
    return this.#conversation.enter(this.channel, data, "enter");
  }

  /**
   * Changes what the member says of itself.
   *
   * @param {any} data
   * @returns {Promise<void>}
   */
  update(data) {
    return this.#conversation.enter(this.channel, data, "update");
  }

  /**
   * Is a member no more.
   *
   * @returns {Promise<void>}
   */
  leave() {
    return this.#conversation.leave(this.channel);
  }

  /**
   * Reads what was published before.
   *
   * @param {HistoryOptions} [options]
   * @returns {Promise<History>}
   */
  history(options) {
    return this.#conversation.history(this.channel, options);
  }

  /**
   * Ends the subscription, for everybody who holds it. A membership is not ended by it.
   *
   * @returns {Promise<void>}
   */
  async unsubscribe() {
    if (this.#state === "ended") return;
    const asked = this.#asked;
    this.end(null, "Unsubscribed");
    if (asked && this.#conversation.hasSession) {
      await this.#conversation.ask({ type: "unsubscribe", channel: this.channel }, { kind: "state", lost: (done) => done.resolve() });
    }
  }

  /**
   * The application wants it.
   *
   * @param {SubscribeOptions} options
   * @internal
   */
  want({ presence = false, since }) {
    const more = !this.#wanted || (presence && !this.#presence);
    this.#wanted = true;
    this.#presence ||= presence;
    if (since !== undefined && !this.#asked) this.#position = since;
    if (more && this.#conversation.hasSession && this.#timer === null) this.ask(!this.#accepting);
  }

  /** The server has subscribed the connection. @param {Frame} frame @internal */
  given(frame) {
    this.#asked = true;
    this.#stands(frame, undefined, false);
  }

  /**
   * The page before had it, on a connection that goes on (`stands`) or has ended.
   *
   * @param {string | undefined} position
   * @param {boolean} stands
   * @internal
   */
  inherit(position, stands) {
    this.#position ??= position;
    this.#accepting ||= stands;
  }

  /** Whether the server has yet to be asked. @internal */
  get pending() {
    return !this.#asked && this.#wanted && this.#timer === null;
  }

  /** @internal */
  get presence() {
    return this.#presence;
  }

  /**
   * A new connection begins: the server knows nothing of it.
   *
   * @internal
   */
  restore() {
    this.#clearTimer();
    this.#asked = this.#accepting = false;
    this.#roster.reset();
    if (!this.#wanted) {
      // The server's own doing: it does so again, or not.
      this.end("gone", "The connection that the server had subscribed is gone");
      return;
    }
    if (this.#state === "subscribed") this.#wait();
    this.ask(true);
  }

  #wait() {
    this.#state = "waiting";
    this.#ready = new Deferred();
  }

  /**
   * @param {boolean} recover whether to recover from the last position: the server does not have the subscription
   * @internal
   */
  ask(recover) {
    this.#asked = true;
    const since = recover ? this.#position : undefined;
    const frame = { type: "subscribe", channel: this.channel, presence: this.#presence || undefined, since };
    const lost = () => {};
    const kind = "state";
    this.#conversation.ask(frame, { kind, lost, gap: () => this.ask(false) }).then(
      (reply) => {
        if (this.#state === "ended") return;
        this.#stands(reply, since, recover);
      },
      (error) => this.#failed(error, recover),
    );
  }

  /**
   * @param {Frame} reply
   * @param {string | undefined} since
   * @param {boolean} recovered
   */
  #stands(reply, since, recovered) {
    const again = this.#stood && recovered;
    this.#state = "subscribed";
    this.#accepting = this.#stood = true;
    this.#retries.reset();
    this.#newest = reply.position ?? undefined;
    if (since === undefined && recovered) this.#position = reply.position ?? undefined;
    else this.#position ??= reply.position ?? undefined;
    this.#ready.resolve();
    /** @type {SubscriptionEvents["subscribed"]} */
    const event = { channel: this.channel, again };
    if (reply.epoch != null) event.epoch = reply.epoch;
    if (reply.position != null) event.position = reply.position;
    this.#emitter.emit("subscribed", event);
    // Without a position the server could not tell what was missed, so nobody but this client knows that something may be.
    if (again && since === undefined) this.#conversation.gap(this.channel, "NO_HISTORY");
    // A snapshot comes by itself for a new subscription; for one that stood before there may have been none.
    if (this.#presence && !recovered && !this.#roster.known) this.#roster.ask();
  }

  /**
   * @param {TidingsError} error
   * @param {boolean} recover
   */
  #failed(error, recover) {
    if (this.#state === "ended") return;
    this.#asked = false;
    if (error.code === "closed") {
      // On `connect` it is asked for again.
      this.#ready.reject(error);
      this.#wait();
    } else if (error.code === "rate_limited" || error.code === "unavailable") {
      this.#timer = this.#conversation.environment.setTimeout(() => {
        this.#timer = null;
        if (this.#conversation.hasSession) this.ask(recover);
      }, 200 + this.#retries.next());
    } else {
      this.#conversation.problem({ code: error.code, reason: error.reason, channel: this.channel });
      this.end(error.code, error.reason);
    }
  }

  /**
   * @param {Frame} frame `message`, `presence`
   * @internal
   */
  receive(frame) {
    if (!this.#accepting) return;
    if (frame.type === "presence") {
      this.#roster.receive(frame);
      return;
    }
    if (frame.position != null) {
      this.#position = frame.position;
      this.#newest = undefined;
    }
    this.#emitter.emit("message", messageOf(frame, this.channel));
  }

  /** @param {Gap} gap @internal */
  gap(gap) {
    // What was before is lost, and told: from here on it is the newest that counts.
    if (this.#newest !== undefined) this.#position = this.#newest;
    this.#emitter.emit("gap", gap);
    if (this.#presence && this.#state === "subscribed") this.#roster.ask();
  }

  /** The server could not read the members. @internal */
  membersFailed() {
    if (!this.#presence) return;
    this.#conversation.environment.setTimeout(() => {
      if (this.#state === "subscribed") this.#roster.ask();
    }, 1000 + this.#retries.next());
  }

  /**
   * The server has ended it.
   *
   * @param {Frame} frame
   * @internal
   */
  unsubscribed(frame) {
    if (frame.code === "unavailable" && this.#wanted) {
      this.#asked = this.#accepting = false;
      this.#wait();
      this.#failed(new TidingsError(frame.code, frame.reason ?? ""), true);
    } else {
      this.end(frame.code ?? "unsubscribed", frame.reason ?? "");
    }
  }

  /**
   * @param {string | null} code
   * @param {string} reason
   * @internal
   */
  end(code, reason) {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#clearTimer();
    this.#conversation.subscriptions.delete(this.channel);
    this.#ready.reject(new TidingsError(code ?? "unsubscribed", reason, this.channel));
    this.#roster.members.clear();
    this.#emitter.emit("unsubscribed", { channel: this.channel, code, reason });
  }

  #clearTimer() {
    this.#conversation.environment.clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** That this client is a member of a channel: wanted, and told to each new connection. */
class Membership {
  /** What awaits the next answer. @type {Deferred<void>[]} */
  waiting = [];

  /** @param {any} data */
  constructor(data) {
    this.data = data;
  }
}

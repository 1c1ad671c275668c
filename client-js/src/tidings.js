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
 *     Place                 which pages of a browser hold a request
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
 * @property {number} [heldRequests] how many pages of this browser may hold a request to the server at the same time, by SSE or
 *   long polling, since over HTTP/1.1 a browser opens no more than six connections to a server; the others ask every 2 seconds.
 *   The pages count by Web Locks, which they have over HTTPS and on `localhost`. Default: 3; `Infinity` where the page came by a
 *   protocol without this limit.
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
 * @property {LockManager | null} locks the Web Locks of this origin
 * @property {() => boolean} multiplexed whether one connection carries many requests, as far as is known
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

/** What went wrong, by a code of the protocol or one of the client's own: `closed`, `gone`, `gap`, `limit`, `timeout`, `unsubscribed`. */
export class TidingsError extends Error {
  /**
   * @param {string} code
   * @param {string} reason
   * @param {string} [channel]
   */
  constructor(code, reason, channel) {
    super(reason || code);
    this.name = "TidingsError";
    /** A code of the protocol, or `closed`, `gone`, `gap`, `limit`, `timeout`, `unsubscribed` by the client itself. @readonly */
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
/** How many pages of a browser hold a request, of the six that it has for a server over HTTP/1.1; how often the others ask. */
const HELD_REQUESTS = 3;
const POLL_EVERY = 2000;
/** How often in a row a poll is made again because its number was not high enough. */
const MAX_LATE = 8;
/** What a page leaves to the next one is good for so long. */
const HANDOVER_AGE = 5 * 60_000;
const HANDOVER_BYTES = 512 * 1024;
/** How long the next page may take to want a channel that the page before had, and how much is kept for it until then. */
const INHERITED_FOR = 30_000;
const INHERITED_FRAMES = 1000;
const MAX_PENDING_CHANGES = 1000;
const MAX_EVENT = 16 * 1024 * 1024;
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
  /** The keys that live clients of a page hold, so that two clients of one address do not share one. @type {WeakMap<object, Set<string>>} */
  static #held = new WeakMap();
  /** @type {string | null} */
  #key = null;

  /**
   * @param {SimpleStorage | null} storage
   * @param {string} address
   * @param {object} page
   */
  constructor(storage, address, page) {
    this.storage = storage;
    this.address = address;
    const held = Handover.#held.get(page) ?? new Set();
    Handover.#held.set(page, held);
    this.held = held;
  }

  hold() {
    if (this.#key !== null) return;
    for (let i = 0; ; i++) {
      const key = `tidings:${this.address}${i === 0 ? "" : `#${i}`}`;
      if (!this.held.has(key)) {
        this.held.add((this.#key = key));
        return;
      }
    }
  }

  release() {
    if (this.#key !== null) this.held.delete(this.#key);
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

/**
 * A place for a request that stays open. Over HTTP/1.1 a browser opens six connections to a server, for all of its pages: if each
 * of six pages holds a request, none can say anything, and no other page loads. So the pages count, by locks of their origin;
 * when a page goes, the browser releases what it had.
 */
class Place {
  #locks;
  #names;
  /** The links that want it: while one takes over from another, both have the one place. @type {Set<object>} */
  #holders = new Set();
  /** @type {Promise<boolean> | null} */
  #search = null;
  #held = false;
  #release = () => {};

  /**
   * @param {LockManager | null} locks
   * @param {string} server
   * @param {number} count
   */
  constructor(locks, server, count) {
    this.#locks = count === Infinity ? null : locks;
    this.#names = this.#locks ? Array.from({ length: count }, (_, i) => `tidings held request ${i + 1}: ${server}`) : [];
  }

  /** @param {object} holder @returns {Promise<boolean>} false: other pages have all places; ask again later */
  async take(holder) {
    if (!this.#locks) return true;
    this.#holders.add(holder);
    const found = await (this.#search ??= this.#find());
    if (!found) this.#holders.delete(holder);
    this.#freeUnwanted();
    return found;
  }

  /** @param {object} holder */
  leave(holder) {
    this.#holders.delete(holder);
    this.#freeUnwanted();
  }

  #freeUnwanted() {
    if (!this.#held || this.#holders.size > 0) return;
    this.#held = false;
    this.#search = null;
    this.#release();
    this.#release = () => {};
  }

  async #find() {
    for (const name of this.#names) if (await this.#try(name)) return (this.#held = true);
    this.#search = null;
    return false;
  }

  /** @param {string} name @returns {Promise<boolean>} */
  #try(name) {
    return new Promise((found) => {
      /** @param {Lock | null} lock */
      const use = (lock) => {
        found(lock !== null);
        return lock && new Promise((release) => (this.#release = () => release(null)));
      };
      // A page that may not have locks, as in a sandbox, does not count.
      has(() => this.#locks?.request(name, { ifAvailable: true }, use))?.catch(() => found(true)) ?? found(true);
    });
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
 * @property {(ahead: number) => number} nextPoll a number for a poll, so far above the one before
 * @property {Place} place
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
  #dataLength = 0;

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
    if (this.#rest.length + this.#dataLength > MAX_EVENT) throw new Error("An event of the stream is too long");
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
      this.#dataLength = 0;
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    if (field !== "data") return;
    const value = colon < 0 ? "" : line.slice(colon + 1);
    this.#data.push(value.startsWith(" ") ? value.slice(1) : value);
    // Of an empty line something remains, too.
    this.#dataLength += value.length + 1;
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
      this.#queue = this.#queue.filter((frame) => frame.number === 0 || frame.number >= expects);
      host.taken(expects);
      if (this.#ended) return;
      // Being too fast passes with time; being wrong does not.
      if (status !== 429 && this.#stuck >= 3) host.ended(end);
      else this.#later(Math.max(Math.min(end.retryAfter ?? 0, MAX_RETRY_AFTER), this.#backoff.next()));
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
    else this.#later(Math.max(Math.min(end.retryAfter ?? 0, MAX_RETRY_AFTER), this.#backoff.next()));
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
      if (!(await this.#host.place.take(this))) throw new Error("Other pages of this browser hold requests to the server");
      if (this.#dropped) return;
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
    this.#host.place.leave(this);
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
  /** A loop that is not the last one has been given up. */
  #round = 0;
  #polling = false;
  #paused = false;
  /** @type {(() => void) | null} */
  #quiet = null;
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
    const round = ++this.#round;
    const over = () => this.#dropped || this.#round !== round;
    this.#polling = true;
    let timeout = hold;
    let quick = 0;
    let late = 0;
    for (;;) {
      const begun = host.environment.now();
      const abort = (this.#abort = new AbortController());
      /** @type {End | null} */
      let end;
      let nothing = false;
      let isLate = false;
      try {
        const said = hello ?? { ...host.session(), credentials: null };
        const number = host.nextPoll(2 ** late);
        const headers = { ...receiving(said), Accept: "application/x-ndjson", "Tidings-Poll": String(number) };
        const url = host.url("poll", `timeout=${timeout}`);
        end = await exchange(host, url, { headers }, { timeout: timeout + POLL_GRACE, abort }, async (response) => {
          isLate = response.status === 409 && said.token !== null;
          if (response.status !== 200 || !isType(response, "application/x-ndjson")) return refusal(response);
          const text = await response.text();
          if (over()) return null;
          const header = response.headers.get("Tidings-First");
          const first = header === null ? null : Number(header);
          const lines = text.split("\n").filter((line) => line.trim() !== "");
          host.heard();
          host.answered(first, lines);
          nothing = host.session().received === said.received;
          return null;
        });
      } catch (error) {
        end = { code: LINK_LOST, reason: words(error), unusable: hello !== null };
      }
      if (over()) return;
      // Somebody has used as high a number: the same request that came twice, or a page before. It takes a higher one.
      late = isLate ? late + 1 : 0;
      if (end !== null && (late === 0 || late > MAX_LATE)) {
        this.drop();
        // Only the first poll has credentials. A server that does not know the connection any more misses them.
        const missed = hello === null && end.code === UNAUTHORIZED;
        host.ended(missed ? { code: LINK_LOST, reason: end.reason, atOnce: true } : end);
        return;
      }
      // Nothing new, and at once, again and again: somebody answers who should not.
      quick = nothing && timeout > 0 && host.environment.now() - begun < 1000 ? quick + 1 : 0;
      if (quick === 0 && late === 0) this.#backoff.reset();
      let rest = quick >= 3 ? 500 + this.#backoff.next() : late > 1 ? this.#backoff.next() : 0;
      if (late === 0) {
        hello = null;
        timeout = (await host.place.take(this)) ? POLL_HOLD : 0;
        if (over()) return;
        if (timeout === 0) rest = POLL_EVERY;
      }
      if (this.#paused || rest > 0) this.#polling = false;
      if (this.#paused) {
        const quiet = this.#quiet;
        this.#quiet = null;
        if (quiet) this.#posts.pause(quiet);
        return;
      }
      if (rest > 0) {
        await new Promise((resolve) => host.environment.setTimeout(() => resolve(null), rest));
        if (over() || this.#paused) return;
        this.#polling = true;
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

  /**
   * A poll that is under way when another link takes over would take the connection back. So it has to be answered first.
   *
   * @param {() => void} quiet
   */
  pause(quiet) {
    this.#paused = true;
    if (!this.#polling) {
      this.#posts.pause(quiet);
      return;
    }
    this.#quiet = quiet;
    this.#posts.add([{ text: '{"type":"ping"}', number: 0, bytes: 15 }]);
  }

  unpause() {
    this.#paused = false;
    this.#quiet = null;
    this.#posts.unpause();
    if (!this.#polling) void this.#run(null, 0);
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
    this.#host.place.leave(this);
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
 * @property {() => void} [gap] the answer may have been lost; default: reject with `gap`
 */

/** Whether what the server has taken counts against the window. A clock may be put back. @param {Entry} entry @param {number} now */
const counts = (entry, now) => Math.abs(now - entry.taken) < TAKEN_COUNTS;

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
      if (entry.taken > 0 && !counts(entry, now)) continue;
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
      if (entry.taken > 0 && counts(entry, now)) at = Math.min(at, entry.taken + TAKEN_COUNTS);
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
        if (Array.isArray(frame.members)) this.#snapshot(frame);
      },
      (error) => {
        this.#asking = false;
        if (error.code === "gap") this.ask();
      },
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
  /** The page before had it. */
  #inherited = false;
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
      await this.#conversation.end({ type: "unsubscribe", channel: this.channel });
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
    if (more && this.#conversation.hasSession && this.#timer === null) this.ask(!this.#asked && !this.#accepting);
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
    this.#inherited = stands;
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
    this.#asked = this.#accepting = this.#inherited = false;
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
    const frame = { type: "subscribe", channel: this.channel, presence: this.#presence ? true : undefined, since };
    this.#conversation.send(frame, {
      kind: "state",
      // At once, before the frames that follow the answer.
      resolve: (reply) => {
        if (this.#state !== "ended") this.#stands(reply, since, recover);
      },
      reject: (error) => this.#failed(error, recover),
      // `restore` asks again.
      lost: () => {},
      gap: () => {
        if (this.#state !== "ended") this.ask(false);
      },
    });
  }

  /** The client is closed; on `connect` it is asked for again. @param {TidingsError} error @internal */
  closed(error) {
    if (!this.#wanted) {
      this.end("closed", error.reason);
      return;
    }
    this.#clearTimer();
    this.#asked = this.#accepting = false;
    this.#ready.reject(error);
    this.#wait();
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
    // The page before may have got the snapshot; it does not come a second time.
    if (this.#presence && this.#inherited && !this.#roster.known) this.#roster.ask();
    this.#inherited = false;
  }

  /**
   * @param {TidingsError} error
   * @param {boolean} recover
   */
  #failed(error, recover) {
    if (this.#state === "ended") return;
    this.#asked = false;
    if (error.code === "closed") return;
    if (error.code === "rate_limited" || error.code === "unavailable") {
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

  /** @param {{data: any} | {bytes: string}} fields what the member says of itself */
  constructor(fields) {
    this.fields = fields;
  }
}

// ---- The conversation --------------------------------------------------------------------------------------------------

/** A link, and what the conversation knows of it. */
class Carrier {
  /** It has said `welcome` or `resumed`. */
  open = false;
  /** It has been told to begin: from then on the server may have taken the connection over. */
  begun = false;
  openedAt = 0;
  heardAt = 0;
  /** How often something came in. */
  heard = 0;
  /** @type {any} */
  timer = null;

  /**
   * @param {Transport} name
   * @param {string | null} credentials
   */
  constructor(name, credentials) {
    this.name = name;
    this.credentials = credentials;
    this.link = /** @type {Link} */ (/** @type {unknown} */ (null));
  }
}

const LINKS = { websocket: WebSocketLink, sse: StreamLink, poll: PollLink };

/**
 * What is left of a channel that the page before had. `stands`: the connection is the one of the page before, as far as is known.
 *
 * @typedef {{position?: string, stands: boolean, frames: Frame[], lost: boolean}} Inherited
 */

/** @typedef {ReturnType<typeof settle>} Settings */
/** @typedef {"retry" | "tick" | "pump" | "ack" | "upgrade" | "inherited"} Timer */

/** The connection: one life of it after another, over one link after another. */
class Conversation {
  /** @type {State} */
  #state = "idle";
  /** The connection that is, or is to be resumed. @type {{token: string | null, id: string, user: string | null} | null} */
  #session = null;
  #heartbeat = 25_000;
  #timeout = 10_000;
  /** There was a connection before: another one is in its place. */
  #hadConnection = false;
  /** Says which page a handover is from. */
  #page;
  #polls = 0;
  #place;

  /** The link that carries the connection, or is being opened to. @type {Carrier | null} */
  #current = null;
  /** The link that is to take over while the current one goes on. @type {Carrier | null} */
  #candidate = null;
  /** Nothing is sent while a link takes over. */
  #holding = false;
  /** The transports that are left to be tried in this attempt. @type {Transport[]} */
  #plan = [];
  /** Grows with whatever makes an answer to an older question worthless. */
  #generation = 0;
  /** Attempts in a row that failed. */
  #failures = 0;
  /** The last link was one that lived. */
  #stable = true;
  /** A new token was asked for because the last one was refused. */
  #renewed = false;
  /** The wait before the next attempt is the server's word. */
  #told = false;
  #attemptedAt = -Infinity;
  #suspended = false;
  /** Left to the next page, and not taken by it as far as is known. */
  #left = false;

  /** The transport that is to be used whatever the preference says. @type {Transport | null} */
  #forced = null;
  /** @type {Transport | null} */
  #lastTransport = null;
  /** The transports that have carried this connection on this page. @type {Set<Transport>} */
  #worked = new Set();
  /** Those that open and then do not last. @type {Set<Transport>} */
  #avoided = new Set();
  /** @type {Map<Transport, number>} */
  #shortLives = new Map();
  #upgrades = 0;
  /** What is left to be tried by a move to another transport, and who waits for it. @type {Transport[]} */
  #moves = [];
  /** @type {Deferred<void> | null} */
  #moving = null;
  /** @type {Transport | null} */
  #forcedBefore = null;

  #refreshAt = Infinity;
  #refreshing = false;
  #refreshes = 0;
  #lastTick = 0;
  #probing = false;
  #unacknowledged = 0;
  #unacknowledgedBytes = 0;

  /** @type {Record<Timer, any>} */
  #timers = { retry: null, tick: null, pump: null, ack: null, upgrade: null, inherited: null };
  /** @type {(() => void)[]} */
  #unlisten = [];
  #reporting = false;

  /** @type {Map<string, Subscription>} */
  subscriptions = new Map();
  /** @type {Map<string, Membership>} */
  #memberships = new Map();
  /** @type {Map<string, Inherited>} */
  #inherited = new Map();
  /** @type {Map<string, {data: any} | {bytes: string}>} */
  #inheritedMembers = new Map();
  /** Frames of the page before that have certainly or perhaps not arrived. */
  #lostOfBefore = 0;
  /** @type {Map<string, (data: any, request: {event: string, bytes?: Uint8Array}) => unknown>} */
  requests = new Map();

  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    this.environment = settings.environment;
    this.ledger = new Ledger();
    this.credentials = new Credentials(settings.token, this.environment);
    this.pace = new Pace(settings.rate, settings.paced);
    this.retries = this.backoff();
    this.handover = new Handover(settings.storage, settings.address.href, this.environment.window ?? globalThis);
    this.#page = String(this.environment.random()).slice(2);
    this.#place = new Place(this.environment.locks, settings.address.origin, settings.heldRequests);
    const report = (/** @type {unknown} */ error) => this.listenerFailed(error);
    this.events = /** @type {Emitter<TidingsEvents>} */ (new Emitter(report));
    this.directs = /** @type {Emitter<Record<string, Direct>>} */ (new Emitter(report));
  }

  get state() {
    return this.#state;
  }

  get transport() {
    return this.#current?.open ? this.#current.name : null;
  }

  get id() {
    return this.#session?.id ?? null;
  }

  get user() {
    return this.#session?.user ?? null;
  }

  /** Whether there is a connection that can be told something, now or later. */
  get hasSession() {
    return this.#session !== null && this.#state !== "closed";
  }

  backoff() {
    return new Backoff(this.settings.backoff.min, this.settings.backoff.max, this.environment.random);
  }

  // ---- Life ----

  connect() {
    if (this.#state !== "idle" && this.#state !== "closed") return;
    this.#generation++;
    this.handover.hold();
    this.#inherit(this.handover.take());
    this.#listen();
    this.#setState("connecting");
    this.#attempt();
  }

  close() {
    if (this.#state === "closed") return;
    if (this.#current?.open && !this.#holding) this.#current.link.leave();
    this.#finish({ code: NORMAL, reason: "Closed by the page" });
  }

  /** The end, until somebody calls `connect`. @param {End} end */
  #finish(end) {
    this.#generation++;
    this.#dropLinks();
    this.#stopTimers();
    for (const off of this.#unlisten.splice(0)) off();
    this.handover.release();
    this.#session = null;
    this.#hadConnection = this.#suspended = this.#left = this.#refreshing = this.#renewed = this.#holding = false;
    this.#refreshAt = Infinity;
    this.#failures = 0;
    this.retries.reset();
    this.#inherited.clear();
    this.#inheritedMembers.clear();
    const { ledger } = this;
    this.ledger = new Ledger();
    this.ledger.nextId = ledger.nextId;
    this.#setState("closed", { reason: end.reason, code: end.code });
    const error = new TidingsError("closed", `The client is closed: ${end.reason}`);
    this.#moveEnds(error);
    for (const entry of ledger.open.values()) entry.reject(error);
    for (const subscription of [...this.subscriptions.values()]) subscription.closed(error);
    for (const membership of this.#memberships.values()) {
      for (const waiting of membership.waiting.splice(0)) waiting.reject(error);
    }
  }

  /**
   * @param {State} state
   * @param {Partial<StateEvent>} [more]
   */
  #setState(state, more = {}) {
    const previous = this.#state;
    this.#state = state;
    if (state !== previous || more.retryIn !== undefined) this.events.emit("state", { state, previous, ...more });
  }

  #dropLinks() {
    for (const carrier of [this.#current, this.#candidate]) this.#drop(carrier);
    this.#current = this.#candidate = null;
    this.#holding = false;
  }

  /** @param {Carrier | null} carrier */
  #drop(carrier) {
    if (!carrier) return;
    this.environment.clearTimeout(carrier.timer);
    carrier.link.drop();
  }

  /**
   * @param {Timer} name
   * @param {number} delay
   * @param {() => void} task
   */
  #after(name, delay, task) {
    const { environment } = this;
    environment.clearTimeout(this.#timers[name]);
    this.#timers[name] = environment.setTimeout(() => {
      this.#timers[name] = null;
      task();
    }, delay);
  }

  /** @param {(Timer)[]} names */
  #stopTimers(...names) {
    const all = /** @type {(Timer)[]} */ (Object.keys(this.#timers));
    for (const name of names.length > 0 ? names : all) {
      this.environment.clearTimeout(this.#timers[name]);
      this.#timers[name] = null;
    }
  }

  // ---- Attempts ----

  #attempt() {
    this.#stopTimers("retry");
    this.#told = false;
    this.#attemptedAt = this.environment.now();
    this.#plan = this.#choose();
    if (this.#plan.length === 0) {
      this.#finish(unusable("No transport is available here"));
      return;
    }
    this.#next(null);
  }

  /** Those that this platform has, in order of preference. @returns {Transport[]} */
  get #available() {
    const { settings } = this;
    return settings.transports.filter((name) => (name === "websocket" ? settings.WebSocket : settings.fetch));
  }

  /** @returns {Transport[]} */
  #choose() {
    if (this.#forced) return [this.#forced];
    const available = this.#available;
    const last = this.#lastTransport ?? this.handover.worked;
    const first = available.find((name) => name === last && !this.#avoided.has(name));
    // What worked on this page is more likely to work again than to have become impossible.
    if (first && this.#worked.has(first) && this.#failures < 2) return [first];
    const others = available.filter((name) => name !== first);
    const order = first ? [first, ...others] : others;
    return [...order.filter((name) => !this.#avoided.has(name)), ...order.filter((name) => this.#avoided.has(name))];
  }

  /** @param {End | null} end why the transport before did not work */
  #next(end) {
    const name = this.#plan.shift();
    if (!name) {
      this.#failed(/** @type {End} */ (end));
      return;
    }
    const generation = ++this.#generation;
    const open = (/** @type {string | null} */ credentials) => {
      if (generation !== this.#generation) return;
      const carrier = (this.#current = this.#make(name, credentials));
      this.#arm(carrier, this.settings.openTimeout);
      carrier.link.connect();
    };
    if (name === "websocket" && this.#session?.token) open(null);
    else
      this.credentials.get().then(open, (error) => {
        if (generation !== this.#generation) return;
        this.problem({ code: "token", reason: words(error), error });
        // Who is told so may have closed the client.
        if (generation !== this.#generation) return;
        this.#failed({ code: LINK_LOST, reason: `There is no token: ${words(error)}` });
      });
  }

  /** An attempt has failed, with a verdict or on all transports. @param {End} end */
  #failed(end) {
    this.#failures++;
    this.#stable = false;
    this.#moveEnds(new TidingsError("unavailable", end.reason));
    if (this.#failures >= this.settings.maxAttempts) {
      this.#finish({ code: end.code, reason: `Given up after ${this.#failures} attempts: ${end.reason}` });
    } else {
      this.#react(end);
    }
  }

  /** What follows from how a link ended (12). @param {End} end */
  #react(end) {
    const { code } = end;
    if (code === POLICY) this.credentials.forget();
    if (code === RATE_LIMITED) this.pace.slower(this.environment.now());
    if (code === UNAUTHORIZED) {
      this.credentials.forget();
      if (this.credentials.renewable && !this.#renewed) {
        this.#renewed = true;
        this.#retry(end, this.retries.next());
      } else {
        this.#finish({ code, reason: end.reason || "The token was refused" });
      }
      return;
    }
    if (code === IN_USE) {
      // Another page goes on with the connection: it may have it.
      if (this.#session) this.#session.token = null;
      this.#retry(end, this.retries.next());
      return;
    }
    const verdict = reaction(code);
    if (verdict === "never") {
      this.#finish(end);
      return;
    }
    this.#told = end.retryAfter !== undefined;
    const atOnce = (verdict === "now" || end.atOnce) && this.#stable;
    const told = Math.min(end.retryAfter ?? 0, MAX_RETRY_AFTER);
    // Where nothing lasts, a short word of the server's is no reason to hurry.
    const own = atOnce || (this.#told && this.#stable) ? 0 : this.retries.next();
    this.#retry(end, Math.max(told, own));
  }

  /**
   * @param {End} end
   * @param {number} delay
   */
  #retry(end, delay) {
    const { environment, settings } = this;
    this.#generation++;
    this.#stopTimers("tick", "pump", "ack", "upgrade");
    // Where there is no network, the event `online` is what to wait for; but it need not come.
    const wait = environment.online() ? delay : Math.max(delay, settings.backoff.max);
    this.#after("retry", wait, () => this.#attempt());
    this.#setState(this.#hadConnection ? "reconnecting" : "connecting", {
      reason: end.reason,
      code: end.code,
      retryIn: wait,
      attempt: this.#failures,
    });
  }

  // ---- Links ----

  /**
   * @param {Transport} name
   * @param {string | null} credentials
   */
  #make(name, credentials) {
    const { settings } = this;
    const carrier = new Carrier(name, credentials);
    const ours = () => carrier === this.#current || carrier === this.#candidate;
    /** @type {LinkHost} */
    const host = {
      environment: this.environment,
      fetch: settings.fetch,
      WebSocket: settings.WebSocket,
      credentials: settings.withCredentials ? "include" : "same-origin",
      backoff: () => this.backoff(),
      url: (path, query = "") => {
        const url = new URL(settings.address);
        url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path}`;
        if (query !== "") url.search += (url.search === "" ? "?" : "&") + query;
        return url.href;
      },
      session: () => ({
        token: this.#session?.token ?? null,
        received: this.ledger.received,
        frameBytes: this.ledger.limits.frameBytes,
      }),
      nextPoll: (ahead) => (this.#polls += ahead),
      place: this.#place,
      opened: () => ours() && this.#wireOpened(carrier),
      heard: () => {
        carrier.heard++;
        carrier.heardAt = this.environment.now();
      },
      frame: (text) => ours() && this.#read(carrier, text),
      answered: (first, frames) => ours() && this.#answered(carrier, first, frames),
      taken: (expects) => {
        if (carrier !== this.#current) return;
        this.ledger.taken(expects, this.environment.now());
        this.#pumpWhenOpen();
      },
      ended: (end) => ours() && this.#ended(carrier, end),
    };
    carrier.heardAt = this.environment.now();
    carrier.link = new LINKS[name](host);
    return carrier;
  }

  /**
   * @param {Carrier} carrier
   * @param {number} time
   */
  #arm(carrier, time) {
    this.environment.clearTimeout(carrier.timer);
    carrier.timer = this.environment.setTimeout(() => {
      this.#fail(carrier, unusable(`${carrier.name} did not open within ${time} ms`));
    }, time);
  }

  /** @param {Carrier} carrier @param {End} end */
  #fail(carrier, end) {
    if (carrier !== this.#current && carrier !== this.#candidate) return;
    carrier.link.drop();
    this.#ended(carrier, end);
  }

  /** The wire works; the connection is still to be taken over, or to begin. @param {Carrier} carrier */
  #wireOpened(carrier) {
    const { openTimeout } = this.settings;
    // A stream that says nothing is one that somebody holds back; of the others nobody could.
    this.#arm(carrier, carrier.name === "sse" ? openTimeout : 2 * openTimeout);
    const begin = () => {
      if (carrier.begun || (carrier !== this.#current && carrier !== this.#candidate)) return;
      carrier.begun = true;
      const { ledger } = this;
      carrier.link.begin({ token: this.#session?.token ?? null, received: ledger.received, credentials: carrier.credentials });
    };
    if (carrier === this.#candidate && this.#current) {
      // What is on its way on the old link has to arrive, or be known not to, before the numbers are compared.
      this.#holding = true;
      this.#current.link.pause(begin);
    } else {
      begin();
    }
  }

  /** @param {Carrier} carrier @param {End} end */
  #ended(carrier, end) {
    this.environment.clearTimeout(carrier.timer);
    if (carrier === this.#candidate) {
      this.#candidate = null;
      this.#holding = false;
      if (this.#current) {
        this.#current.link.unpause();
        this.#moveFailed(end);
        this.#pump();
        return;
      }
      // The old link is gone, too: taken over by this one, as it seems.
      this.#moveEnds(new TidingsError("unavailable", end.reason));
      this.#linkLost(end.unusable ? { ...end, unusable: false, atOnce: true } : end);
      return;
    }
    this.#current = null;
    if (!carrier.open) {
      // The wire gave no reason of ours, so it is the wire.
      const wire = end.code < 4000 && end.code !== NORMAL && end.code !== POLICY && end.retryAfter === undefined;
      if (end.unusable || wire) this.#next(end);
      else this.#failed(end);
      return;
    }
    if (this.#candidate?.begun) return;
    if (this.#candidate) {
      // Where somebody waits for the move, the next attempt is one to move.
      this.#drop(this.#candidate);
      this.#candidate = null;
      this.#holding = false;
    }
    const lived = this.environment.now() - carrier.openedAt;
    this.#stable = lived >= STABLE;
    const cut = end.code < 4000 && end.code !== NORMAL;
    const short = cut && lived < SHORT_LIVED ? (this.#shortLives.get(carrier.name) ?? 0) + 1 : 0;
    this.#shortLives.set(carrier.name, short);
    if (short >= SHORT_LIVES || end.unusable) this.#avoided.add(carrier.name);
    this.#linkLost(end);
  }

  /** @param {End} end */
  #linkLost(end) {
    this.#stopTimers("tick", "ack", "upgrade");
    this.#probing = false;
    this.#react(end);
  }

  /** It carries the connection from now on. @param {Carrier} carrier @param {number} next */
  #adopt(carrier, next) {
    const { environment } = this;
    environment.clearTimeout(carrier.timer);
    carrier.link.next = next;
    if (carrier === this.#candidate) {
      const old = this.#current;
      this.#current = carrier;
      this.#candidate = null;
      this.#holding = false;
      this.#drop(old);
    }
    if (!carrier.open) {
      carrier.openedAt = environment.now();
      this.#worked.add(carrier.name);
      this.handover.worked = carrier.name;
    }
    this.#failures = 0;
    this.#refreshing = false;
    this.#unacknowledged = this.#unacknowledgedBytes = 0;
    this.#stopTimers("ack");
  }

  /** Says so to the page. @param {Carrier} carrier */
  #announce(carrier) {
    carrier.open = true;
    this.#lastTick = this.environment.now();
    this.#after("tick", TICK, () => this.#tick());
    this.#probing = false;
    const previous = this.#lastTransport;
    this.#lastTransport = carrier.name;
    if (this.#inherited.size + this.#inheritedMembers.size > 0 && this.#timers.inherited === null) {
      this.#after("inherited", INHERITED_FOR, () => this.#disinherit());
    }
    this.#moveEnds(null);
    this.#scheduleUpgrade();
    this.#setState("connected");
    if (previous !== carrier.name && carrier === this.#current) this.events.emit("transport", { transport: carrier.name, previous });
  }

  // ---- Frames that come in ----

  /**
   * @param {Carrier} carrier
   * @param {string} text
   */
  #read(carrier, text) {
    const frame = parse(text);
    if (frame === null || typeof frame.type !== "string") {
      this.#fail(carrier, { code: LINK_LOST, reason: "What came is not a frame", unusable: !carrier.open });
      return;
    }
    this.#receive(carrier, /** @type {Frame} */ (frame), text.length);
  }

  /**
   * @param {Carrier} carrier
   * @param {number | null} first
   * @param {string[]} lines
   */
  #answered(carrier, first, lines) {
    const numbered = first !== null && Number.isSafeInteger(first) && first > 0;
    const says = (/** @type {string[]} */ ...types) => lines.some((line) => types.includes(parse(line)?.type));
    if (numbered) carrier.link.next = first;
    if (!says("welcome", "resumed", "close")) {
      if (!numbered || !this.#session?.token) {
        this.#fail(carrier, unusable("The answer to a poll is not the server's own: it has no Tidings-First"));
        return;
      }
      // Nobody noticed that it was away.
      if (!carrier.open) this.#resumed(carrier, first, null);
    }
    for (const line of lines) {
      if (carrier !== this.#current && carrier !== this.#candidate) return;
      this.#read(carrier, line);
    }
  }

  /**
   * @param {Carrier} carrier
   * @param {Frame} frame
   * @param {number} size
   */
  #receive(carrier, frame, size) {
    switch (frame.type) {
      case "welcome":
        this.#welcome(carrier, frame);
        return;
      case "resumed":
        this.#resumed(carrier, frame.next, Number.isSafeInteger(frame.expects) ? frame.expects : null);
        return;
      case "auth_success":
        this.#authenticated(frame);
        return;
      case "ack":
        this.ledger.acknowledged(Number(frame.received));
        this.#pump();
        return;
      case "ping":
        if (carrier.open) this.#say({ type: "pong" });
        return;
      case "pong":
        return;
      case "close": {
        /** @type {End} */
        const end = { code: Number(frame.code), reason: String(frame.reason ?? "") };
        if (typeof frame.retryAfter === "number") end.retryAfter = frame.retryAfter;
        this.#fail(carrier, end);
        return;
      }
    }
    if (!carrier.open) {
      // Before `welcome` and `resumed` nothing is counted (7.1).
      if (frame.type === "error" && frame.code === "gone") this.#gone(carrier);
      return;
    }
    const { ledger } = this;
    const number = carrier.link.next++;
    if (number <= ledger.received) return;
    ledger.received = number;
    try {
      this.#dispatch(frame);
    } catch (error) {
      this.environment.console.error("Tidings: a frame could not be handled", error);
    }
    if (carrier === this.#current) this.#owesAck(carrier, size);
  }

  /**
   * @param {Carrier} carrier
   * @param {number} size
   */
  #owesAck(carrier, size) {
    // A poll says by itself what has arrived.
    if (carrier.link.acknowledges) return;
    this.#unacknowledged++;
    this.#unacknowledgedBytes += size;
    if (this.#unacknowledged >= ACK_FRAMES || this.#unacknowledgedBytes >= ACK_BYTES) {
      this.#acknowledge();
    } else if (this.#timers.ack === null) {
      this.#after("ack", ACK_AFTER, () => this.#acknowledge());
    }
  }

  #acknowledge() {
    this.#stopTimers("ack");
    if (this.#candidate?.begun) {
      // It has said how much has arrived. To say more on the old link would make that less than was acknowledged, which reads as a loss.
      this.#after("ack", ACK_AFTER, () => this.#acknowledge());
      return;
    }
    if (this.#unacknowledged === 0) return;
    this.#unacknowledged = this.#unacknowledgedBytes = 0;
    this.#say({ type: "ack", received: this.ledger.received });
  }

  /** The connection to resume is not here any more: the link goes on with a new one. @param {Carrier} carrier */
  #gone(carrier) {
    if (this.#session) this.#session.token = null;
    this.#arm(carrier, TOKEN_TIMEOUT + this.settings.openTimeout);
    this.credentials.get().then(
      (token) => {
        if (carrier !== this.#current && carrier !== this.#candidate) return;
        this.#arm(carrier, 2 * this.settings.openTimeout);
        if (token !== null) carrier.link.authenticate(token);
      },
      (error) => {
        this.problem({ code: "token", reason: words(error), error });
        this.#fail(carrier, { code: LINK_LOST, reason: `There is no token: ${words(error)}` });
      },
    );
  }

  /**
   * @param {Carrier} carrier
   * @param {Frame} frame
   */
  #welcome(carrier, frame) {
    if (typeof frame.resume !== "string") {
      this.#fail(carrier, unusable("The server takes this client for a plain one"));
      return;
    }
    const { ledger } = this;
    const again = this.#hadConnection;
    this.#hadConnection = true;
    const session = (this.#session = { token: frame.resume, id: String(frame.connection), user: frame.user ?? null });
    this.#heartbeat = Number(frame.heartbeat) || this.#heartbeat;
    this.#timeout = Number(frame.timeout) || this.#timeout;
    ledger.limits = { ...ledger.limits, ...frame.limits };
    this.#expires(frame.expiresIn);
    this.#adopt(carrier, Number(frame.next) || 1);
    carrier.link.forget();
    const lost = ledger.reset();
    const kept = ledger.waiting.splice(0);
    for (const entry of lost) {
      if (entry.lost) entry.lost();
      else entry.reject(new TidingsError("gone", "The connection ended before the answer came: it may or may not have been done"));
    }
    // First what the connection is to know, then what waits.
    carrier.open = false;
    this.#restore();
    ledger.waiting.push(...kept);
    // The page may close the client whenever it is told something.
    const goesOn = () => carrier === this.#current;
    if (goesOn()) this.#announce(carrier);
    if (goesOn()) this.events.emit("welcome", { connection: session.id, user: session.user, again });
    if (goesOn() && again) this.gap(null, "NEW_CONNECTION");
    if (goesOn()) this.#reportLost();
    this.#pump();
  }

  #reportLost() {
    if (this.#lostOfBefore === 0) return;
    const reason = `${this.#lostOfBefore} frames of the page before may not have arrived`;
    this.#lostOfBefore = 0;
    this.problem({ code: "gone", reason });
  }

  /** Tells a new connection what this client is subscribed to and a member of. */
  #restore() {
    this.#inheritedMembers.clear();
    for (const inherited of this.#inherited.values()) {
      inherited.stands = inherited.lost = false;
      inherited.frames = [];
    }
    for (const subscription of [...this.subscriptions.values()]) subscription.restore();
    for (const [channel, membership] of this.#memberships) this.#enter(channel, membership, "enter", null);
  }

  /**
   * @param {Carrier} carrier
   * @param {number} next
   * @param {number | null} expects null: the server has not said it
   */
  #resumed(carrier, next, expects) {
    if (this.#session === null || !Number.isSafeInteger(next)) {
      this.#fail(carrier, unusable("A connection is resumed that was not asked for"));
      return;
    }
    const { ledger } = this;
    if (carrier.open) carrier.link.forget();
    this.#adopt(carrier, next);
    this.#hadConnection = true;
    if (ledger.received >= next && !carrier.link.acknowledges) {
      // It came on the link before, comes again, is dropped, and is to be acknowledged nevertheless.
      this.#unacknowledged = ledger.received - next + 1;
      this.#after("ack", ACK_AFTER, () => this.#acknowledge());
    }
    if (expects !== null) {
      ledger.taken(expects, this.environment.now());
      ledger.number = Math.max(ledger.number, expects - 1);
    }
    ledger.again();
    const { id } = this.#session;
    this.#announce(carrier);
    if (carrier === this.#current) this.events.emit("resumed", { connection: id });
    // The page may have closed the client by now.
    if (carrier !== this.#current) return;
    for (const subscription of [...this.subscriptions.values()]) {
      if (subscription.pending) subscription.ask(false);
    }
    for (const [channel, membership] of this.#memberships) {
      if (membership.waiting.length > 0) this.#enter(channel, membership, "enter", null);
    }
    this.#reportLost();
    this.#pump();
  }

  /** @param {Frame} frame */
  #dispatch(frame) {
    const { channel } = frame;
    const subscription = typeof channel === "string" ? this.subscriptions.get(channel) : undefined;
    switch (frame.type) {
      case "reply":
      case "error": {
        const entry = frame.id == null ? undefined : this.ledger.open.get(frame.id);
        if (entry) this.ledger.open.delete(entry.id);
        if (frame.type === "reply") {
          entry?.resolve(frame);
        } else if (frame.id != null) {
          entry?.reject(new TidingsError(String(frame.code), frame.reason ?? "", channel ?? undefined));
        } else {
          if (frame.code === "unavailable") subscription?.membersFailed();
          this.problem({ code: String(frame.code), reason: frame.reason ?? "", ...(channel == null ? {} : { channel }) });
        }
        return;
      }
      case "message":
      case "presence":
        if (subscription) subscription.receive(frame);
        else this.#keep(channel, frame);
        return;
      case "direct": {
        const direct = { event: String(frame.event), ...payloadOf(frame) };
        this.events.emit("direct", direct);
        this.directs.emit(direct.event, direct);
        return;
      }
      case "request":
        this.#answer(frame);
        return;
      case "subscribed":
        if (subscription) {
          subscription.given(frame);
        } else {
          const given = new Subscription(this, channel);
          this.subscriptions.set(channel, given);
          this.events.emit("subscribed", { channel, subscription: given });
          given.given(frame);
        }
        return;
      case "unsubscribed":
        this.#inherited.delete(channel);
        subscription?.unsubscribed(frame);
        return;
      case "gap":
        if (channel != null && !subscription) this.#keep(channel, frame);
        else this.gap(channel ?? null, String(frame.reason));
        return;
    }
  }

  /**
   * Something may be missing.
   *
   * @param {string | null} channel
   * @param {string} reason
   */
  gap(channel, reason) {
    const text = Object.hasOwn(GAPS, reason) ? GAPS[reason] : `Something may be missing (${reason}).`;
    const gap = { channel, reason, text };
    if (channel === null && reason !== "NEW_CONNECTION") this.#answersLost();
    this.events.emit("gap", gap);
    if (channel !== null) this.subscriptions.get(channel)?.gap(gap);
  }

  /** Answers may have been lost: what makes up the state is asked again, the rest fails (9.1). */
  #answersLost() {
    for (const entry of [...this.ledger.open.values()]) {
      if (entry.number === 0) continue;
      this.ledger.open.delete(entry.id);
      if (entry.gap) entry.gap();
      else entry.reject(new TidingsError("gap", "The answer may have been lost: it may or may not have been done"));
    }
  }

  /** @param {Frame} frame a request of the server's */
  #answer(frame) {
    const session = this.#session;
    const event = String(frame.event);
    const { data, bytes } = payloadOf(frame);
    const say = (/** @type {{[field: string]: any}} */ answer) => {
      // Another connection has other requests, by the same ids perhaps.
      if (session !== this.#session || session === null) return;
      const reject = (/** @type {TidingsError} */ { code, reason }) => this.problem({ code, reason });
      this.send({ type: "reply", ...answer, id: frame.id }, { kind: "answer", resolve: () => {}, reject });
    };
    const fail = (/** @type {unknown} */ error) =>
      say({ type: "error", code: error instanceof TidingsError ? error.code : "error", reason: words(error) });
    const handler = this.requests.get(event);
    if (!handler) {
      say({ type: "error", code: "unknown", reason: "Nobody answers to this event" });
      return;
    }
    try {
      Promise.resolve(handler(data, bytes ? { event, bytes } : { event }))
        .then((answer) => say(payload(answer)))
        .catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  // ---- Frames that go out ----

  /**
   * Says a counted frame as soon as that is possible.
   *
   * @param {{[field: string]: any, type: string}} frame
   * @param {Pick<Entry, "kind" | "resolve" | "reject" | "lost" | "gap">} more
   * @returns {Entry | null} null if it was refused
   */
  send(frame, more) {
    const { ledger, settings } = this;
    const { type, id = ledger.nextId++, ...fields } = frame;
    if (this.#state === "closed") {
      more.reject(new TidingsError("closed", "The client is closed"));
      return null;
    }
    const text = JSON.stringify({ type, id, ...fields });
    const entry = { id, text, bytes: utf8Length(text), number: 0, taken: 0, ...more };
    if (this.#hadConnection && this.#tooLarge(entry)) return null;
    if (entry.kind !== "state") {
      const { frames, bytes } = ledger.unsent();
      if (frames >= settings.maxUnsent.frames || bytes + entry.bytes > settings.maxUnsent.bytes) {
        more.reject(new TidingsError("limit", `${frames} frames of ${bytes} bytes wait to be sent, and no more may`));
        return null;
      }
    }
    ledger.add(entry);
    this.#pump();
    return entry;
  }

  /**
   * The same with a promise of the answer.
   *
   * @param {{[field: string]: any, type: string}} frame
   * @param {{kind: Entry["kind"], sent?: (entry: Entry) => void}} options
   * @returns {Promise<Frame>}
   */
  ask(frame, { kind, sent }) {
    return new Promise((resolve, reject) => {
      const entry = this.send(frame, { kind, resolve, reject });
      if (entry) sent?.(entry);
    });
  }

  /** Ends something that ends with the connection, too. @param {{[field: string]: any, type: string}} frame @returns {Promise<void>} */
  end(frame) {
    return new Promise((resolve, reject) => {
      const again = () => {
        const done = () => resolve();
        this.send(frame, { kind: "state", resolve: done, reject, lost: done, gap: again });
      };
      again();
    });
  }

  /** @param {Entry} entry */
  #tooLarge(entry) {
    if (entry.bytes <= this.ledger.limits.frameBytes) return false;
    const { frameBytes } = this.ledger.limits;
    entry.reject(new TidingsError("too_large", `A frame of ${entry.bytes} bytes is more than the ${frameBytes} that the server takes`));
    return true;
  }

  /** A frame of the carrier's: not counted, and only now. @param {Frame} frame */
  #say(frame) {
    if (!this.#current?.open) return;
    const text = JSON.stringify(frame);
    this.#current.link.send([{ text, number: 0, bytes: utf8Length(text) }]);
  }

  #pumpWhenOpen() {
    if (this.#current?.open) this.#pump();
  }

  /** Sends what may be sent now, in one go. */
  #pump() {
    const carrier = this.#current;
    if (!carrier?.open || this.#holding) return;
    const { ledger, environment } = this;
    const now = environment.now();
    /** @type {Outgoing[]} */
    const batch = [];
    for (;;) {
      const entry = ledger.peek(now);
      if (entry === null) {
        const wait = ledger.waiting.length > 0 ? ledger.opensIn(now) : Infinity;
        if (wait < Infinity) this.#after("pump", wait, () => this.#pump());
        break;
      }
      if (entry.number === 0 && this.#tooLarge(entry)) {
        ledger.cancel(entry);
        continue;
      }
      const wait = this.pace.take(entry.bytes, now);
      if (wait > 0) {
        this.#after("pump", wait, () => this.#pump());
        break;
      }
      batch.push(ledger.take());
    }
    if (batch.length > 0) carrier.link.send(batch);
  }

  // ---- Credentials ----

  /** @param {number | undefined | null} expiresIn */
  #expires(expiresIn) {
    const now = this.environment.now();
    const known = typeof expiresIn === "number";
    this.credentials.expiresAt = known ? now + expiresIn : Infinity;
    this.#refreshAt = known && this.credentials.renewable ? now + Math.max(expiresIn * 0.8, expiresIn - REFRESH_AHEAD) : Infinity;
  }

  /** @param {Frame} frame */
  #authenticated(frame) {
    this.#refreshing = false;
    if (this.#session && frame.user != null) this.#session.user = frame.user;
    this.#expires(frame.expiresIn);
  }

  #refresh() {
    this.#refreshing = true;
    const session = this.#session;
    const { expiresAt } = this.credentials;
    const later = () => {
      this.#refreshing = false;
      this.#refreshAt = this.environment.now() + 5000;
    };
    this.credentials.renew().then(
      (token) => {
        // Until the server has said how long the new one is good for.
        this.credentials.expiresAt = expiresAt;
        if (session !== this.#session) return;
        if (token === null || !this.#current?.open || this.#holding) later();
        else this.#say({ type: "auth", id: `refresh-${++this.#refreshes}`, token });
      },
      (error) => {
        later();
        this.problem({ code: "token", reason: words(error), error });
      },
    );
  }

  // ---- Time ----

  #tick() {
    const carrier = this.#current;
    if (!carrier?.open) return;
    const now = this.environment.now();
    const late = Math.abs(now - this.#lastTick - TICK);
    this.#lastTick = now;
    this.#after("tick", TICK, () => this.#tick());
    if (now - carrier.heardAt > this.#heartbeat + this.#timeout) {
      this.#fail(carrier, { code: SILENT, reason: "Nothing was heard from the server", atOnce: true });
      return;
    }
    // The device slept, or the page did.
    if (late > LATE) this.#probe();
    if (now - carrier.openedAt >= STABLE) {
      this.retries.reset();
      this.#renewed = false;
    }
    if (now - carrier.openedAt >= 60_000) {
      this.#upgrades = carrier.name === this.#available[0] ? 0 : this.#upgrades;
      this.#avoided.delete(carrier.name);
    }
    if (now >= this.#refreshAt && !this.#refreshing) this.#refresh();
  }

  /** Finds out soon whether the link lives. */
  #probe() {
    const carrier = this.#current;
    if (!carrier?.open || this.#probing) return;
    this.#probing = true;
    const { heard } = carrier;
    carrier.link.probe();
    this.environment.setTimeout(() => {
      if (carrier !== this.#current) return;
      this.#probing = false;
      if (carrier.heard === heard) this.#fail(carrier, { code: SILENT, reason: "The link did not survive", atOnce: true });
    }, PROBE);
  }

  /** Something is better than it was: a network, somebody who looks. */
  #wake() {
    if (this.#suspended) return;
    if (this.#current?.open) {
      this.#probe();
    } else if (this.#timers.retry !== null && !this.#told && this.environment.now() - this.#attemptedAt >= 1000) {
      this.retries.reset();
      this.#attempt();
    }
  }

  // ---- Other transports ----

  /** @param {Transport | null} name @returns {Promise<void>} */
  async use(name) {
    if (name === null) {
      this.#forced = null;
      this.#upgrades = 0;
      if (this.#current?.open && this.#better.length > 0) this.#move(this.#better, null);
      return;
    }
    if (!TRANSPORTS.includes(name) || !(name === "websocket" ? this.settings.WebSocket : this.settings.fetch)) {
      throw new TidingsError("unavailable", `The transport ${name} is not available here`);
    }
    this.#moveEnds(new TidingsError("unavailable", "Another transport was asked for"));
    this.#forcedBefore = this.#forced;
    this.#forced = name;
    this.#stopTimers("upgrade");
    if (this.#state === "idle" || this.#state === "closed" || this.transport === name) return;
    const moving = new Deferred();
    if (this.#current?.open) {
      this.#move([name], moving);
    } else {
      this.#moving = moving;
      this.#dropLinks();
      this.#generation++;
      if (!this.#suspended) this.#attempt();
    }
    await moving.promise;
  }

  /** Those that are preferred to the present one. @returns {Transport[]} */
  get #better() {
    const available = this.#available;
    const at = this.#current ? available.indexOf(this.#current.name) : -1;
    return at < 0 ? available : available.slice(0, at);
  }

  #scheduleUpgrade() {
    const { upgradeAfter } = this.settings;
    if (this.#forced || upgradeAfter <= 0 || this.#better.length === 0) {
      this.#stopTimers("upgrade");
      return;
    }
    const delay = Math.min(MAX_UPGRADE_AFTER, upgradeAfter * 2 ** Math.min(this.#upgrades, 20));
    this.#after("upgrade", delay * (0.8 + 0.4 * this.environment.random()), () => {
      this.#upgrades++;
      if (this.#current?.open && !this.#candidate) this.#move(this.#better, null);
    });
  }

  /**
   * Opens another link and lets it take over; until then the present one goes on.
   *
   * @param {Transport[]} names which to try, one after the other
   * @param {Deferred<void> | null} moving
   */
  #move(names, moving) {
    this.#drop(this.#candidate);
    this.#candidate = null;
    if (this.#holding) {
      this.#holding = false;
      this.#current?.link.unpause();
    }
    this.#moves = [...names];
    this.#moving = moving;
    this.#moveNext(unusable("There is no other transport"));
  }

  /** @param {End} end why the one before did not work */
  #moveNext(end) {
    const name = this.#moves.shift();
    const before = this.#current;
    if (!name || !before) {
      this.#moveEnds(new TidingsError("unavailable", end.reason));
      this.#scheduleUpgrade();
      return;
    }
    const open = (/** @type {string | null} */ credentials) => {
      if (before !== this.#current || !before.open || this.#candidate) return;
      const carrier = (this.#candidate = this.#make(name, credentials));
      this.#arm(carrier, this.settings.openTimeout);
      carrier.link.connect();
    };
    if (name === "websocket") open(null);
    else
      this.credentials.get().then(open, (error) => {
        if (before === this.#current) this.#moveEnds(new TidingsError("unavailable", words(error)));
      });
  }

  /** @param {End} end */
  #moveFailed(end) {
    this.#moveNext(end);
  }

  /** @param {TidingsError | null} error null: it has moved */
  #moveEnds(error) {
    const moving = this.#moving;
    this.#moving = null;
    if (!moving) return;
    if (error === null) {
      moving.resolve();
    } else {
      this.#forced = this.#forcedBefore;
      moving.reject(error);
    }
  }

  // ---- The page ----

  #listen() {
    const { window, document } = this.environment;
    /** @param {EventTarget | null} target @param {string} name @param {(event: any) => void} listener */
    const on = (target, name, listener) => {
      if (!target) return;
      target.addEventListener(name, listener);
      this.#unlisten.push(() => target.removeEventListener(name, listener));
    };
    on(window, "online", () => {
      this.#attemptedAt = -Infinity;
      this.#wake();
    });
    on(window, "offline", () => this.#probe());
    on(window, "pagehide", (event) => this.#hide(event.persisted === true));
    on(window, "pageshow", (event) => this.#show(event.persisted === true));
    on(document, "resume", () => this.#wake());
    on(document, "visibilitychange", () => {
      if (document?.visibilityState !== "hidden") this.#wake();
    });
  }

  /** The page goes, for ever or until somebody comes back to it. @param {boolean} persisted */
  #hide(persisted) {
    if (this.#suspended) return;
    const current = this.#current;
    const { token } = this.#session ?? {};
    this.#left = this.settings.storage !== null && this.handover.leave(this.#will());
    // Where nothing can be kept, nobody comes back for it.
    if (!this.#left && !persisted && token && current?.open) current.link.leave();
    if (!persisted) this.handover.release();
    this.#suspended = true;
    this.#generation++;
    this.#dropLinks();
    this.#stopTimers();
    this.#moveEnds(new TidingsError("unavailable", "The page was hidden"));
    if (persisted) this.#setState(this.#hadConnection ? "reconnecting" : "connecting", { reason: "The page is not shown" });
  }

  /** @param {boolean} persisted */
  #show(persisted) {
    if (!persisted || !this.#suspended) return;
    this.#suspended = false;
    if (this.#left) {
      // What this page left is not there any more, or another's: that other page goes on with the connection.
      const mine = this.handover.take()?.page === this.#page;
      if (!mine && this.#session) this.#session.token = null;
      this.#left = false;
    }
    this.retries.reset();
    this.#attempt();
  }

  /** What the next page needs to go on. */
  #will() {
    const { ledger } = this;
    /** @param {Entry} entry */
    const kept = ({ id, text, number, taken, kind }) => ({ id, text, number, taken, kind });
    let bytes = 0;
    let lost = this.#lostOfBefore;
    const waiting = ledger.waiting.filter((entry) => {
      if (entry.kind === "state") return false;
      bytes += entry.bytes;
      if (bytes <= HANDOVER_BYTES) return true;
      lost++;
      return false;
    });
    /** @type {[string, {position?: string}][]} */
    const channels = [...this.#inherited].map(([channel, { position }]) => [channel, { position }]);
    for (const subscription of this.subscriptions.values()) {
      channels.push([subscription.channel, { position: subscription.position }]);
    }
    return {
      version: 1,
      page: this.#page,
      savedAt: this.environment.now(),
      session: this.#session,
      heartbeat: this.#heartbeat,
      timeout: this.#timeout,
      expiresAt: Number.isFinite(this.credentials.expiresAt) ? this.credentials.expiresAt : null,
      polls: this.#polls,
      limits: ledger.limits,
      number: ledger.number,
      received: ledger.received,
      nextId: ledger.nextId,
      sent: ledger.sent.map(kept),
      waiting: waiting.map(kept),
      lost,
      channels,
      members: [...this.#inheritedMembers, ...[...this.#memberships].map(([channel, { fields }]) => [channel, fields])],
    };
  }

  /** @param {any} will what the page before left */
  #inherit(will) {
    if (will === null || !(Math.abs(this.environment.now() - will.savedAt) <= HANDOVER_AGE)) return;
    const { ledger } = this;
    try {
      // Whatever is wrong shows before anything is taken over.
      for (const list of [will.sent, will.waiting, will.channels, will.members]) list.map(() => {});
      for (const number of [will.limits.frameBytes, will.number, will.received, will.nextId, will.polls]) number.toFixed();
      this.#session = will.session;
      this.#hadConnection = will.session !== null;
      this.#heartbeat = will.heartbeat;
      this.#timeout = will.timeout;
      this.#polls = will.polls;
      ledger.limits = will.limits;
      ledger.number = will.number;
      ledger.received = will.received;
      const mine = ledger.waiting;
      this.#renumber(mine, will.nextId);
      ledger.sent = will.sent.map((/** @type {any} */ kept) => this.#inheritedEntry(kept));
      ledger.waiting = [...will.waiting.map((/** @type {any} */ kept) => this.#inheritedEntry(kept)), ...mine];
      ledger.cursor = ledger.sent.length;
      this.#lostOfBefore = will.lost;
      if (will.expiresAt !== null && this.credentials.renewable) {
        this.#refreshAt = Math.max(this.environment.now(), will.expiresAt - REFRESH_AHEAD);
      }
      for (const [channel, { position }] of will.channels) {
        const subscription = this.subscriptions.get(channel);
        if (subscription) subscription.inherit(position, true);
        else this.#inherited.set(channel, { position, stands: true, frames: [], lost: false });
      }
      for (const [channel, fields] of will.members) {
        if (!this.#memberships.has(channel)) this.#inheritedMembers.set(channel, fields);
      }
    } catch (error) {
      // Not written by this version.
      this.environment.console.warn("Tidings: what the page before left cannot be read", error);
    }
  }

  /** What this page has said already gets ids above those of the page before. @param {Entry[]} mine @param {number} nextId */
  #renumber(mine, nextId) {
    const { ledger } = this;
    ledger.open.clear();
    ledger.nextId = nextId;
    for (const entry of mine) {
      entry.id = ledger.nextId++;
      entry.text = JSON.stringify({ ...JSON.parse(entry.text), id: entry.id });
      entry.bytes = utf8Length(entry.text);
      ledger.open.set(entry.id, entry);
    }
  }

  /** A frame of the page before: nobody waits for its answer any more. @param {any} kept @returns {Entry} */
  #inheritedEntry({ id, text, number, taken, kind }) {
    /** @type {Entry} */
    const entry = {
      ...{ id, text, number, taken, kind, bytes: utf8Length(text) },
      resolve: () => {},
      reject: ({ code, reason, channel }) => this.problem({ code, reason, ...(channel === undefined ? {} : { channel }) }),
      lost: () => {
        if (kind === "command") this.#lostOfBefore++;
      },
      gap: () => {},
    };
    if (kind !== "answer" && !this.ledger.open.has(id)) this.ledger.open.set(id, entry);
    return entry;
  }

  /** A frame for a channel that this page does not want yet. @param {string} channel @param {Frame} frame */
  #keep(channel, frame) {
    const inherited = this.#inherited.get(channel);
    if (!inherited) return;
    if (inherited.frames.length >= INHERITED_FRAMES) {
      inherited.frames = [];
      inherited.lost = true;
    }
    inherited.frames.push(frame);
  }

  /** What this page has not taken up by now it does not want. */
  #disinherit() {
    const channels = [...this.#inherited.keys()];
    const members = [...this.#inheritedMembers.keys()];
    this.#inherited.clear();
    this.#inheritedMembers.clear();
    for (const channel of channels) this.end({ type: "unsubscribe", channel }).catch(() => {});
    for (const channel of members) this.end({ type: "leave", channel }).catch(() => {});
  }

  // ---- What the page may do ----

  /**
   * @param {string} channel
   * @param {SubscribeOptions} options
   */
  subscribe(channel, options) {
    if (typeof channel !== "string" || channel === "") throw new TypeError("A channel has a name");
    if (options.since != null && typeof options.since !== "string") throw new TypeError("A position is a text that the server gave");
    let subscription = this.subscriptions.get(channel);
    if (!subscription) {
      subscription = new Subscription(this, channel);
      this.subscriptions.set(channel, subscription);
      const inherited = this.#inherited.get(channel);
      this.#inherited.delete(channel);
      if (inherited) this.#bequeath(subscription, inherited);
    }
    subscription.want(options);
    return subscription;
  }

  /** @param {Subscription} subscription @param {Inherited} inherited */
  #bequeath(subscription, { position, stands, frames, lost }) {
    subscription.inherit(position, stands);
    if (frames.length === 0 && !lost) return;
    // After the page had time to listen.
    queueMicrotask(() => {
      if (lost) this.gap(subscription.channel, "OVERFLOW");
      for (const frame of frames) {
        if (frame.type === "gap") this.gap(subscription.channel, String(frame.reason));
        else subscription.receive(frame);
      }
    });
  }

  /** @param {string} channel @param {any} data @param {PublishOptions} [options] @returns {Promise<Published>} */
  async publish(channel, data, options = {}) {
    const { event, echo } = options;
    const reply = await this.ask({ type: "publish", channel, event, ...payload(data), echo }, { kind: "command" });
    return reply.position == null ? { outcome: reply.outcome } : { outcome: reply.outcome, position: reply.position };
  }

  /** @param {string} event @param {any} data @returns {Promise<void>} */
  async sendEvent(event, data) {
    await this.ask({ type: "send", event, ...payload(data) }, { kind: "command" });
  }

  /** @param {string} event @param {any} data @param {RequestOptions} [options] @returns {Promise<any>} */
  async request(event, data, { timeout = this.settings.requestTimeout, signal } = {}) {
    signal?.throwIfAborted();
    /** @type {Entry | null} */
    let asked = null;
    const cancel = () => asked && this.ledger.cancel(asked);
    /** @type {any} */
    let timer = null;
    /** @type {() => void} */
    let aborted = () => {};
    const ended = new Promise((_, reject) => {
      aborted = () => reject(signal?.reason);
      const late = () => reject(new TidingsError("timeout", `No answer within ${timeout} ms`));
      if (timeout < Infinity) timer = this.environment.setTimeout(late, timeout);
    });
    signal?.addEventListener("abort", aborted);
    try {
      const frame = { type: "request", event, ...payload(data) };
      const answer = this.ask(frame, { kind: "command", sent: (entry) => void (asked = entry) });
      const reply = /** @type {Frame} */ (await Promise.race([answer, ended]));
      return payloadOf(reply).data;
    } finally {
      cancel();
      signal?.removeEventListener("abort", aborted);
      this.environment.clearTimeout(timer);
    }
  }

  /** @param {string} channel @param {HistoryOptions} [options] @returns {Promise<History>} */
  async history(channel, { since, limit, backwards } = {}) {
    const reply = await this.ask({ type: "history", channel, since, limit, backwards }, { kind: "command" });
    const messages = (reply.messages ?? []).map((/** @type {any} */ said) => messageOf(said, channel));
    return reply.epoch == null ? { messages, more: reply.more === true } : { messages, more: reply.more === true, epoch: reply.epoch };
  }

  /** @param {string} channel @param {any} data @param {"enter" | "update"} verb @returns {Promise<void>} */
  async enter(channel, data, verb) {
    if (this.#state === "closed") throw new TidingsError("closed", "The client is closed");
    const before = this.#memberships.get(channel) ?? null;
    // As it is now: what cannot be said fails here, and not on each new connection.
    const membership = new Membership(JSON.parse(JSON.stringify(payload(data))));
    membership.waiting = before?.waiting ?? [];
    this.#memberships.set(channel, membership);
    this.#inheritedMembers.delete(channel);
    const done = new Deferred();
    membership.waiting.push(done);
    if (this.hasSession) this.#enter(channel, membership, verb, before);
    await done.promise;
  }

  /**
   * @param {string} channel
   * @param {Membership} membership
   * @param {"enter" | "update"} verb
   * @param {Membership | null} before
   */
  #enter(channel, membership, verb, before) {
    const waiting = membership.waiting.splice(0);
    const isCurrent = () => this.#memberships.get(channel) === membership;
    this.send(
      { type: verb, channel, ...membership.fields },
      {
        kind: "state",
        resolve: () => {
          for (const done of waiting) done.resolve();
        },
        reject: (error) => {
          for (const done of waiting) done.reject(error);
          if (error.code === "closed" || !isCurrent()) return;
          if (waiting.length === 0 && (error.code === "unavailable" || error.code === "rate_limited")) {
            this.environment.setTimeout(() => {
              if (isCurrent() && this.hasSession) this.#enter(channel, membership, verb, before);
            }, 1000 + this.retries.next());
            return;
          }
          if (before) this.#memberships.set(channel, before);
          else this.#memberships.delete(channel);
          if (waiting.length === 0) this.problem({ code: error.code, reason: error.reason, channel });
        },
        // The next `enter` answers for this one.
        lost: () => {
          const now = this.#memberships.get(channel);
          if (now) now.waiting.push(...waiting);
          else for (const done of waiting) done.resolve();
        },
        gap: () => {
          if (!isCurrent()) {
            for (const done of waiting) done.resolve();
            return;
          }
          membership.waiting.unshift(...waiting);
          this.#enter(channel, membership, "enter", before);
        },
      },
    );
  }

  /** @param {string} channel @returns {Promise<void>} */
  async leave(channel) {
    const membership = this.#memberships.get(channel);
    this.#memberships.delete(channel);
    this.#inheritedMembers.delete(channel);
    for (const done of membership?.waiting.splice(0) ?? []) done.resolve();
    if (this.hasSession) await this.end({ type: "leave", channel });
  }

  // ---- Trouble ----

  /** Something failed that nobody waits for. @param {Problem} problem */
  problem(problem) {
    if (this.events.has("error")) this.events.emit("error", problem);
    else this.environment.console.warn(`Tidings: ${problem.code}: ${problem.reason}`, problem.channel ?? "");
  }

  /** A listener of the page's has thrown. @param {unknown} error */
  listenerFailed(error) {
    this.environment.console.error("Tidings: a listener failed", error);
    if (this.#reporting || !this.events.has("error")) return;
    this.#reporting = true;
    try {
      this.events.emit("error", { code: "listener", reason: words(error), error });
    } finally {
      this.#reporting = false;
    }
  }
}

// ---- What the page sees ------------------------------------------------------------------------------------------------

/** @param {() => any} get something that a platform may not have, or not allow to be looked at */
function has(get) {
  try {
    return get() ?? null;
  } catch {
    return null;
  }
}

/** @returns {Environment} */
function surroundings() {
  const page = /** @type {any} */ (globalThis);
  const fires = typeof page.addEventListener === "function";
  return {
    now: () => Date.now(),
    // A time-out is at most 2^31 - 1 milliseconds.
    setTimeout: (task, delay) => setTimeout(task, Math.min(Math.max(0, delay), 2 ** 31 - 1)),
    clearTimeout: (timer) => clearTimeout(timer),
    random: () => Math.random(),
    window: fires ? page : null,
    document: has(() => page.document),
    online: () => page.navigator?.onLine !== false,
    locks: has(() => page.navigator.locks),
    multiplexed: () => /^h[23]/.test(has(() => page.performance.getEntriesByType("navigation")[0].nextHopProtocol) ?? ""),
    base: has(() => page.document?.baseURI ?? page.location?.href) ?? undefined,
    console,
  };
}

/**
 * @param {string | URL} address
 * @param {Options} options
 */
function settle(address, options) {
  const environment = { ...surroundings(), ...options.environment };
  const url = new URL(address, environment.base);
  url.protocol = url.protocol.replace(/^ws/, "http");
  url.hash = "";
  const transports = options.transports ?? TRANSPORTS;
  const wrong = transports.find((name) => !TRANSPORTS.includes(name));
  if (wrong !== undefined || transports.length === 0) throw new TypeError(`There is no transport "${wrong ?? ""}"`);
  const heldRequests = options.heldRequests ?? (environment.multiplexed() ? Infinity : HELD_REQUESTS);
  if (heldRequests !== Infinity && !(Number.isInteger(heldRequests) && heldRequests >= 0)) {
    throw new TypeError(`heldRequests is a whole number or Infinity, and not ${heldRequests}`);
  }
  const { fetch = globalThis.fetch, WebSocket = globalThis.WebSocket, storage } = options;
  return {
    environment,
    address: url,
    token: options.token,
    transports: [...new Set(transports)],
    openTimeout: options.openTimeout ?? 5000,
    backoff: { min: 500, max: 20_000, ...options.backoff },
    maxAttempts: options.maxAttempts ?? Infinity,
    upgradeAfter: options.upgradeAfter ?? 30_000,
    maxUnsent: { frames: 1000, bytes: 1024 * 1024, ...options.maxUnsent },
    rate: { frames: 25, burst: 80, bytes: 112 * 1024, byteBurst: 448 * 1024, ...options.rate },
    paced: options.rate !== null,
    requestTimeout: options.requestTimeout ?? 35_000,
    storage: storage === undefined ? /** @type {SimpleStorage | null} */ (has(() => globalThis.sessionStorage)) : storage,
    heldRequests,
    withCredentials: options.withCredentials ?? false,
    // Called as a function of its own: browsers refuse `fetch` as a method of anything else.
    fetch: fetch ? (/** @type {any} */ input, /** @type {any} */ init) => fetch(input, init) : null,
    WebSocket: WebSocket ?? null,
  };
}

/** A client: one connection to a server, which outlives the wires that carry it. */
export class Tidings {
  #conversation;

  /**
   * Makes a client; `connect` connects it. What is said before waits.
   *
   * @param {string | URL} [address] the base path of the server, or an absolute URL: http, https, ws or wss
   * @param {Options} [options]
   */
  constructor(address = "/realtime", options = {}) {
    this.#conversation = new Conversation(settle(address, options));
  }

  /** Connects, and goes on connecting until `close`, or until the server says that it is of no use. */
  connect() {
    this.#conversation.connect();
  }

  /** Leaves for good: tells the server, and fails what has no answer yet. `connect` begins anew. */
  close() {
    this.#conversation.close();
  }

  /**
   * Goes on over another transport now, without loss, and stays there.
   *
   * @param {Transport | null} transport null: the best one that works, again
   * @returns {Promise<void>} rejects if that transport does not work; the present one goes on then
   */
  use(transport) {
    return this.#conversation.use(transport);
  }

  get state() {
    return this.#conversation.state;
  }

  /** The transport that carries the connection now. @returns {Transport | null} */
  get transport() {
    return this.#conversation.transport;
  }

  /** The public id of the connection. @returns {string | null} */
  get id() {
    return this.#conversation.id;
  }

  /** Who this is, by the server's word. @returns {string | null} */
  get user() {
    return this.#conversation.user;
  }

  /**
   * @template {keyof TidingsEvents} K
   * @param {K} name
   * @param {(event: TidingsEvents[K]) => unknown} listener
   * @returns {() => void} ends it
   */
  on(name, listener) {
    return this.#conversation.events.on(name, listener);
  }

  /**
   * Listens to the direct messages of one event.
   *
   * @param {string} event
   * @param {(message: Direct) => unknown} listener
   * @returns {() => void} ends it
   */
  onEvent(event, listener) {
    return this.#conversation.directs.on(event, listener);
  }

  /**
   * Answers the server's requests of one event: with what the handler returns, or with an error if it throws. An event has one
   * handler.
   *
   * @param {string} event
   * @param {(data: any, request: {event: string, bytes?: Uint8Array}) => unknown} handler
   * @returns {() => void} ends it
   */
  onRequest(event, handler) {
    if (typeof handler !== "function") throw new TypeError("A handler is a function");
    const { requests } = this.#conversation;
    requests.set(event, handler);
    return () => {
      if (requests.get(event) === handler) requests.delete(event);
    };
  }

  /**
   * Subscribes to a channel, now or as soon as there is a connection, and again on each new one. There is one subscription of a
   * channel: subscribing again returns the same.
   *
   * @param {string} channel
   * @param {SubscribeOptions} [options]
   * @returns {Subscription}
   */
  subscribe(channel, options = {}) {
    return this.#conversation.subscribe(channel, options);
  }

  /**
   * Publishes to a channel.
   *
   * @param {string} channel
   * @param {any} data a JSON value, or bytes as a `Uint8Array`
   * @param {PublishOptions} [options]
   * @returns {Promise<Published>}
   */
  publish(channel, data, options) {
    return this.#conversation.publish(channel, data, options);
  }

  /**
   * Sends a message to the application; resolves when it has been given it.
   *
   * @param {string} event
   * @param {any} [data] a JSON value, or bytes as a `Uint8Array`
   * @returns {Promise<void>}
   */
  send(event, data) {
    return this.#conversation.sendEvent(event, data);
  }

  /**
   * Asks the application something; resolves with its answer.
   *
   * @param {string} event
   * @param {any} [data] a JSON value, or bytes as a `Uint8Array`
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  request(event, data, options) {
    return this.#conversation.request(event, data, options);
  }
}

import { Tidings } from "../src/tidings.js";
import { Clock, settled } from "./clock.js";
import { Server } from "./server.js";

export { json, never } from "./server.js";
export { settled } from "./clock.js";

export class Storage {
  entries = new Map();
  getItem = (key) => this.entries.get(key) ?? null;
  setItem = (key, value) => void this.entries.set(key, value);
  removeItem = (key) => void this.entries.delete(key);
}

/** The locks of an origin, as the pages of one browser share them. */
export class Locks {
  held = new Set();
  async request(name, { ifAvailable }, use) {
    if (!ifAvailable) throw new Error("Nobody waits here");
    await null;
    if (this.held.has(name)) return use(null);
    this.held.add(name);
    try {
      return await use({ name, mode: "exclusive" });
    } finally {
      this.held.delete(name);
    }
  }
}

/** A page, with a server and time of its own. */
export class World {
  clock = new Clock();
  server = new Server(this.clock);
  storage = new Storage();
  online = true;
  random = 0.5;
  warned = [];
  failed = [];
  clients = [];

  /** A client in a page of its own, that is, with a window and a document of its own. */
  client(options = {}) {
    const world = this;
    const page = { window: new EventTarget(), document: new EventTarget() };
    const { clock, server } = this;
    const tidings = new Tidings("http://test/realtime", {
      WebSocket: server.WebSocket,
      fetch: server.fetch,
      storage: this.storage,
      ...options,
      environment: {
        now: clock.now,
        setTimeout: clock.setTimeout,
        clearTimeout: clock.clearTimeout,
        random: () => world.random,
        online: () => world.online,
        locks: null,
        multiplexed: () => false,
        ...page,
        console: { warn: (...said) => world.warned.push(said), error: (...said) => world.failed.push(said) },
        ...options.environment,
      },
    });
    const states = [];
    const transports = [];
    tidings.on("state", (event) => states.push(event));
    tidings.on("transport", ({ transport }) => transports.push(transport));
    const client = {
      tidings,
      states,
      transports,
      page,
      fire: (name, fields = {}) => (page.window ?? page).dispatchEvent(Object.assign(new Event(name), fields)),
      fireDocument: (name) => page.document.dispatchEvent(new Event(name)),
      /** Everything of one event, as it comes. */
      all(name) {
        const events = [];
        tidings.on(name, (event) => events.push(event));
        return events;
      },
    };
    this.clients.push(client);
    return client;
  }

  /** A client that is connected. */
  async connected(options) {
    const client = this.client(options);
    client.tidings.connect();
    await this.clock.advance(0);
    return client;
  }

  /** The clients of a test end with it, as their pages do: the keys of the storage are the page's. */
  end() {
    for (const { tidings } of this.clients) tidings.close();
  }
}

/** What a promise has come to: its value, its error's code, or "pending". */
export async function outcome(promise, patience = settled().then(() => "pending")) {
  return Promise.race([
    promise.then(
      (value) => value,
      (error) => error.code ?? error,
    ),
    patience,
  ]);
}

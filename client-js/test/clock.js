/** A clock that goes on when it is told to, and timers by it. */
export class Clock {
  time = 1_000_000;
  #timers = new Map();
  #ids = 0;

  now = () => this.time;

  setTimeout = (task, delay) => {
    const id = ++this.#ids;
    this.#timers.set(id, { at: this.time + Math.max(0, delay), task });
    return id;
  };

  clearTimeout = (id) => void this.#timers.delete(id);

  get pending() {
    return this.#timers.size;
  }

  /** Time passes, and everything that is due happens, in order. */
  async advance(time) {
    const end = this.time + time;
    await settled();
    for (;;) {
      let next = null;
      for (const [id, timer] of this.#timers) {
        if (timer.at <= end && (next === null || timer.at < next.at)) next = { id, ...timer };
      }
      if (next === null) break;
      this.#timers.delete(next.id);
      this.time = Math.max(this.time, next.at);
      next.task();
      await settled();
    }
    this.time = end;
    await settled();
  }

  /** The device sleeps: time passes, and nothing happens. */
  async sleep(time) {
    this.time += time;
    await this.advance(0);
  }
}

/** Whatever has been promised and needs no time has happened. */
export async function settled() {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
}

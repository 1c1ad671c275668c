/** What the page knows, without the page: no DOM, no network. */

export const MAX_TEXT = 2000;
export const NAME = /^(?=.{1,24}$)[\p{L}\p{M}\p{N}]+(?:[ ._-][\p{L}\p{M}\p{N}]+)*$/u;
export const ROOM = /^(?=.{1,32}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;

/**
 * What was said in one place: each message once, in the server's order, however often and in whatever order it arrives;
 * and the gaps, where something may be missing.
 */
export class Log {
  /** Messages `{kind: "message", id, at, from, text, key}` and gaps `{kind: "gap", at, text}`, by their time. */
  entries = [];
  #ids = new Set();
  #keys = new Set();
  #mark = null;
  #max;

  constructor(max = 2000) {
    this.#max = max;
  }

  /** Adds a message and returns where it is now, or -1 if it was there already. */
  add(message) {
    if (this.#ids.has(message.id) || (message.key && this.#keys.has(keyOf(message)))) return -1;
    this.#ids.add(message.id);
    if (message.key) this.#keys.add(keyOf(message));
    return this.#insert({ kind: "message", ...message });
  }

  #insert(entry) {
    let index = this.entries.length;
    while (index > 0 && this.entries[index - 1].at > entry.at) index--;
    this.entries.splice(index, 0, entry);
    return index;
  }

  /** Forgets what is too much, the oldest first, and returns how many entries that were. */
  trim() {
    const gone = this.entries.splice(0, Math.max(0, this.entries.length - this.#max));
    for (const entry of gone) {
      if (entry.kind !== "message") continue;
      this.#ids.delete(entry.id);
      this.#keys.delete(keyOf(entry));
    }
    return gone.length;
  }

  /** From here on something may be missing, until `fill` shows that it is not. */
  lose(text) {
    this.#mark ??= { last: this.entries.findLast(entry => entry.kind === "message") ?? null, text };
  }

  /**
   * Takes what the server still has. If it reaches back to what was here before the loss, or nothing was here, all is well;
   * if it does not, a gap stays. Returns whether anything is new.
   */
  fill(messages) {
    const before = this.entries.length;
    const mark = this.#mark;
    this.#mark = null;
    const whole = !mark?.last || messages.some(message => message.id === mark.last.id);
    if (!whole) this.#insert({ kind: "gap", at: mark.last.at + 0.5, text: mark.text });
    for (const message of messages) this.add(message);
    return this.entries.length > before;
  }
}

const keyOf = message => `${message.key} ${message.from}`;

/** Members by connection become people: each user once, with the number of devices; away if all of them are. */
export function people(members, me) {
  const byUser = new Map();
  for (const { user, data } of members) {
    const person = byUser.get(user) ?? { name: user, devices: 0, away: true };
    person.devices++;
    person.away &&= data?.away === true;
    byUser.set(user, person);
  }
  return [...byUser.values()].sort((a, b) => (b.name === me) - (a.name === me) || a.name.localeCompare(b.name));
}

/** Who is typing, told again and again while it lasts, and forgotten some seconds after. */
export class Typing {
  static LASTS = 5000;
  static EVERY = 2500;
  #until = new Map();
  #told = -Infinity;

  hear(user, now) {
    this.#until.set(user, now + Typing.LASTS);
  }

  stopped(user) {
    return this.#until.delete(user);
  }

  names(now) {
    for (const [user, until] of this.#until) if (until <= now) this.#until.delete(user);
    return [...this.#until.keys()];
  }

  /** Whether it is time to tell the others of one's own typing. */
  tell(now) {
    if (now - this.#told < Typing.EVERY) return false;
    this.#told = now;
    return true;
  }

  sent() {
    this.#told = -Infinity;
  }
}

export function typingText(names) {
  switch (names.length) {
    case 0: return "";
    case 1: return `${names[0]} is typing…`;
    case 2: return `${names[0]} and ${names[1]} are typing…`;
    default: return `${names.length} people are typing…`;
  }
}

/** A colour for a name, the same on every page: one of twenty-four, so that they differ to the eye. */
export function hue(name) {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193) >>> 0;
  return (((hash ^ (hash >>> 13)) >>> 0) % 24) * 15;
}

export function initials(name) {
  const words = name.split(/[ ._-]+/u).filter(Boolean);
  const first = [...(words[0] ?? "?")];
  return (words.length > 1 ? first[0] + [...words[1]][0] : first.slice(0, 2).join("")).toUpperCase();
}

/** How it looks. What people say and are called only ever becomes text, never markup. */
import { hue, initials } from "./model.js";

export const $ = id => document.getElementById(id);

/** `make("li", {className: "a"}, "text", node)` */
export function make(tag, properties = {}, ...content) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...content);
  return node;
}

export function avatar(name) {
  return paint(make("span", { className: "avatar", ariaHidden: "true" }), name);
}

export function paint(node, name) {
  node.textContent = initials(name);
  node.style.setProperty("--hue", hue(name));
  return node;
}

/** Does something soon, and once for all calls until then: a thousand messages in a second are drawn some dozen times. */
export function soon(task, delay = 16) {
  let timer = 0;
  return () => {
    timer ||= setTimeout(() => {
      timer = 0;
      task();
    }, delay);
  };
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const TOGETHER = 5 * 60 * 1000;

/** The list of messages. The page hands it one place after the other. */
export class Messages {
  #list = $("messages");
  #scroll = $("scroll");
  #me;

  constructor(me) {
    this.#me = me;
    this.#scroll.addEventListener("scroll", () => {
      this.#sticks = this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < 60;
      if (this.#sticks) $("to-end").hidden = true;
    }, { passive: true });
    $("to-end").addEventListener("click", () => this.#toEnd());
    new ResizeObserver(() => { if (this.#sticks) this.#toEnd(); }).observe(this.#scroll);
  }

  /** Whether the list follows what comes. It does until somebody scrolls up. */
  #sticks = true;

  #toEnd = soon(() => {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    $("to-end").hidden = true;
    this.#sticks = true;
  });

  /** Shows another place, or the same anew. */
  show(log, waiting, nothing) {
    this.#list.replaceChildren(
      ...log.entries.map((entry, index) => this.#node(entry, log.entries[index - 1])),
      ...waiting.map(message => this.#outgoing(message)));
    this.#empty(nothing);
    this.#toEnd();
  }

  /** Shows one entry more. The entries of the log and the first nodes of the list are always the same. */
  insert(log, index, nothing) {
    const entry = log.entries[index];
    this.#list.insertBefore(this.#node(entry, log.entries[index - 1]), this.#list.children[index] ?? null);
    const after = log.entries[index + 1];
    if (after) this.#list.children[index + 1].replaceWith(this.#node(after, entry));
    for (let gone = log.trim(); gone > 0; gone--) this.#list.firstElementChild.remove();
    this.#empty(nothing);
    if (this.#sticks || entry.from === this.#me) this.#toEnd();
    else $("to-end").hidden = false;
  }

  #empty(nothing) {
    $("nothing").hidden = this.#list.childElementCount > 0;
    $("nothing").textContent = nothing;
  }

  /** A message of one's own that the server has not answered: at the end, until it has. */
  wait(message) {
    this.#list.append(this.#outgoing(message));
    $("nothing").hidden = true;
    this.#toEnd();
  }

  waited(message) {
    this.#list.querySelector(`[data-key="${message.key}"]:is(.pending, .failed)`)?.remove();
  }

  #outgoing(message) {
    const fate = make("p", { className: "fate" }, message.problem ? `Not sent: ${message.problem} ` : "Sending…");
    if (message.problem) {
      fate.append(
        make("button", { type: "button", onclick: message.again }, "Try again"),
        make("button", { type: "button", onclick: message.drop }, "Discard"));
    }
    const node = make("li", { className: `message mine ${message.problem ? "failed" : "pending"}` },
      make("p", { className: "text" }, message.text), fate);
    node.dataset.key = message.key;
    return node;
  }

  #node(entry, before) {
    if (entry.kind === "gap") {
      return make("li", { className: "rule gap" }, entry.text);
    }
    const together = before?.kind === "message" && before.from === entry.from && entry.at - before.at < TOGETHER;
    const at = new Date(entry.at);
    const node = make("li", { className: "message" },
      avatar(entry.from),
      make("header", {},
        make("span", { className: "author" }, entry.from),
        make("time", { dateTime: at.toISOString(), title: full.format(at) }, this.#when(at))),
      make("p", { className: "text", title: full.format(at) }, entry.text));
    node.style.setProperty("--hue", hue(entry.from));
    node.classList.toggle("next", together);
    node.classList.toggle("mine", entry.from === this.#me);
    node.dataset.id = entry.id;
    return node;
  }

  #when(at) {
    const today = at.toDateString() === new Date().toDateString();
    return today ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`;
  }
}

/** A room or a conversation in the list at the side. */
export function place({ label, mark, current, joined, unread, open }) {
  const node = make("button", { className: "place", type: "button", onclick: open },
    mark ?? make("span", { className: "mark", ariaHidden: "true" }, "#"),
    make("span", { className: "what" }, label));
  if (current) node.setAttribute("aria-current", "page");
  node.classList.toggle("in", joined);
  node.classList.toggle("unread", unread > 0);
  if (unread > 0) node.append(make("span", { className: "count", title: `${unread} unread` }, unread > 99 ? "99+" : `${unread}`));
  return make("li", {}, node);
}

export function person({ name, devices, away }, me, open) {
  const own = name === me;
  const node = make(own ? "div" : "button", { className: "person" },
    avatar(name),
    make("span", { className: "who" }, make("span", { className: "name" }, name), ...(own ? [make("span", { className: "you" }, " (you)")] : [])));
  if (!own) {
    node.type = "button";
    node.title = `Write to ${name}`;
    node.onclick = open;
  }
  node.classList.toggle("away", away);
  if (away) node.append(make("span", { className: "devices" }, "away"));
  if (devices > 1) node.append(make("span", { className: "devices", title: `${devices} devices` }, `×${devices}`));
  const item = make("li", {}, node);
  item.dataset.user = name;
  item.dataset.devices = devices;
  return item;
}


/** The page and the conversation with the server. */
import { Tidings } from "/tidings/tidings.js";
import { Log, MAX_TEXT, NAME, people, ROOM, Typing, typingText } from "./model.js";
import { $, avatar, Messages, paint, person, place, soon } from "./view.js";

const TRANSPORTS = { websocket: "WebSocket", sse: "Server-Sent Events", poll: "long polling" };
const STATES = { idle: "Not connected", connecting: "Connecting", reconnecting: "Reconnecting", closed: "Disconnected" };
const KEPT_DIRECTS = 100;

/** A tab remembers who it is and what it was told in private, also when it is loaded again; not longer than the tab lives. */
const memory = {
  get: (key, otherwise) => {
    try {
      return JSON.parse(sessionStorage.getItem(`chat.${key}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set: (key, value) => {
    try {
      sessionStorage.setItem(`chat.${key}`, JSON.stringify(value));
    } catch {
      // Full, or forbidden: then it is forgotten.
    }
  },
  clear: () => Object.keys(sessionStorage).filter(key => key.startsWith("chat.")).forEach(key => sessionStorage.removeItem(key)),
};

const name = memory.get("name", "");
if (name) chat(name);
else door("");

/** Asks for a name. The page is loaded again with it, so that there is one way in. */
function door(problem) {
  $("chat").hidden = true;
  $("door").hidden = false;
  $("name-problem").textContent = problem;
  $("name").focus();
  $("signin").addEventListener("submit", event => {
    event.preventDefault();
    const chosen = $("name").value.normalize("NFC").trim();
    if (!NAME.test(chosen)) {
      $("name-problem").textContent = "A name is 1 to 24 letters and digits, with single spaces, dots or hyphens inside.";
      return;
    }
    memory.set("name", chosen);
    location.reload();
  });
}

function chat(me) {
  const tidings = new Tidings("/realtime", { token: encodeURIComponent(me), transports: Object.keys(TRANSPORTS) });
  const messages = new Messages(me);
  const rooms = new Map();
  const directs = new Map();
  let names = [];
  let current = null;

  $("chat").hidden = false;
  paint($("me"), me);
  $("me-name").textContent = me;

  // ---- The connection: what state it is in, what carries it

  let countdown = 0;

  tidings.on("state", ({ state, previous, reason, code, retryIn }) => {
    $("state").dataset.state = state;
    clearInterval(countdown);
    showState();
    if (state === "connected") {
      $("banner").hidden = true;
      if (previous !== "connected") void tidings.request("rooms").then(answer => { names = answer.rooms; showPlaces(); }, ignore);
    } else if (state === "reconnecting") {
      const until = Date.now() + (retryIn ?? 0);
      const tell = () => banner(countdownText(until), "Try now");
      tell();
      countdown = setInterval(tell, 250);
    } else if (state === "closed") {
      if (code === 4001) {
        memory.clear();
        door("The server does not take this name.");
      } else if (code !== 1000) {
        banner(`Disconnected${reason ? `: ${reason}` : ""}.`, "Connect");
      }
    }
  });
  tidings.on("transport", showState);

  function countdownText(until) {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    return `Connection lost. ${seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again…"}`;
  }

  function banner(text, action) {
    if ($("banner-text").textContent !== text) $("banner-text").textContent = text;
    $("banner-action").textContent = action;
    $("banner").hidden = false;
  }

  function showState() {
    const connected = tidings.state === "connected";
    $("state-word").textContent = connected ? "Connected by " : STATES[tidings.state];
    $("state-word").className = connected ? "wordy" : "";
    $("carrier").textContent = connected ? TRANSPORTS[tidings.transport] ?? tidings.transport : "";
    $("state").dataset.transport = tidings.transport ?? "";
  }

  $("banner-action").addEventListener("click", () => {
    if (tidings.state === "connected") $("banner").hidden = true;
    else void tidings.connect();
  });

  /** Another transport takes over only if it works; otherwise the present one goes on, which is said. */
  async function use(transport) {
    $("transport").value = transport;
    memory.set("transport", transport);
    try {
      await tidings.use(transport || null);
    } catch (error) {
      if ($("transport").value !== transport) return;
      $("transport").value = "";
      memory.set("transport", "");
      banner(`${$("transport").querySelector(`[value="${transport}"]`).textContent} does not work here: ${error.message}.`, "All right");
    }
  }

  $("transport").addEventListener("change", () => void use($("transport").value));

  $("signout").addEventListener("click", () => {
    tidings.close();
    memory.clear();
    location.replace(location.pathname);
  });

  // ---- Rooms: what is said, who is there, who is typing

  function join(room) {
    const known = rooms.get(room);
    if (known) return known;
    const conversation = {
      kind: "room", name: room, log: new Log(), waiting: [], unread: 0, typing: new Typing(), draft: "",
      channel: tidings.subscribe(`chat:${room}`, { presence: true }),
      typingChannel: tidings.subscribe(`typing:${room}`),
      send: (text, key) => tidings.request("say", { room, text, key }),
    };
    rooms.set(room, conversation);
    memory.set("rooms", [...rooms.keys()]);
    conversation.channel.on("message", ({ data }) => receive(conversation, data));
    conversation.channel.on("presence", () => { if (conversation === current) showPeople(); });
    conversation.typingChannel.on("message", ({ event, user }) => {
      if (event !== "typing" || user === me) return;
      conversation.typing.hear(user, Date.now());
      showTyping();
    });
    conversation.channel.ready.then(
      () => {
        Promise.resolve(conversation.channel.enter(presence())).catch(ignore);
        void recent(conversation);
      },
      error => {
        part(conversation);
        $("room-problem").textContent = `#${room} cannot be joined: ${error.message}`;
      });
    return conversation;
  }

  function part(conversation) {
    rooms.delete(conversation.name);
    memory.set("rooms", [...rooms.keys()]);
    conversation.channel.leave?.();
    conversation.channel.unsubscribe();
    conversation.typingChannel.unsubscribe();
    if (conversation === current) go("lobby");
    else showPlaces();
  }

  /** Asks for what was said before one came, or while one was away, and says so where it cannot be had. */
  async function recent(conversation) {
    let found = [];
    try {
      found = (await tidings.request("recent", { room: conversation.name })).messages;
    } catch {
      // Then there is a gap where there was one.
    }
    if (conversation.log.fill(found)) {
      conversation.log.trim();
      if (conversation === current) show();
    }
  }

  tidings.on("gap", ({ channel, reason, text }) => {
    console.info(`Gap in ${channel ?? "what is not a channel's"}: ${reason}`);
    if (channel?.startsWith("chat:")) {
      const conversation = rooms.get(channel.slice("chat:".length));
      if (!conversation) return;
      conversation.log.lose("Something may be missing here: the server could not bring back all that was said while you were away.");
      void recent(conversation);
    } else if (!channel) {
      for (const conversation of directs.values()) {
        conversation.log.lose(`Something may be missing here. ${text}`);
        conversation.log.fill([]);
      }
      if (current.kind === "direct") show();
    }
  });

  const made = tidings.subscribe("rooms");
  made.on("message", ({ data }) => {
    if (!names.includes(data)) names.push(data);
    showPlaces();
  });

  function presence() {
    return { away: document.hidden };
  }

  document.addEventListener("visibilitychange", () => {
    for (const conversation of rooms.values()) Promise.resolve(conversation.channel.update(presence())).catch(ignore);
    if (!document.hidden && current.unread > 0) {
      current.unread = 0;
      showPlaces();
    }
  });

  // ---- Direct messages

  function converse(user) {
    const known = directs.get(user);
    if (known) return known;
    const conversation = {
      kind: "direct", name: user, log: new Log(), waiting: [], unread: 0, typing: new Typing(), draft: "",
      send: (text, key) => tidings.request("direct", { to: user, text, key }),
    };
    conversation.log.fill(memory.get(`with ${user}`, []));
    directs.set(user, conversation);
    memory.set("directs", [...directs.keys()]);
    return conversation;
  }

  tidings.on("direct", ({ event, data }) => {
    if (event !== "direct") return;
    receive(converse(data.from === me ? data.to : data.from), data);
  });

  function remember(conversation) {
    const said = conversation.log.entries.filter(entry => entry.kind === "message").slice(-KEPT_DIRECTS);
    memory.set(`with ${conversation.name}`, said);
  }

  // ---- Messages, either way

  function receive(conversation, message) {
    settle(conversation, message);
    const index = conversation.log.add(message);
    if (index < 0) return;
    conversation.typing.stopped(message.from);
    if (conversation.kind === "direct") remember(conversation);
    if (conversation === current) {
      messages.insert(conversation.log, index, nothing(conversation));
      showTyping();
    } else {
      conversation.log.trim();
    }
    if (message.from !== me && (conversation !== current || document.hidden)) {
      conversation.unread++;
    }
    showPlaces();
  }

  /** One's own message has come back, so it waits no longer. */
  function settle(conversation, message) {
    const index = message.from === me ? conversation.waiting.findIndex(waiting => waiting.key === message.key) : -1;
    if (index < 0) return;
    const [waiting] = conversation.waiting.splice(index, 1);
    if (conversation === current) messages.waited(waiting);
  }

  function say(conversation, text) {
    const message = { text, key: crypto.getRandomValues(new Uint32Array(3)).reduce((all, part) => all + part.toString(36), "") };
    message.again = () => {
      if (conversation === current) messages.waited(message);
      drop(conversation, message);
      message.problem = "";
      send(conversation, message);
    };
    message.drop = () => {
      if (conversation === current) messages.waited(message);
      drop(conversation, message);
    };
    send(conversation, message);
  }

  function drop(conversation, message) {
    conversation.waiting = conversation.waiting.filter(waiting => waiting !== message);
  }

  /** A message that could not be sent stays, and may be sent again under the same key: whoever has got it does not get it twice. */
  async function send(conversation, message) {
    conversation.waiting.push(message);
    if (conversation === current) messages.wait(message);
    try {
      receive(conversation, await conversation.send(message.text, message.key));
    } catch (error) {
      if (!conversation.waiting.includes(message)) return;
      message.problem = error.message;
      if (conversation === current) {
        messages.waited(message);
        messages.wait(message);
      }
    }
  }

  // ---- Showing

  function nothing(conversation) {
    return conversation.kind === "room" ? "Nothing has been said here yet." : `This is between you and ${conversation.name}.`;
  }

  function show() {
    const room = current.kind === "room";
    document.title = `${room ? "#" : ""}${current.name} · Tidings chat`;
    $("title").textContent = `${room ? "# " : ""}${current.name}`;
    $("about").textContent = room ? "" : "Direct messages, for the two of you";
    $("leave-room").hidden = !room || rooms.size < 2;
    $("show-people").hidden = !room;
    $("text").placeholder = `Message ${room ? "#" : ""}${current.name}`;
    messages.show(current.log, current.waiting, nothing(current));
    showTyping();
    showPeople();
    showPlaces();
  }

  const showPlaces = soon(() => {
    if (!current) return;
    const all = [...new Set([...names, ...rooms.keys()])];
    $("rooms").replaceChildren(...all.map(room => place({
      label: room, current: current.kind === "room" && current.name === room, joined: rooms.has(room),
      unread: rooms.get(room)?.unread ?? 0, open: () => go(room),
    })));
    $("directs").replaceChildren(...[...directs.values()].map(({ name: user, unread }) => place({
      label: user, mark: avatar(user), current: current.kind === "direct" && current.name === user, joined: true, unread,
      open: () => go(`@${user}`),
    })));
    $("no-directs").hidden = directs.size > 0;
    $("elsewhere").hidden = ![...rooms.values(), ...directs.values()].some(({ unread }) => unread > 0);
  });

  function showPeople() {
    const here = current.kind === "room" ? people(current.channel.members.values(), me) : [];
    $("members").replaceChildren(...here.map(each => person(each, me, () => go(`@${each.name}`))));
    $("count").textContent = here.length;
    if (current.kind === "room") $("about").textContent = here.length === 1 ? "1 person here" : `${here.length} people here`;
    $("people").hidden = current.kind !== "room";
  }

  function showTyping() {
    const text = typingText(current.typing.names(Date.now()));
    if ($("typing").textContent !== text) $("typing").textContent = text;
  }
  setInterval(showTyping, 1000);

  // ---- Where one is: the part of the address behind "#", so that reloading, bookmarks and going back work

  function go(where) {
    drawers();
    if (decodeURIComponent(location.hash.slice(1)) === where) arrive();
    else location.hash = encodeURIComponent(where);
  }

  function arrive() {
    let where = "";
    try {
      where = decodeURIComponent(location.hash.slice(1));
    } catch {
      // Not an address of ours.
    }
    const user = where.startsWith("@") ? where.slice(1) : "";
    if (current) current.draft = $("text").value;
    current = NAME.test(user) && user !== me ? converse(user) : join(ROOM.test(where) ? where : "lobby");
    current.unread = 0;
    $("text").value = current.draft;
    measure();
    show();
  }

  addEventListener("hashchange", arrive);

  // ---- Typing and clicking

  function measure() {
    const left = MAX_TEXT - $("text").value.length;
    $("left").hidden = left > 200;
    $("left").textContent = left;
  }

  $("text").addEventListener("input", () => {
    measure();
    if (current.kind === "room" && tidings.state === "connected" && $("text").value && current.typing.tell(Date.now())) {
      Promise.resolve(current.typingChannel.publish(null, { event: "typing", echo: false })).catch(ignore);
    }
  });
  $("text").addEventListener("keydown", event => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $("composer").requestSubmit();
  });
  $("composer").addEventListener("submit", event => {
    event.preventDefault();
    const text = $("text").value.trim();
    if (!text) return;
    $("text").value = "";
    measure();
    current.typing.sent();
    say(current, text);
  });

  $("make-room").addEventListener("submit", event => {
    event.preventDefault();
    const room = $("room-name").value.trim().toLowerCase().replace(/^#/, "").replace(/[\s_-]+/g, "-");
    const good = ROOM.test(room);
    $("room-problem").textContent = good ? "" : "A room is called by letters a to z, digits, and single hyphens inside.";
    if (!good) return;
    $("room-name").value = "";
    go(room);
    $("text").focus();
  });
  $("leave-room").addEventListener("click", () => part(current));

  for (const [button, panel] of [["show-places", "places"], ["show-people", "people"]]) {
    $(button).addEventListener("click", () => drawers($(panel).classList.contains("open") ? "" : panel));
  }
  $("shade").addEventListener("click", () => drawers());
  addEventListener("keydown", event => { if (event.key === "Escape") drawers(); });

  function drawers(open = "") {
    for (const panel of ["places", "people"]) {
      $(panel).classList.toggle("open", panel === open);
      $(`show-${panel}`).setAttribute("aria-expanded", `${panel === open}`);
    }
    $("shade").hidden = !open;
  }

  // ---- And begin

  for (const room of memory.get("rooms", []).filter(each => ROOM.test(each))) join(room);
  memory.get("directs", []).forEach(converse);
  arrive();
  const choice = memory.get("transport", "");
  if (choice) void use(choice);
  void Promise.resolve(tidings.connect()).catch(ignore);
}

function ignore() {
  // Said elsewhere: by the state, or by a gap.
}

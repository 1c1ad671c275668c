/**
 * What a browser has by itself (WebSocket, EventSource, fetch), and the browser client, against one container. Each scene says
 * "passed NAME" in the end.
 */
import assert from "node:assert/strict";
import { start } from "./browser.mjs";

const { SERVER, ELSEWHERE, THROUGH_PROXY, CONTROL } = process.env;

const browser = await start();

/** A page of the server's own, without any script of its own. */
async function pageOf(origin) {
  const page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`${origin}/realtime`);
  await page.addScriptTag({ content: `(${tools})()` });
  return page;
}

/** What the scenes have inside of a page. */
function tools() {
  window.texts = [];
  window.hear = frame => frame.type === "message" && texts.push(frame.data.text);
  window.until = async (what, check) => {
    for (let i = 0; i < 1000; i++) {
      if (await check()) return;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    throw new Error(`${what}: not in time; heard ${JSON.stringify(texts.slice(-5))}`);
  };
  /** Says something in the lobby by a socket of its own. */
  window.say = text =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket("/realtime/websocket?channel=chat:lobby&token=Robot");
      socket.onopen = () => socket.send(JSON.stringify({ type: "request", id: 1, event: "say", data: { room: "lobby", text } }));
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.id !== 1) return;
        socket.close();
        frame.type === "reply" ? resolve() : reject(new Error(data));
      };
      socket.onerror = () => reject(new Error("The robot has no socket"));
    });
}

const scenes = {
  async websocket() {
    const page = await pageOf(SERVER);
    await page.evaluate(async () => {
      const socket = new WebSocket("/realtime/websocket?channel=chat:lobby&token=Ada");
      socket.onmessage = ({ data }) => hear(JSON.parse(data));
      await until("open", () => socket.readyState === WebSocket.OPEN);
      await say("over a WebSocket");
      await until("heard", () => texts.includes("over a WebSocket"));
      const closed = new Promise(resolve => (socket.onclose = resolve));
      socket.close(1000, "enough");
      const { code, wasClean } = await closed;
      if (code !== 1000 || !wasClean) throw new Error(`closed by ${code}`);
    });
  },

  /** The browser's own EventSource comes back by itself, says where it was, and is told that it may have missed something. */
  async eventSource() {
    const page = await pageOf(THROUGH_PROXY);
    await page.evaluate(() => {
      window.gaps = [];
      window.events = new EventSource("/realtime/sse?channel=chat:lobby&token=Ada");
      events.onmessage = ({ data }) => hear(JSON.parse(data));
      events.addEventListener("gap", ({ data }) => gaps.push(JSON.parse(data)));
      return until("open", () => events.readyState === EventSource.OPEN);
    });
    await page.evaluate(async () => {
      await say("first");
      await until("heard", () => texts.includes("first"));
    });
    assert.equal((await fetch(`${CONTROL}/cut`)).status, 204);
    await page.evaluate(() => until("cut", () => events.readyState === EventSource.CONNECTING));
    assert.equal((await fetch(`${CONTROL}/heal`)).status, 204);
    const gaps = await page.evaluate(async () => {
      await until("open again", () => events.readyState === EventSource.OPEN);
      await say("second");
      await until("heard again", () => texts.includes("second"));
      return gaps;
    });
    assert.deepEqual(gaps.map(({ channel, reason }) => [channel, reason]), [["chat:lobby", "NO_HISTORY"]]);
  },

  async fetchPolls() {
    const page = await pageOf(SERVER);
    await page.evaluate(async () => {
      const poll = async query => {
        const response = await fetch(`/realtime/poll?channel=chat:lobby&token=Ada&${query}`);
        if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
        return response.json();
      };
      let { next } = await poll("timeout=0");
      const heard = (async () => {
        while (!texts.includes("last")) {
          const answer = await poll(`since=${encodeURIComponent(next)}&timeout=2000`);
          answer.messages.forEach(hear);
          next = answer.next;
        }
      })();
      const saying = (async () => {
        while (!texts.includes("last")) await say("last");
      })();
      await Promise.all([heard, saying]);
    });
  },

  /** Frames that are counted, by a stream that fetch reads and posts that it makes. */
  async fetchStreams() {
    const page = await pageOf(SERVER);
    await page.evaluate(async () => {
      const headers = { "Tidings-Protocol": "tidings.v1", Authorization: "Bearer Ada" };
      const response = await fetch("/realtime/sse", { headers: { ...headers, Accept: "text/event-stream" } });
      const frames = [];
      (async () => {
        let text = "";
        for (const reader = response.body.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
          const { done, value } = await reader.read();
          if (done) return;
          text += value;
          const events = text.split("\n\n");
          text = events.pop();
          for (const event of events) {
            const line = event.split("\n").find(each => each.startsWith("data:"));
            if (line) frames.push(JSON.parse(line.slice(5)));
          }
        }
      })();
      await until("welcome", () => frames.some(({ type }) => type === "welcome"));
      const { resume, expects } = frames.find(({ type }) => type === "welcome");
      const post = (first, ...said) =>
        fetch("/realtime/sse", {
          method: "POST",
          headers: { "Tidings-Protocol": "tidings.v1", "Tidings-Connection": resume, "Tidings-First": String(first), "Content-Type": "application/x-ndjson" },
          body: said.map(frame => JSON.stringify(frame)).join("\n"),
        });
      const subscribe = { type: "subscribe", id: 1, channel: "chat:lobby" };
      const speak = { type: "request", id: 2, event: "say", data: { room: "lobby", text: "by fetch" } };
      const answers = [await post(expects, subscribe), await post(expects, subscribe), await post(expects + 1, speak)];
      const taken = await Promise.all(answers.map(answer => answer.json()));
      if (taken.map(each => each.expects).join() !== [2, 2, 3].map(n => n - 1 + expects).join()) throw new Error(JSON.stringify(taken));
      await until("heard", () => frames.some(frame => frame.type === "message" && frame.data.text === "by fetch"));
      const replies = frames.filter(({ type }) => type === "reply").map(({ id }) => id);
      if (replies.sort().join() !== "1,2") throw new Error(`replies: ${replies}`);
    });
  },

  /** A page of another origin gets nothing, by none of the three. */
  async otherOrigin() {
    const page = await pageOf(ELSEWHERE);
    const got = await page.evaluate(async server => {
      const ended = (target, ...names) => new Promise(resolve => names.forEach(name => target.addEventListener(name, () => resolve(name))));
      const socket = new WebSocket(`${server.replace("http", "ws")}/realtime/websocket?channel=chat:lobby&token=Ada`);
      const events = new EventSource(`${server}/realtime/sse?channel=chat:lobby&token=Ada`);
      const said = await Promise.all([
        ended(socket, "open", "error"),
        ended(events, "open", "error"),
        fetch(`${server}/realtime/poll?channel=chat:lobby&token=Ada&timeout=0`).then(() => "open", () => "error"),
        fetch(`${server}/realtime/poll`, { method: "POST", headers: { "Tidings-Protocol": "tidings.v1" }, body: "{}" }).then(() => "open", () => "error"),
      ]);
      return [...said, events.readyState === EventSource.CLOSED];
    }, SERVER);
    assert.deepEqual(got, ["error", "error", "error", "error", true]);
  },

  /** The browser client, while it changes its transport again and again: everything once, in order. */
  async client() {
    const page = await pageOf(SERVER);
    const { heard, transports, gaps } = await page.evaluate(async () => {
      const { Tidings } = await import("/tidings/tidings.js");
      const tidings = new Tidings("/realtime", { token: "Ada" });
      const lobby = tidings.subscribe("chat:lobby");
      const gaps = [];
      const transports = [];
      tidings.on("gap", gap => gaps.push(gap));
      tidings.on("transport", ({ transport }) => transports.push(transport));
      lobby.on("gap", gap => gaps.push(gap));
      lobby.on("message", ({ data }) => texts.push(data.text));
      tidings.connect();
      await until("connected", () => lobby.state === "subscribed");
      let said = 0;
      let talking = true;
      const talks = (async () => {
        while (talking) await tidings.request("say", { room: "lobby", text: `n ${said++}` });
      })();
      for (const transport of ["sse", "poll", "websocket", "poll", "sse", "websocket"]) {
        const before = texts.length;
        await tidings.use(transport);
        await until(`heard over ${transport}`, () => texts.length > before + 3);
      }
      talking = false;
      await talks;
      await until("all heard", () => texts.length >= said);
      tidings.close();
      return { heard: texts, transports, gaps };
    });
    assert.deepEqual(heard, heard.map((_, i) => `n ${i}`));
    assert.deepEqual(transports, ["websocket", "sse", "poll", "websocket", "poll", "sse", "websocket"]);
    assert.deepEqual(gaps, []);
  },
};

try {
  for (const [name, scene] of Object.entries(scenes)) {
    await scene();
    for (const context of browser.contexts()) await context.close();
    console.log(`passed ${name}`);
  }
} finally {
  await browser.close();
}

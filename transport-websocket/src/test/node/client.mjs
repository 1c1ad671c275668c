// Talks to a server with the WebSocket client "ws", and says what went well, a line each.
import assert from "node:assert/strict";
import { once } from "node:events";
import WebSocket from "ws";

const url = process.argv[2];
setTimeout(() => {
  console.error("Nothing happened for 20 seconds");
  process.exit(1);
}, 20_000);

/** An open socket whose frames are kept until they are asked for. */
async function open(query, protocols, options) {
  const socket = new WebSocket(url + query, protocols, options);
  const frames = [];
  let wake = () => {};
  socket.on("message", (data) => {
    frames.push(JSON.parse(data.toString()));
    wake();
  });
  await once(socket, "open");
  const next = async (type) => {
    for (;;) {
      while (frames.length > 0) {
        const frame = frames.shift();
        if (frame.type === type) return frame;
      }
      await new Promise((resolve) => (wake = resolve));
    }
  };
  return { socket, next };
}

const stranger = new WebSocket(url, { origin: "https://evil.example" });
stranger.on("error", () => {});
const [, response] = await once(stranger, "unexpected-response");
assert.equal(response.statusCode, 403);
let body = "";
for await (const part of response) body += part;
assert.equal(JSON.parse(body).code, 4003);
console.log("refused");

const plain = await open("", []);
assert.equal(plain.socket.protocol, "");
assert.equal(plain.socket.extensions, "");
plain.socket.send(JSON.stringify({ type: "subscribe", id: "s", channel: "open:a" }));
assert.equal((await plain.next("reply")).id, "s");
console.log("plain");

const acknowledging = await open("", ["tidings.v1"]);
assert.equal(acknowledging.socket.protocol, "tidings.v1");
assert.ok((await acknowledging.next("welcome")).resume);
acknowledging.socket.send(JSON.stringify({ type: "publish", id: 1, channel: "open:a", data: "grüße 🎉" }));
assert.equal((await acknowledging.next("reply")).outcome, "ok");
assert.equal((await plain.next("message")).data, "grüße 🎉");
console.log("acknowledging");

plain.socket.ping("still there?");
assert.equal((await once(plain.socket, "pong"))[0].toString(), "still there?");
console.log("pong");

plain.socket.send(Buffer.from([1, 2, 3]));
assert.equal((await once(plain.socket, "close"))[0], 1003);
console.log("binary");

acknowledging.socket.close(1000);
assert.equal((await once(acknowledging.socket, "close"))[0], 1000);
console.log("closed");
// The refused connection may be kept alive by the server.
process.exit(0);

// Talks to a server with the EventSource of the package "eventsource", and says what went well, a line each.
import assert from "node:assert/strict";
import { EventSource } from "eventsource";

const url = process.argv[2];
setTimeout(() => {
  console.error("Nothing happened for 60 seconds");
  process.exit(1);
}, 60_000);

/** A source whose events are kept until they are asked for. */
function open(query) {
  const source = new EventSource(url + query);
  const events = [];
  let wake = () => {};
  for (const name of ["open", "error", "message", "welcome", "gap", "flash/1"])
    source.addEventListener(name, (event) => {
      events.push(event);
      wake();
    });
  const next = async (type) => {
    for (;;) {
      while (events.length > 0) {
        const event = events.shift();
        if (event.type === type) return event;
        assert.ok(event.data !== undefined || type === "error" || type === "welcome", `${event.type} came before ${type}`);
      }
      await new Promise((resolve) => (wake = resolve));
    }
  };
  return { source, next };
}

const { source, next } = open("?channel=open:a&channel=open:b");
await next("open");
assert.equal(JSON.parse((await next("welcome")).data).type, "welcome");
console.log("welcome");

const message = JSON.parse((await next("message")).data);
assert.equal(message.channel, "open:a");
assert.equal(message.data, "data: one\r\nevent: x\n\n\uFEFFtwo\u2028 gr\u00fc\u00dfe \u{1F389}");
console.log("message");

const named = await next("flash/1");
assert.equal(JSON.parse(named.data).event, "flash/1");
assert.ok(named.lastEventId.split(",").length === 2, named.lastEventId);
console.log("named");

const disguised = JSON.parse((await next("message")).data);
assert.equal(disguised.event, "error");
console.log("disguised");

// The stream is ended by its age; EventSource opens another by itself, with the last id.
const again = JSON.parse((await next("welcome")).data);
assert.equal(again.type, "welcome");
assert.equal(JSON.parse((await next("gap")).data).reason, "NO_HISTORY");
console.log("again");
source.close();

const refused = open("?channel=forbidden");
const failure = await refused.next("error");
assert.equal(failure.code, 403);
assert.equal(refused.source.readyState, EventSource.CLOSED);
console.log("refused");
process.exit(0);

// Talks to a server with the EventSource of the package "eventsource", and says what went well, a line each.
import assert from "node:assert/strict";
import { EventSource } from "eventsource";

const url = process.argv[2];
setTimeout(() => {
  console.error("Nothing happened for 60 seconds");
  process.exit(1);
}, 60_000);

/** The next event of one of some names. */
const event = (source, ...names) =>
  new Promise((resolve) => {
    const take = (e) => {
      for (const name of names) source.removeEventListener(name, take);
      resolve(e);
    };
    for (const name of names) source.addEventListener(name, take);
  });

const source = new EventSource(`${url}?channel=open:a&channel=open:b`);
const names = [];
for (const name of ["open", "error"]) source.addEventListener(name, (e) => names.push(e.data === undefined ? name : `${name}!`));
assert.equal(JSON.parse((await event(source, "welcome")).data).type, "welcome");
console.log("welcome");

const message = JSON.parse((await event(source, "message")).data);
assert.equal(message.channel, "open:a");
assert.equal(message.data, "data: one\r\nevent: x\n\n\uFEFFtwo\u2028 gr\u00fc\u00dfe \u{1F389}");
console.log("message");

const named = await event(source, "flash/1");
assert.equal(JSON.parse(named.data).event, "flash/1");
assert.ok(named.lastEventId.split(",").length === 2, named.lastEventId);
console.log("named");

const disguised = JSON.parse((await event(source, "message")).data);
assert.equal(disguised.event, "error");
assert.deepEqual(names, ["open"]);
console.log("disguised");

// The stream is ended by its age; EventSource opens another by itself, with the last id.
const again = JSON.parse((await event(source, "welcome")).data);
assert.equal(again.type, "welcome");
assert.equal(JSON.parse((await event(source, "gap")).data).reason, "NO_HISTORY");
console.log("again");
source.close();

const refused = new EventSource(`${url}?channel=forbidden`);
const failure = await event(refused, "error");
assert.equal(failure.code, 403);
assert.equal(refused.readyState, EventSource.CLOSED);
console.log("refused");
process.exit(0);

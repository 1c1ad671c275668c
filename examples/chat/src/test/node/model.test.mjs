import assert from "node:assert/strict";
import { test } from "node:test";
import { hue, initials, Log, NAME, people, ROOM, Typing, typingText } from "../../main/resources/dev/tidings/examples/chat/page/model.js";

const message = (at, more = {}) => ({ id: `m-${at}`, at, from: "ada", text: `at ${at}`, key: "", ...more });
const shown = log => log.entries.map(entry => entry.kind === "gap" ? "gap" : entry.at);

test("a message is there once, however it comes", () => {
  const log = new Log();
  assert.equal(log.add(message(1)), 0);
  assert.equal(log.add(message(1)), -1);
  assert.equal(log.add(message(2, { key: "k" })), 1);
  assert.equal(log.add(message(3, { key: "k" })), -1, "sent twice by the page");
  assert.equal(log.add(message(4, { key: "k", from: "bob" })), 2, "another's key is another key");
  assert.deepEqual(shown(log), [1, 2, 4]);
});

test("the server's order is the order", () => {
  const log = new Log();
  for (const at of [3, 1, 2, 5, 4]) log.add(message(at));
  assert.deepEqual(shown(log), [1, 2, 3, 4, 5]);
});

test("the oldest go when it is too much", () => {
  const log = new Log(3);
  for (const at of [1, 2, 3, 4, 5]) log.add(message(at));
  assert.equal(log.trim(), 2);
  assert.deepEqual(shown(log), [3, 4, 5]);
  assert.equal(log.trim(), 0);
});

test("who joins finds what was said, and no gap", () => {
  const log = new Log();
  log.add(message(3));
  assert.equal(log.fill([message(1), message(2), message(3)]), true);
  assert.deepEqual(shown(log), [1, 2, 3]);
  assert.equal(log.fill([message(2)]), false);
});

test("a loss that the server can make good is none", () => {
  const log = new Log();
  log.add(message(1));
  log.add(message(2));
  log.lose("lost");
  log.add(message(5));
  log.fill([message(2), message(3), message(4), message(5)]);
  assert.deepEqual(shown(log), [1, 2, 3, 4, 5]);
});

test("a loss that it cannot make good is shown where it is", () => {
  const log = new Log();
  log.add(message(1));
  log.lose("lost");
  log.add(message(9));
  log.lose("lost again, before the first was made good");
  log.fill([message(7), message(8), message(9)]);
  assert.deepEqual(shown(log), [1, "gap", 7, 8, 9]);
  assert.equal(log.entries[1].text, "lost");
  log.lose("once more");
  log.fill([]);
  assert.deepEqual(shown(log), [1, "gap", 7, 8, 9, "gap"]);
});

test("where nothing was, nothing is missing", () => {
  const log = new Log();
  log.lose("lost");
  log.fill([message(1)]);
  assert.deepEqual(shown(log), [1]);
});

test("a person with several devices is one", () => {
  const members = [
    { user: "bob", data: { away: true } }, { user: "ada", data: null }, { user: "bob", data: { away: false } },
    { user: "cy", data: { away: true } }, { user: "me", data: {} },
  ];
  assert.deepEqual(people(members, "me"), [
    { name: "me", devices: 1, away: false },
    { name: "ada", devices: 1, away: false },
    { name: "bob", devices: 2, away: false },
    { name: "cy", devices: 1, away: true },
  ]);
});

test("typing ends by itself, and is told now and then", () => {
  const typing = new Typing();
  typing.hear("ada", 1000);
  typing.hear("bob", 3000);
  assert.deepEqual(typing.names(5999), ["ada", "bob"]);
  assert.deepEqual(typing.names(6000), ["bob"]);
  typing.stopped("bob");
  assert.deepEqual(typing.names(6000), []);
  assert.deepEqual([0, 100, 2499, 2500, 2600].map(now => typing.tell(now)), [true, false, false, true, false]);
  typing.sent();
  assert.equal(typing.tell(2700), true);
});

test("words", () => {
  assert.equal(typingText([]), "");
  assert.equal(typingText(["Ada"]), "Ada is typing…");
  assert.equal(typingText(["Ada", "Bob"]), "Ada and Bob are typing…");
  assert.equal(typingText(["Ada", "Bob", "Cy"]), "3 people are typing…");
  assert.equal(initials("Ada Lovelace"), "AL");
  assert.equal(initials("zoë"), "ZO");
  assert.equal(initials("李"), "李");
  assert.ok(hue("Ada") >= 0 && hue("Ada") < 360);
});

test("names are those that the server takes", () => {
  for (const name of ["Ada", "Ada Lovelace", "Zoë", "李雷", "R2-D2"]) assert.match(name, NAME);
  for (const name of ["", " Ada", "Ada  L", "<b>", "a".repeat(25), "a\u202eb", "a\n"]) assert.doesNotMatch(name, NAME);
  for (const name of ["lobby", "a", "room-101"]) assert.match(name, ROOM);
  for (const name of ["", "A", "-a", "a--b", "a b", "a".repeat(33)]) assert.doesNotMatch(name, ROOM);
});

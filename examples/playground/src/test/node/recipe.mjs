/**
 * Runs the code of a recipe as a page would, with clients of other makes in the place of the browser's: the packages `ws` and
 * `eventsource` of the transports' tests, and Node's fetch. What the code logs is what this says, a line each. It goes on until its
 * input ends.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { SERVER, RECIPE, TOKEN } = process.env;
const of = (transport) => createRequire(new URL(`../../../../../transport-${transport}/src/test/node/client.mjs`, import.meta.url));
const { EventSource } = of("sse")("eventsource");
const { fetch } = globalThis;

Object.assign(globalThis, {
  location: new URL(SERVER),
  token: TOKEN,
  WebSocket: of("websocket")("ws"),
  EventSource: class extends EventSource {
    constructor(url) {
      super(new URL(url, SERVER));
    }
  },
  fetch: (input, init) => fetch(new URL(input, SERVER), init),
});

const directory = mkdtempSync(join(tmpdir(), "tidings-recipe-"));
process.on("exit", () => rmSync(directory, { recursive: true }));
process.stdin.resume().on("end", () => process.exit());
process.on("SIGTERM", () => process.exit());
process.on("unhandledRejection", (problem) => {
  console.log("failed:", problem);
  process.exit(1);
});

// The library is what the server serves.
const script = await fetch(new URL("/tidings/tidings.js", SERVER));
writeFileSync(join(directory, "tidings.mjs"), await script.text());
writeFileSync(join(directory, "recipe.mjs"), RECIPE.replace('"/tidings/tidings.js"', '"./tidings.mjs"'));
await import(pathToFileURL(join(directory, "recipe.mjs")));

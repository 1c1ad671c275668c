/** Pastes the lines of the README into a browser's console. */
import { start } from "./browser.mjs";

const { CHAT, README_SERVER, EVENT_SOURCE, WEB_SOCKET } = process.env;

const browser = await start();

/** Waits until a page says something in its console. */
const hears = (page, text) => page.waitForEvent("console", { predicate: said => said.text().includes(text), timeout: 30_000 });

try {
  const page = await browser.newPage();
  await page.goto(CHAT);
  await page.evaluate(`void (() => { ${EVENT_SOURCE} })()`);
  await page.waitForFunction("events.readyState === EventSource.OPEN");
  const heard = hears(page, "heard hello from the console");
  const answered = hears(page, '"type":"reply"');
  await page.evaluate(`void (() => { ${WEB_SOCKET} })()`);
  await heard;
  console.log("passed listener");
  await answered;
  console.log("passed speaker");
  const other = await browser.newPage();
  const works = hears(other, "It works");
  await other.goto(README_SERVER);
  await works;
  console.log("passed module");
} finally {
  await browser.close();
}

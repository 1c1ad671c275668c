import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

/** Starts the Chromium that is on the PATH, or the one that CHROMIUM names. */
export function start() {
  const found = process.env.PATH.split(delimiter).map(directory => join(directory, "chromium")).find(file => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? found, args: ["--no-sandbox"] });
}

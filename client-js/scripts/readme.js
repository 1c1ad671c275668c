// Checks README.md: that its tables name what types/tidings.d.ts and the protocol have, all of it and nothing else, with the
// defaults that the comments give; and that its code compiles.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(`${root}README.md`, "utf8");
const protocol = readFileSync(`${root}../docs/protocol.md`, "utf8");
const source = readFileSync(`${root}src/tidings.js`, "utf8");
const types = `${root}types/tidings.d.ts`;
const problems = [];
let names = 0;

/** The rows of the tables behind a line of the page, up to the next such line: lists of cells. */
function rows(page, line, until = /^#/m) {
  const from = page.indexOf(`\n${line}\n`);
  if (from < 0) throw new Error(`There is no line "${line}"`);
  const part = page.slice(from + line.length + 2).split(until)[0];
  const table = part.split("\n").filter((row) => row.startsWith("|"));
  return table.slice(2).map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** The names in a cell, without what they are called with. */
const named = (cell) => [...cell.matchAll(/`(\w+)[^`]*`/g)].map((match) => match[1]);
const first = (table) => table.flatMap(([cell]) => named(cell));

function same(what, said, there) {
  names += there.length;
  const missing = there.filter((name) => !said.includes(name));
  const invented = said.filter((name) => !there.includes(name));
  if (missing.length > 0) problems.push(`${what}: the README does not say ${missing.join(", ")}`);
  if (invented.length > 0) problems.push(`${what}: there is no ${invented.join(", ")}`);
}

const file = ts.createSourceFile(types, readFileSync(types, "utf8"), ts.ScriptTarget.ES2022, true);

/** The members of a type or class that are not private. */
function membersOf(name) {
  const node = file.statements.find((statement) => statement.name?.text === name);
  const members = ts.isTypeAliasDeclaration(node) ? node.type.members : node.members;
  return [...members].filter((member) => member.name && !ts.isPrivateIdentifier(member.name));
}
const namesOf = (name) => membersOf(name).map((member) => member.name.text);

/** The fields of what a listener gets. */
function fieldsOf(member) {
  const { type } = member;
  const members = ts.isTypeLiteralNode(type) ? type.members : membersOf(type.typeName.text);
  return [...members].map((field) => field.name.text);
}

/** The numbers in a text, with sizes as they are written. */
const numbers = (text) => text.match(/\d[\d,]*(?: [KM]iB)?/g) ?? [];

function options() {
  const table = rows(readme, "## Options");
  same("options", first(table), namesOf("Options"));
  for (const member of membersOf("Options")) {
    const doc = member.jsDoc.map((comment) => comment.comment ?? "").join(" ").replace(/\s+/g, " ");
    const row = (table.find(([cell]) => cell === `\`${member.name.text}\``) ?? []).join(" ");
    for (const number of numbers(doc.slice(doc.indexOf("Default:")))) {
      if (!row.includes(number) && !row.includes(number.replace(",", ""))) {
        problems.push(`options: the default of ${member.name.text} is ${number} in the types`);
      }
    }
  }
}

function events(line, until, type) {
  const table = rows(readme, line, until);
  same(line, first(table), namesOf(type));
  for (const member of membersOf(type)) {
    const row = table.find(([cell]) => cell === `\`${member.name.text}\``);
    if (row) same(`${line} ${member.name.text}`, named(row[1]), fieldsOf(member));
  }
}

options();
same("Tidings", first(rows(readme, "## `Tidings`")), namesOf("Tidings"));
same("Subscription", first(rows(readme, "## `Subscription`")), namesOf("Subscription"));
events("Of `Tidings`:", /^Of /m, "TidingsEvents");
events("Of `Subscription`:", /^#/m, "SubscriptionEvents");
for (const [type, section] of [
  ["PublishOptions", "## `Tidings`"],
  ["Published", "## `Tidings`"],
  ["RequestOptions", "## `Tidings`"],
  ["SubscribeOptions", "## `Tidings`"],
  ["HistoryOptions", "## `Subscription`"],
  ["History", "## `Subscription`"],
]) {
  const said = rows(readme, section).flatMap((cells) => cells.flatMap(named));
  same(`${type} in "${section}"`, namesOf(type).filter((name) => said.includes(name)), namesOf(type));
}

// Codes and reasons: those of the protocol, and those that the source makes by itself.
const made = [...source.matchAll(/(?:new TidingsError\(|problem\(\{ code: |\{ code: )(?:code \?\? )?"(\w+)"/g)].map((match) => match[1]);
const errors = rows(protocol, "## 11. Errors").flatMap(([cell]) => named(cell));
same("codes", first(rows(readme, "## Errors", /^`code` of/m)), [...new Set([...errors, ...made])]);
const reasons = [...source.match(/const GAPS = \{(.*?)\};/s)[1].matchAll(/^ {2}(\w+):/gm)].map((match) => match[1]);
same("reasons of gaps", first(rows(readme, "## Gaps")), reasons);
const closing = rows(protocol, "## 12. The end: close codes").flatMap(([cell]) => cell.match(/^\d{4}$/) ?? []);
const closes = rows(readme, "`code` of the event `state` is a number: why the link ended.").flatMap(([cell]) => cell.match(/^\d{4}/) ?? []);
same("close codes", closes, [...new Set(closing)]);

// The code, one piece after the other, as a reader meets it.
const snippets = [...readme.matchAll(/```js\n(.*?)```/gs)].map((match) => match[1]);
const name = `${root}README.ts`;
const settings = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022, moduleResolution: ts.ModuleResolutionKind.Bundler };
const compiler = { ...settings, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [], strict: true, noEmit: true, paths: { "tidings-client": [types] } };
const host = ts.createCompilerHost(compiler);
const { getSourceFile, fileExists } = host;
host.fileExists = (path) => path === name || fileExists(path);
host.getSourceFile = (path, ...more) =>
  path === name ? ts.createSourceFile(name, snippets.join("\n"), ts.ScriptTarget.ES2022, true) : getSourceFile(path, ...more);
for (const { messageText, start, file: where } of ts.getPreEmitDiagnostics(ts.createProgram([name], compiler, host))) {
  const at = where === undefined ? "" : where.text.slice(start).split("\n")[0];
  problems.push(`code: ${ts.flattenDiagnosticMessageText(messageText, "\n")} at: ${at}`);
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
} else {
  console.log(`${names} names and ${snippets.length} snippets are right`);
}

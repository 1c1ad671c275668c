// Writes types/tidings.d.ts from the JSDoc of src/tidings.js: what the page sees and nothing else. With --check it only says
// whether the file is up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = `${root}types/tidings.d.ts`;
const PUBLIC = ["Tidings", "Subscription", "TidingsError"];

/** All that the compiler would declare, its own view of private things included. */
function declared() {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(fileNames, { ...options, noEmit: false, declaration: true, emitDeclarationOnly: true });
  let text = "";
  program.emit(undefined, (_, written) => (text = written));
  return ts.createSourceFile("tidings.d.ts", text, ts.ScriptTarget.ES2022, true);
}

const file = declared();
const text = file.getFullText();
const isInternal = (node) => text.slice(node.getFullStart(), node.getStart()).includes("@internal");
const isPrivate = (member) => member.name && ts.isPrivateIdentifier(member.name);

/** Where a declaration begins with the one comment that is its own. */
function start(node) {
  const comments = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
  return comments.at(-1)?.pos ?? node.getStart();
}

/** A declaration as text, without members that are internal. */
function shown(node) {
  if (!ts.isClassDeclaration(node)) return text.slice(start(node), node.getEnd());
  let from = start(node);
  let result = "";
  for (const member of node.members) {
    if (!isInternal(member)) continue;
    result += text.slice(from, member.getFullStart());
    from = member.getEnd();
  }
  result += text.slice(from, node.getEnd());
  // The compiler does not let anybody make one whose constructor is not shown.
  const hidden = node.members.some((member) => ts.isConstructorDeclaration(member) && isInternal(member));
  return (hidden ? result.replace("{", "{\n    private constructor();") : result).trim();
}

const byName = new Map();
for (const statement of file.statements) if (statement.name) byName.set(statement.name.text, statement);
const wanted = new Set();
function want(name) {
  const node = byName.get(name);
  if (!node || wanted.has(name)) return;
  wanted.add(name);
  const visit = (child) => {
    if (isInternal(child) || isPrivate(child)) return;
    if (ts.isTypeReferenceNode(child) || ts.isExpressionWithTypeArguments(child)) want((child.typeName ?? child.expression).getText());
    ts.forEachChild(child, visit);
  };
  ts.forEachChild(node, visit);
}
PUBLIC.forEach(want);

const types = "// Written by scripts/types.js from the comments in src/tidings.js.\n\n" + [...byName].filter(([name]) => wanted.has(name)).map(([, node]) => shown(node)).join("\n\n") + "\n";
if (!process.argv.includes("--check")) {
  writeFileSync(target, types);
} else if (types !== readFileSync(target, "utf8")) {
  console.error("types/tidings.d.ts is not up to date: run npm run types");
  process.exitCode = 1;
}

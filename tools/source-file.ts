/**
 * One source file as the house rules see it: what it imports and which banned constructs it holds. Reads the
 * syntax tree (rolldown's parser, the one the bundler uses), so comments and strings never count.
 */
import { parseAst } from "rolldown/parseAst";

export interface ImportOf {
  readonly from: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface Finding {
  readonly what: string;
  readonly line: number;
}

export interface SourceFacts {
  readonly imports: readonly ImportOf[];
  /** Never allowed anywhere. */
  readonly banned: readonly Finding[];
  /** Clock, chance, environment, console: allowed in few places. */
  readonly touchesProcess: readonly Finding[];
  /** Calls that listen on a socket. */
  readonly listens: readonly Finding[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

const PROCESS_MEMBERS = new Set(["Date.now", "Math.random", "performance.now", "process.env", "process.exit", "process.hrtime"]);
const SERVERS = new Set(["node:http", "node:https", "node:http2", "node:net", "node:tls"]);
const TIMERS = new Set(["setTimeout", "setInterval"]);

/** Facts of one file. Throws the parser's error when the text is not TypeScript. */
export function readSource(text: string, name: string): SourceFacts {
  const imports: ImportOf[] = [];
  const banned: Finding[] = [];
  const touchesProcess: Finding[] = [];
  const listens: Finding[] = [];
  walk(parseAst(text, { lang: "ts" }, name), (node) => {
    const line = lineAt(text, node.start);
    const from = importedFrom(node);
    if (from !== undefined) imports.push({ from, typeOnly: isTypeOnly(node), line });
    const ban = bannedConstruct(node, text);
    if (ban !== undefined) banned.push({ what: ban, line });
    const touch = processTouch(node);
    if (touch !== undefined) touchesProcess.push({ what: touch, line });
    if (isListenCall(node)) listens.push({ what: "listen()", line });
  });
  const marker = text.indexOf("FIX" + "ME");
  if (marker >= 0) banned.push({ what: "FIX" + "ME", line: lineAt(text, marker) });
  const canListen = imports.some((entry) => SERVERS.has(entry.from));
  return { imports, banned, touchesProcess, listens: canListen ? listens : [] };
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
    return;
  }
  if (!isObject(value)) return;
  if (isNode(value)) visit(value);
  for (const child of Object.values(value)) {
    if (typeof child === "object") walk(child, visit);
  }
}

function importedFrom(node: Node): string | undefined {
  if (
    !["ImportDeclaration", "ExportNamedDeclaration", "ExportAllDeclaration", "ImportExpression", "TSImportType"].includes(
      node.type,
    )
  )
    return undefined;
  const source = node["source"] ?? node["argument"];
  const literal = isObject(source) && isObject(source["literal"]) ? source["literal"] : source;
  return isObject(literal) && typeof literal["value"] === "string" ? literal["value"] : undefined;
}

function isTypeOnly(node: Node): boolean {
  return node.type === "TSImportType" || node["importKind"] === "type" || node["exportKind"] === "type";
}

function bannedConstruct(node: Node, text: string): string | undefined {
  switch (node.type) {
    case "TSEnumDeclaration":
      return "enum";
    case "ExportDefaultDeclaration":
      return "default export";
    case "TSAnyKeyword":
      return "any";
    case "TSNonNullExpression":
      return "non-null assertion (!)";
    case "CatchClause":
      return isEmptyBlock(node["body"], text) ? "empty catch" : undefined;
    case "CallExpression":
      return skipsTests(node) ? "a skipped, focused or unfinished test" : undefined;
    default:
      return undefined;
  }
}

/** A catch block with a comment names its reason; one with neither statement nor comment hides an error. */
function isEmptyBlock(body: unknown, text: string): boolean {
  if (!isObject(body) || !Array.isArray(body["body"]) || body["body"].length > 0) return false;
  const inner = text.slice(Number(body["start"]) + 1, Number(body["end"]) - 1);
  return inner.trim() === "";
}

function skipsTests(node: Node): boolean {
  const name = memberName(node["callee"]);
  return /^(it|test|describe)\.(skip|only|todo|fails)$/.test(name);
}

function processTouch(node: Node): string | undefined {
  if (node.type === "MemberExpression") {
    const name = memberName(node);
    return PROCESS_MEMBERS.has(name) || name.startsWith("console.") ? name : undefined;
  }
  if (node.type === "NewExpression" && nameOf(node["callee"]) === "Date" && isEmptyList(node["arguments"])) return "new Date()";
  if (node.type !== "CallExpression") return undefined;
  const called = nameOf(node["callee"]);
  return TIMERS.has(called) ? called : undefined;
}

function isListenCall(node: Node): boolean {
  return node.type === "CallExpression" && memberName(node["callee"]).endsWith(".listen");
}

function memberName(value: unknown): string {
  if (!isObject(value) || value["type"] !== "MemberExpression") return "";
  return `${nameOf(value["object"])}.${nameOf(value["property"])}`;
}

function nameOf(value: unknown): string {
  return isObject(value) && value["type"] === "Identifier" && typeof value["name"] === "string" ? value["name"] : "";
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isNode(value: Readonly<Record<string, unknown>>): value is Node {
  return typeof value["type"] === "string" && typeof value["start"] === "number";
}

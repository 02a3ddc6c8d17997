/**
 * The names of the tests in a test file, read from its syntax tree: what a document may point to. Nothing is run, so a
 * test over a table has its template as it is written, `%s` and `$name` included.
 */
import { parseAst } from "rolldown/parseAst";

/** Between the names of a `describe` and of what is in it, as in `containers › become ready again after a restart`. */
export const WITHIN = " › ";

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Every test of a file by its whole name: those of the `describe`s round it, then its own, joined by `WITHIN`. */
export function testNames(text: string, file: string): readonly string[] {
  const found: string[] = [];
  visit(parseAst(text, { lang: "ts" }, file), []);
  return found;

  function visit(value: unknown, around: readonly string[]): void {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, around);
      return;
    }
    if (!isObject(value)) return;
    const call = isNode(value) ? namedCall(value, text) : undefined;
    const names = call === undefined ? around : [...around, call.name];
    if (call !== undefined && !call.isGroup) found.push(names.join(WITHIN));
    for (const child of Object.values(value)) if (typeof child === "object") visit(child, names);
  }
}

function namedCall(node: Node, text: string): { readonly name: string; readonly isGroup: boolean } | undefined {
  if (node.type !== "CallExpression") return undefined;
  const word = calledWord(node["callee"]);
  if (word !== "it" && word !== "test" && word !== "describe") return undefined;
  const first: unknown = Array.isArray(node["arguments"]) ? node["arguments"][0] : undefined;
  if (!isNode(first)) return undefined;
  if (first.type === "Literal" && typeof first["value"] === "string")
    return { name: first["value"], isGroup: word === "describe" };
  if (first.type !== "TemplateLiteral") return undefined;
  return { name: text.slice(first.start + 1, first.end - 1), isGroup: word === "describe" };
}

/** `test` of `test(…)`, of `test.each(…)(…)` and of `test.skipIf(…)(…)`; of `test.each(…)` alone only when it has a name. */
function calledWord(callee: unknown): string | undefined {
  if (!isNode(callee)) return undefined;
  if (callee.type === "Identifier") return typeof callee["name"] === "string" ? callee["name"] : undefined;
  if (callee.type === "MemberExpression") return calledWord(callee["object"]);
  return callee.type === "CallExpression" ? calledWord(callee["callee"]) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isNode(value: unknown): value is Node {
  return isObject(value) && typeof value["type"] === "string" && typeof value["start"] === "number";
}

/**
 * Label selectors in kubectl's grammar (apimachinery `labels.Parse`): `app=web`, `app==web`, `tier!=cache`,
 * `env in (prod,canary)`, `env notin (dev)`, `release`, `!release`, `replicas>2`, joined by commas.
 */
import { FaroError } from "../base/index.ts";

export type Requirement =
  | { readonly operator: "exists" | "absent"; readonly key: string }
  | { readonly operator: "in" | "not-in"; readonly key: string; readonly values: readonly string[] }
  | { readonly operator: "above" | "below"; readonly key: string; readonly value: number };

const KEY: RegExp = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
const VALUE: RegExp = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;
const TOKEN: RegExp = /\s*(!=|==|=|[<>!(),]|[^\s!=<>(),]+)\s*/y;

/**
 * The requirements of a selector, all of which must hold; none for an empty text.
 * @throws FaroError `FARO_USAGE` that quotes the selector and says what is wrong with it.
 */
export function parseSelector(text: string): readonly Requirement[] {
  if (text.trim() === "") return [];
  const tokens = tokenise(text);
  const found: Requirement[] = [];
  for (;;) {
    found.push(readRequirement(text, tokens));
    const next = tokens.shift();
    if (next === undefined) return found;
    if (next !== ",") throw unreadable(text, `expected a comma before "${next}"`);
  }
}

/** True when the labels meet every requirement. As in Kubernetes, `!=` and `notin` hold for an absent label too. */
export function matchesSelector(requirements: readonly Requirement[], labels: Readonly<Record<string, string>>): boolean {
  return requirements.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    switch (requirement.operator) {
      case "exists":
        return value !== undefined;
      case "absent":
        return value === undefined;
      case "in":
        return value !== undefined && requirement.values.includes(value);
      case "not-in":
        return value === undefined || !requirement.values.includes(value);
      case "above":
        return value !== undefined && /^-?\d+$/.test(value) && Number(value) > requirement.value;
      case "below":
        return value !== undefined && /^-?\d+$/.test(value) && Number(value) < requirement.value;
    }
  });
}

function tokenise(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) break;
    tokens.push(token);
  }
  return tokens;
}

function readRequirement(text: string, tokens: string[]): Requirement {
  const first = tokens.shift();
  if (first === "!") return { operator: "absent", key: readKey(text, tokens.shift()) };
  const key = readKey(text, first);
  const operator = tokens[0];
  if (operator === undefined || operator === ",") return { operator: "exists", key };
  tokens.shift();
  switch (operator) {
    case "=":
    case "==":
      return { operator: "in", key, values: [readValue(text, key, tokens)] };
    case "!=":
      return { operator: "not-in", key, values: [readValue(text, key, tokens)] };
    case "in":
      return { operator: "in", key, values: readValues(text, key, tokens) };
    case "notin":
      return { operator: "not-in", key, values: readValues(text, key, tokens) };
    case ">":
    case "<":
      return { operator: operator === ">" ? "above" : "below", key, value: readNumber(text, key, tokens) };
    default:
      throw unreadable(text, `"${operator}" after "${key}" is no operator`);
  }
}

function readKey(text: string, token: string | undefined): string {
  if (token === undefined) throw unreadable(text, "a label key is missing at the end");
  if (!KEY.test(token)) throw unreadable(text, `"${token}" is no label key`);
  return token;
}

/** A value may be empty: `app=` asks for a label without one. */
function readValue(text: string, key: string, tokens: string[]): string {
  const token = tokens[0];
  if (token === undefined || token === ",") return "";
  tokens.shift();
  if (!VALUE.test(token)) throw unreadable(text, `"${token}" is no value for the label ${key}`);
  return token;
}

function readValues(text: string, key: string, tokens: string[]): readonly string[] {
  if (tokens.shift() !== "(") throw unreadable(text, `expected "(" and the values of ${key}`);
  const values: string[] = [];
  for (;;) {
    values.push(tokens[0] === ")" ? "" : readValue(text, key, tokens));
    const next = tokens.shift();
    if (next === ")") return values;
    if (next !== ",") throw unreadable(text, `the values of ${key} do not end with ")"`);
  }
}

function readNumber(text: string, key: string, tokens: string[]): number {
  const token = tokens.shift() ?? "";
  if (!/^-?\d+$/.test(token)) throw unreadable(text, `${key} is compared with "${token}", which is no whole number`);
  return Number(token);
}

function unreadable(text: string, why: string): FaroError {
  return new FaroError("FARO_USAGE", `cannot read the label selector "${text}": ${why}`, {
    hint: "write it as kubectl does, for example --selector 'app=web,tier in (front,back),!canary'",
    details: { selector: text },
  });
}

/**
 * The command line made regular before commander sees it: every flag as `--flag=value` in its shown spelling, words
 * before flags. Here live the freedoms people have: `--include-logs false`, `--no-include-logs`, `-An prod`, flags
 * before the command.
 */
import { missingValue, type Option, OPTION_ROWS, parseSwitch, spellings } from "../config/index.ts";

/** Flags that are no options of a recording, and take a value. */
const OTHER_VALUE_FLAGS: ReadonlySet<string> = new Set(["config"]);

export interface RegularArguments {
  /** Command, objects, names. */
  readonly words: readonly string[];
  readonly flags: readonly string[];
}

const BY_SPELLING: ReadonlyMap<string, Option<unknown>> = new Map(
  OPTION_ROWS.flatMap(([, option]) => spellings(option).map((spelling) => [spelling, option] as const)),
);
const BY_SHORT: ReadonlyMap<string, Option<unknown>> = new Map(
  OPTION_ROWS.flatMap(([, option]) => (option.short === undefined ? [] : [[option.short, option] as const])),
);

/** @throws FaroError `FARO_USAGE` for a flag that takes a value and is followed by another flag. */
export function regularArguments(argv: readonly string[]): RegularArguments {
  // These commands have flags of their own, some under the names of a recording's: commander reads them as they stand.
  if (argv[0] === "story" || argv[0] === "serve") return { words: [argv[0]], flags: argv.slice(1) };
  const rest = [...argv];
  const words: string[] = [];
  const flags: string[] = [];
  for (let token = rest.shift(); token !== undefined; token = rest.shift()) {
    if (token === "--") words.push(...rest.splice(0));
    else if (token.startsWith("--")) flags.push(longFlag(token, rest));
    else if (token.startsWith("-") && token.length > 1) flags.push(...shortFlags(token, rest));
    else words.push(token);
  }
  return { words, flags };
}

function longFlag(token: string, rest: string[]): string {
  const equals = token.indexOf("=");
  const name = equals === -1 ? token.slice(2) : token.slice(2, equals);
  const value = equals === -1 ? undefined : token.slice(equals + 1);
  const option = BY_SPELLING.get(name);
  if (option !== undefined) return withValue(option, value, rest);
  const negated = name.startsWith("no-") && value === undefined ? BY_SPELLING.get(name.slice(3)) : undefined;
  if (negated?.form === "switch") return `--${negated.flag}=false`;
  if (OTHER_VALUE_FLAGS.has(name) && value === undefined && rest.length > 0) return `${token}=${rest.shift() ?? ""}`;
  return token;
}

/** `-n prod`, `-nprod`, `-n=prod`, `-An prod`: as pflag, which kubectl uses, reads them. */
function shortFlags(token: string, rest: string[]): readonly string[] {
  const option = BY_SHORT.get(token.charAt(1));
  if (option === undefined) return [token];
  const tail = token.slice(2);
  if (tail.startsWith("=")) return [withValue(option, tail.slice(1), rest)];
  if (option.form !== "switch") return [withValue(option, tail === "" ? undefined : tail, rest)];
  return tail === "" ? [withValue(option, undefined, rest)] : [`--${option.flag}=true`, ...shortFlags(`-${tail}`, rest)];
}

function withValue(option: Option<unknown>, value: string | undefined, rest: string[]): string {
  return `--${option.flag}=${value ?? nextValue(option, rest)}`;
}

function nextValue(option: Option<unknown>, rest: string[]): string {
  const [next] = rest;
  if (option.form === "switch") return next !== undefined && parseSwitch(next) !== undefined ? (rest.shift() ?? "") : "true";
  if (next === undefined || isKnownFlag(next)) throw missingValue(option);
  return rest.shift() ?? "";
}

function isKnownFlag(token: string): boolean {
  return token.startsWith("--") && BY_SPELLING.has(token.slice(2).replace(/=.*/s, ""));
}

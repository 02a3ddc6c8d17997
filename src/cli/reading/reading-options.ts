/** The flags of the commands that read stories, and what they mean. */
import { FaroError } from "../../base/index.ts";
import type { EventType } from "../../views/index.ts";
import { type Moment, parseMoment } from "./moment.ts";

/** A flag with a value of its own, for help and for argv. */
export interface ReadingFlag {
  readonly flag: string;
  readonly short?: string;
  /** `undefined` for a switch. */
  readonly takes: string | undefined;
  readonly help: string;
}

export const READING_KEYS = [
  "format",
  "story",
  "grep",
  "since",
  "until",
  "type",
  "errors",
  "at",
  "container",
  "speed",
  "port",
] as const;
export type ReadingKey = (typeof READING_KEYS)[number];

export const READING_FLAGS: Readonly<Record<ReadingKey, ReadingFlag>> = {
  format: { flag: "format", short: "o", takes: "FORMAT", help: "json, ndjson, yaml, wide or name, instead of text." },
  story: {
    flag: "story",
    takes: "NAME",
    help: "Which story, when there are several: a name, kind/name, or the beginning of its id. Otherwise the newest.",
  },
  grep: { flag: "grep", takes: "REGEXP", help: "Only what matches, whatever its case." },
  since: {
    flag: "since",
    takes: "TIME",
    help: "From then on: a time, 5m (before the end of the story) or +5m (after its start).",
  },
  until: { flag: "until", takes: "TIME", help: "Up to then, said in the same ways." },
  type: {
    flag: "type",
    takes: "TYPE",
    help: "Only events of a type: object, event, lifecycle, log, gap, or as the file names them. May be repeated.",
  },
  errors: { flag: "errors", takes: undefined, help: "Only what looks like trouble: warnings, failures, error lines, gaps." },
  at: { flag: "at", takes: "TIME", help: "As it was then; said like --since." },
  speed: { flag: "speed", takes: "N", help: "Play at so many times its speed; 0, which is the default, stands still." },
  port: { flag: "port", takes: "PORT", help: "Where to listen, on 127.0.0.1 only; any free port unless given." },
  container: { flag: "container", short: "c", takes: "NAME", help: "Only the logs of containers of that name. May be repeated." },
};

/** What commander collected: the texts of each flag that was given. */
export type ReadingFlags = ReadonlyMap<ReadingKey, readonly string[]>;

export const FORMATS = ["text", "json", "ndjson", "yaml", "wide", "name"] as const;
export type Format = (typeof FORMATS)[number];

export interface ReadingOptions {
  readonly format: Format;
  readonly story: string | undefined;
  readonly grep: RegExp | undefined;
  readonly types: ReadonlySet<EventType> | undefined;
  readonly errorsOnly: boolean;
  readonly containers: ReadonlySet<string>;
  readonly since: Moment | undefined;
  readonly until: Moment | undefined;
  readonly at: Moment | undefined;
}

/** @throws FaroError `FARO_USAGE` with an example of what the flag takes */
export function readReadingOptions(flags: ReadingFlags): ReadingOptions {
  const last = (key: ReadingKey): string | undefined => flags.get(key)?.at(-1);
  const moment = (key: ReadingKey): Moment | undefined => {
    const text = last(key);
    return text === undefined ? undefined : parseMoment(READING_FLAGS[key].flag, text);
  };
  const types = flags
    .get("type")
    ?.flatMap((text) => text.split(","))
    .flatMap(typesOf);
  return {
    format: parseFormat(last("format")),
    story: last("story"),
    grep: parsePattern(last("grep")),
    types: types === undefined ? undefined : new Set(types),
    errorsOnly: flags.has("errors"),
    containers: new Set(flags.get("container")),
    since: moment("since"),
    until: moment("until"),
    at: moment("at"),
  };
}

function parseFormat(text: string | undefined): Format {
  if (text === undefined) return "text";
  const format = FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new FaroError("FARO_USAGE", `-o ${text}: there is no such format`, {
    hint: `one of ${FORMATS.slice(1).join(", ")}, for example -o json`,
  });
}

function parsePattern(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text, "iu");
  } catch (error) {
    throw new FaroError("FARO_USAGE", `--grep ${text}: ${error instanceof Error ? error.message : "no regular expression"}`, {
      hint: "for example --grep 'timeout|refused'",
      cause: error,
    });
  }
}

const TYPE_NAMES: Readonly<Record<string, readonly EventType[]>> = {
  object: ["RESOURCE_UPDATE", "CORRELATED_EVENT"],
  event: ["K8S_EVENT"],
  lifecycle: ["POD_LIFECYCLE"],
  log: ["CONTAINER_LOG"],
  gap: ["RECORDING_GAP"],
};

function typesOf(text: string): readonly EventType[] {
  const known = TYPE_NAMES[text.toLowerCase().replace(/s$/, "")];
  if (known !== undefined) return known;
  const exact = Object.values(TYPE_NAMES)
    .flat()
    .find((type) => type === text.toUpperCase());
  if (exact !== undefined) return [exact];
  throw new FaroError("FARO_USAGE", `--type ${text}: there is no such type`, {
    hint: `one of ${Object.keys(TYPE_NAMES).join(", ")}, for example --type=log`,
  });
}

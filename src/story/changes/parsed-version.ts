/**
 * Versions of one object differ in little: of a pod's 10 KB mostly in its status. Its `spec` and each entry of its `managedFields` is kept
 * with its bytes: where the next version has the same ones in their place, the value is taken over instead of being parsed and compared
 * again. Measured by `recordings.mjs` and `logs.mjs` in `bench/`.
 */
import { endOfValue } from "../../base/index.ts";
import { isObject, type JsonObject } from "./json.ts";

export interface ParsedVersion {
  readonly value: JsonObject;
  readonly slices: Slices | undefined;
}

interface Slice {
  /** A copy of its own. */
  readonly bytes: Buffer;
  readonly value: unknown;
}

interface Slices {
  readonly spec: Slice;
  readonly managed: readonly Slice[];
}

const COMMA = 0x2c;
const CLOSE_BRACKET = 0x5d;
const MANAGED = Buffer.from('"managedFields":[');
const SPEC = Buffer.from('"spec":{');
/** In place of a slice: of all escapes this one alone makes the character, which cannot stand in JSON by itself. */
const BLANK_TEXT = '"\\u0000"';
const BLANK = "\u0000";
/** Below that it costs as much to cut as it saves. */
const CUT_BYTES_MIN = 2_048;

/** What `JSON.parse` makes of these bytes; of equal slices the same value as in the version before. */
export function parseVersion(raw: Buffer, before: ParsedVersion | undefined): ParsedVersion {
  const cut = raw.length < CUT_BYTES_MIN ? undefined : cutSlices(raw, before?.slices);
  const value = cut === undefined ? undefined : parseRest(cut);
  return value === undefined ? { value: JSON.parse(raw.toString("utf8")), slices: undefined } : { value, slices: cut?.slices };
}

interface Cut {
  readonly slices: Slices;
  /** The text with a blank in place of each slice. */
  readonly rest: string;
}

/** `undefined` for an object without a spec, or one that is not written as API servers write. */
function cutSlices(raw: Buffer, known: Slices | undefined): Cut | undefined {
  const managed: Slice[] = [];
  let rest = "";
  let done = 0;
  const take = (at: number, like: Slice | undefined): Slice | undefined => {
    const slice = like !== undefined && stands(like, raw, at) ? like : sliceAt(raw, at);
    if (slice === undefined) return undefined;
    rest += raw.toString("utf8", done, at) + BLANK_TEXT;
    done = at + slice.bytes.length;
    return slice;
  };
  const managedAt = raw.indexOf(MANAGED);
  if (managedAt !== -1) {
    for (let here = managedAt + MANAGED.length; raw[here] !== CLOSE_BRACKET;) {
      const slice = take(here, known?.managed[managed.length]);
      if (slice === undefined) return undefined;
      managed.push(slice);
      here = raw[done] === COMMA ? done + 1 : done;
      if (here === done && raw[here] !== CLOSE_BRACKET) return undefined;
    }
  }
  const specAt = raw.indexOf(SPEC, done);
  const spec = specAt === -1 ? undefined : take(specAt + SPEC.length - 1, known?.spec);
  if (spec === undefined) return undefined;
  return { slices: { spec, managed }, rest: rest + raw.toString("utf8", done) };
}

function stands({ bytes }: Slice, raw: Buffer, at: number): boolean {
  const end = at + bytes.length;
  return end <= raw.length && bytes.compare(raw, at, end) === 0;
}

/** Objects only: their last byte says that they end there. */
function sliceAt(raw: Buffer, at: number): Slice | undefined {
  const end = raw[at] === SPEC.at(-1) ? endOfValue(raw, at) : -1;
  if (end === -1) return undefined;
  const bytes = Buffer.from(raw.subarray(at, end));
  return { bytes, value: JSON.parse(bytes.toString("utf8")) };
}

/** Where the parser finds the blanks, and nothing else, the slices belong; `undefined` when they stand anywhere else. */
function parseRest({ rest, slices: { spec, managed } }: Cut): JsonObject | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(rest);
  } catch {
    // `JSON.parse` of the whole text says what is wrong.
    return undefined;
  }
  if (!isObject(parsed) || parsed["spec"] !== BLANK || countOf(BLANK_TEXT.slice(1, -1), rest) !== managed.length + 1)
    return undefined;
  if (managed.length > 0) {
    const metadata = parsed["metadata"];
    const entries = isObject(metadata) ? metadata["managedFields"] : undefined;
    if (!Array.isArray(entries) || entries.length !== managed.length || !entries.every((entry) => entry === BLANK))
      return undefined;
    for (const [at, { value }] of managed.entries()) entries[at] = value;
  }
  return Object.assign(parsed, { spec: spec.value });
}

function countOf(wanted: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) count++;
  return count;
}

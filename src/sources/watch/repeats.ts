/**
 * A small object that changes again and again, as an Event does that is counted or a Lease that is renewed, mostly differs from its
 * version before in some digits: its resourceVersion, a count, times. Such a line is compared with the one before and not parsed
 * again: what it says is what that one said, with these values in their places. Measured by `watch-events` in `bench/`.
 */
import { field } from "../../base/index.ts";
import type { Recent } from "./recent.ts";

/** The value of a member that may be another one: a text of digits and what stands between those of a time, or a whole number. */
interface Place {
  readonly start: number;
  /** A quote excluded. */
  readonly end: number;
  readonly isText: boolean;
}

/** What lines of one object have in common: all but the places. What was found in one of them may be remembered by its identity. */
export interface Stencil {
  readonly places: readonly Place[];
  readonly members: Members;
}

/** Where places stand in the object that was parsed. */
interface Members {
  readonly own: readonly (readonly [key: string, place: Place])[];
  readonly below: readonly (readonly [key: string, members: Members])[];
}

/** A line of an object, and from its second one on what they have in common. */
export interface Repeated {
  /** In the places anything that may stand there. */
  readonly line: Buffer;
  readonly parsed: unknown;
  readonly stencil: Stencil | undefined;
  readonly bytes: number;
}

/** What a line says, without `managedFields` where it has a stencil. */
interface ShortLine {
  readonly parsed: unknown;
  readonly stencil?: Stencil;
}

const UID = Buffer.from('"uid":"');
const UID_BYTES = 36;
/** Of `{"type":"MODIFIED"`: of most objects nothing comes behind the first version. */
const LETTER_AT = 9;
const LETTER_M = 0x4d;

const PLACES_MAX = 8;
const DIGITS_MAX = 15;
const DIGIT_0 = 0x30;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const CLOSE_BRACE = 0x7d;
/** By byte: digits, and what a time has between them. */
const DIGIT = 1;
const BETWEEN_DIGITS = 2;
const PARTS: Uint8Array = new Uint8Array(256);
for (const byte of Buffer.from("0123456789")) PARTS[byte] = DIGIT;
for (const byte of Buffer.from("-:.TZ")) PARTS[byte] = BETWEEN_DIGITS;
/** In place of a value, with a letter behind it: of all escapes this one alone makes the character. */
const BLANK_TEXT = "\\u0000";
const BLANK = "\u0000";
const FIRST_LETTER = 0x61;

/** Reads a short watch line. What it says, `JSON.parse` says likewise. @throws SyntaxError as `JSON.parse` */
export function parseShort(line: Buffer, memory: Recent<Repeated>): ShortLine {
  if (line[LETTER_AT] !== LETTER_M) return { parsed: parse(line) };
  // A guess that nothing depends on: lines of another object would not be equal.
  const uidAt = line.indexOf(UID) + UID.length;
  const key = line.toString("latin1", uidAt, uidAt + UID_BYTES);
  const known = memory.use(key);
  if (known?.line.length === line.length) {
    const { stencil } = known;
    if (stencil !== undefined && fits(line, known.line, stencil.places))
      return { parsed: repeated(known, stencil, line), stencil };
    const learned = learn(known, line);
    if (learned?.stencil !== undefined) {
      memory.remember(key, learned);
      return { parsed: repeated(learned, learned.stencil, line), stencil: learned.stencil };
    }
  }
  const parsed = parse(line);
  memory.remember(key, { line: Buffer.from(line), parsed, stencil: undefined, bytes: line.length });
  return { parsed };
}

function parse(line: Buffer): unknown {
  return JSON.parse(line.toString("utf8"));
}

/**
 * Whether the lines differ in the places alone. Of the known one these are written over, so that one comparison does: what stood in them
 * is never asked for.
 */
function fits(line: Buffer, known: Buffer, places: readonly Place[]): boolean {
  for (const place of places) {
    if (!isHeld(line, place)) return false;
    for (let at = place.start; at < place.end; at++) known[at] = line[at] ?? 0;
  }
  return line.equals(known);
}

/** Whether a value of its kind stands in the place, which then ends where it did. */
function isHeld(line: Buffer, { start, end, isText }: Place): boolean {
  const most = isText ? BETWEEN_DIGITS : DIGIT;
  for (let at = start; at < end; at++) {
    const part = partOf(line[at]);
    if (part === 0 || part > most) return false;
  }
  return isText || end === start + 1 || line[start] !== DIGIT_0;
}

function partOf(byte: number | undefined): number {
  return byte === undefined ? 0 : (PARTS[byte] ?? 0);
}

/** What the line says; besides its type and the object nothing in it is read. */
function repeated({ parsed }: Repeated, { members }: Stencil, line: Buffer): unknown {
  return { type: field(parsed, "type"), object: filled(field(parsed, "object"), members, line) };
}

/** What was parsed, with the values of this line. */
function filled(parsed: unknown, { own, below }: Members, line: Buffer): unknown {
  const copy: Record<string, unknown> = { ...(parsed as object) };
  for (const [key, { start, end, isText }] of own) {
    const text = line.toString("latin1", start, end);
    copy[key] = isText ? text : Number(text);
  }
  for (const [key, members] of below) copy[key] = filled(copy[key], members, line);
  return copy;
}

// --- what two lines have in common --------------------------------------------------------------

/** The same line with a stencil for both; `undefined` when more than some digits are different, or when they are no values. */
function learn({ line, parsed, stencil, bytes }: Repeated, other: Buffer): Repeated | undefined {
  const places = placesOf(line, other, stencil?.places ?? []);
  const members = places === undefined ? undefined : membersOf(line, places);
  if (places === undefined || members === undefined || !places.every((place) => isHeld(other, place))) return undefined;
  return { line, parsed: withoutManaged(parsed), stencil: { places, members }, bytes };
}

/** The places in which the lines differ, and the known ones, in their order. */
function placesOf(line: Buffer, other: Buffer, known: readonly Place[]): readonly Place[] | undefined {
  const places = [...known];
  for (let at = 0; at < line.length; at++) {
    if (line[at] === other[at]) continue;
    const place = places.find(({ start, end }) => start <= at && at < end) ?? placeAt(line, at);
    if (place === undefined || places.length > PLACES_MAX) return undefined;
    if (!places.includes(place)) places.push(place);
    at = place.end - 1;
  }
  return places.sort((a, b) => a.start - b.start);
}

function placeAt(line: Buffer, at: number): Place | undefined {
  const text = stretch(line, at, BETWEEN_DIGITS);
  if (text.start < text.end && line[text.start - 1] === QUOTE && line[text.end] === QUOTE) return { ...text, isText: true };
  const { start, end } = stretch(line, at, DIGIT);
  const isValue = line[start - 1] === COLON && (line[end] === COMMA || line[end] === CLOSE_BRACE);
  return isValue && end > start && end - start <= DIGITS_MAX ? { start, end, isText: false } : undefined;
}

function stretch(line: Buffer, at: number, most: number): { readonly start: number; readonly end: number } {
  const isPart = (byte: number | undefined): boolean => partOf(byte) > 0 && partOf(byte) <= most;
  let start = at;
  let end = at;
  while (isPart(line[start - 1])) start--;
  while (isPart(line[end])) end++;
  return { start, end };
}

/**
 * Where the places stand in what is parsed: with a text of its own in each, the parser itself finds them. `undefined` when one is no
 * value, or stands in a list.
 */
function membersOf(line: Buffer, places: readonly Place[]): Members | undefined {
  let text = "";
  let done = 0;
  for (const [at, { start, end, isText }] of places.entries()) {
    const blank = BLANK_TEXT + letterOf(at);
    text += line.toString("utf8", done, start) + (isText ? blank : `"${blank}"`);
    done = end;
  }
  try {
    const parsed: unknown = JSON.parse(text + line.toString("utf8", done));
    const finder = new Finder(places);
    const members = finder.membersOf(field(withoutManaged(parsed), "object"));
    finder.pass(field(field(field(parsed, "object"), "metadata"), "managedFields"));
    return finder.isComplete ? members : undefined;
  } catch {
    // What stands in a place is no value.
    return undefined;
  }
}

function letterOf(at: number): string {
  return String.fromCharCode(FIRST_LETTER + at);
}

/** Finds each place once. */
class Finder {
  readonly #byText: Map<unknown, Place>;
  readonly #found: Place[] = [];
  #isOdd = false;

  constructor(places: readonly Place[]) {
    this.#byText = new Map(places.map((place, at) => [BLANK + letterOf(at), place]));
  }

  get isComplete(): boolean {
    return !this.#isOdd && this.#found.length === this.#byText.size && new Set(this.#found).size === this.#found.length;
  }

  membersOf(value: unknown): Members {
    const own: [string, Place][] = [];
    const below: [string, Members][] = [];
    for (const [key, member] of Object.entries(value ?? {})) {
      const place = this.#byText.get(member);
      if (place !== undefined) own.push([key, place]);
      else if (Array.isArray(member)) this.#lookInto(member);
      else if (typeof member === "object" && member !== null) {
        const members = this.membersOf(member);
        if (members.own.length + members.below.length > 0) below.push([key, members]);
      }
    }
    this.#found.push(...own.map(([, place]) => place));
    return { own, below };
  }

  /** Places in what nobody reads. */
  pass(value: unknown): void {
    const place = this.#byText.get(value);
    if (place !== undefined) this.#found.push(place);
    else if (typeof value === "object" && value !== null) for (const member of Object.values(value)) this.pass(member);
  }

  #lookInto(list: readonly unknown[]): void {
    const before = this.#found.length;
    this.pass(list);
    if (this.#found.length > before) this.#isOdd = true;
  }
}

/** Without what nobody reads of an object that is recorded. */
function withoutManaged(parsed: unknown): unknown {
  const object = field(parsed, "object");
  const metadata = field(object, "metadata");
  if (!Array.isArray(field(metadata, "managedFields"))) return parsed;
  return { ...(parsed as object), object: { ...(object as object), metadata: { ...(metadata as object), managedFields: [] } } };
}

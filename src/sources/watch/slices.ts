/**
 * Two versions of an object differ in little: of a pod's 10 KB mostly in its status. The parts that seldom change, `spec` and the
 * entries of `managedFields`, are kept as slices of bytes. Where the next version has the same bytes in their place, they are not
 * read again: equal bytes are equally sound, end at the same place and mean the same. What was derived from a slice may be
 * remembered by its identity. Measured by `watch-pods` in `bench/`.
 */
import { endOfValue, field } from "../../base/index.ts";
import { Recent } from "./recent.ts";
import type { Repeated } from "./repeats.ts";

/** Bytes of one JSON value, a copy of their own, that stood in a version of an object. */
export interface Slice {
  readonly bytes: Buffer;
  /** What they mean; `undefined` for an entry of `managedFields`, which nobody reads. */
  readonly value: unknown;
}

/** A slice and where it stands in a version's bytes. */
export interface PlacedSlice {
  readonly start: number;
  readonly slice: Slice;
}

/** The slices of one version, in the order of its bytes. */
interface Slices {
  readonly spec: Slice;
  readonly managed: readonly Slice[];
  readonly bytes: number;
}

/** Memory for slices, of all watches together. What was parsed takes about twice as much besides. */
const SLICE_BYTES_MAX = 8 << 20;
/** The same for short lines. */
const REPEATED_BYTES_MAX = 6 << 20;

/** What is kept of the objects that changed last. Watches may share one, so that memory does not grow with their number. */
export class SliceMemory extends Recent<Slices> {
  /** Short objects, whose lines are kept whole. */
  readonly repeats: Recent<Repeated> = new Recent(REPEATED_BYTES_MAX);

  constructor(bytesMax: number = SLICE_BYTES_MAX) {
    super(bytesMax);
  }
}

const COMMA = 0x2c;
const CLOSE_BRACKET = 0x5d;

/** What a watch line says, with `managedFields` left out, and where its slices stand in it. */
export interface SlicedLine {
  readonly parsed: unknown;
  readonly slices: readonly PlacedSlice[];
}

const UID = Buffer.from('"uid":"');
const UID_BYTES = 36;
const MANAGED = Buffer.from('"managedFields":[');
const SPEC = Buffer.from('"spec":{');
/** What stands between `managedFields` and the spec when an API server writes them. */
const TO_SPEC = Buffer.from(']},"spec":{');
const DELETED = Buffer.from('{"type":"DELETED"');
/** In place of the spec: of all escapes this one alone makes the character, which cannot stand in JSON by itself. */
const BLANK_TEXT = "\\u0000";
const BLANK = "\u0000";

/**
 * Reads a watch line by its slices. `undefined` when it has no `spec` or anything is odd about it: then `JSON.parse` must read it.
 * What is read here, `JSON.parse` reads likewise.
 */
export function parseSliced(line: Buffer, memory: SliceMemory): SlicedLine | undefined {
  // A guess that nothing depends on: bytes under a wrong key would not be equal.
  const uidAt = line.indexOf(UID) + UID.length;
  const key = line.toString("latin1", uidAt, uidAt + UID_BYTES);
  const known = memory.find(key);
  if (known === undefined && !line.includes(SPEC)) return undefined;
  const cutter = new Cutter(line, known);
  const slices = cutter.cut();
  const parsed = slices === undefined ? undefined : parseRest(cutter.rest, slices.spec);
  if (slices === undefined || parsed === undefined) return undefined;
  if (line.compare(DELETED, 0, DELETED.length, 0, DELETED.length) === 0) memory.forget(key);
  else memory.remember(key, slices);
  return { parsed, slices: cutter.placed };
}

/** The line with a blank where the spec was. Where the parser finds it, and nothing else, the spec belongs. */
function parseRest(rest: string, spec: Slice): unknown {
  if (rest.indexOf(BLANK_TEXT) !== rest.lastIndexOf(BLANK_TEXT)) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(rest);
  } catch {
    // `JSON.parse` of the whole line says what is wrong.
    return undefined;
  }
  const object = field(parsed, "object");
  if (typeof object !== "object" || object === null || field(object, "spec") !== BLANK) return undefined;
  Object.assign(object, { spec: spec.value });
  return parsed;
}

/** Takes the slices out of one line. */
class Cutter {
  readonly #line: Buffer;
  readonly #known: Slices | undefined;
  readonly placed: PlacedSlice[] = [];
  rest = "";
  #done = 0;

  constructor(line: Buffer, known: Slices | undefined) {
    this.#line = line;
    this.#known = known;
  }

  /** Cuts the entries of `managedFields`, and the spec behind them. */
  cut(): Slices | undefined {
    const known = this.#known;
    const line = this.#line;
    const managed: Slice[] = [];
    const managedAt = line.indexOf(MANAGED);
    if (managedAt !== -1 && !this.#cutElements(managedAt + MANAGED.length, managed)) return undefined;
    const specAt = this.#specAt();
    if (specAt === -1) return undefined;
    const spec = known !== undefined && this.#stands(known.spec, specAt) ? known.spec : this.#newSlice(specAt, true);
    if (spec === undefined) return undefined;
    this.#take(specAt, spec);
    this.rest += `"${BLANK_TEXT}"${line.toString("utf8", this.#done)}`;
    if (known !== undefined && spec === known.spec && isSameList(managed, known.managed)) return known;
    return { spec, managed, bytes: managed.reduce((sum, { bytes }) => sum + bytes.length, spec.bytes.length) };
  }

  #specAt(): number {
    const line = this.#line;
    const end = this.#done + TO_SPEC.length;
    if (end < line.length && TO_SPEC.compare(line, this.#done, end) === 0) return end - 1;
    const at = line.indexOf(SPEC, this.#done);
    return at === -1 ? -1 : at + SPEC.length - 1;
  }

  /** The elements of the list that begins before `start`; false when they are not written as an API server writes them. */
  #cutElements(start: number, managed: Slice[]): boolean {
    const line = this.#line;
    for (let here = start; line[here] !== CLOSE_BRACKET;) {
      const known = this.#known?.managed[managed.length];
      const slice = known !== undefined && this.#stands(known, here) ? known : this.#newSlice(here, false);
      if (slice === undefined) return false;
      managed.push(slice);
      this.#take(here, slice);
      here += slice.bytes.length;
      if (line[here] === COMMA) {
        here++;
        this.#done = here;
        if (line[here] === CLOSE_BRACKET) return false;
      } else if (line[here] !== CLOSE_BRACKET) return false;
    }
    return true;
  }

  #stands({ bytes }: Slice, start: number): boolean {
    const end = start + bytes.length;
    return end <= this.#line.length && bytes.compare(this.#line, start, end) === 0;
  }

  #newSlice(start: number, isRead: boolean): Slice | undefined {
    const end = endOfValue(this.#line, start);
    if (end === -1) return undefined;
    const bytes = Buffer.from(this.#line.subarray(start, end));
    return { bytes, value: isRead ? JSON.parse(bytes.toString("utf8")) : undefined };
  }

  #take(start: number, slice: Slice): void {
    if (start > this.#done) this.rest += this.#line.toString("utf8", this.#done, start);
    this.placed.push({ start, slice });
    this.#done = start + slice.bytes.length;
  }
}

function isSameList(a: readonly Slice[], b: readonly Slice[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}

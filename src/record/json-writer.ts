/**
 * Writes values as `JSON.stringify` does, as UTF-8 into memory that is used again. Nearly all that a record has besides an object's
 * bytes are short ASCII texts and numbers; put together as strings they were a fifth of all garbage of recording an Event
 * (`watch-events` in `bench/`). What is not as simple as that is left to `JSON.stringify`.
 */

import { ESCAPED_MAX, escapeTo, utf8Of, WordMemory } from "./json-text.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const DIGIT_0 = 0x30;

/** The text of a log is longer, and rarely without a newline. */
const SHORT = 256;
/** Memory that was taken for a text is kept. */
const LONG_MAX = 1 << 20;
/** So much of a long text is escaped at a time, for room is made as if every byte took the longest escape. */
const PIECE = 4_096;
const BYTES_MIN = 1_024;

export class JsonWriter {
  #memory = new WordMemory(0);
  #length = 0;

  /** What was written since `begin`: a view, valid until the next `begin`. */
  get written(): Buffer {
    return this.#memory.bytes.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  /** Copies what was written to `at` of `target`. Returns where it ends there. */
  copyTo(target: Buffer, at: number): number {
    this.#memory.bytes.copy(target, at, 0, this.#length);
    return at + this.#length;
  }

  /** Forgets what was written and writes ASCII text as it is. */
  begin(text: string): void {
    this.#length = 0;
    this.plain(text);
  }

  /** Writes ASCII text as it is. */
  plain(text: string): void {
    this.#makeRoom(text.length);
    this.#length += this.#memory.bytes.write(text, this.#length, "latin1");
  }

  /** Writes the members of an object, without its braces; `omitted` is left out. */
  members(object: object, omitted?: string): void {
    const members = object as Readonly<Record<string, unknown>>;
    let isFirst = true;
    for (const key in members) {
      const value = members[key];
      if (value === undefined || key === omitted) continue;
      if (!isFirst) this.#byte(COMMA);
      isFirst = false;
      this.#text(key);
      this.#byte(COLON);
      this.value(value);
    }
  }

  value(value: unknown): void {
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "number" && value >= 0 && Number.isSafeInteger(value)) this.#digits(value);
    else if (typeof value !== "object" || value === null) this.#any(value);
    else if (Array.isArray(value)) this.#list(value);
    else {
      this.#byte(OPEN_BRACE);
      this.members(value);
      this.#byte(CLOSE_BRACE);
    }
  }

  #list(values: readonly unknown[]): void {
    this.#byte(OPEN_BRACKET);
    for (let at = 0; at < values.length; at++) {
      if (at > 0) this.#byte(COMMA);
      this.value(values[at]);
    }
    this.#byte(CLOSE_BRACKET);
  }

  /** Byte by byte: into memory of our own that is faster than any call that leaves JavaScript, up to some hundred characters. */
  #text(text: string): void {
    const { length } = text;
    if (length > SHORT) return this.#longText(text);
    this.#makeRoom(length + 2);
    const { bytes } = this.#memory;
    let to = this.#length;
    bytes[to++] = QUOTE;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      // Nothing counts as written until the length says so.
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return this.#any(text);
      bytes[to++] = code;
    }
    bytes[to++] = QUOTE;
    this.#length = to;
  }

  #longText(text: string): void {
    const source = text.length > LONG_MAX ? undefined : utf8Of(text);
    if (source === undefined) return this.#any(text);
    this.#byte(QUOTE);
    for (let start = 0; start < source.length; start += PIECE) {
      const end = Math.min(source.length, start + PIECE);
      this.#makeRoom((end - start) * ESCAPED_MAX);
      this.#length = escapeTo(this.#memory, this.#length, source.memory, { start, end });
    }
    this.#byte(QUOTE);
  }

  #digits(value: number): void {
    let digits = 1;
    for (let bound = 10; value >= bound && digits < 16; bound *= 10) digits++;
    this.#makeRoom(digits);
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const above = Math.floor(rest / 10);
      this.#memory.bytes[at] = DIGIT_0 + (rest - above * 10);
      rest = above;
    }
    this.#length += digits;
  }

  #any(value: unknown): void {
    const text = JSON.stringify(value) ?? "null";
    this.#makeRoom(text.length * 3);
    this.#length += this.#memory.bytes.write(text, this.#length, "utf8");
  }

  #byte(byte: number): void {
    this.#makeRoom(1);
    this.#memory.bytes[this.#length++] = byte;
  }

  /** Doubles, so that a long line is not copied for each of its members. */
  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    const before = this.#memory.bytes;
    if (needed <= before.length) return;
    const grown = new WordMemory(Math.max(needed, 2 * before.length, BYTES_MIN));
    before.copy(grown.bytes, 0, 0, this.#length);
    this.#memory = grown;
  }
}

/**
 * JSON as text: finds where values begin and end without building them, so that bytes can be kept, cut
 * or replaced exactly. `JSON.parse` loses integers above 2^53, `1.0` and `1e400`; a span loses nothing.
 * All positions are byte offsets; `end` is exclusive. Malformed text throws a `SyntaxError` with the offset.
 */

import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE, skipSpace } from "./json-bytes.ts";

/** Where one value stands in a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One member of an object: its decoded key, and where its value stands. */
export interface Member extends Span {
  readonly key: string;
  /** Where the key's opening quote stands. */
  readonly keyStart: number;
}

/** Offset just behind the value that begins at `at`. */
export function skipValue(text: Buffer, at: number): number {
  const first = text[at];
  if (first === QUOTE) return skipString(text, at);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipContainer(text, at);
  let here = at;
  for (let byte = text[here]; byte !== undefined && isScalarByte(byte); byte = text[here]) here++;
  if (here === at) throw malformed(text, at, "a value");
  return here;
}

/**
 * The members of the object that begins at `at`, in their order, duplicates included. `endOf` tells where the value of a key ends, for
 * who knows it without looking.
 */
export function* members(
  text: Buffer,
  at: number,
  endOf: (text: Buffer, start: number, key: string) => number = skipValue,
): Generator<Member> {
  if (text[at] !== OPEN_BRACE) throw malformed(text, at, "an object");
  let here = skipSpace(text, at + 1);
  if (text[here] === CLOSE_BRACE) return;
  for (;;) {
    const keyStart = here;
    const keyEnd = skipString(text, keyStart);
    here = skipSpace(text, keyEnd);
    if (text[here] !== COLON) throw malformed(text, here, "a colon");
    const start = skipSpace(text, here + 1);
    const key = decodeString(text, keyStart, keyEnd);
    const end = endOf(text, start, key);
    yield { key, keyStart, start, end };
    here = skipSpace(text, end);
    if (text[here] === CLOSE_BRACE) return;
    if (text[here] !== COMMA) throw malformed(text, here, "a comma");
    here = skipSpace(text, here + 1);
  }
}

/** The elements of the array that begins at `at`, in their order. */
export function elements(text: Buffer, at: number): Span[] {
  if (text[at] !== OPEN_BRACKET) throw malformed(text, at, "an array");
  const found: Span[] = [];
  let here = skipSpace(text, at + 1);
  if (text[here] === CLOSE_BRACKET) return found;
  for (;;) {
    const start = here;
    const end = skipValue(text, start);
    found.push({ start, end });
    here = skipSpace(text, end);
    if (text[here] === CLOSE_BRACKET) return found;
    if (text[here] !== COMMA) throw malformed(text, here, "a comma");
    here = skipSpace(text, here + 1);
  }
}

/** The first member called `key` of the object that begins at `at`. */
export function findMember(text: Buffer, at: number, key: string): Member | undefined {
  for (const member of members(text, at)) if (member.key === key) return member;
  return undefined;
}

/** A replacement of the bytes from `start` to `end`. */
export interface Edit extends Span {
  readonly text: string | Buffer;
}

/** The text with every edit made. Edits must not overlap; their order does not matter. */
export function splice(text: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return text;
  const parts: Buffer[] = [];
  let done = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(text.subarray(done, edit.start), Buffer.isBuffer(edit.text) ? edit.text : Buffer.from(edit.text));
    done = edit.end;
  }
  parts.push(text.subarray(done));
  return Buffer.concat(parts);
}

function skipString(text: Buffer, at: number): number {
  if (text[at] !== QUOTE) throw malformed(text, at, "a string");
  let here = at + 1;
  // Most strings are short: below this length a loop is faster than a call into native code.
  for (const near = here + 48; here < near; here++) {
    const byte = text[here];
    if (byte === QUOTE) return here + 1;
    if (byte === BACKSLASH) here++;
  }
  for (;;) {
    const quote = text.indexOf(QUOTE, here);
    if (quote === -1) throw malformed(text, text.length, "the end of a string");
    let slashes = 0;
    while (text[quote - 1 - slashes] === BACKSLASH) slashes++;
    here = quote + 1;
    if (slashes % 2 === 0) return here;
  }
}

function skipContainer(text: Buffer, at: number): number {
  const closers: number[] = [];
  let here = at;
  for (;;) {
    const byte = text[here];
    if (byte === undefined) throw malformed(text, here, "the end of a container");
    if (byte === QUOTE) {
      here = skipString(text, here);
      continue;
    }
    here++;
    if (byte === OPEN_BRACE) closers.push(CLOSE_BRACE);
    else if (byte === OPEN_BRACKET) closers.push(CLOSE_BRACKET);
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (closers.pop() !== byte) throw malformed(text, here - 1, "a matching bracket");
      if (closers.length === 0) return here;
    }
  }
}

function decodeString(text: Buffer, start: number, end: number): string {
  const body = text.toString("utf8", start + 1, end - 1);
  if (!body.includes("\\")) return body;
  const decoded: unknown = JSON.parse(text.toString("utf8", start, end));
  return String(decoded);
}

/** Letters, digits, sign and point: the bytes of numbers and of `true`, `false`, `null`. */
function isScalarByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  );
}

function malformed(text: Buffer, at: number, expected: string): SyntaxError {
  const found = at >= text.length ? "the end" : JSON.stringify(text.toString("latin1", at, at + 1));
  return new SyntaxError(`expected ${expected} at byte ${at}, found ${found}`);
}

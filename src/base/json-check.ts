/**
 * Where a JSON value ends, by the grammar of RFC 8259 and nothing more: what is accepted here, `JSON.parse` accepts, and the other
 * way round (held by the test beside this file, with drawn and with damaged texts). For parts of a text that must be sound and
 * whose values nobody needs: a third of the time that `JSON.parse` takes, and no garbage. Measured by `watch-pods` in `bench/`.
 */

import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE, skipSpace } from "./json-bytes.ts";

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const LETTER_U = 0x75;
/** What may follow a backslash, `u` excepted: `"`, `\`, `/`, `b`, `f`, `n`, `r`, `t`. */
const ESCAPES: ReadonlySet<number> = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74]);
/** Deeper than any object of an API server (apimachinery refuses 10,000); a deeper one is left to the parser. */
const DEPTH_MAX = 512;

/** Offset just behind the value that begins at `at`; -1 when there is none that `JSON.parse` would take. */
export function endOfValue(text: Uint8Array, at: number): number {
  const closers = new Uint8Array(DEPTH_MAX);
  let depth = 0;
  let here = at;
  for (;;) {
    // A value begins here.
    const byte = text[here];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      const isObject = byte === OPEN_BRACE;
      const closer = isObject ? CLOSE_BRACE : CLOSE_BRACKET;
      here = skipSpace(text, here + 1);
      if (text[here] !== closer) {
        if (depth === DEPTH_MAX) return -1;
        closers[depth++] = closer;
        if (isObject) here = endOfKey(text, here);
        if (here === -1) return -1;
        continue;
      }
      here++;
    } else {
      here = byte === QUOTE ? endOfString(text, here) : endOfScalar(text, here);
      if (here === -1) return -1;
    }
    // A value ends here: what it stands in may end, too, or goes on with the next one.
    while (depth > 0) {
      here = skipSpace(text, here);
      const next = text[here++];
      const closer = closers[depth - 1];
      if (next === closer) depth--;
      else if (next === COMMA) {
        here = skipSpace(text, here);
        if (closer === CLOSE_BRACE) here = endOfKey(text, here);
        break;
      } else return -1;
    }
    if (depth === 0 || here === -1) return here;
  }
}

/** Offset of the value behind the key that begins at `at`. */
function endOfKey(text: Uint8Array, at: number): number {
  if (text[at] !== QUOTE) return -1;
  const end = endOfString(text, at);
  if (end === -1) return -1;
  const colon = skipSpace(text, end);
  return text[colon] === COLON ? skipSpace(text, colon + 1) : -1;
}

function endOfString(text: Uint8Array, at: number): number {
  for (let here = at + 1; ; here++) {
    const byte = text[here];
    if (byte === QUOTE) return here + 1;
    if (byte === undefined || byte < 0x20) return -1;
    if (byte !== BACKSLASH) continue;
    const escaped = text[++here];
    if (escaped === LETTER_U) {
      for (let digit = 0; digit < 4; digit++) if (!isHexDigit(text[++here])) return -1;
    } else if (escaped === undefined || !ESCAPES.has(escaped)) return -1;
  }
}

function endOfScalar(text: Uint8Array, at: number): number {
  const byte = text[at];
  if (byte === MINUS || isDigit(byte)) return endOfNumber(text, at);
  for (const word of WORDS)
    if (byte === word[0]) return word.every((letter, place) => text[at + place] === letter) ? at + word.length : -1;
  return -1;
}

const WORDS: readonly (readonly number[])[] = ["true", "false", "null"].map((word) => [...Buffer.from(word)]);

function endOfNumber(text: Uint8Array, at: number): number {
  let here = text[at] === MINUS ? at + 1 : at;
  if (text[here] === ZERO) here++;
  else here = endOfDigits(text, here);
  if (here !== -1 && text[here] === POINT) here = endOfDigits(text, here + 1);
  if (here === -1) return -1;
  const letter = text[here];
  if (letter !== 0x65 && letter !== 0x45) return here;
  const sign = text[here + 1];
  return endOfDigits(text, sign === 0x2b || sign === MINUS ? here + 2 : here + 1);
}

/** At least one. */
function endOfDigits(text: Uint8Array, at: number): number {
  let here = at;
  while (isDigit(text[here])) here++;
  return here === at ? -1 : here;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

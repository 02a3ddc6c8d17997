/**
 * Escapes text for JSON as `JSON.stringify` does, four bytes at a time. Of a log nearly all bytes stand for themselves, but a newline
 * for every hundred of them keeps `JSON.stringify` from its fast path: it takes twice as long (`bench/bulk-logs.mjs`).
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
/** Letters of the escapes that have one, by the character. */
const LETTERS: Readonly<Record<number, number>> = { 0x08: 0x62, 0x09: 0x74, 0x0a: 0x6e, 0x0c: 0x66, 0x0d: 0x72 };
const HEX: Buffer = Buffer.from("0123456789abcdef");
const HEX_ESCAPE: Buffer = Buffer.from(String.raw`\u00`);
/** A text whose UTF-8 has it may have been one with half a surrogate pair, which JSON can tell and UTF-8 cannot. */
const REPLACEMENT: Buffer = Buffer.from("\ufffd");
/** A character takes no more. */
export const ESCAPED_MAX = 6;

/** Memory that is read and written by bytes and by words. */
export class WordMemory {
  readonly bytes: Buffer;
  readonly words: DataView;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.words = new DataView(this.bytes.buffer);
  }
}

interface Stretch {
  readonly start: number;
  readonly end: number;
}

let raw = new WordMemory(0);

/** The UTF-8 of a text, in memory that the next one gets; `undefined` when it does not tell the text. */
export function utf8Of(text: string): { readonly memory: WordMemory; readonly length: number } | undefined {
  const length = Buffer.byteLength(text);
  if (raw.bytes.length < length) raw = new WordMemory(2 * length);
  raw.bytes.write(text, 0, "utf8");
  if (length !== text.length && raw.bytes.subarray(0, length).includes(REPLACEMENT)) return undefined;
  return { memory: raw, length };
}

/** Escapes the bytes from `start` to `end` to `at` of `target`, which has room for the longest escape of each. Returns where it ends. */
export function escapeTo(target: WordMemory, at: number, source: WordMemory, { start, end }: Stretch): number {
  let from = start;
  let to = at;
  for (; from + 4 <= end; from += 4) {
    const word = source.words.getInt32(from);
    if (isPlain(word)) {
      target.words.setInt32(to, word);
      to += 4;
    } else for (let byte = from; byte < from + 4; byte++) to = escapeByte(source.bytes[byte] ?? 0, target.bytes, to);
  }
  for (; from < end; from++) to = escapeByte(source.bytes[from] ?? 0, target.bytes, to);
  return to;
}

/** False if one of the four bytes is a control character, a quote or a backslash. */
function isPlain(word: number): boolean {
  const control = word - 0x20202020;
  const quote = (word ^ 0x22222222) - 0x01010101;
  const backslash = (word ^ 0x5c5c5c5c) - 0x01010101;
  // A byte that was less than what is taken off it has the highest bit now.
  return ((control | quote | backslash) & ~word & 0x80808080) === 0;
}

function escapeByte(byte: number, target: Buffer, at: number): number {
  if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) {
    target[at] = byte;
    return at + 1;
  }
  const letter = byte < SPACE ? LETTERS[byte] : byte;
  if (letter !== undefined) {
    target[at] = BACKSLASH;
    target[at + 1] = letter;
    return at + 2;
  }
  const digits = at + HEX_ESCAPE.copy(target, at);
  target[digits] = HEX[byte >> 4] ?? 0;
  target[digits + 1] = HEX[byte & 0xf] ?? 0;
  return digits + 2;
}

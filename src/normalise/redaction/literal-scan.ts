/**
 * Where any of some literals stands in a piece of bytes, without making a string. Every second pair of neighbouring bytes is looked up:
 * whatever has three bytes and more holds one that stands there, the first or the second of its own, and few pairs in an object are one of
 * these. For the question whether an object holds anything that a rule or a pattern must look at, which nearly none does, that takes a
 * quarter of the time of the expressions that ask for each by itself, and three quarters of an automaton's (`bench/stages.mjs`).
 */

/** The next row of each row and class of bytes; 0 where no literal goes on. */
interface Trie {
  readonly classes: Uint8Array;
  readonly next: Uint16Array;
}

/** In place of a row: a literal is complete. */
const FOUND = 0xffff;
const LENGTH_MIN = 3;
/** So small a table stays in the processor's first cache. */
const PAIRS = 0x1000;
const FIRST_TWO = 1;
const NEXT_TWO = 2;

/** Scans for `literals`, which are ASCII and have three letters at least. */
export class LiteralScan {
  readonly #trie: Trie;
  /** By what `pairAt` gives, which others may share: whether those are the `FIRST_TWO` or the `NEXT_TWO` bytes of a literal. */
  readonly #pairs: Uint8Array = new Uint8Array(PAIRS);

  constructor(literals: readonly string[]) {
    const bytes = literals.map((literal) => Buffer.from(literal, "latin1"));
    for (const literal of bytes) {
      if (literal.length < LENGTH_MIN) throw new RangeError(`a literal of less than ${LENGTH_MIN} bytes: ${literal.toString()}`);
      const [first, next] = [pairAt(literal, 0), pairAt(literal, 1)];
      this.#pairs[first] = (this.#pairs[first] ?? 0) | FIRST_TWO;
      this.#pairs[next] = (this.#pairs[next] ?? 0) | NEXT_TWO;
    }
    this.#trie = trieOf(bytes);
  }

  /** Where the first literal begins that stands in the bytes from `start` to `end`; -1 for none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const pairs = this.#pairs;
    for (let at = start; at + 1 < end; at += 2) {
      const pair = pairs[pairAt(bytes, at)] ?? 0;
      if (pair === 0) continue;
      const mayHaveBegun = (pair & NEXT_TWO) !== 0 && at > start && ((pairs[pairAt(bytes, at - 1)] ?? 0) & FIRST_TWO) !== 0;
      if (mayHaveBegun && this.#standsAt(bytes, at - 1, end)) return at - 1;
      const mayBegin = (pair & FIRST_TWO) !== 0 && ((pairs[pairAt(bytes, at + 1)] ?? 0) & NEXT_TWO) !== 0;
      if (mayBegin && this.#standsAt(bytes, at, end)) return at;
    }
    return -1;
  }

  #standsAt(bytes: Uint8Array, start: number, end: number): boolean {
    const { classes, next } = this.#trie;
    let row = 0;
    for (let at = start; at < end; at++) {
      row = next[row + (classes[bytes[at] ?? 0] ?? 0)] ?? 0;
      if (row === FOUND) return true;
      if (row === 0) return false;
    }
    return false;
  }
}

function pairAt(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 5) ^ (bytes[at + 1] ?? 0)) & (PAIRS - 1);
}

function trieOf(literals: readonly Uint8Array[]): Trie {
  const classes = classesOf(literals);
  const width = 1 + Math.max(...classes);
  const rows = literals.reduce((sum, literal) => sum + literal.length, 1);
  const next = new Uint16Array(rows * width);
  let used = 1;
  for (const literal of literals) {
    let row = 0;
    for (const [at, byte] of literal.entries()) {
      const place = row + (classes[byte] ?? 0);
      // A shorter literal is found first.
      if (next[place] === FOUND) break;
      if (at === literal.length - 1) next[place] = FOUND;
      else if (next[place] === 0) next[place] = width * used++;
      row = next[place] ?? 0;
    }
  }
  return { classes, next };
}

/** Bytes of no literal are of class 0. */
function classesOf(literals: readonly Uint8Array[]): Uint8Array {
  const classes = new Uint8Array(256);
  const used = new Set(literals.flatMap((literal) => [...literal]));
  for (const byte of used) classes[byte] = Math.max(...classes) + 1;
  return classes;
}

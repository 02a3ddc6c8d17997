/**
 * What was delivered of a log last, as hashes in the order of the file: what the next connection must begin with. Nine
 * bytes a line, because a flood delivers millions of lines in the seconds that are kept.
 */

/** One line as alignment sees it. */
export interface LineKey {
  readonly hash: number;
  /** Hash of the timestamp alone. */
  readonly stamp: number;
}

export class RecentLines {
  #hashes = new Uint32Array(64);
  #seconds = new Uint32Array(64);
  #stampOnly = new Uint8Array(64);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** `isStampOnly`: the text is not known any more (a secret was taken out of it), and the hash is that of its timestamp. */
  push(second: number, hash: number, isStampOnly: boolean): void {
    if (this.#end === this.#hashes.length) this.#makeRoom();
    this.#hashes[this.#end] = hash;
    this.#seconds[this.#end] = Math.max(0, second);
    this.#stampOnly[this.#end] = isStampOnly ? 1 : 0;
    this.#end++;
  }

  /** Forgets leading lines of before `second`. */
  dropBefore(second: number): void {
    while (this.#start < this.#end && (this.#seconds[this.#start] ?? 0) < second) this.#start++;
  }

  /** Forgets every line of before `second`, as the kubelet leaves them out: what is left stands as in its answer. */
  filterFrom(second: number): void {
    let kept = this.#start;
    for (let at = this.#start; at < this.#end; at++) {
      if ((this.#seconds[at] ?? 0) < second) continue;
      this.#hashes[kept] = this.#hashes[at] ?? 0;
      this.#seconds[kept] = this.#seconds[at] ?? 0;
      this.#stampOnly[kept] = this.#stampOnly[at] ?? 0;
      kept++;
    }
    this.#end = kept;
  }

  /** Keeps the last `count` lines. */
  keepLast(count: number): void {
    this.#start = Math.max(this.#start, this.#end - count);
  }

  matches(at: number, key: LineKey): boolean {
    const index = this.#start + at;
    return this.#hashes[index] === (this.#stampOnly[index] === 1 ? key.stamp : key.hash);
  }

  /** Whether a line with this hash is among those kept. */
  includes(hash: number): boolean {
    const at = this.#hashes.subarray(this.#start, this.#end).indexOf(hash);
    return at !== -1 && this.#stampOnly[this.#start + at] !== 1;
  }

  /** Whether two of the lines kept are the same. */
  areEqual(a: number, b: number): boolean {
    const [first, second] = [this.#start + a, this.#start + b];
    return this.#hashes[first] === this.#hashes[second] && this.#stampOnly[first] === this.#stampOnly[second];
  }

  /** How often each line from `at` on is there. */
  countFrom(at: number): Map<number, number> {
    const counts = new Map<number, number>();
    for (let index = this.#start + at; index < this.#end; index++) {
      const hash = this.#hashes[index] ?? 0;
      counts.set(hash, (counts.get(hash) ?? 0) + 1);
    }
    return counts;
  }

  #makeRoom(): void {
    const kept = this.length;
    const size = kept > this.#hashes.length / 2 ? this.#hashes.length * 2 : this.#hashes.length;
    const moved = <T extends Uint32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from.subarray(this.#start, this.#end));
      return to;
    };
    this.#hashes = moved(this.#hashes, new Uint32Array(size));
    this.#seconds = moved(this.#seconds, new Uint32Array(size));
    this.#stampOnly = moved(this.#stampOnly, new Uint8Array(size));
    this.#start = 0;
    this.#end = kept;
  }
}

/**
 * How the lines of a new connection go on from the lines delivered: `k` of them equal those from `offset` on, the next is
 * `key`. The least later offset at which all of it fits; the delivered lines before it were rotated away. `undefined` when
 * nothing fits: the next line after the last delivered one is not known.
 */
export function nextOverlap(
  recent: RecentLines,
  at: { readonly offset: number; readonly matched: number },
  key: LineKey,
): number | undefined {
  let budget = OVERLAP_STEPS_MAX;
  for (let offset = at.offset + 1; offset < recent.length; offset++) {
    const known = Math.min(at.matched, recent.length - offset);
    let same = 0;
    while (same < known && recent.areEqual(offset + same, at.offset + same)) same++;
    budget -= same + 1;
    if (same === known && (offset + known === recent.length || recent.matches(offset + known, key))) return offset;
    if (budget < 0) return undefined;
  }
  return undefined;
}

/** Many equal lines make the search quadratic; a container that writes so many of them within two seconds does not exist. */
const OVERLAP_STEPS_MAX = 50_000_000;

export function hashLine(line: Buffer): number {
  return hashOf(line, 0, line.length);
}

/**
 * Over the bytes from `start` to `end`, their number mixed in: two lines of one second that differ collide once in four thousand
 * million, and never if they differ in one of the words alone. Four bytes at a time, folded as in MurmurHash: FNV-1a, a byte at a
 * time, took two and a half times as long (`bench/bulk-logs.mjs`).
 */
export function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const half = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
    const word = half | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

const SPACE = 0x20;
const STAMP_BYTES_MAX = 48;

export function keyOf(line: Buffer): LineKey {
  const space = line.subarray(0, STAMP_BYTES_MAX).indexOf(SPACE);
  return { hash: hashLine(line), stamp: hashLine(line.subarray(0, Math.max(0, space))) };
}

/** The first line of an instance, which tells it from another of its container. */
export interface FirstLine {
  readonly second: number;
  /** Enough of it for its time. */
  readonly line: Buffer;
}

const FIRST_BYTES = 64;

export function firstLineOf(line: Buffer, second: number): FirstLine {
  return { second, line: Buffer.from(line.subarray(0, FIRST_BYTES)) };
}

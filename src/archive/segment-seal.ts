/**
 * The digest of a segment, taken while it is written: SHA-256 over the checksums of its lines, which prove the lines. Over the bytes
 * themselves it was a fifteenth of recording a version of a pod (`watch-pods` in `bench/`).
 */
import { createHash, type Hash } from "node:crypto";
import { LineSplitter } from "../base/index.ts";
import { CHECKSUM_AT, CHECKSUM_DIGITS, isWholeLine } from "../record/index.ts";
import { type OpenFile, readFully } from "./file-layer.ts";

/** Checksums that are hashed by one call. */
const GATHERED = 1_024;

export class SegmentSeal {
  readonly #hash: Hash = createHash("sha256");
  readonly #gathered: Buffer = Buffer.alloc(GATHERED * CHECKSUM_DIGITS);
  #length = 0;
  #lines = 0;

  /** Adds the line that begins at `at` of `bytes`. Lines come in their order. */
  take(bytes: Buffer, at: number): void {
    // Digit by digit: a call out of JavaScript takes longer.
    for (let digit = 0; digit < CHECKSUM_DIGITS; digit++) this.#gathered[this.#length++] = bytes[at + CHECKSUM_AT + digit] ?? 0;
    this.#lines++;
    if (this.#length === this.#gathered.length) this.#update();
  }

  /** The seal of what was taken so far. */
  now(): { readonly lines: number; readonly checksums: string } {
    this.#update();
    return { lines: this.#lines, checksums: this.#hash.copy().digest("hex") };
  }

  #update(): void {
    this.#hash.update(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }
}

const READ_BYTES = 1 << 20;

/** The digest of the checksums of all lines in front of `end`; `undefined` when one of them is not whole. */
export async function checksumsOf(file: OpenFile, end: number): Promise<string | undefined> {
  const seal = new SegmentSeal();
  const splitter = new LineSplitter();
  for (let at = 0; at < end; at += READ_BYTES) {
    const bytes = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - at));
    if ((await readFully(file, bytes, at)) < bytes.length) return undefined;
    for (const line of splitter.push(bytes)) {
      if (!isWholeLine(line)) return undefined;
      seal.take(line, 0);
    }
  }
  return splitter.pendingBytes > 0 ? undefined : seal.now().checksums;
}

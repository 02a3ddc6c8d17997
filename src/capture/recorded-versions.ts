/**
 * The versions that a scope recorded since its last mark. Columns, not objects: until the next checkpoint each outlives the collections
 * of young garbage, and a second of Events without a pause is tens of thousands (`watch-events` in `bench/`).
 */
import { compareResourceVersions } from "../base/index.ts";

export interface RecordedVersion {
  readonly seq: number;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly isDeleted: boolean;
}

export class RecordedVersions implements Iterable<RecordedVersion> {
  /** Columns longer than `#length` are written over: to let them grow anew each second would copy them a dozen times. */
  readonly #seqs: number[] = [];
  readonly #uids: string[] = [];
  readonly #versions: string[] = [];
  readonly #deletions: boolean[] = [];
  #length = 0;

  constructor(versions: Iterable<RecordedVersion> = []) {
    for (const { seq, uid, resourceVersion, isDeleted } of versions) this.push(seq, uid, resourceVersion, isDeleted);
  }

  push(seq: number, uid: string, resourceVersion: string, isDeleted: boolean): void {
    const at = this.#length++;
    this.#seqs[at] = seq;
    this.#uids[at] = uid;
    this.#versions[at] = resourceVersion;
    this.#deletions[at] = isDeleted;
  }

  /** Forgets what has no later `seq` than this one, and is no newer than `mark`. */
  keepAbove(seq: number, mark: string | undefined): void {
    const before = this.#length;
    this.#length = 0;
    for (let at = 0; at < before; at++) {
      const version = this.#versions[at] ?? "";
      const own = this.#seqs[at] ?? 0;
      if (own > seq || (mark !== undefined && (compareResourceVersions(version, mark) ?? 0) > 0))
        this.push(own, this.#uids[at] ?? "", version, this.#deletions[at] === true);
    }
    // As long as they were of use since the last time.
    for (const column of [this.#seqs, this.#uids, this.#versions, this.#deletions])
      if (column.length > 2 * before) column.length = before;
  }

  *[Symbol.iterator](): Generator<RecordedVersion> {
    for (let at = 0; at < this.#length; at++)
      yield {
        seq: this.#seqs[at] ?? 0,
        uid: this.#uids[at] ?? "",
        resourceVersion: this.#versions[at] ?? "",
        isDeleted: this.#deletions[at] === true,
      };
  }
}

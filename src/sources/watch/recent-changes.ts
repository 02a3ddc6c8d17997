/**
 * The last changes that a watch showed, each for so long as a certain number came after it. Nearly all that comes is newer than anything
 * before, which is known without looking: a table of the changes is made when one must be looked for, and given up when none was for
 * long. To keep it for every change was a twentieth of recording an Event (`watch-events` in `bench/`).
 */
import { compareResourceVersions, isComparable } from "../../base/index.ts";
import { versionKey } from "./watch-item.ts";

/** More than one etcd lease deletes at once. */
const REMEMBERED = 2_048;

export class RecentChanges {
  readonly #remembered: number;
  /** Of each change its object, its version, and whether it is a deletion; the oldest is written over. */
  readonly #uids: string[] = [];
  readonly #versions: string[] = [];
  readonly #deletions: boolean[] = [];
  #next = 0;
  /** Of all changes that ever came. */
  #newest = "";
  #table: Set<string> | undefined;
  /** Changes since the table was asked. */
  #unasked = 0;

  constructor(remembered: number = REMEMBERED) {
    this.#remembered = remembered;
  }

  /** True for a version that is newer than all that were seen, remembered or not. */
  isNewest(resourceVersion: string): boolean {
    return this.#newest === ""
      ? isComparable(resourceVersion)
      : (compareResourceVersions(resourceVersion, this.#newest) ?? 0) > 0;
  }

  /** This one was seen, too, in whatever way. */
  reach(resourceVersion: string): void {
    if (this.isNewest(resourceVersion)) this.#newest = resourceVersion;
  }

  has(key: string): boolean {
    this.#unasked = 0;
    this.#table ??= new Set(this.#uids.map((uid, at) => versionKey(uid, this.#versions[at] ?? "", this.#deletions[at] === true)));
    return this.#table.has(key);
  }

  /** Takes a change that is not remembered. Returns the version of the one that is forgotten for it. */
  add(uid: string, resourceVersion: string, isDeletion: boolean): string | undefined {
    this.reach(resourceVersion);
    const at = this.#next;
    const forgotten = this.#versions[at];
    if (this.#table !== undefined) this.#renew(at, versionKey(uid, resourceVersion, isDeletion));
    this.#uids[at] = uid;
    this.#versions[at] = resourceVersion;
    this.#deletions[at] = isDeletion;
    this.#next = (at + 1) % this.#remembered;
    return forgotten;
  }

  clear(): void {
    for (const column of [this.#uids, this.#versions, this.#deletions]) column.length = 0;
    this.#next = 0;
    this.#newest = "";
    this.#table = undefined;
  }

  #renew(at: number, key: string): void {
    const uid = this.#uids[at];
    if (++this.#unasked > this.#remembered) this.#table = undefined;
    else if (uid !== undefined) this.#table?.delete(versionKey(uid, this.#versions[at] ?? "", this.#deletions[at] === true));
    this.#table?.add(key);
  }
}

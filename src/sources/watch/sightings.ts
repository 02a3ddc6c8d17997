/**
 * What a version that a watch sends means to what was seen before: new, seen already, or late. The identity of a change is its
 * object, its version and whether it is the deletion: many objects can be deleted at one version, and one object has many.
 */
import { compareResourceVersions, isComparable } from "../../base/index.ts";
import { RecentChanges } from "./recent-changes.ts";
import { isOlder } from "./version-order.ts";
import { type KnownVersions, versionKey, versionOfKey, type WireObject } from "./watch-item.ts";

export type Sighting =
  | { readonly sight: "new"; readonly odd?: string }
  /** Recorded already: a server repeats what it sent before. */
  | { readonly sight: "seen" }
  /** Older than the newest version seen of its object, and never seen: it counts, but changes no state. */
  | { readonly sight: "late" };

const NEW: Sighting = { sight: "new" };
const SEEN: Sighting = { sight: "seen" };
const LATE: Sighting = { sight: "late" };

/** Deletions whose versions are remembered. */
const DELETED_MAX = 2_048;

export class Sightings {
  readonly #known: KnownVersions;
  /** Versions that an earlier run recorded. */
  #recorded: ReadonlySet<string>;
  readonly #recent = new RecentChanges();
  /** Versions of recent deletions by uid. */
  readonly #deleted = new Map<string, string>();
  /** Up to here it is not remembered which versions were seen, so all were. */
  #floor = "";

  constructor(known: KnownVersions, recorded: ReadonlySet<string> = new Set()) {
    this.#known = known;
    this.#recorded = recorded;
    // None of those is newer than all that was seen.
    for (const key of recorded) this.#recent.reach(versionOfKey(key));
  }

  /** Everything up to this version counts as seen: what came before the first list is not missing. */
  beginAt(resourceVersion: string): void {
    this.#floor = resourceVersion;
  }

  /** Another history: its versions were never seen. */
  forget(): void {
    this.#recent.clear();
    this.#deleted.clear();
    this.#recorded = new Set();
    this.#floor = "";
  }

  /** True for a version that came out before, as far as that is remembered. */
  isSeen(uid: string, resourceVersion: string, isDeletion: boolean): boolean {
    const key = versionKey(uid, resourceVersion, isDeletion);
    return this.#recent.has(key) || this.#recorded.has(key);
  }

  /** True for a version behind the newest one that is known of its object. */
  isBehind({ uid, resourceVersion }: WireObject): boolean {
    const last = this.#known.get(uid)?.resourceVersion;
    return last !== undefined && isOlder(resourceVersion, last);
  }

  /** Judges a change and remembers it. A new live version becomes the known one, a deletion ends the object. */
  see(object: WireObject, change: "ADDED" | "MODIFIED" | "DELETED"): Sighting {
    const { uid, resourceVersion } = object;
    const isDeletion = change === "DELETED";
    if (!this.#recent.isNewest(resourceVersion) && this.isSeen(uid, resourceVersion, isDeletion)) return SEEN;
    const sighting = isDeletion ? this.#seeDeletion(object) : this.#seeLive(object, change);
    if (sighting.sight === "seen") return sighting;
    this.#remember(uid, resourceVersion, isDeletion);
    if (sighting.sight === "late") return sighting;
    if (isDeletion) {
      this.#known.delete(uid);
      this.#deleted.set(uid, resourceVersion);
    } else this.#know(object);
    return sighting;
  }

  /** Makes a version the known one that came another way than over the watch. */
  note(object: WireObject): void {
    const { uid, resourceVersion } = object;
    if (!this.isBehind(object)) this.#know(object);
    const isNew = this.#recent.isNewest(resourceVersion) || !this.#recent.has(versionKey(uid, resourceVersion, false));
    if (isNew) this.#remember(uid, resourceVersion, false);
  }

  #know({ uid, resourceVersion, name, namespace }: WireObject): void {
    const last = this.#known.get(uid);
    const isNamed = last !== undefined && last.name === name && last.namespace === namespace;
    // The texts of the version before, where they are equal: those outlived a collection already.
    this.#known.set(
      uid,
      isNamed ? { resourceVersion, name: last.name, namespace: last.namespace } : { resourceVersion, name, namespace },
    );
  }

  #seeDeletion({ uid, resourceVersion }: WireObject): Sighting {
    const deletedAt = this.#deleted.get(uid);
    if (deletedAt !== undefined) return { sight: "new", odd: `${uid} is deleted at ${resourceVersion}, and was at ${deletedAt}` };
    const last = this.#known.get(uid)?.resourceVersion;
    if (last !== undefined && isOlder(resourceVersion, last)) return LATE;
    return last === undefined && this.#isForgotten(resourceVersion) ? SEEN : NEW;
  }

  #seeLive({ uid, resourceVersion }: WireObject, change: "ADDED" | "MODIFIED"): Sighting {
    const last = this.#known.get(uid)?.resourceVersion;
    if (last === resourceVersion) return SEEN;
    if (last !== undefined) {
      if (isOlder(resourceVersion, last)) return this.#isForgotten(resourceVersion) ? SEEN : LATE;
      return change === "ADDED" ? { sight: "new", odd: `${uid} is added at ${resourceVersion}, and was there at ${last}` } : NEW;
    }
    const deletedAt = this.#deleted.get(uid);
    if (deletedAt === undefined) return this.#isForgotten(resourceVersion) ? SEEN : NEW;
    if (isOlder(resourceVersion, deletedAt)) return this.#isForgotten(resourceVersion) ? SEEN : LATE;
    return { sight: "new", odd: `${uid} lives at ${resourceVersion}, and was deleted at ${deletedAt}` };
  }

  #isForgotten(resourceVersion: string): boolean {
    return this.#floor !== "" && (compareResourceVersions(resourceVersion, this.#floor) ?? 1) <= 0;
  }

  /**
   * To be called for a change that is not remembered. What is forgotten for it may have been seen: from its version on downwards all
   * counts as seen.
   */
  #remember(uid: string, resourceVersion: string, isDeletion: boolean): void {
    const forgotten = this.#recent.add(uid, resourceVersion, isDeletion);
    if (forgotten === undefined) return;
    if (isComparable(forgotten) && (this.#floor === "" || isOlder(this.#floor, forgotten))) this.#floor = forgotten;
    if (this.#deleted.size <= DELETED_MAX) return;
    for (const deleted of this.#deleted.keys()) {
      this.#deleted.delete(deleted);
      break;
    }
  }
}

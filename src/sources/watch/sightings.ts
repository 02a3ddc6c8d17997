/**
 * What a version that a watch sends means to what was seen before: new, seen already, or late. The identity of a change is its
 * object, its version and whether it is the deletion: many objects can be deleted at one version, and one object has many.
 */
import { compareResourceVersions, isComparable } from "../../base/index.ts";
import { isOlder } from "./version-order.ts";
import { type KnownVersions, versionKey, type WireObject } from "./watch-item.ts";

export type Sighting =
  | { readonly sight: "new"; readonly odd?: string }
  /** Recorded already: a server repeats what it sent before. */
  | { readonly sight: "seen" }
  /** Older than the newest version seen of its object, and never seen: it counts, but changes no state. */
  | { readonly sight: "late" };

/** Changes that are remembered besides the last version of each object: more than one etcd lease deletes at once. */
const REMEMBERED = 2_048;

export class Sightings {
  readonly #known: KnownVersions;
  /** Versions that an earlier run recorded. */
  #recorded: ReadonlySet<string>;
  /** Keys of recent changes with their version. */
  readonly #recent = new Map<string, string>();
  /**
   * The same keys, each in the place of the one that it made forgotten. A map, asked for its oldest key, walks over those that were
   * deleted before: with 2,000 of them a fiftieth of recording a version (`watch-pods` in `bench/`).
   */
  readonly #order: string[] = [];
  #oldest = 0;
  /** Versions of recent deletions by uid. */
  readonly #deleted = new Map<string, string>();
  /** Up to here it is not remembered which versions were seen, so all were. */
  #floor = "";

  constructor(known: KnownVersions, recorded: ReadonlySet<string> = new Set()) {
    this.#known = known;
    this.#recorded = recorded;
  }

  /** Everything up to this version counts as seen: what came before the first list is not missing. */
  beginAt(resourceVersion: string): void {
    this.#floor = resourceVersion;
  }

  /** Another history: its versions were never seen. */
  forget(): void {
    this.#recent.clear();
    this.#order.length = 0;
    this.#oldest = 0;
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
    const key = versionKey(uid, resourceVersion, change === "DELETED");
    if (this.#recent.has(key) || this.#recorded.has(key)) return { sight: "seen" };
    const sighting = change === "DELETED" ? this.#seeDeletion(object) : this.#seeLive(object, change);
    if (sighting.sight === "seen") return sighting;
    this.#remember(key, resourceVersion);
    if (sighting.sight === "late") return sighting;
    if (change === "DELETED") {
      this.#known.delete(uid);
      this.#deleted.set(uid, resourceVersion);
    } else this.#know(object);
    return sighting;
  }

  /** Makes a version the known one that came another way than over the watch. */
  note(object: WireObject): void {
    const { uid, resourceVersion } = object;
    if (!this.isBehind(object)) this.#know(object);
    const key = versionKey(uid, resourceVersion, false);
    if (!this.#recent.has(key)) this.#remember(key, resourceVersion);
  }

  #know({ uid, resourceVersion, name, namespace }: WireObject): void {
    this.#known.set(uid, { resourceVersion, name, namespace });
  }

  #seeDeletion({ uid, resourceVersion }: WireObject): Sighting {
    const deletedAt = this.#deleted.get(uid);
    if (deletedAt !== undefined) return { sight: "new", odd: `${uid} is deleted at ${resourceVersion}, and was at ${deletedAt}` };
    const last = this.#known.get(uid)?.resourceVersion;
    if (last !== undefined && isOlder(resourceVersion, last)) return { sight: "late" };
    return last === undefined && this.#isForgotten(resourceVersion) ? { sight: "seen" } : { sight: "new" };
  }

  #seeLive({ uid, resourceVersion }: WireObject, change: "ADDED" | "MODIFIED"): Sighting {
    const last = this.#known.get(uid)?.resourceVersion;
    if (last === resourceVersion) return { sight: "seen" };
    if (last !== undefined) {
      if (isOlder(resourceVersion, last)) return this.#isForgotten(resourceVersion) ? { sight: "seen" } : { sight: "late" };
      return change === "ADDED"
        ? { sight: "new", odd: `${uid} is added at ${resourceVersion}, and was there at ${last}` }
        : { sight: "new" };
    }
    const deletedAt = this.#deleted.get(uid);
    if (deletedAt === undefined) return this.#isForgotten(resourceVersion) ? { sight: "seen" } : { sight: "new" };
    if (isOlder(resourceVersion, deletedAt)) return this.#isForgotten(resourceVersion) ? { sight: "seen" } : { sight: "late" };
    return { sight: "new", odd: `${uid} lives at ${resourceVersion}, and was deleted at ${deletedAt}` };
  }

  #isForgotten(resourceVersion: string): boolean {
    return this.#floor !== "" && (compareResourceVersions(resourceVersion, this.#floor) ?? 1) <= 0;
  }

  /** To be called for a key that is not remembered. */
  #remember(key: string, resourceVersion: string): void {
    this.#recent.set(key, resourceVersion);
    if (this.#order.length < REMEMBERED) {
      this.#order.push(key);
      return;
    }
    this.#forget(this.#order[this.#oldest] ?? "");
    this.#order[this.#oldest] = key;
    this.#oldest = (this.#oldest + 1) % REMEMBERED;
    if (this.#deleted.size <= REMEMBERED) return;
    for (const uid of this.#deleted.keys()) {
      this.#deleted.delete(uid);
      break;
    }
  }

  /** What is forgotten may have been seen: from its version on downwards all counts as seen. */
  #forget(key: string): void {
    const version = this.#recent.get(key) ?? "";
    this.#recent.delete(key);
    if (isComparable(version) && (this.#floor === "" || isOlder(this.#floor, version))) this.#floor = version;
  }
}

/**
 * The hidden versions of one object. A list shows only the newest; those before it are still in etcd. Walking back from the
 * newest, each time to the version before, finds them all. An object that is gone is found by bisection first: it exists up to
 * its deletion and never again under its uid.
 */
import { isComparable } from "../../base/index.ts";
import type { ExactReader } from "./exact-read.ts";
import { before, isUpTo } from "./version-order.ts";
import type { KnownVersion, WireObject } from "./watch-item.ts";

/** What a walk found. */
export interface Walk {
  /** Versions between, oldest first, the newest not among them. */
  readonly versions: readonly WireObject[];
  /**
   * `full`: nothing is missing between. `partial`: older ones are compacted, or the budget is spent. `none`: the server does
   * not serve exact versions.
   */
  readonly outcome: "full" | "partial" | "none";
  /** True when the oldest version found, or the object itself if none was, is its creation. */
  readonly reachesCreation: boolean;
}

/** Walks back from `newest` to the version `after` (not included), or to the object's creation, in at most `reads` reads. */
export async function walkBack(
  reader: ExactReader,
  walk: { readonly newest: WireObject; readonly after: string | undefined; readonly reads: number },
): Promise<Walk> {
  const versions: WireObject[] = [];
  const done = (outcome: Walk["outcome"], reachesCreation: boolean): Walk => ({
    versions: versions.toReversed(),
    outcome,
    reachesCreation,
  });
  if (!isComparable(walk.newest.resourceVersion)) return done("none", false);
  let from = walk.newest;
  for (let reads = 0; ; reads++) {
    const at = before(from.resourceVersion);
    if (walk.after !== undefined && isUpTo(at, walk.after)) return done("full", false);
    if (reads >= walk.reads) return done("partial", false);
    const answer = await reader.nameAt(at, from);
    if (answer.read === "unsupported") return done(versions.length === 0 ? "none" : "partial", false);
    if (answer.read !== "state") return done("partial", false);
    const earlier = answer.items.find(({ uid }) => uid === walk.newest.uid);
    if (earlier === undefined) return done("full", true);
    if (walk.after !== undefined && isUpTo(earlier.resourceVersion, walk.after)) return done("full", false);
    versions.push(earlier);
    from = earlier;
  }
}

/** What is known of the end of an object that is no longer there. */
export interface Ending {
  /** Its last version, when another than the known one was read. */
  readonly last: WireObject | undefined;
  /** It existed at `after` and no longer at `by`. Next to each other, its final state is proven. */
  readonly after: string;
  readonly by: string;
  readonly isExact: boolean;
}

/** Narrows down when an object was deleted. `after`: a version at which it existed; `by`: one at which it did not. */
export async function findEnding(
  reader: ExactReader,
  gone: { readonly uid: string; readonly known: KnownVersion; readonly after: string; readonly by: string },
): Promise<Ending> {
  let last: WireObject | undefined;
  let low = BigInt(gone.after);
  let high = BigInt(gone.by);
  // Below a compacted version nothing can be read: `low` is then a bound of the search and no longer a sighting.
  let existsAtLow = true;
  const ending = (isExact: boolean): Ending => ({
    last: last?.resourceVersion === gone.known.resourceVersion ? undefined : last,
    after: existsAtLow ? String(low) : gone.after,
    by: String(high),
    isExact,
  });
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    const answer = await reader.nameAt(String(middle), gone.known);
    if (answer.read === "expired") {
      if (last !== undefined) return ending(false);
      low = middle;
      existsAtLow = false;
      continue;
    }
    if (answer.read !== "state") return ending(false);
    const found = answer.items.find(({ uid }) => uid === gone.uid);
    if (found === undefined) {
      high = middle;
      continue;
    }
    last = found;
    low = middle;
    existsAtLow = true;
  }
  return ending(existsAtLow);
}

/**
 * The proof that nothing is missing between two versions. One list of the scope at each version between shows every object
 * that lived even for one of them, so that one which came and went is found as well; nothing less proves that there was none.
 * The sweep goes from the newest version to the oldest, since compaction takes the oldest first: what it reached is proven.
 */
import { compareResourceVersions } from "../../base/index.ts";
import { type ExactReader, objectAt } from "./exact-read.ts";
import { before, isUpTo } from "./version-order.ts";
import type { KnownVersion, WireObject } from "./watch-item.ts";

/** A change that the sweep found, at the version that made it. */
export type SweptChange =
  | { readonly swept: "version"; readonly at: string; readonly object: WireObject; readonly isCreation: boolean }
  | { readonly swept: "deletion"; readonly at: string; readonly uid: string; readonly known: KnownVersion };

export interface Sweep {
  /** Oldest first. */
  readonly changes: readonly SweptChange[];
  /** Everything after this version is in `changes`. */
  readonly provenAfter: string;
  /** The state at `provenAfter`; only identities when `provenAfter` is where the sweep was to end. */
  readonly base: ReadonlyMap<string, KnownVersion>;
  /** `supported` is false when the server does not serve exact versions. */
  readonly isSupported: boolean;
}

/** Most revisions that are read one by one; a few seconds of a server's attention. */
const SPAN_MAX = 500n;
/** A scope whose list is smaller is read with its data at once, which saves a second read for each change. */
const SMALL_LIST_BYTES = 64 << 10;
/** What the metadata of one object takes, roughly. */
const METADATA_BYTES = 1_500;

export interface SweepSpan {
  /** Everything up to here has been told. */
  readonly from: string;
  /** The state at `from`, or later. */
  readonly known: ReadonlyMap<string, KnownVersion>;
  /** The version of `listing`. */
  readonly to: string;
  readonly listing: ReadonlyMap<string, WireObject>;
  readonly listingBytes: number;
}

/** True when the span is small enough for the budget. Zero revisions are proven without a read. */
export function canSweep(reader: ExactReader, span: Pick<SweepSpan, "from" | "to" | "listing" | "listingBytes">): boolean {
  const order = compareResourceVersions(span.from, span.to);
  if (order === undefined || order > 0) return false;
  const revisions = BigInt(span.to) - BigInt(span.from);
  if (revisions > SPAN_MAX || revisions > BigInt(reader.budget.reads) + 1n) return false;
  const listBytes = Math.min(span.listingBytes, span.listing.size * METADATA_BYTES);
  return Number(revisions) * listBytes <= reader.budget.bytes;
}

/** Sweeps as far back as the history reaches. */
export async function sweep(reader: ExactReader, span: SweepSpan): Promise<Sweep> {
  const changes: SweptChange[] = [];
  const metadataOnly = span.listingBytes > SMALL_LIST_BYTES;
  let newer: ReadonlyMap<string, KnownVersion> = span.listing;
  let objects = span.listing;
  const end = (provenAfter: string, isSupported: boolean): Sweep => ({
    changes: changes.toReversed(),
    provenAfter,
    base: newer,
    isSupported,
  });
  for (let at = span.to; at !== span.from;) {
    const earlier = before(at);
    let older: ReadonlyMap<string, KnownVersion> = stateAtStart(span, newer);
    let olderObjects: ReadonlyMap<string, WireObject> = new Map();
    if (earlier !== span.from) {
      const answer = await reader.scopeAt(earlier, metadataOnly);
      if (answer.read !== "state") return end(at, answer.read !== "unsupported" || at !== span.to);
      olderObjects = new Map(answer.items.map((item) => [item.uid, item]));
      older = olderObjects;
    }
    const found = await changesAt(reader, { at, older, newer, objects, isRead: at === span.to || !metadataOnly });
    if (found === undefined) return end(at, true);
    changes.push(...found);
    newer = older;
    objects = olderObjects;
    at = earlier;
  }
  return end(span.from, true);
}

/**
 * What was known at the start of the span. `known` may be ahead of it: a recorder that goes on after a crash resumes at its
 * checkpoint, and has recorded more. Of what it knows of later versions the start says nothing, so nothing is concluded there.
 */
function stateAtStart({ from, known }: SweepSpan, newer: ReadonlyMap<string, KnownVersion>): ReadonlyMap<string, KnownVersion> {
  const state = new Map<string, KnownVersion>();
  for (const [uid, version] of known) {
    const then = isUpTo(version.resourceVersion, from) ? version : newer.get(uid);
    if (then !== undefined) state.set(uid, then);
  }
  return state;
}

interface Step {
  readonly at: string;
  readonly older: ReadonlyMap<string, KnownVersion>;
  readonly newer: ReadonlyMap<string, KnownVersion>;
  /** The objects of `newer`, whole when `isRead`. */
  readonly objects: ReadonlyMap<string, WireObject>;
  readonly isRead: boolean;
}

/** What one version changed; `undefined` when a version of an object could not be read. */
async function changesAt(reader: ExactReader, step: Step): Promise<SweptChange[] | undefined> {
  const changes: SweptChange[] = [];
  for (const [uid, known] of step.older) {
    if (!step.newer.has(uid)) changes.push({ swept: "deletion", at: step.at, uid, known });
  }
  for (const [uid, version] of step.newer) {
    const earlier = step.older.get(uid);
    if (earlier?.resourceVersion === version.resourceVersion) continue;
    const object = step.isRead ? step.objects.get(uid) : await objectAt(reader, step.at, { uid, ...version });
    if (object === undefined) return undefined;
    changes.push({ swept: "version", at: step.at, object, isCreation: earlier === undefined });
  }
  return changes;
}

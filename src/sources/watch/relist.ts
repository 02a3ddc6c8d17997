/**
 * What a list after a gap means. Objects are compared by uid with the last state that was known; what lies between is read back
 * from etcd as far as it goes. Nothing is called found that was not read, and nothing is called complete that was not proven.
 */
import { compareResourceVersions } from "../../base/index.ts";
import { type ExactReader, objectAt } from "./exact-read.ts";
import { before, isOlder, isUpTo } from "./version-order.ts";
import { findEnding, walkBack, type Walk } from "./walk-back.ts";
import { canSweep, type Sweep, sweep, type SweptChange } from "./sweep.ts";
import type { KnownVersion, RepairOutcome, WatchObserver, WatchTarget, WireObject } from "./watch-item.ts";
import type { ResumePoint } from "./watch-line.ts";

/** One change in the order in which they are to be told. */
export type Found =
  | {
      readonly found: "version";
      readonly object: WireObject;
      readonly observedBy: WatchObserver;
      /** `undefined`: as the known state at that moment says. */
      readonly change: "ADDED" | "MODIFIED" | undefined;
    }
  | {
      readonly found: "vanished";
      readonly uid: string;
      readonly known: KnownVersion;
      readonly isFinalState: boolean;
      readonly after?: string;
      readonly by?: string;
    };

export interface Repair {
  readonly found: readonly Found[];
  readonly repaired: RepairOutcome;
  /** Every version of each listed object was found. */
  readonly isWhole: boolean;
  readonly provenAfter: string | undefined;
}

/** A complete list with what was known before it. */
export interface Relisting {
  readonly target: WatchTarget;
  /** The last point up to which everything is known; `undefined` when `known` is all there is. */
  readonly since: ResumePoint | undefined;
  readonly known: ReadonlyMap<string, KnownVersion>;
  readonly resourceVersion: string;
  readonly objects: ReadonlyMap<string, WireObject>;
  readonly bytes: number;
}

/** Finds what happened between the known state and the list. */
export async function repair(reader: ExactReader, list: Relisting): Promise<Repair> {
  const from = list.since === undefined ? undefined : knownUpTo(list.since);
  if (from === undefined) return repairByObject(reader, list);
  const span = { from, known: list.known, to: list.resourceVersion, listing: list.objects, listingBytes: list.bytes };
  return canSweep(reader, span) ? repairBySweep(reader, list, from) : repairByObject(reader, list);
}

/** Of a batch of deletions that was cut in two, some may be missing: the version before is the last that is known whole. */
function knownUpTo(since: ResumePoint): string | undefined {
  if (compareResourceVersions(since.resourceVersion, since.resourceVersion) === undefined) return undefined;
  return since.batchStart === undefined ? since.resourceVersion : before(since.resourceVersion);
}

// --- every version between -----------------------------------------------------------------------

async function repairBySweep(reader: ExactReader, list: Relisting, from: string): Promise<Repair> {
  const span = { from, known: list.known, to: list.resourceVersion, listing: list.objects, listingBytes: list.bytes };
  const swept = await sweep(reader, span);
  const changes = swept.changes.filter((change) => !isToldBefore(change, from)).map((change) => foundBySweep(change, list));
  if (swept.provenAfter === from) return { found: changes, repaired: "full", isWhole: true, provenAfter: from };
  const untilBase = await differences(reader, list, { state: swept.base, at: swept.provenAfter, from });
  return {
    found: [...untilBase.found, ...changes],
    repaired: swept.isSupported ? "partial" : "none",
    isWhole: false,
    provenAfter: swept.isSupported ? provenAfter(swept, untilBase.unread) : undefined,
  };
}

/** The end of an object of which nothing could be read is not told, so nothing is proven before it. */
function provenAfter(swept: Sweep, unread: ReadonlySet<string>): string {
  return swept.changes.reduce(
    (proven, change) => (change.swept === "deletion" && unread.has(change.uid) && isUpTo(proven, change.at) ? change.at : proven),
    swept.provenAfter,
  );
}

/**
 * What was there at the start of the span has been told. `known` may be ahead of that start: a recorder that goes on after a
 * crash resumes at its checkpoint, and knows what it recorded behind it, deletions included.
 */
function isToldBefore(change: SweptChange, from: string): boolean {
  return change.swept === "version" && isUpTo(change.object.resourceVersion, from);
}

function foundBySweep(change: SweptChange, list: Relisting): Found {
  if (change.swept === "deletion") {
    const { uid, known, at } = change;
    return { found: "vanished", uid, known, isFinalState: true, after: before(at), by: at };
  }
  const isNewest = list.objects.get(change.object.uid)?.resourceVersion === change.object.resourceVersion;
  return {
    found: "version",
    object: change.object,
    observedBy: isNewest ? "relist" : "repair",
    change: change.isCreation ? "ADDED" : "MODIFIED",
  };
}

/** The known state against the oldest one that could be read: what lies between cannot be had any more. */
async function differences(
  reader: ExactReader,
  list: Relisting,
  base: { readonly state: ReadonlyMap<string, KnownVersion>; readonly at: string; readonly from: string },
): Promise<{ readonly found: readonly Found[]; readonly unread: ReadonlySet<string> }> {
  const found: Found[] = [];
  const unread = new Set<string>();
  for (const [uid, known] of list.known) {
    // What is newer than the base was recorded before a crash, behind the checkpoint that the recorder resumed at.
    if (base.state.has(uid) || isOlder(base.at, known.resourceVersion)) continue;
    found.push({ found: "vanished", uid, known, isFinalState: false, ...bounds(list.since, base.at) });
  }
  for (const [uid, version] of base.state) {
    const known = list.known.get(uid);
    if (known !== undefined && isUpTo(version.resourceVersion, known.resourceVersion)) continue;
    // Told before, and no longer known: its end was recorded before a crash, behind the checkpoint.
    if (known === undefined && isUpTo(version.resourceVersion, base.from)) continue;
    const isNewest = list.objects.get(uid)?.resourceVersion === version.resourceVersion;
    const object = isNewest ? list.objects.get(uid) : await objectAt(reader, base.at, { uid, ...version });
    if (object === undefined) unread.add(uid);
    else found.push({ found: "version", object, observedBy: isNewest ? "relist" : "repair", change: undefined });
  }
  return { found, unread };
}

function bounds(since: ResumePoint | undefined, by: string): { readonly after?: string; readonly by: string } {
  return since === undefined ? { by } : { after: since.resourceVersion, by };
}

// --- object by object ----------------------------------------------------------------------------

/** A change with the version by which it is put in order; without one it comes first. */
interface Placed {
  readonly at: string | undefined;
  readonly found: Found;
}

async function repairByObject(reader: ExactReader, list: Relisting): Promise<Repair> {
  const gone = [...list.known].filter(([uid]) => !list.objects.has(uid));
  const changed = [...list.objects.values()].filter(
    ({ uid, resourceVersion }) => list.known.get(uid)?.resourceVersion !== resourceVersion,
  );
  const placed: Placed[] = [];
  const walks: Walk["outcome"][] = [];
  let left = gone.length + changed.length;
  for (const [uid, known] of gone) {
    const { steps, outcome } = await endingOf(reader, list, { uid, known, reads: shareOf(reader, left--) });
    placed.push(...steps);
    walks.push(outcome);
  }
  for (const object of changed) {
    const after = list.known.get(object.uid)?.resourceVersion;
    const walk = await walkBack(reader, { newest: object, after, reads: shareOf(reader, left--) });
    placed.push(...versionsOf(object, walk, after !== undefined));
    walks.push(walk.outcome);
  }
  const isWhole = walks.every((outcome) => outcome === "full");
  const isProven = isWhole && isUnbroken(list, gone.length);
  const isUnsupported = walks.length > 0 && walks.every((outcome) => outcome === "none");
  const repaired = isProven ? "full" : isUnsupported ? "none" : "partial";
  return { found: inOrder(placed), repaired, isWhole, provenAfter: undefined };
}

/** Of what is left each object gets the same: one that changed all the time must not cost the others their history. */
function shareOf(reader: ExactReader, objects: number): number {
  return reader.budget.reads <= 0 ? 0 : Math.max(1, Math.floor(reader.budget.reads / objects));
}

/**
 * A scope of one name holds one object at a time. Where that object is the one that was known, found unbroken, no other can have
 * come and gone.
 */
function isUnbroken(list: Relisting, gone: number): boolean {
  if (list.target.name === undefined || gone > 0 || list.known.size !== 1) return false;
  return list.objects.size === 1 && [...list.objects.keys()].every((uid) => list.known.has(uid));
}

async function endingOf(
  reader: ExactReader,
  list: Relisting,
  gone: { readonly uid: string; readonly known: KnownVersion; readonly reads: number },
): Promise<{ readonly steps: Placed[]; readonly outcome: Walk["outcome"] }> {
  const { uid, known } = gone;
  const since = list.since === undefined ? undefined : knownUpTo(list.since);
  const after = since === undefined || isOlder(since, known.resourceVersion) ? known.resourceVersion : since;
  const order = compareResourceVersions(after, list.resourceVersion);
  const unknown: Found = { found: "vanished", uid, known, isFinalState: false, ...bounds(list.since, list.resourceVersion) };
  if (order === undefined || order >= 0) return { steps: [{ at: undefined, found: unknown }], outcome: "none" };
  const ending = await findEnding(reader, { uid, known, after, by: list.resourceVersion });
  const walk =
    ending.last === undefined
      ? { versions: [], outcome: "full" as const, reachesCreation: false }
      : await walkBack(reader, { newest: ending.last, after: known.resourceVersion, reads: gone.reads });
  const end: Found = { found: "vanished", uid, known, isFinalState: ending.isExact, after: ending.after, by: ending.by };
  const versions = [...walk.versions, ...(ending.last === undefined ? [] : [ending.last])];
  const steps = versions.map((object): Placed => ({
    at: object.resourceVersion,
    found: { found: "version", object, observedBy: "repair", change: "MODIFIED" },
  }));
  const outcome = ending.isExact ? walk.outcome : "partial";
  return { steps: [...steps, { at: ending.isExact || versions.length > 0 ? ending.by : undefined, found: end }], outcome };
}

function versionsOf(newest: WireObject, walk: Walk, isKnown: boolean): Placed[] {
  const earlier = walk.versions.map((object, place): Placed => ({
    at: object.resourceVersion,
    found: {
      found: "version",
      object,
      observedBy: "repair",
      change: place === 0 && walk.reachesCreation ? "ADDED" : "MODIFIED",
    },
  }));
  const change = isKnown || walk.versions.length > 0 ? "MODIFIED" : "ADDED";
  return [...earlier, { at: newest.resourceVersion, found: { found: "version", object: newest, observedBy: "relist", change } }];
}

/** By version where there is an order; a deletion nobody saw comes first, before another object may take the name. */
function inOrder(placed: readonly Placed[]): readonly Found[] {
  return placed
    .toSorted((a, b) => {
      if (a.at === undefined || b.at === undefined) return Number(a.at !== undefined) - Number(b.at !== undefined);
      return isUpTo(a.at, b.at) ? (isUpTo(b.at, a.at) ? 0 : -1) : 1;
    })
    .map(({ found }) => found);
}

/** O3 and O6: what is missing lies in a gap, what could be had again was, and in the end the recording knows the cluster's state. */
import { type Evidence, isInScope, ledgerOf, type LedgerGap, type LedgerScope, memberOf, type Violation } from "../evidence.ts";
import type { Asked } from "../network.ts";
import type { TrueVersion } from "../truth.ts";
import { keyOfRecord, objectRecords, versionKey } from "./recorded.ts";

interface Known {
  readonly evidence: Evidence;
  readonly recorded: ReadonlySet<string>;
  /** uids whose deletion was told, by a server or not. */
  readonly ended: ReadonlySet<string>;
  readonly byUid: ReadonlyMap<string, readonly TrueVersion[]>;
}

/** O3: every version of a scope since its first list is recorded, or lies in a gap; and a gap that could be repaired is. */
export function nothingLost(evidence: Evidence): readonly Violation[] {
  const records = objectRecords(evidence);
  const known: Known = {
    evidence,
    recorded: new Set(records.filter(({ synthetic }) => synthetic !== true).map(keyOfRecord)),
    ended: new Set(records.filter(({ change }) => change === "DELETED").map(({ uid }) => uid)),
    byUid: groupByUid(evidence.truth.versions),
  };
  return [...ledgerOf(evidence).values()].flatMap((scope) => lossesOf(scope, known));
}

function lossesOf(scope: LedgerScope, known: Known): readonly Violation[] {
  const since = baseOf(scope, known.evidence);
  if (since === undefined) return [];
  return known.evidence.truth.versions.flatMap((version) => {
    if (!isInScope(scope, version) || version.revision <= since.revision || version.at > known.evidence.endedAt) return [];
    if (known.recorded.has(keyOf(version))) return [];
    const gaps = scope.gaps.filter((gap) => isInside(gap, version));
    const what = `${version.change} ${version.name} (${version.uid}) at version ${version.revision}, ${version.at} ms, of ${scope.scope}`;
    if (gaps.length === 0) return [wrong(`${what} is missing, and no gap says so`)];
    return gaps.flatMap((gap) => brokenPromise(gap, version, known, what));
  });
}

/** What a closed gap promises of its repair, and what it should have found without promising. */
function brokenPromise(gap: LedgerGap, version: TrueVersion, known: Known, what: string): readonly Violation[] {
  const { closed } = gap;
  if (closed === undefined) return [];
  const isToldAsEnd = version.change === "DELETED" && known.ended.has(version.uid);
  if (closed.repaired === "full" && !isToldAsEnd) return [wrong(`${what} is missing, but ${closed.gap} says that all was found`)];
  const provenAfter = Number(memberOf(closed, "provenAfter") ?? Number.POSITIVE_INFINITY);
  if (version.revision > provenAfter && !isToldAsEnd)
    return [wrong(`${what} is missing, but ${closed.gap} says that nothing after ${provenAfter} is`)];
  return couldBeRead(gap, version, known)
    ? [wrong(`${what} is missing, although it could be read when ${closed.gap} was closed`)]
    : [];
}

/**
 * True when reading the object's past, from the version that the recording has, would have led to this one: every read on the way
 * was of a revision that etcd still had, and no read of the repair failed.
 */
function couldBeRead(gap: LedgerGap, version: TrueVersion, { evidence, recorded, byUid }: Known): boolean {
  if (version.change === "DELETED") return false;
  const versions = byUid.get(version.uid) ?? [];
  const next = versions[versions.indexOf(version) + 1];
  if (next === undefined || next.change === "DELETED" || !recorded.has(keyOf(next))) return false;
  const compacted = evidence.truth.compactions.reduce(
    (most, { at, revision }) => (at <= gap.to ? Math.max(most, revision) : most),
    0,
  );
  if (next.revision - 1 < compacted) return false;
  const reads = evidence.asked.filter(({ kind, at }) => kind === "exact" && at >= gap.from && at <= gap.to + REPAIR_MS);
  return !reads.some(hasFailed) && reads.length < REPAIR_READS;
}

/** A repair may go on for so long behind its list. */
const REPAIR_MS = 60_000;
/** Beyond so many reads a repair may give up. */
const REPAIR_READS = 1_500;

function hasFailed(asked: Asked): boolean {
  return asked.outcome !== 200 || asked.isTampered || asked.endedAt === undefined;
}

/**
 * Versions bound a gap where it has them: what a server sends late arrives at a moment that says little about when it was. Else the
 * moments do.
 */
function isInside({ opened, closed, from, to }: LedgerGap, version: TrueVersion): boolean {
  if (opened.uid !== undefined && opened.uid !== version.uid) return false;
  const [after, until] = [opened.fromVersion, closed?.toVersion];
  if (after !== undefined && until !== undefined) return version.revision > Number(after) && version.revision <= Number(until);
  // Moments of records are whole milliseconds.
  return version.at >= from - 1 && version.at <= to + 1;
}

/** Where the promise of a scope begins: the revision of its first complete list. */
function baseOf(scope: LedgerScope, evidence: Evidence): { readonly revision: number } | undefined {
  const span = scope.spans.find(({ syncedAt }) => syncedAt !== undefined);
  const syncedAt = span?.syncedAt;
  if (span === undefined || syncedAt === undefined) return undefined;
  const lists = evidence.asked.filter(
    ({ path, revision, at, query }) =>
      revision !== undefined &&
      path === pathOf(scope) &&
      at >= span.openedAt - 1 &&
      at <= syncedAt + 1 &&
      hasName(query, scope.name),
  );
  const revisions = lists.map(({ revision }) => revision ?? 0);
  return revisions.length === 0 ? undefined : { revision: Math.max(...revisions) };
}

function hasName(query: URLSearchParams, name: string | undefined): boolean {
  return (query.get("fieldSelector") ?? "") === (name === undefined ? "" : `metadata.name=${name}`);
}

function pathOf(scope: LedgerScope): string {
  const [resource = ""] = scope.scope.split("/");
  const [plural = "", version = "", ...group] = resource.split(".");
  const root = group.length === 0 ? `/api/${version}` : `/apis/${group.join(".")}/${version}`;
  return scope.namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${scope.namespace}/${plural}`;
}

/** O6: in the end, every scope knows the newest version of what is there, and nothing of what is not. */
export function stateKnown(evidence: Evidence): readonly Violation[] {
  const truth = new Map<string, TrueVersion>();
  for (const version of evidence.truth.versions) truth.set(version.uid, version);
  const told = new Map<string, string | undefined>();
  for (const record of objectRecords(evidence))
    if (memberOf(record, "late") !== true) told.set(record.uid, record.change === "DELETED" ? undefined : record.resourceVersion);
  return [...ledgerOf(evidence).values()].flatMap((scope) => {
    const isWatched = scope.spans.at(-1)?.syncedAt !== undefined;
    const inScope = isWatched ? [...truth.values()].filter((version) => isInScope(scope, version)) : [];
    return inScope.flatMap((version) => {
      const is = version.change === "DELETED" ? undefined : String(version.revision);
      const said = told.get(version.uid);
      if (is === said) return [];
      const what = `${version.name} (${version.uid}) of ${scope.scope}`;
      return [{ oracle: "O6", what: `${what} is ${is ?? "gone"} in the cluster and ${said ?? "gone"} in the recording` }];
    });
  });
}

function groupByUid(versions: readonly TrueVersion[]): ReadonlyMap<string, readonly TrueVersion[]> {
  const groups = new Map<string, TrueVersion[]>();
  for (const version of versions) {
    const group = groups.get(version.uid);
    if (group === undefined) groups.set(version.uid, [version]);
    else group.push(version);
  }
  return groups;
}

function keyOf(version: TrueVersion): string {
  return versionKey(version.uid, version.revision, version.change === "DELETED");
}

function wrong(what: string): Violation {
  return { oracle: "O3", what };
}

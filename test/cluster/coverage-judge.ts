/**
 * The whole recording against etcd's history: every version of everything that was watched is recorded once, or lies inside a gap
 * that has a cause and bounds; and no gap is longer than the outage that caused it.
 */
import type { FollowedVersion } from "./history-follower.ts";
import type { RecordedGap, RecordedVersion, Recording } from "./recording.ts";

/** An interval in which the test itself kept Faro from watching, in milliseconds since 1970. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

/** What is wrong; all empty when nothing is. Each entry is one readable line. */
export interface Verdict {
  /** In etcd, not in the recording, and in no gap. */
  readonly lost: readonly string[];
  /** In the recording, not in etcd. */
  readonly invented: readonly string[];
  readonly repeated: readonly string[];
  /** Gaps without cause or bounds, and those that are longer than their outage. */
  readonly badGaps: readonly string[];
  readonly damage: readonly string[];
}

export const NOTHING_WRONG: Verdict = { lost: [], invented: [], repeated: [], badGaps: [], damage: [] };

/** How much was judged: a verdict on nothing is worth nothing. */
export interface Judged {
  readonly versions: number;
  readonly kubeEvents: number;
  /** Versions that only gaps account for. */
  readonly inGaps: number;
  readonly gaps: number;
  /** Length of the longest gap in milliseconds, and how much longer than its outage it is. */
  readonly longestGapMs: number;
  readonly worstExcessMs: number;
}

export interface Trial {
  readonly recording: Recording;
  readonly history: readonly FollowedVersion[];
  /** Revisions after `after` and up to `upTo` are judged: Faro watched before, and had time to hear of them. */
  readonly after: number;
  readonly upTo: number;
  readonly outages: readonly Outage[];
}

/** How much longer than its outage a gap may be. */
export const GAP_EXCESS_MS = 2_000;

/** So many findings of one sort are enough to see what is wrong. */
const MANY = 10;

export function judge(trial: Trial): { readonly verdict: Verdict; readonly judged: Judged } {
  const { recording, history } = trial;
  const recorded = recording.versions.filter((version) => version.synthetic !== true || isProvenEnd(version));
  const found = new Map<string, number>();
  for (const version of recorded) count(found, keyOfRecord(version));
  const watched = history.filter((version) => scopesOf(version).some((scope) => recording.scopes.has(scope)));
  const stored = new Set(watched.map(keyOfStored));
  const first = Math.min(...history.map((version) => version.revision));
  const expected = watched.filter((version) => version.revision > trial.after && version.revision <= trial.upTo);
  const absent = expected.filter((version) => !found.has(keyOfStored(version)));
  const lost = absent.filter((version) => !recording.gaps.some((gap) => covers(gap, version)));
  // A gap in a log is bounded by the times of the lines around it, and judged with the lines.
  const gaps = recording.gaps.filter((gap) => !gap.scope.startsWith("log:"));
  const lengths = gaps.flatMap((gap) => (gap.to === undefined ? [] : [lengthOf(gap, trial)]));
  return {
    verdict: {
      lost: lost.slice(0, MANY).map((version) => `${nameOf(version)} of ${lost.length}`),
      // What was there before the judge began to listen is not his to call invented.
      invented: recorded
        .filter((version) => Number(version.resourceVersion) >= first && !stored.has(keyOfRecord(version)))
        .slice(0, MANY)
        .map(keyOfRecord),
      repeated: [...found]
        .filter(([, times]) => times > 1)
        .map(([key, times]) => `${key} ${times} times`)
        .slice(0, MANY),
      badGaps: gaps.flatMap((gap) => faultsOf(gap, trial)).slice(0, MANY),
      damage: recording.damage,
    },
    judged: {
      versions: expected.length,
      kubeEvents: expected.filter((version) => version.kind === "Event").length,
      inGaps: absent.length - lost.length,
      gaps: gaps.length,
      longestGapMs: Math.max(0, ...lengths.map(({ lengthMs }) => lengthMs)),
      worstExcessMs: Math.max(0, ...lengths.map(({ excessMs }) => excessMs)),
    },
  };
}

/** Versions that are expected and neither recorded nor in a gap. */
export function countLost(trial: Trial): number {
  const found = new Set(trial.recording.versions.map(keyOfRecord));
  return trial.history.filter(
    (version) =>
      version.revision > trial.after &&
      version.revision <= trial.upTo &&
      scopesOf(version).some((scope) => trial.recording.scopes.has(scope)) &&
      !found.has(keyOfStored(version)) &&
      !trial.recording.gaps.some((gap) => covers(gap, version)),
  ).length;
}

/** A gap covers a version of its scope by its versions where it has them, and by its times where it has not. */
function covers(gap: RecordedGap, version: FollowedVersion): boolean {
  if (!scopesOf(version).includes(gap.scope)) return false;
  if (claimsNoLoss(gap)) return false;
  const isAfter = isAfterStart(gap, version);
  if (gap.toVersion !== undefined) return isAfter && version.revision <= Number(gap.toVersion);
  return isAfter && (gap.to === undefined || version.storedAt <= Date.parse(gap.to));
}

function isAfterStart(gap: RecordedGap, version: FollowedVersion): boolean {
  return gap.fromVersion === undefined ? version.storedAt >= Date.parse(gap.from) : version.revision > Number(gap.fromVersion);
}

/** What Faro says of a gap when it knows that nothing was missed. While it did not run, an unchanged list proves nothing. */
function claimsNoLoss(gap: RecordedGap): boolean {
  return gap.repaired === "full" || (gap.visibleChange === false && gap.cause !== "recorder-stopped");
}

function faultsOf(gap: RecordedGap, trial: Pick<Trial, "outages" | "history">): readonly string[] {
  const text = `${gap.gap} of ${gap.scope}, ${gap.cause}, ${gap.from} to ${gap.to ?? "the end"}`;
  const faults: string[] = [];
  if (gap.cause === "") faults.push(`${text}: no cause`);
  if (Number.isNaN(Date.parse(gap.from))) faults.push(`${text}: no beginning`);
  if (gap.to === undefined) return [...faults, `${text}: was never closed`];
  const { lengthMs, excessMs } = lengthOf(gap, trial);
  if (excessMs > GAP_EXCESS_MS) faults.push(`${text}: ${lengthMs} ms, ${excessMs} ms longer than its outage`);
  return faults;
}

/**
 * How long a gap is, and how much longer than the longest outage that it overlaps. The gap of a watch that was quiet begins with its
 * last word: what lies between that and the outage counts from the first version that etcd has of it.
 */
function lengthOf(
  gap: RecordedGap,
  { outages, history }: Pick<Trial, "outages" | "history">,
): { readonly lengthMs: number; readonly excessMs: number } {
  const [from, to] = [Date.parse(gap.from), Date.parse(gap.to ?? gap.from)];
  const causes = joined(outages).filter((outage) => outage.from <= to && outage.to >= from - GAP_EXCESS_MS);
  const longest = Math.max(0, ...causes.map((outage) => outage.to - outage.from));
  const hidden = history.find((version) => isAfterStart(gap, version) && scopesOf(version).includes(gap.scope));
  const first = Math.min(...causes.map((outage) => outage.from), hidden?.storedAt ?? Number.POSITIVE_INFINITY);
  const begin = causes.length === 0 ? from : Math.max(from, first);
  return { lengthMs: to - from, excessMs: Math.max(0, to - begin - longest) };
}

/** Outages with no more between them than a gap may take to close are one: Faro had no time to get up. */
function joined(outages: readonly Outage[]): readonly Outage[] {
  const whole: Outage[] = [];
  for (const outage of outages) {
    const last = whole.at(-1);
    if (last !== undefined && outage.from - last.to < GAP_EXCESS_MS) whole[whole.length - 1] = { from: last.from, to: outage.to };
    else whole.push(outage);
  }
  return whole;
}

/** Ids of the scopes that would carry it: its namespace, all namespaces, it alone. Kinds in the lane form their plural with an s. */
function scopesOf({ apiVersion, kind, namespace, name }: FollowedVersion): readonly string[] {
  const [version = "", group] = apiVersion.split("/").toReversed();
  const resource = [`${kind.toLowerCase()}s`, version, ...(group === undefined ? [] : [group])].join(".");
  const places = namespace === "" ? ["*"] : ["*", namespace];
  return places.flatMap((place) => [`${resource}/${place}`, `${resource}/${place}/${name}`]);
}

function keyOfRecord(version: RecordedVersion): string {
  const deleted = version.change === "DELETED" ? ", deleted" : "";
  const revision = isProvenEnd(version) ? version.byVersion : version.resourceVersion;
  return `${version.kind} ${version.name} (${version.uid}) at ${revision}${deleted}`;
}

/** A deletion that no watch showed, and that reading back found at the one revision at which it can have been: recorded like any other. */
function isProvenEnd(version: RecordedVersion): version is RecordedVersion & { readonly byVersion: string } {
  const { synthetic, finalStateUnknown, afterVersion, byVersion } = version;
  if (synthetic !== true || finalStateUnknown === true) return false;
  return afterVersion !== undefined && byVersion !== undefined && Number(byVersion) - Number(afterVersion) === 1;
}

function keyOfStored(version: FollowedVersion): string {
  return `${version.kind} ${version.name} (${version.uid}) at ${version.revision}${version.deleted ? ", deleted" : ""}`;
}

function nameOf(version: FollowedVersion): string {
  return `${keyOfStored(version)}, stored ${new Date(version.storedAt).toISOString()}, one`;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

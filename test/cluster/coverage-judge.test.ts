/** The judge of recordings must bite: what is lost, invented, repeated or longer than its cause is told so. */
import { expect, it } from "vitest";
import { judge, NOTHING_WRONG, type Outage } from "./coverage-judge.ts";
import type { FollowedVersion } from "./history-follower.ts";
import type { RecordedGap, RecordedVersion } from "./recording.ts";

const START = Date.parse("2026-01-01T00:00:00.000Z");
const HISTORY = [1, 2, 3, 4].map(stored);
const OUTAGE: Outage = { from: START + 2_000, to: START + 4_000 };

it("finds nothing wrong with a recording that has every version once", () => {
  expect(verdict([1, 2, 3, 4].map(recorded))).toEqual(NOTHING_WRONG);
});

it.each([
  ["lost", [1, 2, 4]],
  ["invented", [1, 2, 3, 4, 5]],
  ["repeated", [1, 2, 3, 3, 4]],
] as const)("says what is %s", (what, revisions) => {
  expect(verdict(revisions.map(recorded))[what]).toHaveLength(1);
});

it.each<[string, Partial<RecordedGap>, "accepted" | "refused"]>([
  ["of its scope, around it", {}, "accepted"],
  ["of another scope", { scope: "secrets.v1/ns" }, "refused"],
  ["that ends before it", { toVersion: "2" }, "refused"],
  ["that claims to have been repaired", { repaired: "full" }, "refused"],
  ["in which nothing changed, as Faro says", { visibleChange: false }, "refused"],
])("a version that is missing inside a gap %s is %s", (_, change, expected) => {
  const lost = verdict([1, 2, 4].map(recorded), [{ ...gap(2_000, 4_000), ...change }]).lost;
  expect(lost).toHaveLength(expected === "accepted" ? 0 : 1);
});

it("goes by times where a gap has no versions", () => {
  const { fromVersion: _from, toVersion: _to, ...timed } = gap(2_000, 4_000);
  expect(verdict([1, 2, 4].map(recorded), [timed]).lost).toEqual([]);
  const later = { ...timed, from: new Date(START + 3_500).toISOString() };
  expect(verdict([1, 2, 4].map(recorded), [later]).lost).toHaveLength(1);
});

it.each([
  ["as long as its outage and 2 s", 4_000, 6_000, 0],
  ["longer", 2_000, 6_100, 1],
  ["without an outage", 20_000, 23_000, 1],
])("a gap %s has its faults told", (_, from, to, faults) => {
  expect(verdict([1, 2, 3, 4].map(recorded), [gap(from, to)]).badGaps).toHaveLength(faults);
});

it.each([
  ["in which nothing changed before the outage", "2", 0],
  ["that hides a version from before the outage", "0", 1],
])("a gap of a quiet watch %s counts from there", (_, fromVersion, faults) => {
  const quiet = { ...gap(500, 6_000), fromVersion };
  expect(verdict([1, 2, 3, 4].map(recorded), [quiet]).badGaps).toHaveLength(faults);
});

it("takes outages with a moment between them for one", () => {
  const outages = [OUTAGE, { from: START + 5_000, to: START + 9_000 }];
  expect(verdict([1, 2, 3, 4].map(recorded), [gap(2_000, 11_000)], outages).badGaps).toEqual([]);
});

it("takes a deletion that was read back at its very revision for recorded, and one that lies in a span for inferred", () => {
  const history = [...HISTORY, { ...stored(5), deleted: true }];
  const end: RecordedVersion = { ...recorded(4), change: "DELETED", observedBy: "relist", synthetic: true, byVersion: "5" };
  const lost = (last: RecordedVersion): readonly string[] => {
    const versions = [...[1, 2, 3, 4].map(recorded), last];
    const recording = { versions, gaps: [], incidents: [], scopes: new Set(["configmaps.v1/ns"]), damage: [] };
    return judge({ recording, history, after: 0, upTo: 5, outages: [] }).verdict.lost;
  };
  expect(lost({ ...end, afterVersion: "4" })).toEqual([]);
  expect(lost({ ...end, afterVersion: "3" })).toHaveLength(1);
  expect(lost({ ...end, afterVersion: "4", finalStateUnknown: true })).toHaveLength(1);
});

it("a gap that was never closed is a fault", () => {
  const { to: _to, ...open } = gap(2_000, 4_000);
  expect(verdict([1, 2, 3, 4].map(recorded), [open]).badGaps[0]).toContain("never closed");
});

function verdict(versions: readonly RecordedVersion[], gaps: readonly RecordedGap[] = [], outages: readonly Outage[] = [OUTAGE]) {
  const recording = { versions, gaps, incidents: [], scopes: new Set(["configmaps.v1/ns"]), damage: [] };
  return judge({ recording, history: HISTORY, after: 0, upTo: 4, outages }).verdict;
}

/** Revision n of one ConfigMap, stored n seconds after the start. */
function stored(revision: number): FollowedVersion {
  const object = { apiVersion: "v1", kind: "ConfigMap", namespace: "ns", name: "a", uid: "u", object: {} };
  return { ...object, revision, deleted: false, owners: [], involved: "", storedAt: START + revision * 1_000 };
}

function recorded(revision: number): RecordedVersion {
  const at = new Date(START + revision * 1_000).toISOString();
  const version = { scope: "configmaps.v1/ns", change: "MODIFIED", observedBy: "watch", kind: "ConfigMap" } as const;
  return { ...version, seq: revision, at, name: "a", uid: "u", resourceVersion: String(revision) };
}

/** Between versions 2 and 3, from and to so many milliseconds after the start. */
function gap(from: number, to: number): RecordedGap {
  const times = { from: new Date(START + from).toISOString(), to: new Date(START + to).toISOString() };
  const what = { gap: "gap-1", state: "closed", scope: "configmaps.v1/ns", cause: "history-expired" } as const;
  return { ...what, ...times, fromVersion: "2", toVersion: "3", repaired: "partial", visibleChange: true };
}

import { describe, expect, test } from "vitest";
import { isoTime } from "../base/index.ts";
import type { WatchItem } from "../sources/index.ts";
import {
  closeCoverage,
  type Coverage,
  type LedgerRecord,
  type LedgerScope,
  pauseCoverage,
  settleCoverage,
  stepCoverage,
} from "./scope-ledger.ts";

const T0 = Date.UTC(2026, 0, 1, 12);

function scopeOf(resource: string = "pods.v1"): LedgerScope {
  let gaps = 0;
  return { scope: `${resource}/shop`, resource, namespace: "shop", nextGap: () => `gap-${++gaps}` };
}

const brief = (record: LedgerRecord): string =>
  record.type === "scope"
    ? record.state
    : `${record.state} ${record.gap} ${record.cause}${record.repaired === undefined ? "" : ` repaired ${record.repaired}`}`;

/** Plays items a second apart and gives the words of what was written down, the last state, and its end. */
function play(
  items: readonly WatchItem[],
  from: { of?: LedgerScope; coverage?: Coverage } = {},
): { records: string[]; coverage: Coverage; end: string[] } {
  const of = from.of ?? scopeOf();
  let coverage: Coverage = from.coverage ?? { state: "starting", since: T0, gap: undefined };
  const records: string[] = [];
  for (const [at, item] of items.entries()) {
    const step = stepCoverage(of, coverage, item, T0 + (at + 1) * 1_000);
    coverage = step.coverage;
    records.push(...step.records.map(brief));
  }
  return { records, coverage, end: closeCoverage(of, coverage, { now: T0 + 60_000, reached: "41" }).map(brief) };
}

interface ListedOptions {
  readonly changes?: number;
  readonly relist?: boolean;
  readonly repaired?: "none" | "partial" | "full";
  readonly isWhole?: boolean;
  readonly at?: number;
}

const listed = (options: ListedOptions = {}): WatchItem => ({
  item: "listed",
  resourceVersion: "9",
  at: options.at ?? T0 + 3_600_000,
  isWhole: options.isWhole ?? false,
  objects: 3,
  changes: options.changes ?? 0,
  relist: options.relist ?? false,
  repaired: options.repaired ?? "partial",
});
const connected = { item: "connected", resourceVersion: "9" } as const satisfies WatchItem;
const disconnected: WatchItem = { item: "disconnected", why: "ended" };
const lost: WatchItem = { item: "lost", cause: "history-expired", resourceVersion: "9", detail: "too old" };
const forbidden: WatchItem = { item: "degraded", cause: "forbidden", detail: "no", failure: undefined };
const unreachable: WatchItem = { item: "degraded", cause: "unreachable", detail: "refused", failure: undefined };

const table: readonly { name: string; items: readonly WatchItem[]; records: readonly string[]; end: readonly string[] }[] = [
  { name: "a list and a watch are coverage", items: [listed(), connected], records: ["synced"], end: ["closed"] },
  {
    name: "a clean end that resumes is no gap",
    items: [listed(), connected, disconnected, connected],
    records: ["synced"],
    end: ["closed"],
  },
  {
    name: "an outage that resumes is degraded and recovered, and no gap",
    items: [listed(), connected, disconnected, unreachable, unreachable, connected],
    records: ["synced", "degraded", "recovered"],
    end: ["closed"],
  },
  {
    name: "an outage that lasts until the end is a gap without an end",
    items: [listed(), connected, disconnected, unreachable],
    records: ["synced", "degraded"],
    end: ["opened gap-1 unreachable", "closed"],
  },
  {
    name: "lost history is a gap until the next list",
    items: [listed(), connected, lost, listed({ changes: 2, relist: true })],
    records: ["synced", "opened gap-1 history-expired", "closed gap-1 history-expired repaired partial"],
    end: ["closed"],
  },
  {
    name: "a scope that was never allowed is a gap from the start, and synced when it is",
    items: [forbidden, forbidden, listed({ repaired: "none" })],
    records: ["opened gap-1 forbidden", "degraded", "closed gap-1 forbidden repaired none", "synced"],
    end: ["closed"],
  },
  {
    name: "permission lost on a relist keeps the gap open",
    items: [listed(), connected, lost, forbidden, forbidden],
    records: ["synced", "opened gap-1 history-expired", "degraded"],
    end: ["closed"],
  },
  { name: "a stop before the first list is a gap", items: [], records: [], end: ["opened gap-1 stopped-early", "closed"] },
];
test.each(table)("$name", ({ items, records, end }) => {
  const played = play(items);
  expect(played.records).toEqual(records);
  expect(played.end).toEqual(end);
});

describe("the repair that a gap tells", () => {
  const gapOf = (cause: "recorder-stopped" | "not-served" | "resource-removed", item: WatchItem): string | undefined =>
    play([item], {
      coverage: { state: "starting", since: T0, gap: { id: "gap-0", cause, detail: "x", from: T0, fromVersion: undefined } },
    }).records[0];

  test("is what the watch proved", () => {
    expect(gapOf("recorder-stopped", listed({ repaired: "full" }))).toBe("closed gap-0 recorder-stopped repaired full");
    expect(gapOf("recorder-stopped", listed({ isWhole: true }))).toBe("closed gap-0 recorder-stopped repaired partial");
  });

  test("is full for a kind that had no objects before it was served, when every version of each was found", () => {
    expect(gapOf("not-served", listed({ isWhole: true }))).toBe("closed gap-0 not-served repaired full");
    expect(gapOf("not-served", listed())).toBe("closed gap-0 not-served repaired partial");
  });

  test("is not full for a kind that was removed, whatever is found of what is there now: it had objects before", () => {
    expect(gapOf("resource-removed", listed({ isWhole: true }))).toBe("closed gap-0 resource-removed repaired partial");
  });
});

test("a gap ends when the list was there, not when the versions between had been read back", () => {
  const of = scopeOf();
  const gap: Coverage = {
    state: "gap",
    gap: { id: "gap-1", cause: "history-expired", detail: "x", from: T0, fromVersion: "5" },
    isDegraded: false,
    isSynced: true,
  };
  const step = stepCoverage(of, gap, listed({ at: T0 + 2_000 }), T0 + 9_000);
  expect(step.records[0]).toMatchObject({ state: "closed", to: new Date(T0 + 2_000).toISOString() });
});

test("a watch that was accepted and then says that history is gone leaves a gap from where the last one ended", () => {
  const of = scopeOf();
  const from = (items: readonly WatchItem[]): unknown => {
    let coverage: Coverage = { state: "covered", coveredAt: T0 };
    for (const [at, item] of items.entries()) coverage = stepCoverage(of, coverage, item, T0 + (at + 1) * 10_000).coverage;
    return coverage.state === "gap" ? coverage.gap.from - T0 : coverage.state;
  };
  const reached: WatchItem = { item: "reached", resourceVersion: "9" };
  expect(from([disconnected, connected, lost])).toBe(10_000);
  expect(from([disconnected, unreachable, connected, lost])).toBe(10_000);
  expect(from([disconnected, connected, reached, lost])).toBe(30_000);
  expect(from([{ item: "disconnected", why: "nothing received for 8 s", silentMs: 8_000 }, lost])).toBe(2_000);
});

test("what an audit found is a gap that is over, from the last agreement to the audit's list", () => {
  const step = stepCoverage(
    scopeOf(),
    { state: "covered", coveredAt: T0 },
    { item: "missed", since: T0 - 600_000, at: T0, fromVersion: "5", toVersion: "9", changes: 1, detail: "1 object" },
    T0 + 60_000,
  );
  expect(step.records).toMatchObject([
    { state: "opened", cause: "watch-incomplete", from: new Date(T0 - 600_000).toISOString(), fromVersion: "5" },
    { state: "closed", to: new Date(T0).toISOString(), toVersion: "9", repaired: "partial", visibleChange: true },
  ]);
});

test("a gap begins where the coverage ended, not where the loss was noticed", () => {
  const of = scopeOf();
  const covered = stepCoverage(of, { state: "starting", since: T0, gap: undefined }, listed(), T0 + 1_000).coverage;
  const interrupted = stepCoverage(of, covered, disconnected, T0 + 5_000).coverage;
  const step = stepCoverage(of, interrupted, lost, T0 + 300_000);
  expect(step.records[0]).toMatchObject({ from: new Date(T0 + 5_000).toISOString(), fromVersion: "9" });
});

test("a gap that begins when the recorder stops begins behind the version that was reached: a watch that is behind tells the past", () => {
  const interrupted: Coverage = { state: "interrupted", coveredAt: T0, cause: "unreachable", detail: "reset", isDegraded: true };
  const [stopped] = closeCoverage(scopeOf(), interrupted, { now: T0 + 60_000, reached: "41" });
  expect(stopped).toMatchObject({ type: "gap", state: "opened", cause: "unreachable", fromVersion: "41" });
  const covered: Coverage = { state: "covered", coveredAt: T0 };
  const { records } = pauseCoverage(scopeOf(), covered, "no room", { now: T0 + 60_000, reached: "41" });
  expect(records).toMatchObject([{ type: "gap", state: "opened", cause: "disk", fromVersion: "41" }]);
});

test("silence of a resumed watch means nothing as long as a refusal may be on its way", () => {
  const gap = { id: "gap-1", cause: "recorder-stopped", detail: "", from: T0, fromVersion: "7" } as const;
  const resuming: Coverage = { state: "resuming", gap, connected: undefined, isDegraded: false };
  const slow = stepCoverage(scopeOf(), resuming, { ...connected, tookMs: 4_000 }, T0).coverage;
  expect(settleCoverage(scopeOf(), slow, T0 + 12_900).records).toEqual([]);
  expect(settleCoverage(scopeOf(), slow, T0 + 13_000).records.map(brief)).toEqual([
    "closed gap-1 recorder-stopped repaired full",
    "recovered",
  ]);
  const quick = stepCoverage(scopeOf(), resuming, { ...connected, tookMs: 5 }, T0).coverage;
  const settled = settleCoverage(scopeOf(), quick, T0 + 1_100);
  expect(settled.coverage.state).toBe("covered");
  // It stood all that time.
  expect(settled.records[0]).toMatchObject({ state: "closed", to: isoTime(T0) });
});

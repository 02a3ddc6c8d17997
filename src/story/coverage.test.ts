import { describe, expect, test } from "vitest";
import type { FaroRecord, GapRecord, ScopeRecord } from "../record/index.ts";
import type { StoryCoverage } from "./document.ts";
import { at, belongs, completed, gap, log, logStream, numbered, object, opened, STORY, storyOf } from "./recording.cases.ts";

const root = object("Deployment", "d-1", { at: at("10:00:00"), change: "ADDED", scope: "deployments.v1.apps/default" });
const BEGIN: readonly FaroRecord[] = [root, opened(at("10:00:00"))];

async function coverageOf(records: readonly FaroRecord[]): Promise<StoryCoverage> {
  return (await storyOf(numbered(records), STORY)).coverage;
}

function scope(id: string, state: ScopeRecord["state"], time: string, reason?: string): ScopeRecord {
  const [resource = "", namespace = ""] = id.split("/");
  return {
    type: "scope",
    seq: 0,
    at: at(time),
    scope: id,
    resource,
    namespace,
    state,
    ...(reason === undefined ? {} : { reason }),
  };
}

function run(state: "started" | "ended", time: string): FaroRecord {
  return { type: "run", seq: 0, at: at(time), state, faroVersion: "1", epoch: 1 };
}

function closedGap(more: Partial<GapRecord>): readonly FaroRecord[] {
  const bounds = { at: at("10:00:05"), from: at("10:00:02"), ...more };
  return [gap("g", "opened", { ...bounds, at: at("10:00:04") }), gap("g", "closed", { to: at("10:00:03"), ...bounds })];
}

describe("the verdict", () => {
  test.each([
    ["nothing went wrong", [], "complete"],
    ["a gap in its namespace", closedGap({}), "incomplete"],
    ["a gap of all namespaces", closedGap({ scope: "pods.v1/*" }), "incomplete"],
    ["a gap of its own scope", closedGap({ scope: "deployments.v1.apps/default" }), "incomplete"],
    ["a gap in another namespace", closedGap({ scope: "pods.v1/prod" }), "complete"],
    ["a gap of one object by name that is none of its own", closedGap({ scope: "pods.v1/default/other" }), "complete"],
    ["a gap of one of its objects", closedGap({ scope: "pods.v1/prod", uid: "d-1" }), "incomplete"],
    ["a gap of somebody else's object", closedGap({ uid: "x" }), "complete"],
    ["a gap repaired in full", closedGap({ repaired: "full" }), "complete"],
    ["a gap repaired in part", closedGap({ repaired: "partial" }), "incomplete"],
    [
      "a relist that found everything as it was: something may have come and gone",
      closedGap({ visibleChange: false }),
      "incomplete",
    ],
    ["the same over a stop of the recorder", closedGap({ visibleChange: false, cause: "recorder-stopped" }), "incomplete"],
    [
      "a gap that is still open",
      [gap("g", "opened", { at: at("10:00:04"), from: at("10:00:02"), visibleChange: false })],
      "incomplete",
    ],
    ["a gap that ended before the root appeared", closedGap({ from: at("09:00:00"), to: at("09:30:00") }), "complete"],
    ["a gap after its completion", [completed(at("10:00:01")), ...closedGap({})], "complete"],
    [
      "a gap of the log of one of its pods",
      [belongs("p-1", at("10:00:01")), ...closedGap({ scope: "log:p-1/app" })],
      "incomplete",
    ],
    ["a gap of another pod's log", closedGap({ scope: "log:p-9/app" }), "complete"],
  ] as const)("after %s: %s", async (_name, records, verdict) => {
    const coverage = await coverageOf([...BEGIN, ...records]);
    expect(coverage.verdict).toBe(verdict);
    expect(coverage.reasons.length > 0).toBe(verdict === "incomplete");
  });

  test("tells all gaps of one log that have the same cause in one sentence, and lists each", async () => {
    const rotated = (id: string, time: string): readonly FaroRecord[] => {
      const bounds = { scope: "log:p-1/app", cause: "rotation", from: at(time), to: at(time), at: at(time) } as const;
      return [gap(id, "opened", bounds), gap(id, "closed", bounds)];
    };
    const gaps = [...rotated("g1", "10:00:03"), ...rotated("g2", "10:00:02"), ...rotated("g3", "10:00:04")];
    const { reasons, gaps: told } = await coverageOf([...BEGIN, belongs("p-1", at("10:00:01")), ...gaps]);
    const bounds = `from ${at("10:00:02")}, until ${at("10:00:04")}`;
    expect(reasons).toEqual([`log:p-1/app may lack something: rotation, 3 times, ${bounds}`]);
    expect(told).toHaveLength(3);
  });

  test("counts an earlier gap when a list was the first to show the root", async () => {
    const listed = { ...root, change: "LISTED" } as const;
    const coverage = await coverageOf([
      ...closedGap({ from: at("09:00:00"), to: at("09:30:00") }),
      listed,
      opened(at("10:00:00")),
    ]);
    expect(coverage.gaps).toMatchObject([{ gap: "g", from: at("09:00:00"), to: at("09:30:00"), possible_loss: true }]);
  });

  test("takes a gap that is told only when it is over", async () => {
    const coverage = await coverageOf([
      ...BEGIN,
      gap("g", "closed", { at: at("10:00:05"), from: at("10:00:02"), fromVersion: "5", toVersion: "9" }),
    ]);
    expect(coverage.gaps).toEqual([
      {
        gap: "g",
        scope: "pods.v1/default",
        cause: "history-expired",
        from: at("10:00:02"),
        to: at("10:00:05"),
        from_version: "5",
        to_version: "9",
        repaired: "none",
        possible_loss: true,
      },
    ]);
  });
});

describe("logs", () => {
  const end = (outcome: "complete" | "incomplete", reason: string): FaroRecord => ({
    type: "log-end",
    seq: 0,
    at: at("10:00:03"),
    stream: "s-1",
    outcome,
    reason,
    lines: 0,
  });
  const followed = [...BEGIN, belongs("p-1", at("10:00:01")), logStream("s-1", at("10:00:01"))];

  test.each([
    ["one that is still read is open", [], "open", "complete"],
    ["one that was read to its end is complete", [end("complete", "container ended")], "complete", "complete"],
    ["one that was cut short makes the story incomplete", [end("incomplete", "rotated away")], "incomplete", "incomplete"],
    [
      "one that was followed when the recorder died is cut short",
      [run("started", "10:00:05"), run("started", "10:01:00")],
      "incomplete",
      "incomplete",
    ],
    [
      "one that is taken up again is open",
      [run("started", "10:00:05"), run("started", "10:01:00"), logStream("s-1", at("10:01:01"))],
      "open",
      "complete",
    ],
  ] as const)("%s", async (_name, records, outcome, verdict) => {
    const coverage = await coverageOf([...followed, ...records]);
    expect(coverage.logs).toMatchObject([{ pod: "web-1", container: "app", outcome }]);
    expect(coverage.verdict).toBe(verdict);
  });
});

test("a log that was taken up again is one log, and ended as its last stream did", async () => {
  const end = (stream: string, outcome: "complete" | "incomplete"): FaroRecord => ({
    type: "log-end",
    seq: 0,
    at: at("10:00:03"),
    stream,
    outcome,
    reason: outcome,
    lines: 0,
  });
  const coverage = await coverageOf([
    ...BEGIN,
    belongs("p-1", at("10:00:01")),
    logStream("s-1", at("10:00:01")),
    log("s-1", at("10:00:02"), ["a", "b"]),
    end("s-1", "incomplete"),
    logStream("s-2", at("10:00:03")),
    log("s-2", at("10:00:04"), ["c"]),
    end("s-2", "complete"),
  ]);
  expect(coverage).toMatchObject({
    verdict: "complete",
    logs: [{ container_id: "containerd://c1", outcome: "complete", reason: "complete", lines: 3 }],
  });
});

describe("scopes", () => {
  test("tell when they were covered, why not, and how often they were listed anew", async () => {
    const { scopes } = await coverageOf([
      run("started", "09:59:58"),
      scope("pods.v1/default", "opened", "09:59:59"),
      scope("pods.v1/default", "synced", "10:00:00"),
      ...BEGIN,
      scope("pods.v1/default", "degraded", "10:00:02", "forbidden"),
      scope("pods.v1/default", "recovered", "10:00:04"),
      scope("pods.v1/default", "synced", "10:00:05"),
      scope("secrets.v1/prod", "synced", "10:00:05"),
    ]);
    expect(scopes).toEqual([
      {
        scope: "pods.v1/default",
        state: "synced",
        covered: [
          { from: at("10:00:00"), to: at("10:00:02") },
          { from: at("10:00:04"), to: null },
        ],
        relists: 1,
      },
    ]);
  });

  test("of a story that was completed in mid-run are told as they were then, whenever its file is written", async () => {
    const during = [
      run("started", "09:59:58"),
      scope("pods.v1/default", "synced", "10:00:00"),
      ...BEGIN,
      completed(at("10:00:01")),
    ];
    const { scopes } = await coverageOf(during);
    expect(scopes).toMatchObject([{ state: "synced", covered: [{ to: null }], relists: 0 }]);
    const later = [
      scope("pods.v1/default", "degraded", "10:00:02", "forbidden"),
      scope("pods.v1/default", "synced", "10:00:05"),
      scope("events.v1/default", "synced", "10:00:05"),
      scope("pods.v1/default", "closed", "10:00:06"),
      run("ended", "10:00:07"),
    ];
    expect((await coverageOf([...during, ...later])).scopes).toEqual(scopes);
  });

  test("end with the run, or with the last record of a run that died", async () => {
    const ended = await coverageOf([
      run("started", "09:59:58"),
      scope("pods.v1/default", "synced", "10:00:00"),
      ...BEGIN,
      run("ended", "10:00:07"),
    ]);
    expect(ended.scopes).toMatchObject([{ covered: [{ to: at("10:00:07") }] }]);
    const died = await coverageOf([
      run("started", "09:59:58"),
      scope("pods.v1/default", "synced", "10:00:00"),
      ...BEGIN,
      run("started", "10:30:00"),
    ]);
    expect(died.scopes).toMatchObject([{ covered: [{ to: at("10:00:00") }] }]);
  });
});

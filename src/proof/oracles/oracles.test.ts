/** Each oracle objects to the lie it is there for: an honest run, and the same with one thing wrong. */
import { beforeAll, describe, expect, test } from "vitest";
import { isoTime } from "../../base/index.ts";
import type { FaroRecord, GapRecord, LogRecord, ObjectRecord } from "../../record/index.ts";
import type { Evidence } from "../evidence.ts";
import { runSchedule } from "../run.ts";
import { parseSchedule } from "../schedule.ts";
import { judge, sameOutput } from "./oracles.ts";

/** Work before, in and after an outage behind which the server's cache begins anew, with logs. */
const LINE =
  "faro-schedule-1 7,30000,2,0,0,0,60000 " +
  "create:0@1000#1,create:1@1100#2,create:2@1200#3,log:2@1300#4,update:0@2000#5,event:0@2100#6," +
  "update:0@9000#7,update:0@9100#8,update:0@9200#9,log:2@20000#10,log:2@20100#11,update:0@25000#12,create:3@26000#13,delete:3@27000#1 " +
  "F22@5000+8000#2";

let honest: Evidence;
beforeAll(async () => {
  honest = await runSchedule(parseSchedule(LINE));
});

const isObject = (record: FaroRecord): record is ObjectRecord => record.type === "object";
const isLog = (record: FaroRecord): record is LogRecord => record.type === "log";
const isGap = (record: FaroRecord): record is GapRecord => record.type === "gap";
const isSeen = (record: FaroRecord): boolean => isObject(record) && record.observedBy === "watch";

/** The evidence with its records changed. */
function withRecords(change: (records: FaroRecord[]) => FaroRecord[]): Evidence {
  return { ...honest, records: change([...honest.records]) };
}

function replace(which: (record: FaroRecord) => boolean, by: (record: FaroRecord) => FaroRecord[]): Evidence {
  return withRecords((records) => {
    const at = records.findIndex(which);
    expect(at).toBeGreaterThanOrEqual(0);
    const record = records[at];
    return record === undefined ? records : [...records.slice(0, at), ...by(record), ...records.slice(at + 1)];
  });
}

const objections = (evidence: Evidence): string[] => [...new Set(judge(evidence).map(({ oracle }) => oracle))];
const asObject = (record: FaroRecord, change: Partial<ObjectRecord>): FaroRecord =>
  isObject(record) ? { ...record, ...change } : record;

/** The last request of its kind with another parameter, or without it. */
function asking(kind: "watch" | "list", name: string, value: string | undefined): Evidence {
  // Not the looks of a recorder that stops.
  const last = honest.asked.findLast((asked) => asked.kind === kind && Number(asked.query.get("timeoutSeconds") ?? 300) > 10);
  const query = new URLSearchParams(last?.query);
  query.delete(name);
  if (value !== undefined) query.set(name, value);
  return { ...honest, asked: honest.asked.map((asked) => (asked === last ? { ...asked, query } : asked)) };
}

/** The last line of a log cut short; `isTold`: the stream's end says that something is missing. */
function cutShort(how: Partial<LogRecord>, as: string = "2026-01-01T00:", isTold: boolean = false): Evidence {
  const last = honest.records.findLast(isLog);
  return withRecords((records) =>
    records.map((record) => {
      if (record === last && isLog(record)) {
        const lines = record.text.split("\n");
        return { ...record, ...how, text: [...lines.slice(0, -1), as].join("\n") };
      }
      return record.type === "log-end" && record.stream === last?.stream && isTold
        ? { ...record, outcome: "incomplete" }
        : record;
    }),
  );
}

/** The second block of the log left out, and a gap of its container told from so many seconds after midnight to so many. */
function withGapOfLog(from: number, to: number): Evidence {
  const [, missing] = honest.records.filter(isLog);
  const stream = honest.records.find((record) => record.type === "log-stream" && record.stream === missing?.stream);
  if (missing === undefined || stream?.type !== "log-stream") throw new Error("the schedule has a log of two blocks");
  const time = (second: number) => isoTime(Date.UTC(2026, 0, 1, 0, 0, second));
  const gap: GapRecord = {
    type: "gap",
    gap: "of-a-log",
    state: "closed",
    seq: missing.seq,
    at: missing.at,
    cause: "rotation",
    repaired: "none",
    scope: `log:${stream.instance.podUid}/${stream.instance.container}`,
    from: time(from),
    to: time(to),
  };
  return withRecords((records) =>
    records.flatMap((record) => (record === missing ? [{ ...gap, state: "opened" }, gap] : [record])),
  );
}

/** The same when a missing end of a log would be no wonder. */
function ofGonePods(evidence: Evidence): Evidence {
  const logs = new Map([...evidence.truth.logs].map(([id, log]) => [id, { ...log, isRotated: true }]));
  return { ...evidence, truth: { ...evidence.truth, logs } };
}

test("no oracle objects to an honest recording, which has a gap and a repair in it", () => {
  expect(judge(honest)).toEqual([]);
  expect(honest.records.some((record) => isGap(record) && record.cause === "history-expired")).toBe(true);
  expect(honest.records.some((record) => isObject(record) && record.observedBy === "repair")).toBe(true);
});

describe("an oracle objects to", () => {
  const lies: readonly (readonly [string, string, () => Evidence])[] = [
    ["O1", "a version that never was", () => replace(isSeen, (record) => [asObject(record, { resourceVersion: "999999" })])],
    [
      "O1",
      "a change that was another",
      () =>
        replace(isSeen, (record) => [
          asObject(record, { change: isObject(record) && record.change === "ADDED" ? "MODIFIED" : "ADDED" }),
        ]),
    ],
    [
      "O1",
      "the end of an object that lives",
      () =>
        replace(isSeen, (record) => [
          record,
          asObject(record, { change: "DELETED", synthetic: true, observedBy: "relist", seq: 1e6 }),
        ]),
    ],
    ["O2", "a version recorded twice", () => replace(isSeen, (record) => [record, record])],
    [
      "O3",
      "a version that is missing while the scope was covered",
      () =>
        replace(
          (record) => isSeen(record) && isObject(record) && record.change === "MODIFIED",
          () => [],
        ),
    ],
    [
      "O3",
      "a version in a gap that could have been read again",
      () =>
        replace(
          (record) => isObject(record) && record.observedBy === "repair",
          () => [],
        ),
    ],
    [
      "O3",
      "a loss whose gap is left out",
      () => {
        const repaired = replace(
          (record) => isObject(record) && record.observedBy === "repair",
          () => [],
        );
        return { ...repaired, records: repaired.records.filter((record) => !isGap(record)) };
      },
    ],
    [
      "O3",
      "a gap that says full although something is missing",
      () => {
        const lossy = replace(
          (record) => isObject(record) && record.observedBy === "repair",
          () => [],
        );
        return {
          ...lossy,
          records: lossy.records.map((record) =>
            isGap(record) && record.state === "closed" ? { ...record, repaired: "full" } : record,
          ),
        };
      },
    ],
    ["O4", "a gap without its cause", () => replace(isGap, (record) => [Object.assign({}, record, { cause: "" })])],
    [
      "O4",
      "an arrival that is told as earlier than the one before it",
      () => replace(isSeen, (record) => [Object.assign({}, record, { at: "2025-12-31T23:00:00.000Z" })]),
    ],
    ["O4", "a gap that is closed without having been opened", () => replace(isGap, () => [])],
    [
      "O4",
      "a gap that is never closed",
      () =>
        replace(
          (record) => isGap(record) && record.state === "closed",
          () => [],
        ),
    ],
    [
      "O4",
      "a gap over what the watch told",
      () =>
        withRecords((records) =>
          records.map((record) =>
            isGap(record) ? { ...record, from: "2026-01-01T00:00:00.500Z", repaired: "partial" } : record,
          ),
        ),
    ],
    ["O4", "a gap although nothing went wrong", () => ({ ...honest, faults: [] })],
    [
      "O5",
      "versions in the wrong order",
      () =>
        withRecords((records) => {
          const [first, second] = records.filter((record) => isObject(record) && record.kind === "Deployment");
          if (first === undefined || second === undefined) throw new Error("two versions are needed");
          return records.map((record) => (record === first ? second : record === second ? first : record));
        }),
    ],
    [
      "O6",
      "an end that is not told",
      () =>
        replace(
          (record) => isObject(record) && record.change === "DELETED",
          () => [],
        ),
    ],
    [
      "O7",
      "one byte that is another",
      () =>
        replace(isSeen, (record) => {
          if (!isObject(record)) return [record];
          const raw = Buffer.from(
            record.raw.toString("utf8").replace('"number":', '"Number":').replace('"replicas":', '"Replicas":'),
          );
          return [{ ...record, raw }];
        }),
    ],
    [
      "O8",
      "a line of a log that is missing in the middle",
      () =>
        withRecords((records) => {
          const at = records.filter(({ type }) => type === "log")[1];
          return records.filter((record) => record !== at);
        }),
    ],
    [
      "O8",
      "lines of a log told twice",
      () =>
        replace(
          ({ type }) => type === "log",
          (record) => [record, record],
        ),
    ],
    ["O8", "a line that is missing beside a gap, and not in it", () => withGapOfLog(2, 10)],
    ["O8", "a line that is cut short and not marked so", () => cutShort({})],
    [
      "O8",
      "the beginning of a line, marked, in a stream that is told as complete",
      () => ofGonePods(cutShort({ unterminated: true })),
    ],
    ["O8", "a marked beginning of no line that was written", () => cutShort({ unterminated: true }, "2026-01-01T00:00:99", true)],
    ["O9", "a timer that is left", () => ({ ...honest, left: { timers: 1, connections: 0 } })],
    ["O9", "a connection that is left", () => ({ ...honest, left: { timers: 0, connections: 1 } })],
    ["O9", "a run that never came to rest", () => ({ ...honest, quietAt: undefined })],
    ["O11", "a state that was kept and says something else", () => ({ ...honest, states: [["pods"]] })],
    ["O9", "a capture that ended by itself", () => ({ ...honest, failures: ["TypeError: of undefined"] })],
    ["O9", "a watch that names no version to go on from", () => asking("watch", "resourceVersion", undefined)],
    ["O9", "a watch from version 0", () => asking("watch", "resourceVersion", "0")],
    ["O9", "a watch that asks for no bookmarks", () => asking("watch", "allowWatchBookmarks", undefined)],
    ["O9", "a list that is content with an older state", () => asking("list", "resourceVersion", "0")],
    [
      "O9",
      "a storm of requests",
      () => ({
        ...honest,
        asked: honest.asked.flatMap((asked) => (asked.kind === "watch" ? Array.from({ length: 50 }, () => asked) : [asked])),
      }),
    ],
  ];
  test.each(lies)("%s: %s", (oracle, _, lie) => {
    expect(objections(lie())).toContain(oracle);
  });

  test("O8 accepts a line that is missing in a gap", () => {
    expect(judge(withGapOfLog(19, 21))).toEqual([]);
  });

  test("O8 accepts the marked beginning of a line in a stream that is told as incomplete", () => {
    expect(judge(cutShort({ unterminated: true }, undefined, true))).toEqual([]);
  });

  test("O10: another output for the same seed", async () => {
    const again = await runSchedule(parseSchedule(LINE));
    expect(sameOutput(honest, again)).toEqual([]);
    expect(sameOutput(honest, { ...again, records: again.records.slice(1) })).toMatchObject([{ oracle: "O10" }]);
  });
});

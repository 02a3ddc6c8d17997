import { describe, expect, test } from "vitest";
import { parseWatchLine, type ResumePoint, stepWatchLine, type WatchLine } from "./watch-line.ts";

function object(uid: string, resourceVersion: string, extra: string = ""): string {
  return `{"kind":"Pod","metadata":{"name":"web","namespace":"shop","uid":"${uid}","resourceVersion":"${resourceVersion}"}${extra}}`;
}

describe("parseWatchLine", () => {
  test("keeps the object's bytes: big integers, floats, key order and duplicate keys", () => {
    const text = object("u1", "7", ',"spec":{"z":9007199254740993,"a":1.0,"a":1e400,"\\u0000":"\\u2028"}');
    const line = parseWatchLine(Buffer.from(`{"type":"ADDED","object":${text}}`));
    expect(line.type === "ADDED" && line.object.raw.toString()).toBe(text);
  });

  test("finds the object when its key stands elsewhere", () => {
    const text = object("u1", "7");
    const line = parseWatchLine(Buffer.from(`{ "object" : ${text} , "type" : "MODIFIED" }`));
    expect(line.type === "MODIFIED" && line.object.raw.toString()).toBe(text);
  });

  const table: readonly [string, string, Partial<WatchLine>][] = [
    [
      "a bookmark",
      '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12"}}}',
      { type: "BOOKMARK", resourceVersion: "12" },
    ],
    [
      "an expired history",
      '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}',
      { type: "ERROR", code: 410 },
    ],
    [
      "an error without a code",
      '{"type":"ERROR","object":{"kind":"Status","reason":"Gone"}}',
      { type: "ERROR", code: 0, reason: "Gone" },
    ],
    [
      "an overloaded server",
      '{"type":"ERROR","object":{"code":429,"details":{"retryAfterSeconds":3}}}',
      { type: "ERROR", retryAfterMs: 3_000 },
    ],
    ["text that is no JSON", '{"type":"ADDED","object":{bad}', { type: "undecodable" }],
    ["an unknown type", '{"type":"SYNC","object":{}}', { type: "undecodable", detail: 'unknown type "SYNC" of a watch line' }],
    [
      "an object without resourceVersion",
      '{"type":"ADDED","object":{"metadata":{"name":"a","uid":"u"}}}',
      { type: "unidentified" },
    ],
  ];
  test.each(table)("reads %s", (_, text, expected) => {
    expect(parseWatchLine(Buffer.from(text))).toMatchObject(expected);
  });
});

describe("stepWatchLine", () => {
  const at: ResumePoint = { resourceVersion: "10" };
  const bookmark = (resourceVersion: string): WatchLine => ({ type: "BOOKMARK", resourceVersion, endsInitialEvents: false });
  const line = (type: "ADDED" | "MODIFIED" | "DELETED", resourceVersion: string): WatchLine =>
    parseWatchLine(Buffer.from(`{"type":"${type}","object":${object("u1", resourceVersion)}}`));

  test("a change moves the resume point to its version", () => {
    expect(stepWatchLine(at, line("MODIFIED", "11"))).toMatchObject({ step: "emit", resume: { resourceVersion: "11" } });
  });

  test("a deletion keeps the version before it, since deletions of one lease share a version", () => {
    const first = stepWatchLine(at, line("DELETED", "11"));
    expect(first).toMatchObject({ step: "emit", resume: { resourceVersion: "11", batchStart: "10" } });
    const second = stepWatchLine({ resourceVersion: "11", batchStart: "10" }, line("DELETED", "11"));
    expect(second).toMatchObject({ resume: { resourceVersion: "11", batchStart: "10" } });
  });

  test("a bookmark moves the resume point and gives nothing out", () => {
    expect(stepWatchLine({ resourceVersion: "11", batchStart: "10" }, bookmark("40"))).toEqual({
      step: "advance",
      resume: { resourceVersion: "40" },
    });
  });

  test("a bookmark with an older version never moves the resume point back", () => {
    expect(stepWatchLine({ resourceVersion: "101" }, bookmark("99"))).toMatchObject({ step: "behind" });
  });

  test("a bookmark far ahead is no regression: other kinds of the cluster take versions too", () => {
    expect(stepWatchLine({ resourceVersion: "101" }, bookmark("1000000101"))).toMatchObject({ step: "advance" });
  });

  test("a version that comes late does not move the resume point back", () => {
    expect(stepWatchLine(at, line("MODIFIED", "9"))).toMatchObject({ step: "emit", resume: at });
  });

  test.each(["StoreReadError", "StorageReadError"])(
    "a store read error (%s) asks for a list: no deletion will be told",
    (reason) => {
      const error: WatchLine = { type: "ERROR", code: 500, reason, message: "corrupt object has been deleted", retryAfterMs: 0 };
      expect(stepWatchLine(at, error)).toMatchObject({ step: "damaged" });
    },
  );

  test("the end of a streamed state is marked by the value of its annotation, not by its key", () => {
    const marked = (value: string): WatchLine =>
      parseWatchLine(
        Buffer.from(
          `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"${value}"}}}}`,
        ),
      );
    expect(marked("true")).toMatchObject({ type: "BOOKMARK", endsInitialEvents: true });
    expect(marked("false")).toMatchObject({ type: "BOOKMARK", endsInitialEvents: false });
  });

  test("a Table instead of an object is nothing to go on from", () => {
    const table = '{"type":"ADDED","object":{"kind":"Table","rows":[],"metadata":{"resourceVersion":"7"}}}';
    expect(parseWatchLine(Buffer.from(table))).toMatchObject({ type: "undecodable" });
  });

  test.each([
    [410, "Expired"],
    [410, "Gone"],
    [0, "Expired"],
    [0, "Gone"],
  ])("code %i with reason %s means that history is gone", (code, reason) => {
    expect(stepWatchLine(at, { type: "ERROR", code, reason, message: "", retryAfterMs: 0 }).step).toBe("expired");
  });

  test.each([500, 503, 504, 429])("code %i is retried from the same point", (code) => {
    expect(stepWatchLine(at, { type: "ERROR", code, reason: "x", message: "", retryAfterMs: 5 })).toMatchObject({
      step: "retry",
      afterMs: 5,
      undecodable: false,
    });
  });
});

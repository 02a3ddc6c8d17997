import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRecord, encodeRecord, prepareLine, writeLine } from "./codec.ts";
import type { FaroRecord, ObjectRecord } from "./record.ts";

const AT = "2026-01-01T00:00:00.000Z";

function object(raw: string, more: Partial<ObjectRecord> = {}): ObjectRecord {
  return {
    type: "object",
    seq: 7,
    at: AT,
    epoch: 1,
    scope: "pods.v1/default",
    change: "ADDED",
    observedBy: "watch",
    resource: "pods.v1",
    apiVersion: "v1",
    kind: "Pod",
    namespace: "default",
    name: "web",
    uid: "u-1",
    resourceVersion: "42",
    ...more,
    raw: Buffer.from(raw),
  };
}

const log: FaroRecord = { type: "log", seq: 8, at: AT, stream: "s", count: 2, encoding: "utf8", text: "a\nb\u2028\ud800" };

describe("the codec", () => {
  test("gives an object back byte for byte, numbers that JSON.parse would change included", () => {
    const raw = '{"kind":"Pod" , "n":9007199254740993,"f":1.0,"x":"\\u0041,\\"object\\":{","e":1e400}';
    const read = decodeRecord(encodeRecord(object(raw)));
    expect(read.type === "object" && read.raw.toString()).toBe(raw);
    expect(read).toEqual(object(raw));
  });

  test.each([
    ["a label called object", object("{}", { labels: { app: "x", object: "{}" } })],
    [
      "an owner with a quote in its name",
      object("{}", { owners: [{ apiVersion: "v1", kind: "K", name: ',"object":{', uid: "u" }] }),
    ],
    ["a log block", log],
    ["non-ASCII text", object('{"a":"žluťoučký 🐎"}', { name: "kůň" })],
  ])("reads %s as it was written", (_name, record) => {
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  });

  test("puts an indented object on one line without changing a value", () => {
    const line = encodeRecord(object('{\n  "a": "x\\ny",\r\n  "b": 1\n}'));
    expect(line.indexOf(0x0a)).toBe(line.length - 1);
    const read = decodeRecord(line);
    expect(read.type === "object" && JSON.parse(read.raw.toString())).toEqual({ a: "x\ny", b: 1 });
  });

  test("writes a line that any JSON reader takes", () => {
    const parsed: unknown = JSON.parse(encodeRecord(object('{"a":1}')).toString());
    expect(parsed).toMatchObject({ crc: expect.stringMatching(/^[0-9a-f]{8}$/), type: "object", object: { a: 1 } });
  });

  test("measures a line before it writes it", () => {
    for (const record of [object('{"ž":"🐎"}', { name: "ž" }), log]) {
      const line = prepareLine(record);
      const target = Buffer.alloc(line.bytes + 10);
      expect(writeLine(line, target, 5)).toBe(5 + line.bytes);
      expect(target.subarray(5, 5 + line.bytes)).toEqual(encodeRecord(record));
    }
  });

  test("finds every flipped bit of a line", () => {
    const line = encodeRecord(object('{"a":"b"}'));
    for (let at = 0; at < line.length - 1; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(line);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        expect(() => decodeRecord(flipped), `byte ${at} bit ${bit}`).toThrow("is not a record");
      }
    }
  });

  test("refuses every line that is cut short", () => {
    const line = encodeRecord(object('{"a":{"b":{}}}'));
    for (let end = 0; end < line.length - 1; end++) expect(() => decodeRecord(line.subarray(0, end))).toThrow("is not a record");
  });

  test.each([
    ["a line without a checksum", '{"type":"run","seq":1}'],
    ["nothing", ""],
    ["a checksum alone", '{"crc":"00000000",'],
  ])("refuses %s", (_name, text) => {
    expect(() => decodeRecord(Buffer.from(text))).toThrow(expect.objectContaining({ code: "FARO_RECORDING_DAMAGED" }));
  });

  test("refuses bytes that are no object's", () => {
    expect(() => encodeRecord(object("[]"))).toThrow("invariant broken: the bytes of an object begin and end with a brace");
  });

  test("reads back any object, whatever is in it", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.string()),
        (value, labels) => {
          const record = object(JSON.stringify(value), { labels: { ...labels } });
          expect(decodeRecord(encodeRecord(record))).toEqual(record);
        },
      ),
    );
  });
});

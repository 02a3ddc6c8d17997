import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SliceMemory } from "./slices.ts";
import type { Stencil } from "./repeats.ts";
import { parseWatchLine, type WatchLine } from "./watch-line.ts";

const UIDS = ["11111111-4b1c-4e51-9f0a-000000000001", "11111111-4b1c-4e51-9f0a-000000000002"];

/** One of the usual values, of equal length, or seldom one of the others. */
const mostly = <T>(usual: readonly T[], others: readonly T[]) =>
  fc.oneof({ weight: 15, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const times = mostly(["2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z", "2026-12-31T23:59:59Z"], ["9999", "1:2", "-", "noon"]);
/** What versions have in common: digits stand where a rule might take them for a value. */
const shapes = fc.record({
  uid: fc.constantFrom(...UIDS),
  message: fc.constantFrom("", ":5, x", 'a "count":1, b', ':1,"count":2,', "é 1", "\u0000a", '"', "5"),
  list: fc.constantFrom<unknown>([], [1, 2], ["7"], [{ count: 1 }]),
  key: fc.constantFrom("count", "1", "__proto__", "managedFields"),
  type: fc.constantFrom("MODIFIED", "MODIFIED", "MODIFIED", "ADDED", "DELETED"),
  indent: fc.constantFrom(0, 0, 0, 0, 1),
  isTwice: fc.boolean(),
});
const changes = fc.record({
  version: mostly(["7", "8", "9"], ["10"]),
  count: mostly<unknown>([0, 1, 9, 5], [10, -5, 1.5, "1", "", null]),
  time: times,
  managedTime: times,
  listed: mostly<unknown>([undefined], [["8"], [{ count: 2 }], [1, 3]]),
  damage: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    {
      weight: 1,
      arbitrary: fc.record({
        at: fc.nat(),
        byte: fc.constantFrom(...'0159-:.TZ"\\{},x'.split("")),
        how: fc.constantFrom("change", "change", "cut", "add"),
      }),
    },
  ),
});
const versions = fc.record({ shape: shapes, all: fc.array(changes, { minLength: 2, maxLength: 8 }) }).map(({ shape, all }) =>
  all.map(({ version, count, time, managedTime, listed, damage }) => {
    const { uid, message, list, key, type, indent, isTwice } = shape;
    const managedFields = [{ manager: "kubelet", time: managedTime, subresource: count }];
    const metadata = { name: "web", uid, resourceVersion: version, managedFields };
    // As the parser makes it: in a literal that key would be another thing.
    const series: unknown = JSON.parse(`{"${key}":5,"count":${JSON.stringify(count)},"time":"${time}"}`);
    const text = JSON.stringify({ metadata, series, message, list: listed ?? list, count }, undefined, indent);
    // A key that stands there twice: the last one counts.
    const line = Buffer.from(`{"type":"${type}","object":${isTwice ? text.replace('"series"', '"count":3,"series"') : text}}`);
    if (damage === null) return line;
    const at = damage.at % line.length;
    if (damage.how === "cut") return line.subarray(0, at);
    const byte = Buffer.from(damage.byte);
    return Buffer.concat([line.subarray(0, at), byte, line.subarray(damage.how === "add" ? at : at + 1)]);
  }),
);

/** What a line says, in a form in which both readings are the same; the order of members and own members count. */
function told(line: WatchLine): unknown {
  if (!("object" in line)) return line.type === "undecodable" ? "undecodable" : line;
  const { parsed, raw, stencil: _, ...identity } = line.object;
  const text = JSON.stringify(parsed, (key, member: unknown) => (key === "managedFields" ? undefined : member));
  return { type: line.type, ...identity, raw: raw.toString("latin1"), parsed: text };
}

const stencilOf = (line: WatchLine): Stencil | undefined => ("object" in line ? line.object.stencil : undefined);

describe("a short line that repeats an earlier one", () => {
  it("says what JSON.parse says, whatever came before it and however it is damaged", () => {
    let repeated = 0;
    fc.assert(
      fc.property(fc.array(versions, { minLength: 1, maxLength: 2 }), (objects) => {
        const memory = new SliceMemory();
        const lines = objects.flat();
        const read = lines.map((line) => parseWatchLine(line, memory));
        // All at the end: what was told of one version stays when the next one comes.
        for (const [at, line] of lines.entries()) {
          const one = read[at];
          if (one === undefined) continue;
          expect(told(one)).toEqual(told(parseWatchLine(line)));
          if (stencilOf(one) !== undefined) repeated++;
        }
      }),
      { numRuns: 5_000 },
    );
    expect(repeated).toBeGreaterThan(1_000);
  });

  const event = (resourceVersion: string, count: number, rest: object = {}): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: "MODIFIED",
        object: {
          kind: "Event",
          metadata: { name: "web.1", uid: UIDS[0], resourceVersion },
          count,
          message: "Back-off",
          ...rest,
        },
      }),
    );

  it("has the same stencil while nothing but digits is another", () => {
    const memory = new SliceMemory();
    const [first, second, third, longer, after] = [
      event("1000", 2),
      event("1001", 3),
      event("1007", 5),
      event("1008", 10),
      event("1009", 11),
    ].map((line) => stencilOf(parseWatchLine(line, memory)));
    expect(first).toBeUndefined();
    expect(second?.places).toHaveLength(2);
    expect(third).toBe(second);
    expect(longer).toBeUndefined();
    expect(after).toBeDefined();
    expect(after).not.toBe(second);
  });

  it("has none when a text is another", () => {
    const memory = new SliceMemory();
    const read = [event("1000", 2), event("1001", 2), event("1002", 2, { message: "Back-ofF" })].map((line) =>
      stencilOf(parseWatchLine(line, memory)),
    );
    expect(read.map((stencil) => stencil !== undefined)).toEqual([false, true, false]);
  });
});

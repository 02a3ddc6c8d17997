import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SliceMemory } from "./slices.ts";
import { parseWatchLine, type WatchLine } from "./watch-line.ts";

const UIDS = ["11111111-4b1c-4e51-9f0a-000000000001", "11111111-4b1c-4e51-9f0a-000000000002"];

/** What is shorter is not read by slices. */
const LONG = "x".repeat(2_048);

/** Few values of each part, so that versions have parts in common. */
const specs = fc.constantFrom<unknown>(
  { containers: [{ name: "app", env: [{ name: "A", value: "é" }] }] },
  { containers: [] },
  {},
  { spec: { nested: true } },
  { text: 'a "spec":{ in a text' },
  "no object",
);
const managed = fc.array(
  fc.constantFrom<unknown>({ manager: "kubelet", fieldsV1: { "f:spec": { "]": {} } } }, { manager: "k\\" }, [], 1),
  { maxLength: 3 },
);
const extras = fc.constantFrom<unknown>(undefined, "spec", "\u0000", { spec: {} }, { 'x"spec': {} }, { managedFields: [1, 2] }, [
  '"spec":{',
]);
const objects = fc
  .record({
    uid: fc.constantFrom(...UIDS),
    managed: fc.option(managed),
    spec: specs,
    status: fc.jsonValue(),
    extra: extras,
    isLast: fc.boolean(),
  })
  .map(({ uid, managed: managedFields, spec, status, extra, isLast }) => ({
    metadata: { name: "web", uid, resourceVersion: "7", ...(managedFields === null ? {} : { managedFields }) },
    ...(isLast ? {} : { extra }),
    spec,
    status,
    ...(isLast ? { extra } : {}),
    long: LONG,
  }));
const damages = fc.option(
  fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), how: fc.constantFrom("change", "cut", "add") }),
  {
    freq: 2,
  },
);
const lines = fc
  .record({
    object: objects,
    type: fc.constantFrom("ADDED", "MODIFIED", "DELETED"),
    indent: fc.constantFrom(0, 0, 0, 1),
    damage: damages,
    // Another spec, in front of the first or behind it, plainly or hidden.
    key: fc.constantFrom('"extra"', '"spec"', String.raw`"\u0073pec"`),
  })
  .map(({ object, type, indent, damage, key }) => {
    const text = JSON.stringify(object, undefined, indent).replace('"extra"', key);
    const line = Buffer.from(`{"type":"${type}","object":${text}}`);
    if (damage === null) return line;
    // In front of the text that makes it long.
    const at = damage.at % (line.length - LONG.length);
    if (damage.how === "cut") return line.subarray(0, at);
    return Buffer.concat([line.subarray(0, at), Buffer.from([damage.byte]), line.subarray(damage.how === "add" ? at : at + 1)]);
  });

function withoutManagedFields(value: unknown): string {
  return JSON.stringify(value, (key, member: unknown) => (key === "managedFields" ? undefined : member));
}

/** What a line says, in a form in which the sliced and the plain reading are the same. */
function told(line: WatchLine): unknown {
  if (!("object" in line)) return line.type === "undecodable" ? "undecodable" : line;
  const { parsed, raw, slices: _, ...identity } = line.object;
  return { type: line.type, ...identity, raw: raw.toString("latin1"), parsed: withoutManagedFields(parsed) };
}

describe("a line read by its slices", () => {
  it("says what JSON.parse says, whatever came before it and however it is damaged", () => {
    let sliced = 0;
    fc.assert(
      fc.property(fc.array(lines, { minLength: 1, maxLength: 6 }), (versions) => {
        const memory = new SliceMemory(1_000);
        for (const line of versions) {
          const read = parseWatchLine(line, memory);
          expect(told(read)).toEqual(told(parseWatchLine(line)));
          if (!("object" in read)) continue;
          let end = 0;
          for (const { start, slice } of read.object.slices ?? []) {
            sliced++;
            expect(start).toBeGreaterThanOrEqual(end);
            end = start + slice.bytes.length;
            expect(read.object.raw.subarray(start, end).equals(slice.bytes)).toBe(true);
          }
        }
      }),
      { numRuns: 3_000 },
    );
    expect(sliced).toBeGreaterThan(1_000);
  });

  const version = (resourceVersion: string, spec: unknown): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: "MODIFIED",
        object: {
          metadata: { name: "web", uid: UIDS[0], resourceVersion, managedFields: [{ a: 1 }, { b: 2 }] },
          spec,
          status: {},
          long: LONG,
        },
      }),
    );
  const slicesOf = (line: WatchLine): readonly unknown[] =>
    "object" in line ? (line.object.slices ?? []).map(({ slice }) => slice) : [];

  it("has the very slices of the version before where the bytes are equal", () => {
    const memory = new SliceMemory();
    const [first, second, third] = [version("1", { a: 1 }), version("20", { a: 1 }), version("300", { a: 2 })].map((line) =>
      slicesOf(parseWatchLine(line, memory)),
    );
    expect(first).toHaveLength(3);
    second?.forEach((slice, at) => expect(slice).toBe(first?.[at]));
    expect(third?.[1]).toBe(first?.[1]);
    expect(third?.[2]).not.toBe(first?.[2]);
  });

  it("forgets the objects that changed longest ago, and deleted ones", () => {
    const slices = (key: string) => ({ key, spec: { bytes: Buffer.alloc(40), value: {} }, managed: [], bytes: 40 });
    const memory = new SliceMemory(200);
    for (const key of ["a", "b", "c", "d", "e", "f"]) memory.remember(key, slices(key));
    expect(["a", "b", "c", "d", "e", "f"].filter((key) => memory.find(key) !== undefined)).toEqual(["d", "e", "f"]);
    memory.forget("e");
    expect(memory.find("e")).toBeUndefined();
  });
});

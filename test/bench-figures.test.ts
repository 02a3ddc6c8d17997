/** What the benchmarks' figures rest on: a recording that is not what was sent does not count, and nor does a ratio to an unsteady peer. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

interface Sent {
  readonly kind: string;
  readonly events: number;
  readonly items?: number;
  readonly watches?: number;
  readonly random?: boolean;
}
interface Lines {
  readonly at: (number: number) => Buffer;
}
interface Corpus {
  readonly linesOf: (kind: string, shape: object) => Lines;
  readonly listItems: () => Lines;
  readonly objectOf: (line: Buffer) => Buffer;
}
interface Reader {
  readonly linesOfRecording: (directory: string) => AsyncIterable<{ readonly line: Buffer; readonly end: number }>;
  readonly recordedBytes: (directory: string) => number;
}
interface Turns {
  readonly compare: (taken: object, valueOf: (run: number) => number) => object;
  readonly exponent: (points: readonly (readonly [number, number])[]) => number | undefined;
}

const bench = (name: string): string => new URL(`../bench/${name}.mjs`, import.meta.url).href;
const { linesOf, listItems, objectOf }: Corpus = await import(bench("corpus"));
const { checkRecording }: { readonly checkRecording: (directory: string, sent: Sent) => Promise<void> } = await import(
  bench("check-recording")
);
const { linesOfRecording, recordedBytes }: Reader = await import(bench("recording-lines"));
const { compare, exponent }: Turns = await import(bench("turns"));

it("a packed segment is read as the plain one was, and not twice while both are there", async () => {
  const recording = mkdtempSync(join(tmpdir(), "faro-figures-"));
  try {
    const read = async (): Promise<unknown> => {
      const found: string[] = [];
      for await (const { line, end } of linesOfRecording(recording)) found.push(`${line.toString()} ${end}`);
      return [found, recordedBytes(recording)];
    };
    const texts = ["one\ntwo\n", "three\n"];
    for (const [at, text] of texts.entries()) writeFileSync(join(recording, `00000${at + 1}.ndjson`), text);
    const plain = await read();
    writeFileSync(join(recording, "000001.index"), '{"bytes":8}\n');
    writeFileSync(join(recording, "000001.ndjson.gz"), Buffer.concat([gzipSync("one\nt"), gzipSync("wo\n")]));
    expect(await read()).toEqual(plain);
    rmSync(join(recording, "000001.ndjson"));
    expect(await read()).toEqual(plain);
    rmSync(join(recording, "000001.index"));
    expect(await read()).toEqual(plain);
    expect(plain).toEqual([["one 4", "two 8", "three 6"], 14]);
  } finally {
    rmSync(recording, { recursive: true, force: true });
  }
});

describe("a recording counts", () => {
  let recording: string;
  beforeEach(() => (recording = mkdtempSync(join(tmpdir(), "faro-figures-"))));
  afterEach(() => rmSync(recording, { recursive: true, force: true }));

  const typed = (item: Buffer): string => `{"apiVersion":"v1","kind":"Pod",${item.toString().slice(1)}`;
  const objectsOf = ({ kind, events, items = 0, ...shape }: Sent): string[] => {
    const lines = linesOf(kind, { items, ...shape });
    const listed = Array.from({ length: items }, (_, at) => typed(listItems().at(at)));
    return [...listed, ...Array.from({ length: events }, (_, at) => objectOf(lines.at(items + at)).toString())];
  };
  const check = async (objects: readonly string[], sent: Sent): Promise<void> => {
    writeFileSync(
      join(recording, "000001.ndjson"),
      objects.map((object) => `{"crc":"0","type":"object","object":${object}}\n`).join(""),
    );
    await checkRecording(recording, sent);
  };

  it.each<Sent>([
    { kind: "pods", events: 5 },
    { kind: "events", events: 5 },
    { kind: "pods", events: 5, items: 3 },
    { kind: "pods", events: 5, watches: 2 },
    { kind: "pods", events: 5, random: true },
  ])("when it holds each line that was sent, and only then: %o", async (sent) => {
    const objects = objectsOf(sent);

    await check(objects.toReversed(), sent);
    await expect(check(objects.slice(1), sent)).rejects.toThrow("lines are recorded");
    await expect(check([...objects, ...objects.slice(0, 1)], sent)).rejects.toThrow("recorded twice");
    await expect(check(objectsOf({ ...sent, events: 6 }), sent)).rejects.toThrow("lines are recorded");
    const changed = objects.with(2, (objects[2] ?? "").replace("Z", "z"));
    await expect(check(changed, sent)).rejects.toThrow("not recorded as it was sent");
  });
});

it("an object's versions of the second corpus have neither spec nor managed fields in common", () => {
  const lines = linesOf("pods", { random: true });
  const [one, next] = [0, 400].map((number) => JSON.parse(objectOf(lines.at(number)).toString()));

  expect(next.metadata.uid).toBe(one.metadata.uid);
  expect(next.spec).not.toEqual(one.spec);
  expect(next.metadata.managedFields[0]).not.toEqual(one.metadata.managedFields[0]);
});

it("what was listed changes under the same names and uids", () => {
  const lines = linesOf("pods", { items: 1_000 });
  const listed = JSON.parse(listItems().at(700).toString());

  expect(JSON.parse(lines.at(1_700).toString())).toMatchObject({
    type: "MODIFIED",
    object: { metadata: { name: listed.metadata.name, uid: listed.metadata.uid } },
  });
});

it("a ratio to a peer that varies by more than a quarter is called inconclusive", () => {
  const taken = { faro: [10, 10, 40], steady: [20, 22, 24], unsteady: [20, 20, 26] };

  expect(compare(taken, (run) => run)).toMatchObject({ ratios: { steady: 2.2, unsteady: 2 }, inconclusive: ["unsteady"] });
  expect(compare({ faro: [1, 3], peer: [4, 4] }, (run) => run)).toMatchObject({ faro: { median: 2 }, ratios: { peer: 2 } });
});

it("the exponent says how a cost grows", () => {
  expect(
    exponent([
      [1, 5],
      [10, 50],
      [100, 500],
    ]),
  ).toBeCloseTo(1);
  expect(
    exponent([
      [1, 5],
      [10, 5],
      [100, 5],
    ]),
  ).toBeCloseTo(0);
  expect(exponent([[1, 5]])).toBeUndefined();
});

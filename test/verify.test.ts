/** What `faro verify` finds in recordings, whole and damaged, and that stories come out of both the same, byte for byte. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { playRollout, prepareCluster } from "../src/apiserver/index.ts";
import { systemClock } from "../src/base/index.ts";
import { rebuildStories, verifyRecording, type VerifyReport } from "../src/capture/index.ts";
import { type Embedded, embeddedCluster, synced } from "./support/embedded.ts";
import { recordsIn, versionsOf } from "./support/recorded.ts";

let cluster: Embedded;
beforeEach(async () => {
  cluster = await embeddedCluster();
});
afterEach(() => cluster.close());

const refTo = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name }) as const;

/** Two runs with changes while Faro ran and while it did not. */
async function twoRuns(): Promise<string> {
  const output = cluster.directory();
  for (const name of ["one", "two"])
    cluster.history.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "default" },
      data: { value: "0" },
    });
  for (const value of ["1", "2"]) {
    const capture = await cluster.capture({ output, kinds: ["v1/ConfigMap"] });
    await synced(capture, 2);
    for (const name of ["one", "two"]) cluster.history.modify(refTo(name), (object) => ({ ...object, data: { value } }));
    await expect.poll(async () => versionsOf(await recordsIn(output), "ConfigMap").length).toBe(Number(value) * 2 + 2);
    capture.stop("enough");
    await capture.done;
  }
  return output;
}

async function aRollout(): Promise<string> {
  prepareCluster({ history: cluster.history, clock: systemClock });
  const output = cluster.directory();
  const capture = await cluster.capture({ output });
  await synced(capture, 4);
  for await (const _ of playRollout({ history: cluster.history, logs: cluster.logs, clock: systemClock, speed: 40 }));
  capture.stop("the play is over");
  await capture.done;
  return output;
}

function editSegment(output: string, segment: string, edit: (lines: string[]) => string[]): void {
  const file = join(output, "recording", segment);
  writeFileSync(file, edit(readFileSync(file, "utf8").split("\n")).join("\n"));
}

const damage = ({ findings }: VerifyReport): readonly string[] =>
  findings.filter(({ severity }) => severity === "damage").map(({ what }) => what);

function storiesOf(directory: string): Record<string, string> {
  const files = readdirSync(directory).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(directory, name), "utf8")]));
}

async function rebuilt(output: string): Promise<Record<string, string>> {
  const into = cluster.directory();
  await rebuildStories({ output, into });
  return storiesOf(into);
}

describe("a recording as Faro wrote it", () => {
  test("is sound: every checksum and seal holds, every number is there once, and no period of any scope is silent", async () => {
    const report = await verifyRecording(await twoRuns());
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ verdict: "sound", segments: 2, runs: 2, objects: 6, gaps: { opened: 2, open: 0 } });
  });

  test("of a whole rollout with logs is sound, too", async () => {
    const report = await verifyRecording(await aRollout());
    expect(report.findings).toEqual([]);
    expect(report.logLines).toBeGreaterThan(0);
  });

  test("gives every story again, byte for byte: of one run, of two, of a rollout with its logs", async () => {
    for (const output of [await twoRuns(), await aRollout()]) expect(await rebuilt(output)).toEqual(storiesOf(output));
  });
});

describe("damage", () => {
  const SECOND = "000002.ndjson";
  let output: string;
  beforeEach(async () => {
    output = await twoRuns();
  });

  test("in a line is found with its file, line, byte and length", async () => {
    editSegment(output, "000001.ndjson", (lines) => lines.map((line) => line.replace('"name":"one"', '"name":"own"')));
    const { findings } = await verifyRecording(output);
    expect(findings).toContainEqual(
      expect.objectContaining({
        severity: "damage",
        file: "000001.ndjson",
        line: expect.any(Number),
        offset: expect.any(Number),
        bytes: expect.any(Number),
        what: expect.stringMatching(/^cannot be read: the checksum is/),
      }),
    );
  });

  test("by a line that is gone without a trace is found by the seal and by its number", async () => {
    editSegment(output, SECOND, (lines) => lines.filter((line) => !line.includes('"name":"two"')));
    const found = damage(await verifyRecording(output));
    expect(found).toContainEqual(expect.stringMatching(/^the segment differs from its seal: it vouches for \d+ bytes/));
    expect(found).toContainEqual(expect.stringMatching(/missing: a checkpoint behind them vouches for them$/));
  });

  test("by lines in another order is found by the seal", async () => {
    editSegment(output, SECOND, (lines) => {
      const [first = "", second = "", third = "", ...rest] = lines;
      return [first, third, second, ...rest];
    });
    expect(damage(await verifyRecording(output))).toContain(
      "the segment differs from its seal: the digest of the checksums in front of it is another",
    );
  });

  test("by a missing segment, and a header that is gone, is told as that", async () => {
    rmSync(join(output, "recording", "000001.ndjson"));
    editSegment(output, SECOND, (lines) => lines.slice(1));
    const found = damage(await verifyRecording(output));
    expect(found).toEqual(
      expect.arrayContaining(["segment 000001.ndjson is missing", "the segment does not begin with its header"]),
    );
  });

  test("by a record that is there twice is told", async () => {
    editSegment(output, SECOND, (lines) => lines.flatMap((line) => (line.includes('"name":"two"') ? [line, line] : [line])));
    expect(damage(await verifyRecording(output))).toContainEqual(expect.stringMatching(/^number \d+ was given twice$/));
  });

  test("by a gap that was taken out leaves a period of which nothing tells", async () => {
    editSegment(output, SECOND, (lines) => lines.filter((line) => !line.includes('"type":"gap"')));
    expect(damage(await verifyRecording(output))).toContainEqual(
      expect.stringMatching(/^nothing tells of configmaps\.v1\/default from .* neither covered nor a gap$/),
    );
  });

  test("a torn tail and a missing seal are notes: that is what a kill leaves, and the recording is sound", async () => {
    editSegment(output, SECOND, (lines) => [...lines.slice(0, -4), (lines.at(-4) ?? "").slice(0, 30)]);
    const report = await verifyRecording(output);
    expect(report.verdict).toBe("sound");
    expect(report.findings).toMatchObject([
      { severity: "note", file: SECOND, what: expect.stringMatching(/^the last line is torn/) },
    ]);
  });

  test("gives the same stories, byte for byte, however often they are derived, and they say what cannot be read", async () => {
    editSegment(output, SECOND, (lines) => lines.map((line) => line.replace('"name":"two"', '"name":"tow"')));
    const first = await rebuilt(output);
    const copy = cluster.directory();
    cpSync(join(output, "recording"), join(copy, "recording"), { recursive: true });
    expect(await rebuilt(copy)).toEqual(first);
    expect(Object.values(first).join()).toContain("of 000002.ndjson (byte");
  });
});

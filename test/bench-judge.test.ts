/** The judge of the soak and of the benchmark on a real cluster: a verdict is worth as much as the one who gives it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

interface Verdict {
  readonly versions: number;
  readonly lost: number;
  readonly inGaps: number;
  readonly repeated: number;
  readonly invented: number;
  readonly firstLost: readonly string[];
}
type Judge = (trial: { readonly recording: string; readonly truthFile: string; readonly upTo: number }) => Promise<Verdict>;

const { judge }: { readonly judge: Judge } = await import(new URL("../bench/judge.mjs", import.meta.url).href);
let recording: string;

beforeEach(() => (recording = mkdtempSync(join(tmpdir(), "faro-judge-"))));
afterEach(() => rmSync(recording, { recursive: true, force: true }));

const synced = (seq: number): object => ({ type: "scope", seq, scope: "pods.v1/a", resource: "pods.v1", state: "synced" });
const version = (seq: number, change: string, resourceVersion: number): object => {
  return { type: "object", seq, change, resource: "pods.v1", uid: "u", resourceVersion: String(resourceVersion), object: {} };
};
const gap = (from: number, to: number): object => {
  return { type: "gap", seq: 9, gap: "g", state: "closed", scope: "pods.v1/a", fromVersion: String(from), toVersion: String(to) };
};

/** Of one pod that was stored at these revisions. */
async function verdictOf(lines: readonly object[], revisions: readonly number[]): Promise<Verdict> {
  const truth = revisions.map((revision) => `${revision} MODIFIED /pods p u 0\n`).join("");
  return await verdictOn(lines, truth, Math.max(...revisions));
}

async function verdictOn(lines: readonly object[], truth: string, upTo: number): Promise<Verdict> {
  const text = lines.map((line) => `${JSON.stringify({ crc: "00000000", ...line })}\n`);
  writeFileSync(join(recording, "000001.ndjson"), text.join(""));
  const truthFile = join(recording, "truth");
  writeFileSync(truthFile, truth);
  return await judge({ recording, truthFile, upTo });
}

it("what the first list did not show of the time before it is not asked for", async () => {
  const verdict = await verdictOf([version(1, "LISTED", 5), synced(2), version(3, "MODIFIED", 6)], [4, 5, 6]);

  expect(verdict).toMatchObject({ versions: 1, lost: 0, invented: 0, repeated: 0 });
});

it("what had come and gone before the first list is not asked for, though no object in it is so new", async () => {
  const lines = [version(1, "LISTED", 5), synced(2), version(3, "MODIFIED", 9)];
  const [before, of] = ["5 MODIFIED /pods p u 0\n", (uid: string) => `6 ADDED /pods q ${uid} 0\n`];
  const after = "9 MODIFIED /pods p u 0\n";

  expect(await verdictOn(lines, `${before}${of("brief")}7 DELETED /pods q brief 0\n${after}`, 9)).toMatchObject({ lost: 0 });
  expect(await verdictOn(lines, `${before}${of("left")}${after}`, 9)).toMatchObject({ versions: 2, lost: 1 });
  expect(await verdictOn(lines, `${before}${after}10 ADDED /pods q late 0\n11 DELETED /pods q late 0\n`, 11)).toMatchObject({
    lost: 2,
  });
});

it("what is missing before a later list is lost", async () => {
  const verdict = await verdictOf([version(1, "LISTED", 5), synced(2), version(3, "LISTED", 8), synced(4)], [5, 6, 7, 8]);

  expect(verdict).toMatchObject({ versions: 3, lost: 2 });
  expect(verdict.firstLost).toEqual(["MODIFIED /pods p u at 6", "MODIFIED /pods p u at 7"]);
});

it("what lies in a gap is not lost, and what nobody stored is invented", async () => {
  const lines = [version(1, "LISTED", 5), synced(2), gap(5, 7), version(3, "MODIFIED", 8), version(4, "MODIFIED", 8)];
  const verdict = await verdictOf([...lines, version(5, "MODIFIED", 9)], [5, 6, 7, 8]);

  expect(verdict).toMatchObject({ versions: 3, lost: 0, inGaps: 2, repeated: 1, invented: 1 });
});

/** What a recording holds, and what a cluster did: the two sides that the tests of durability compare. */
import { openRecordingSource, recordingDirectory } from "../../src/archive/index.ts";
import type { FaroRecord, GapRecord } from "../../src/record/index.ts";
import type { Embedded } from "./embedded.ts";

/** Every record below an output directory, in the order of writing; what cannot be read is left out. */
export async function recordsIn(output: string): Promise<readonly FaroRecord[]> {
  const source = await openRecordingSource(recordingDirectory(output));
  const records: FaroRecord[] = [];
  for await (const { record } of source.scan()) records.push(record);
  await source.close();
  return records;
}

/** Versions of one kind as `name@resourceVersion`, deletions with `-` in front, in the order of the recording. */
export function versionsOf(records: readonly FaroRecord[], kind: string): readonly string[] {
  return records.flatMap((record) =>
    record.type === "object" && record.kind === kind
      ? [`${record.change === "DELETED" ? "-" : ""}${record.name}@${record.resourceVersion}`]
      : [],
  );
}

/** Gaps that were opened, with both their ends. */
export function gapsIn(
  records: readonly FaroRecord[],
): readonly { readonly opened: GapRecord; readonly closed: GapRecord | undefined }[] {
  const gaps = records.filter((record) => record.type === "gap");
  return gaps
    .filter(({ state }) => state === "opened")
    .map((opened) => ({ opened, closed: gaps.find(({ gap, state }) => gap === opened.gap && state === "closed") }));
}

/** Notes every version of `kind` that the cluster makes from now on, in the words of `versionsOf`. */
export function truthOf(cluster: Pick<Embedded, "history">, kind: string): readonly string[] {
  const truth: string[] = [];
  cluster.history.subscribe((version) => {
    const object = JSON.parse(version.text) as { kind: string; metadata: { name: string; resourceVersion: string } };
    if (object.kind !== kind) return;
    truth.push(`${version.change === "DELETED" ? "-" : ""}${object.metadata.name}@${object.metadata.resourceVersion}`);
  });
  return truth;
}

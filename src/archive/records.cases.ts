/** Records for the tests of this room. */
import type { FaroRecord, RecordAt } from "../record/index.ts";

const AT = "2026-01-01T00:00:00.000Z";

/** An object record; `size` is the length of the text in its bytes. */
export function anObject(seq: number, size = 10): FaroRecord {
  return {
    type: "object",
    seq,
    at: AT,
    epoch: 1,
    scope: "pods.v1/default",
    change: "MODIFIED",
    observedBy: "watch",
    resource: "pods.v1",
    apiVersion: "v1",
    kind: "Pod",
    namespace: "default",
    name: "web",
    uid: "u-1",
    resourceVersion: String(seq),
    raw: Buffer.from(`{"text":"${"x".repeat(size)}"}`),
  };
}

/** A log block that owns `count` sequence numbers. */
export function aLog(seq: number, count: number): FaroRecord {
  const lines = Array.from({ length: count }, (_, index) => `${AT} line ${index} \\ "quoted" ž`);
  return { type: "log", seq, at: AT, stream: "s-1", count, encoding: "utf8", text: lines.join("\n") };
}

export async function all(items: AsyncIterable<RecordAt>): Promise<readonly RecordAt[]> {
  const found: RecordAt[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The records without the headers and seals that the archive adds. */
export function withoutHeaders(items: readonly RecordAt[]): readonly FaroRecord[] {
  return items.map((item) => item.record).filter((record) => record.type !== "faro-recording" && record.type !== "seal");
}

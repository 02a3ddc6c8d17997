/** What the newest file of a log holds at this moment, beside a follow that is silent. */
import { leave, readLog } from "./connection.ts";
import { type FollowerParts, type InstanceLog, type LogStart, requestOf, startOf } from "./reading.ts";

const SNAPSHOT_BYTES_MAX = 16 << 20;

/**
 * Its lines from two seconds before the newest one that is known; the last one while none is. `undefined` when they are too many or
 * `signal` aborted.
 */
export async function readSnapshot(
  { options }: FollowerParts,
  log: InstanceLog,
  signal: AbortSignal,
): Promise<readonly Buffer[] | "unreachable" | "no slot" | undefined> {
  const { newest } = log.aligner;
  const slot = options.slots.tryLook();
  // While others look, the connection's own slot is there to look with: a new follow of the same file shows as much.
  if (slot === undefined) return "no slot";
  const start: LogStart =
    newest === undefined ? { tailLines: 1, ...startOf(log, undefined, options.from) } : { sinceSecond: newest - 2 };
  const { sinceSecond, tailLines } = start;
  const request = requestOf(options, { follow: false, previous: false, sinceSecond, tailLines });
  const lines: Buffer[] = [];
  let bytes = 0;
  try {
    const batches = readLog(options.client, request, signal);
    for (let next = await batches.next(); ; next = await batches.next()) {
      if (next.done === true) return next.value.end === "eof" ? lines : next.value.end === "aborted" ? undefined : "unreachable";
      lines.push(...next.value.lines);
      bytes += next.value.lines.bytes.length;
      if (bytes > SNAPSHOT_BYTES_MAX) return await leave(batches, undefined);
    }
  } finally {
    slot.release();
  }
}

/** Looks beside a follow whether its file was rotated, and says where lines may be missing because of it (`seams.ts` knows why). */
import { TOO_LATE, within } from "../../base/index.ts";
import { ApiFailure } from "../../cluster/index.ts";
import { podPath } from "./connection.ts";
import type { LogItem } from "./log-item.ts";
import { lineInstant } from "./log-line.ts";
import type { FollowerParts, InstanceLog } from "./reading.ts";
import { LOOK_MS_MAX, type Seam } from "./seams.ts";

/** Enough of a line for its time. */
const LOOK_BYTES = 64;
/** A follow that brought nothing for so long is silent. */
const SILENT_MS = 15_000;
/** Nothing waits longer for the last look. */
const LAST_LOOK_MS = 3_000;

export class SeamLook {
  readonly #parts: FollowerParts;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** Lines of a follow came: looks at the file when it is time, without waiting for the answer. */
  beside(log: InstanceLog, signal: AbortSignal): readonly LogItem[] {
    const { seams } = log.aligner;
    if (seams.isDue(this.#parts.options.clock.monotonic())) void this.#look(log, signal);
    return gaps(log, seams.passed());
  }

  /** Waits for what a follow brings next. When it is silent, no rotation before that stays unknown. */
  async untilHeard(log: InstanceLog, pending: Promise<unknown>, signal: AbortSignal): Promise<void> {
    const { seams, newest } = log.aligner;
    while (seams.isOpen && !signal.aborted) {
      if ((await within(this.#parts.options.clock, SILENT_MS, pending)) !== TOO_LATE) return;
      await Promise.race([pending, this.#look(log, signal)]);
      await this.#parts.sink.put(gaps(log, seams.passed(newest)));
    }
  }

  /** A follow has ended: its file may be there for a moment yet. Nothing waits for the answer. */
  afterFollow(log: InstanceLog, signal: AbortSignal): void {
    if (log.aligner.seams.isOpen) void this.#look(log, signal);
  }

  /** No line comes any more. */
  async close(log: InstanceLog): Promise<void> {
    const { sink } = this.#parts;
    const { seams, newest } = log.aligner;
    if (newest === undefined) return;
    const stop = new AbortController();
    if (seams.isOpen) await within(this.#parts.options.clock, LAST_LOOK_MS, this.#look(log, stop.signal));
    stop.abort(new Error("the log was looked at"));
    await sink.put(gaps(log, seams.passed(newest)));
    const rest = seams.rest(newest);
    if (rest === undefined) return;
    await sink.put([gap(rest, `${log.stream} may have been rotated after it was looked at last, and lines been left out then`)]);
  }

  async #look({ reading, aligner }: InstanceLog, signal: AbortSignal): Promise<void> {
    const { client, clock, namespace, pod, container } = this.#parts.options;
    const answered = aligner.seams.ask(clock.monotonic());
    const previous = reading.viaPrevious || reading.superseded || undefined;
    try {
      const path = `${podPath({ namespace, pod })}/log`;
      const query = { container, previous, timestamps: true, limitBytes: LOOK_BYTES };
      const { body } = await client.read({ path, query, accept: "*/*", signal, timeoutMs: LOOK_MS_MAX });
      const begins = lineInstant(body);
      if (begins !== undefined) answered(begins);
    } catch (error) {
      // Then it is looked at again, and if that never succeeds, a gap says so.
      if (!(error instanceof ApiFailure) && !signal.aborted) throw error;
    }
  }
}

function gaps(log: InstanceLog, seams: readonly Seam[]): readonly LogItem[] {
  return seams.map((seam) => gap(seam, `${log.stream} was rotated: lines written at that moment may be missing`));
}

function gap({ from, to }: Seam, detail: string): LogItem {
  return { item: "log-gap", cause: "rotation", detail, from, to };
}

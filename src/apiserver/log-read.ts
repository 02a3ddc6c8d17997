/** Reading one log file the way the kubelet does (`cri-client/pkg/logs/logs.go`): tail, then since, then bytes. */
import type { Clock } from "../base/index.ts";
import type { LogEntry, LogFile } from "./logs.ts";

export interface LogReadOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** True: a time before every piece of a long line, as kubelets did of old; false: before the first one. */
  readonly timestampPerPiece?: boolean;
  /** Milliseconds; lines from this instant on (inclusive). */
  readonly since: number | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
}

/** Milliseconds of `sinceTime` or `sinceSeconds`; the API server forwards whole seconds only (`strategy.go LogLocation`). */
export function sinceOf(
  query: { readonly sinceTime?: string | undefined; readonly sinceSeconds?: number | undefined },
  clock: Clock,
): number | undefined {
  if (query.sinceTime !== undefined) return Math.floor(Date.parse(query.sinceTime) / 1_000) * 1_000;
  return query.sinceSeconds === undefined ? undefined : clock.now() - query.sinceSeconds * 1_000;
}

/**
 * The bytes of the answer, in pieces as they become available. A follower reads the file that it has open to its end, and is told
 * of rotations there, one by one: each time it opens the newest file, from its start. So what was rotated twice meanwhile is left
 * out, and the newest file comes twice. It begins to watch at its first end of file: of a rotation before that it hears nothing and
 * waits at the end of the old file for the next. When the container has ended it does not look for another file (`ReadLogs`,
 * `waitLogs`).
 */
export async function* readLog(file: LogFile, options: LogReadOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  const writer = new LineWriter(options);
  let { entries } = file;
  let generation: number | undefined;
  let next = tailStart(entries, options.tailLines);
  while (!signal.aborted && !writer.isFull) {
    const isLast = !options.follow || file.ended;
    const fresh = writer.write(entries.slice(next));
    next = entries.length;
    if (fresh.length > 0) yield fresh;
    else if (isLast) return;
    else if (generation === undefined) ({ generation } = file);
    else if (file.generation > generation) {
      generation++;
      entries = file.entries;
      next = 0;
    } else await file.changed(signal);
    if (isLast && next === entries.length) return;
  }
}

/** Physical lines count, pieces of a long line too (`findTailLineStartIndex`). */
function tailStart(entries: readonly LogEntry[], tailLines: number | undefined): number {
  return tailLines === undefined ? 0 : Math.max(0, entries.length - tailLines);
}

class LineWriter {
  readonly #options: LogReadOptions;
  #left: number;
  #isNewLine = true;

  constructor(options: LogReadOptions) {
    this.#options = options;
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.#left <= 0;
  }

  write(entries: readonly LogEntry[]): Buffer {
    const parts: Buffer[] = [];
    for (const entry of entries) {
      if (this.#options.since !== undefined && entry.at < this.#options.since) continue;
      const hasTime = this.#isNewLine || this.#options.timestampPerPiece === true;
      if (hasTime && this.#options.timestamps) parts.push(Buffer.from(`${entry.timestamp} `));
      parts.push(entry.content);
      if (!entry.partial) parts.push(NEWLINE);
      // One flag for both streams, as in ReadLogs: a stderr line behind a stdout piece gets no timestamp of its own.
      this.#isNewLine = !entry.partial;
    }
    const all = Buffer.concat(parts);
    const cut = all.length > this.#left ? all.subarray(0, this.#left) : all;
    this.#left -= cut.length;
    return cut;
  }
}

const NEWLINE: Buffer = Buffer.from("\n");

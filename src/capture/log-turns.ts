/**
 * Room for log lines in the recording. A container can write faster than any disk, and what it writes waits in the node's
 * file for as long as nobody reads it. So logs get a part of the memory for unwritten records and no more, one batch of
 * each container at a time; objects and Events, which cannot wait, have the rest.
 */
import type { Clock } from "../base/index.ts";

export interface LogTurnsOptions {
  readonly clock: Clock;
  /** Bytes of the recording that are in memory only. */
  readonly unwrittenBytes: () => number;
  /** Resolves when everything appended so far is on the disk. */
  readonly durable: () => Promise<void>;
}

/** Of the 64 MB that may be unwritten. */
const LOG_BYTES_MAX = 8 << 20;
/** After so many bytes of logs everything else has its turn in the event loop. */
const PAUSE_BYTES = 1 << 20;

export class LogTurns {
  readonly #options: LogTurnsOptions;
  #last: Promise<void> = Promise.resolve();
  #sincePause = 0;

  constructor(options: LogTurnsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when a batch of `bytes` may be recorded: in the order of asking, and a container asks for one batch at a time. `undefined`
   * when it may be at once.
   */
  take(bytes: number): Promise<void> | undefined {
    this.#sincePause += bytes;
    const isFree = this.#options.unwrittenBytes() < LOG_BYTES_MAX && this.#sincePause < PAUSE_BYTES;
    return isFree && this.#waiting === 0 ? undefined : this.#wait();
  }

  async #wait(): Promise<void> {
    this.#waiting++;
    const turn = this.#last.then(() => this.#room());
    this.#last = turn.catch(() => undefined);
    try {
      await turn;
    } finally {
      this.#waiting--;
    }
  }
  #waiting = 0;

  async #room(): Promise<void> {
    while (this.#options.unwrittenBytes() >= LOG_BYTES_MAX) await this.#options.durable();
    if (this.#sincePause < PAUSE_BYTES) return;
    this.#sincePause = 0;
    await this.#options.clock.sleep(0);
  }
}

/**
 * How far a follow is behind the container, and where a file may have been left out because of it. A kubelet that follows a
 * log reads the file that it has open to its end and then opens the newest (`cri-client logs.go ReadLogs`): of a log that is
 * rotated twice while its reader is held up, whole files are left out without a word, and when the container ends meanwhile,
 * everything behind the open file. The answer does not say so. Times do: a file that was left out is a leap in time, and it was
 * written and rotated away before the lines in front of the leap arrived.
 */

/** Behind by less than this is in step: lines are gathered, and the event loop has other work. */
const LAG_S = 1;
/** A step back in time beyond this is the node's clock: two streams are stamped by two goroutines. */
const CLOCK_STEP_S = 10;
/** A file is the newest one for three seconds at least (kubelet `containerLogMonitorInterval`), in whole seconds. */
export const LEAP_S = 2;
/** An instance that has written no more was not rotated, whatever the times say. */
export const UNROTATED_BYTES: number = 64 << 10;
/** Who was behind has caught up, and with that heard of every rotation, after so long. */
const BEHIND_MEMORY_MS = 60_000;
/** The least distance is forgotten in two steps of so long: clocks drift apart. */
const MEMORY_MS = 3_600_000;

export interface Leap {
  /** Seconds since 1970 of the lines before and behind it. */
  readonly fromSecond: number;
  readonly toSecond: number;
}

/** What a batch of lines shows. */
export interface Progress {
  /** Bytes of the instance, this batch included. */
  readonly bytes: number;
  /** When the last line was written, seconds since 1970 with their fraction. */
  readonly newest: number;
  /** Leaps in time in front of or between its lines. */
  readonly leaps: readonly Leap[];
  /** The kubelet is known to hear of rotations; true unless given. */
  readonly isWatched?: boolean;
}

/**
 * One instance. The node's clock and Faro's need not agree: the least distance that was seen is no lag. Until the reader has been
 * at the end of the file nothing may have come in time, and the node's clock is taken for the API server's.
 */
export class Lag {
  #isServerTrusted = true;
  #serverDistance = Number.POSITIVE_INFINITY;
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #forgetAt = Number.NEGATIVE_INFINITY;
  /** When the present connection was opened, and, by the API server's clock, in seconds. */
  #openedMs = 0;
  #openedSecond: number | undefined;
  #newest = Number.NEGATIVE_INFINITY;
  #arrivalMs = 0;
  #bytes = 0;

  /** A connection begins. `nowMs` never steps back; `serverSecond` is the API server's time, where it says it. */
  open(nowMs: number, serverSecond: number | undefined): void {
    this.#openedMs = nowMs;
    this.#openedSecond = serverSecond;
    if (serverSecond !== undefined && this.#isServerTrusted) this.#serverDistance = nowMs / 1_000 - serverSecond;
    if (nowMs < this.#forgetAt) return;
    this.#forgetAt = nowMs + MEMORY_MS;
    this.#leastBefore = this.#least;
    this.#least = Number.POSITIVE_INFINITY;
  }

  /** True when the line received last was behind, and what came after it may be in a file that nobody reads any more. */
  get isBehind(): boolean {
    return this.#bytes >= UNROTATED_BYTES && this.#arrivalMs / 1_000 - this.#newest - this.#offset > LAG_S;
  }

  /** True when the reader was behind a while ago. */
  wasBehind(nowMs: number): boolean {
    return nowMs - this.#behindMs < BEHIND_MEMORY_MS;
  }
  #behindMs = Number.NEGATIVE_INFINITY;

  /** The time of the node, in seconds since 1970, and no earlier than it is. */
  nodeSecond(nowMs: number): number {
    return Math.ceil(nowMs / 1_000 - (Number.isFinite(this.#offset) ? this.#offset : 0)) + 1;
  }

  /** Everything that there was has been read. */
  caughtUp(): void {
    this.#bytes = 0;
  }

  /** The present follow has brought all of the file. */
  atEnd(): void {
    this.#trustNoServer();
    this.caughtUp();
  }

  #trustNoServer(): void {
    this.#isServerTrusted = false;
    this.#serverDistance = Number.POSITIVE_INFINITY;
  }

  /** Takes a batch of a follow; returns the leaps in which a file may have been left out. */
  take({ newest, leaps, bytes, isWatched = true }: Progress, nowMs: number): readonly Leap[] {
    // A step back is the node's clock, and no distance of before means anything.
    if (newest < this.#newest - CLOCK_STEP_S) {
      [this.#least, this.#leastBefore] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      this.#trustNoServer();
    }
    this.#least = Math.min(this.#least, nowMs / 1_000 - newest);
    const found = bytes < UNROTATED_BYTES ? [] : leaps.flatMap((leap) => this.#leftOut(leap, nowMs, isWatched));
    [this.#newest, this.#arrivalMs, this.#bytes] = [newest, nowMs, bytes];
    if (this.isBehind) this.#behindMs = nowMs;
    return found;
  }

  get #offset(): number {
    return Math.min(this.#least, this.#leastBefore, this.#serverDistance);
  }

  /** A pause of a container that is read as it writes is none, nor one that was over when the connection was opened. */
  #leftOut({ fromSecond, toSecond }: Leap, nowMs: number, isWatched: boolean): readonly Leap[] {
    const arrived = (fromSecond === Math.floor(this.#newest) ? this.#arrivalMs : nowMs) / 1_000 - this.#offset;
    const opened = this.#openedSecond ?? this.#openedMs / 1_000 - this.#offset;
    // The file that was open when the connection began was the newest, and no line from before is in a later one.
    const from = Math.max(fromSecond, Math.floor(opened));
    // Who does not hear of a rotation waits at the end of the old file for as long as the next one is written.
    const to = isWatched ? Math.min(toSecond, Math.ceil(arrived) + 1) : toSecond;
    return (isWatched ? Math.min(toSecond, arrived) : toSecond) - from > LEAP_S ? [{ fromSecond: from, toSecond: to }] : [];
  }
}

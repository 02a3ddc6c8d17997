/**
 * The clock that a recording is written by: the machine's wall clock, except that it never runs backwards. Gaps and coverage are
 * intervals of it, and an interval that ends before it begins says nothing. When the wall clock is set back, this one goes on
 * from where it is, a tenth slower, until the wall has caught up; when it is set forward, this one follows. Both are told.
 */
import { type Clock, isoTime } from "../base/index.ts";

/** What the wall clock did between two looks at it. */
export interface ClockStep {
  /** What the wall clock showed then. */
  readonly wall: number;
  /** Milliseconds by which it was set, beyond the time that had passed. */
  readonly by: number;
  /** Milliseconds by which the recording's times are ahead of it since. */
  readonly ahead: number;
}

/** While it is ahead of the wall: slow enough to meet it again in time, fast enough for lengths of time to mean something. */
const PACE_AHEAD = 0.9;
/** Two clocks read one after the other, one of them in whole milliseconds, differ by this. */
const READING_MS = 2;
/** Steps below are what time daemons do all day. */
const TOLD_MS = 1_000;
/** A recording that ends so far in the wall's future was written by a clock that was wrong: a new run does not go on from there. */
const AHEAD_MAX_MS = 24 * 3_600_000;

export class RecorderClock implements Clock {
  readonly #clock: Clock;
  /** At the last look; members, for an object of three numbers that are no small ones is much garbage for each version. */
  #wall: number;
  #monotonic: number;
  #shown: number;
  #steps: ClockStep[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
    this.#shown = this.#wall;
  }

  /** Milliseconds since 1970, never less than before. */
  now(): number {
    const shown = this.#shown;
    const wall = this.#clock.now();
    // Dozens of versions come in one millisecond; if it is none of those but one to which the wall was set back, the next one tells.
    if (wall === this.#wall) return shown;
    const monotonic = this.#clock.monotonic();
    const passed = monotonic - this.#monotonic;
    const by = wall - this.#wall - passed;
    const isAhead = shown - this.#wall > READING_MS;
    const reached = shown + passed * (isAhead ? PACE_AHEAD : 1);
    const next = wall >= reached - (isAhead ? 0 : READING_MS) ? Math.max(wall, shown) : reached;
    this.#wall = wall;
    this.#monotonic = monotonic;
    this.#shown = next;
    if (Math.abs(by) >= TOLD_MS) this.#steps.push({ wall, by, ahead: next - wall });
    return next;
  }

  /** Goes on behind the last time of an earlier run's recording, unless that lies more than a day ahead. */
  goOnFrom(earlier: number): void {
    const shown = this.now();
    const ahead = earlier - shown;
    if (ahead <= 0) return;
    const isTaken = ahead <= AHEAD_MAX_MS;
    if (isTaken) this.#shown = earlier;
    if (ahead >= TOLD_MS) this.#steps.push({ wall: this.#wall, by: -ahead, ahead: isTaken ? ahead : 0 });
  }

  /** Steps since the last call. */
  takeSteps(): readonly ClockStep[] {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal);
  }

  after(ms: number, call: () => void): () => void {
    return this.#clock.after(ms, call);
  }

  random(): number {
    return this.#clock.random();
  }
}

/** A step in words, for the recording and for the log. */
export function describeStep({ wall, by, ahead }: ClockStep): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const shows = `the machine's clock was set ${by < 0 ? "back" : "forward"} by ${seconds(Math.abs(by))}, to ${isoTime(wall)}`;
  if (ahead < TOLD_MS) return by < 0 ? shows : `${shows}, or the machine slept`;
  return `${shows}; times in this recording go on ${seconds(ahead)} ahead of it, a tenth slower, until they meet it again`;
}

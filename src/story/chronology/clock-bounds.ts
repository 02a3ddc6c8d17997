/**
 * How far another clock is from the recorder's, as an interval that causality gives: nothing arrives before it happened, and
 * nothing happens before what it follows from was there. Offsets are that clock minus the recorder's, in milliseconds.
 *
 * Both bounds only ever narrow. Each step is kept with the number of rows at that moment, so that a story that was completed in
 * mid-run is told from what was known then, also when it is written anew from the whole recording.
 */

/** Where the offset of a clock lies. Without a bound on one side it is infinite. */
export interface ClockInterval {
  readonly least: number;
  readonly most: number;
}

export const UNBOUNDED: ClockInterval = { least: -Infinity, most: Infinity };

interface Step {
  readonly row: number;
  readonly value: number;
}

/** A bound moves by a millisecond or not at all: a clock that drifts takes a step per millisecond, not one per line. */
const STEP_MS = 1;
/** A watch that is up to so much late makes a clock look that much behind. */
const WATCH_DELAY_MS = 500;

export interface ClockBoundsState {
  readonly least: readonly Step[];
  readonly most: readonly Step[];
}

export class ClockBounds {
  readonly #least: Step[];
  readonly #most: Step[];

  constructor({ least, most }: ClockBoundsState = { least: [], most: [] }) {
    this.#least = [...least];
    this.#most = [...most];
  }

  state(): ClockBoundsState {
    return { least: this.#least, most: this.#most };
  }

  /** A time of the clock arrived at `arrival`, which is a whole millisecond: anywhere in the one that it begins. */
  heard(time: number, arrival: number, row: number): void {
    const offset = time - (arrival + 1);
    const last = this.#least.at(-1);
    if (last === undefined || offset >= last.value + STEP_MS) this.#least.push({ row, value: offset });
  }

  /** Something that the clock gives `time` at the latest came after `earlier` of the recorder's clock. */
  followed(time: number, earlier: number, row: number): void {
    const offset = time - earlier;
    const last = this.#most.at(-1);
    if (last === undefined || offset <= last.value - STEP_MS) this.#most.push({ row, value: offset });
  }

  /** By what was known before row `until`. */
  interval(until: number): ClockInterval {
    return { least: valueAt(this.#least, until) ?? -Infinity, most: valueAt(this.#most, until) ?? Infinity };
  }
}

/** The largest error that times of the clock can have after `offset` was taken off; infinite where a bound is missing. */
export function errorAfter({ least, most }: ClockInterval, offset: number): number {
  return Math.ceil(Math.max(offset - least, most - offset, 0));
}

/**
 * What is taken off the clock's times: nothing while zero lies in the interval, for then nobody can tell the two clocks apart.
 * Else the lower bound: the fastest of all arrivals came, as a rule, within some milliseconds.
 */
export function provenOffset({ least, most }: ClockInterval): number {
  const isAhead = least > 0;
  const isBehind = most < -WATCH_DELAY_MS && least !== -Infinity;
  return isAhead || isBehind ? Math.ceil(least) : 0;
}

function valueAt(steps: readonly Step[], until: number): number | undefined {
  return steps.findLast(({ row }) => row < until)?.value;
}

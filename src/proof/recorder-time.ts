/**
 * Which moments of virtual time the times of a recording stand for, when the wall clock was set meanwhile: the rule of
 * docs/FORMAT.md ("Times"), told a second time and apart from the recorder that it judges.
 */
import type { IsoTime } from "../record/index.ts";
import type { WallStep } from "./process-clock.ts";

/** From `at` (virtual milliseconds) on times show `shown` (since 1970), and `pace` milliseconds more for each that passes. */
export interface Stretch {
  readonly at: number;
  readonly shown: number;
  readonly pace: number;
}

/** A run of the recorder opens its recording: its times go on behind `earlier`, the last time that stands there. */
export interface Opening {
  readonly at: number;
  readonly earlier: number | undefined;
}

const PACE_AHEAD = 0.9;
const AHEAD_MAX_MS = 24 * 3_600_000;

/** Times from the first step on; there is always a first one. */
export function stretchesOf(steps: readonly WallStep[], openings: readonly Opening[]): readonly Stretch[] {
  const events = [...steps.map((step) => ({ at: step.at, step })), ...openings.map((opening) => ({ at: opening.at, opening }))];
  const stretches: Stretch[] = [];
  let offset = steps[0]?.offset ?? 0;
  // A step that a new process finds came before it opened anything.
  for (const event of events.sort((a, b) => a.at - b.at || Number("opening" in a) - Number("opening" in b))) {
    const isOpening = "opening" in event;
    const wall = event.at + (isOpening ? offset : (offset = event.step.offset));
    const reached = isOpening ? taken(event.opening.earlier, wall) : timeAt(stretches, event.at);
    while ((stretches.at(-1)?.at ?? -1) > event.at) stretches.pop();
    if (reached === undefined || reached <= wall) stretches.push({ at: event.at, shown: wall, pace: 1 });
    else {
      const meets = event.at + (reached - wall) / (1 - PACE_AHEAD);
      stretches.push({ at: event.at, shown: reached, pace: PACE_AHEAD }, { at: meets, shown: meets + offset, pace: 1 });
    }
  }
  return stretches;
}

/** The moments at which a time was shown: the first and the last of them. */
export function elapsedOf(time: IsoTime, stretches: readonly Stretch[]): readonly [number, number] {
  const shown = Date.parse(time);
  const moments = stretches.flatMap(({ at, shown: from, pace }, index) => {
    const until = stretches[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    // Records are written in whole milliseconds.
    const moment = at + (shown - from) / pace;
    return moment >= at - 2 && moment <= until ? [Math.max(at, moment)] : [];
  });
  if (moments.length > 0) return [Math.min(...moments), Math.max(...moments)];
  // A time that the clock jumped over stands for the moment of the jump.
  const jump = stretches.find(({ shown: from }) => from > shown)?.at ?? 0;
  return [jump, jump];
}

function taken(earlier: number | undefined, wall: number): number | undefined {
  return earlier === undefined || earlier - wall > AHEAD_MAX_MS ? undefined : earlier;
}

function timeAt(stretches: readonly Stretch[], moment: number): number | undefined {
  const stretch = stretches.findLast(({ at }) => at <= moment);
  return stretch === undefined ? undefined : stretch.shown + (moment - stretch.at) * stretch.pace;
}

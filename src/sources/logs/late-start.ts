/**
 * A log that is read for the first time when its first file may have been rotated away: the API shows the newest file only and
 * does not say that there was another. A file that begins long after the container did, and is written so fast that as much time
 * before it fills another, tells.
 */
import type { InstanceSight } from "./instances.ts";
import { type Leap, LEAP_S, UNROTATED_BYTES } from "./lag.ts";
import type { LogItem } from "./log-item.ts";
import { type ContainerLogOptions, type InstanceLog, msOf } from "./reading.ts";

/** What an aligner knows of the lines read so far. */
interface Begun {
  readonly first: { readonly second: number } | undefined;
  /** Second of the newest line. */
  readonly newest: number | undefined;
  readonly bytes: number;
}

export class LateStart {
  readonly #from: number;
  readonly #openedSecond: number;

  /** Seconds since 1970: `from` when the log should begin, `openedSecond` when it was asked for. A line of later was not missed. */
  constructor(from: number, openedSecond: number) {
    this.#from = from;
    this.#openedSecond = openedSecond;
  }

  /** True when the first line was written as the log should begin. */
  isWhole({ first }: Begun): boolean {
    return first !== undefined && first.second - this.#from <= LEAP_S;
  }

  /** True when what comes now can tell no more. */
  isOver({ newest = this.#from }: Begun): boolean {
    return newest > this.#openedSecond + 1;
  }

  /** What was rotated away before the first line, as far as can be told by now. */
  missed({ first, newest, bytes }: Begun): Leap | undefined {
    if (first === undefined || newest === undefined || first.second > this.#openedSecond + 1) return undefined;
    const before = first.second - this.#from;
    const isFilled = (bytes / (newest - first.second + 1)) * before >= UNROTATED_BYTES;
    return before > LEAP_S && isFilled ? { fromSecond: this.#from, toSecond: first.second } : undefined;
  }
}

/** Second from which on the log of an instance is wanted: of one that ran before the recording began, from there. */
export function beginOf({ from }: Pick<ContainerLogOptions, "from">, { startedAt }: InstanceSight): number | undefined {
  const started = msOf(startedAt);
  return started === undefined ? undefined : Math.floor(Math.max(started, from?.startedBefore ?? started) / 1_000);
}

export function missedStart({ stream }: InstanceLog, { fromSecond, toSecond }: Leap): LogItem {
  const detail = `${stream} was rotated before it could be read for the first time`;
  return { item: "log-gap", cause: "rotation", detail, from: fromSecond * 1_000, to: toSecond * 1_000 + 999 };
}

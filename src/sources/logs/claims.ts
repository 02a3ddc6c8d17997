/**
 * To which instance of a container a log belongs. The log API names none: it answers with what the kubelet takes for the
 * current or the previous one at that moment, and the status that an API server shows can be older. Two facts decide. What is
 * asked for after an instance was seen is its log or a newer one's, never an older one's. And logs that begin with the same
 * line, whose time has nanoseconds, are the same log.
 */
import type { Aligner } from "./align.ts";
import { lineInstant } from "./log-line.ts";
import { type Begun, type InstanceLog, msOf, placeOfSecond, type Reading } from "./reading.ts";

export type Claim =
  | { readonly claim: "own" }
  /** It is the log of a newer instance, which has it already. */
  | { readonly claim: "other" }
  /** What was taken for the log of `with`, an older instance, is this one's: the two have changed streams. */
  | { readonly claim: "swapped"; readonly with: Reading };

/** Decides on the first line of a log that was asked for as `log`, of which nothing was read so far. */
export function claimLog(readings: Iterable<Reading>, { reading }: InstanceLog, first: Buffer): Claim {
  for (const other of readings) {
    if (other === reading || !beginsWith(other.log.aligner, first)) continue;
    if (other.sight.restartCount > reading.sight.restartCount) return { claim: "other" };
    swapLogs(reading, other);
    return { claim: "swapped", with: other };
  }
  return { claim: "own" };
}

/** Gives each of two instances the stream of the other. */
export function swapLogs(one: Reading, other: Reading): void {
  const { stream, aligner } = one.log;
  one.log = { ...other.log, reading: one };
  other.log = { reading: other, stream, aligner };
  one.isProven = false;
  other.isProven = false;
}

/** Of the newer instances, the one whose lines were read as `log`, going by their time. It has no lines of its own yet. */
export function newerOwner(readings: Iterable<Reading>, { reading, aligner }: InstanceLog): Reading | undefined {
  const second = aligner.first?.second ?? 0;
  const newer = [...readings].filter(
    ({ sight, log }) => sight.restartCount > reading.sight.restartCount && log.aligner.lines === 0,
  );
  return newer.find(({ sight }) => placeOfSecond(sight, second) === "within") ?? newer[0];
}

/**
 * The older instances, newest first, whose lines may as well be those of the one after each, up to `reading`, of which none could be
 * read: both ran when the first of them was written, as far as the whole seconds of a status tell. That `previous` shows them is no
 * proof: the kubelet may have been further than the status by then.
 */
export function olderInDoubt(readings: Iterable<Begun>, { sight }: Begun): readonly Begun[] {
  const older = [...readings].filter((each) => each.sight.restartCount < sight.restartCount);
  const doubted: Begun[] = [];
  let next = sight;
  for (const each of older.toSorted((a, b) => b.sight.restartCount - a.sight.restartCount)) {
    const { firstSecond } = each;
    if (firstSecond === undefined || beganInTime(each) || placeOfSecond(next, firstSecond) !== "within") break;
    doubted.push(each);
    next = each.sight;
  }
  return doubted;
}

/** True unless a newer instance began to write before what was read as the log of `reading` begins: they run one after another. */
export function isInOrder(readings: Iterable<Reading>, { sight, log }: Reading): boolean {
  const begin = instantOf(log.aligner);
  const newer = [...readings].filter((each) => each.sight.restartCount > sight.restartCount);
  return begin === undefined || newer.every((each) => (instantOf(each.log.aligner) ?? begin) >= begin);
}

function instantOf({ first }: Aligner): number | undefined {
  return first === undefined ? undefined : lineInstant(first.line);
}

/** True when what was read of an instance is its log, unless the kubelet was ahead of the status at every look. */
export function isOwn(reading: Reading): boolean {
  if (reading.firstSecond === undefined || reading.isProven) return reading.isProven;
  return reading.sight.finishedAt === undefined ? !reading.superseded : beganInTime(reading);
}

/** True when the lines of an instance begin before it had ended: no later one had begun then. */
export function beganInTime({ sight, firstSecond }: Begun): boolean {
  const finished = msOf(sight.finishedAt);
  return firstSecond !== undefined && finished !== undefined && firstSecond * 1_000 < finished;
}

/** True when `first` is the line with which the lines of `aligner` begin. */
export function beginsWith({ first: known }: Aligner, first: Buffer): boolean {
  return known !== undefined && first.subarray(0, known.line.length).equals(known.line);
}

/** The same of an answer that may have been cut in its first line; `undefined` where not even the line's time is left. */
export function beginsLike({ first: known }: Aligner, fragment: Buffer): boolean | undefined {
  if (lineInstant(fragment) === undefined) return undefined;
  const length = Math.min(fragment.length, known?.line.length ?? 0);
  return known !== undefined && fragment.subarray(0, length).equals(known.line.subarray(0, length));
}

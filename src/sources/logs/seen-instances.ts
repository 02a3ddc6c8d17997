/**
 * The instances of one container that its pod's status has shown, those of them that wait to be read, and who of them a log
 * belongs to.
 */
import { Aligner } from "./align.ts";
import { beganInTime, claimLog, isInOrder, newerOwner, olderInDoubt, swapLogs } from "./claims.ts";
import type { ContainerSight, InstanceSight } from "./instances.ts";
import type { LogItem } from "./log-item.ts";
import {
  type Begun,
  type ContainerLogOptions,
  endOfSecond,
  type InstanceLog,
  instanceOf,
  type Instances,
  msOf,
  Reading,
} from "./reading.ts";

/** Instances of which no version of the pod was seen. */
interface LostInstances {
  readonly count: number;
  readonly after: Reading | undefined;
  readonly before: InstanceSight;
}

/** As many instances in a row as may have been taken for the ones before them. */
const PAST_MAX = 8;

export class SeenInstances implements Instances {
  readonly #options: ContainerLogOptions;
  readonly #onUnread: () => void;
  readonly #known = new Map<string, Reading>();
  /** Those of which nothing can be asked any more, the last few. */
  readonly #past: Begun[] = [];
  #newest: Reading | undefined;
  /** The newest instance has ended and the container waits to be restarted. */
  #isDown = false;
  #unread: Reading[] = [];
  #lost: LostInstances[] = [];

  /** `onUnread` is called when an instance that was read is to be read again. */
  constructor(options: ContainerLogOptions, onUnread: () => void) {
    this.#options = options;
    this.#onUnread = onUnread;
  }

  see({ current, last }: ContainerSight): void {
    if (last !== undefined) this.#seeInstance(last, current !== undefined);
    if (current !== undefined) this.#seeInstance(current, false);
    this.#isDown = current === undefined;
  }

  /** Instances that nobody reads yet. Whoever takes them does, and says when it is done by `isActive`. */
  takeUnread(): readonly Reading[] {
    return this.#unread.splice(0);
  }

  /** The gaps of instances that were never seen. */
  takeLost(): readonly LogItem[] {
    return this.#lost.splice(0).map((lost) => this.#instancesLost(lost));
  }

  bound({ log, sight }: Reading): LogItem {
    return { item: "stream-bound", stream: log.stream, instance: instanceOf(this.#options, sight) };
  }

  claim(log: InstanceLog, first: Buffer): ReturnType<Instances["claim"]> {
    const found = claimLog(this.#known.values(), log, first);
    if (found.claim !== "swapped") return { claim: found.claim, items: [] };
    // Its stream was another instance's, so its own log has not been read.
    found.with.viaPrevious = true;
    this.#enqueue(found.with);
    this.#onUnread();
    return { claim: "swapped", items: [this.bound(log.reading), this.bound(found.with)] };
  }

  giveAway(log: InstanceLog): readonly LogItem[] | undefined {
    const owner = newerOwner(this.#known.values(), log);
    if (owner === undefined) return undefined;
    swapLogs(owner, log.reading);
    this.#enqueue(owner);
    this.#onUnread();
    return [this.bound(owner), this.bound(log.reading)];
  }

  isPreviousNewer({ reading }: InstanceLog): boolean {
    return this.#isDown && reading !== this.#newest;
  }

  /** False when what was read of an instance begins after a newer one does: it is the log of one that is newer still. */
  isInOrder(reading: Reading): boolean {
    return isInOrder(this.#known.values(), reading);
  }

  /** The older instances of which nothing proves that their lines are not those of the next ones, up to `reading`. */
  inDoubtWith(reading: Reading): readonly Begun[] {
    return olderInDoubt([...this.#known.values(), ...this.#past], reading);
  }

  #seeInstance(sight: InstanceSight, viaPrevious: boolean): void {
    const known = this.#known.get(sight.containerId);
    if (known !== undefined) {
      known.sight = { ...known.sight, ...sight, ended: known.sight.ended || sight.ended };
      return;
    }
    const newest = this.#newest?.sight.restartCount ?? -1;
    if (sight.restartCount < newest) return;
    for (const [id, older] of this.#known) {
      // Nothing can be asked about it any more. A container may crash for weeks.
      if (older.isPast && !older.isActive) this.#forget(id, older);
      older.isPast ||= older.superseded;
      older.superseded = true;
    }
    const missed = sight.restartCount - newest - 1;
    // A container that had restarted before Faro looked is not a loss: only `lastState` of it is still to be had.
    const isFollowed = newest >= 0 || this.#options.bornAt !== undefined;
    if (isFollowed && missed > 0) this.#lost.push({ count: missed, after: this.#newest, before: sight });
    const reading = this.#readingOf(sight, viaPrevious);
    this.#newest = reading;
    this.#known.set(sight.containerId, reading);
    if (this.#options.recorded.get(sight.containerId)?.ended !== true) this.#enqueue(reading);
  }

  #forget(id: string, { sight, firstSecond, isDoubted }: Reading): void {
    this.#known.delete(id);
    this.#past.push({ sight, firstSecond, isDoubted });
    if (this.#past.length > PAST_MAX) this.#past.shift();
  }

  #readingOf(sight: InstanceSight, viaPrevious: boolean): Reading {
    const { recorded, podUid, container } = this.#options;
    const earlier = recorded.get(sight.containerId);
    const log = {
      stream: earlier?.stream ?? `${podUid}/${container}/${sight.restartCount}`,
      aligner: earlier?.aligner ?? new Aligner(),
    };
    return new Reading(sight, log, viaPrevious);
  }

  #enqueue(reading: Reading): void {
    if (reading.isActive) return;
    reading.isActive = true;
    this.#unread.push(reading);
  }

  /** Until then nothing is missing of an instance and those before it: what is read as its log may be the log of one after it. */
  #certainUntil(reading: Reading): number | undefined {
    const { startedAt, finishedAt } = reading.sight;
    if (beganInTime(reading)) return msOf(finishedAt);
    return msOf(this.inDoubtWith(reading).at(-1)?.sight.startedAt ?? startedAt);
  }

  /** They ran between the instance that was seen before and the one that was seen next. */
  #instancesLost({ count, after, before }: LostInstances): LogItem {
    const detail = `${count} instance${count === 1 ? "" : "s"} of ${this.#options.container} ended between two looks at the pod`;
    return {
      item: "log-gap",
      cause: "instance-lost",
      detail,
      from: after === undefined ? this.#options.bornAt : this.#certainUntil(after),
      to: endOfSecond(before.startedAt),
    };
  }
}

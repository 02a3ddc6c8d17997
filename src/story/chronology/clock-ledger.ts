/**
 * The clocks that write times into a recording, besides the recorder's: one of each Node (log lines, starts and ends of
 * containers, the kubelet's Events) and one of the control plane (`creationTimestamp`, the controllers' Events). What is heard
 * of them is folded into bounds of their offsets; what a pod, a log or an Event is worth as evidence is decided here.
 */
import { LongList } from "../../base/index.ts";
import { type LifecycleRecord, type ObjectRecord, parseTimestamp } from "../../record/index.ts";
import type { Subject } from "../subjects.ts";
import { ClockBounds, type ClockBoundsState, type ClockInterval, UNBOUNDED } from "./clock-bounds.ts";

/** `node/<name>`, or `control-plane`. */
export type ClockName = string;

export const CONTROL_PLANE = "control-plane";

export function nodeClock(node: string): ClockName {
  return `node/${node}`;
}

/** Seconds that are written whole mean some moment within them. */
const REST_OF_SECOND_MS = 999;
/** An arrival that is so much slower than the fastest one says nothing about when its object came to be. */
const LATE_MS = 2_000;
/** The recorder's own clock was set back when a later arrival bears a time so much earlier. */
const STEP_BACK_MS = 1_000;

const CONTROLLER: RegExp = /^(default-scheduler|kube-controller-manager|horizontal-pod-autoscaler|[a-z-]+-controller)$/;

/** Whose clock a Kubernetes Event's time is of, as far as its reporter tells; `kubelet` stands for the pod's Node. */
export function reporterOf(component: string): "kubelet" | "control-plane" | undefined {
  if (component === "kubelet") return "kubelet";
  return CONTROLLER.test(component) ? CONTROL_PLANE : undefined;
}

export interface ClockLedgerState {
  readonly bounds: Iterable<readonly [clock: ClockName, bounds: ClockBoundsState]>;
  readonly last: { readonly seq: number; readonly at: number };
  readonly steppedAt: number;
}

export class ClockLedger {
  readonly #bounds = new Map<ClockName, ClockBounds>();
  #last = { seq: 0, at: Number.NEGATIVE_INFINITY };
  /** Row at which the recorder's own clock was set back: from there on nothing can be told of any other. */
  #steppedAt = Number.POSITIVE_INFINITY;

  state(): ClockLedgerState {
    const bounds = LongList.of(this.#bounds, ([clock, each]) => [clock, each.state()] as const);
    return { bounds, last: this.#last, steppedAt: this.#steppedAt };
  }

  restore({ bounds, last, steppedAt }: ClockLedgerState): void {
    for (const [clock, each] of bounds) this.#bounds.set(clock, new ClockBounds(each));
    this.#last = last;
    this.#steppedAt = steppedAt;
  }

  /** Takes the number and the moment of any arrival. */
  noteArrival(seq: number, at: number, row: number): void {
    if (seq <= this.#last.seq) return;
    if (at < this.#last.at - STEP_BACK_MS) this.#steppedAt = Math.min(this.#steppedAt, row);
    this.#last = { seq, at };
  }

  /** What was known of a clock before row `until`. */
  interval(clock: ClockName, until: number): ClockInterval {
    return this.#steppedAt < until ? UNBOUNDED : (this.#bounds.get(clock)?.interval(until) ?? UNBOUNDED);
  }

  /** A time of the clock arrived. `arrival`, in all methods: milliseconds since 1970, of the recorder. */
  heard(clock: ClockName, time: number, arrival: number, row: number): void {
    this.#boundsOf(clock).heard(time, arrival, row);
  }

  /** Something on the pod's Node bears `time` at the latest: not before the pod was bound to it. */
  followedBinding({ times }: Subject, time: number, row: number): void {
    if (times?.node === undefined || times.boundAt === undefined) return;
    this.#boundsOf(nodeClock(times.node)).followed(time, times.boundAt, row);
  }

  /** An object was made just now, says its watch. */
  created(subject: Subject, record: ObjectRecord, arrival: number, row: number): void {
    const written = creationTime(record.raw);
    if (written === undefined) return;
    const clock = this.#boundsOf(CONTROL_PLANE);
    clock.heard(written, arrival, row);
    const fastest = -clock.interval(Number.POSITIVE_INFINITY).least;
    subject.isPrompt = arrival - written <= fastest + LATE_MS;
    for (const owner of subject.owners) {
      if (owner.isPrompt && owner.known !== undefined)
        clock.followed(written + REST_OF_SECOND_MS, Date.parse(owner.known.firstSeen), row);
    }
  }

  /** A container started or ended, says the pod's status. */
  transition(subject: Subject, record: LifecycleRecord, arrival: number, row: number): void {
    const node = subject.times?.node;
    if (node === undefined) return;
    for (const written of [record.startedAt, record.finishedAt]) {
      const time = written === undefined ? undefined : parseTimestamp(written);
      if (time === undefined) continue;
      this.heard(nodeClock(node), time, arrival, row);
      this.followedBinding(subject, time + REST_OF_SECOND_MS, row);
    }
  }

  #boundsOf(clock: ClockName): ClockBounds {
    const known = this.#bounds.get(clock);
    if (known !== undefined) return known;
    const bounds = new ClockBounds();
    this.#bounds.set(clock, bounds);
    return bounds;
  }
}

const CREATED = Buffer.from('"creationTimestamp":"');

/**
 * `metadata.creationTimestamp`. A quoted name cannot stand in a text without its quotes escaped; in templates the value is
 * null.
 */
function creationTime(raw: Buffer): number | undefined {
  const at = raw.indexOf(CREATED);
  if (at === -1) return undefined;
  const start = at + CREATED.length;
  return parseTimestamp(raw.toString("latin1", start, raw.indexOf(0x22, start)));
}

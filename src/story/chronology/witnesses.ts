/**
 * Reads records for what they say about clocks and about the order of things, as they come: whose transitions a row tells,
 * which rows are a container's start and end, what an Event is about. Nothing is decided here; `story-order.ts` decides when a
 * story is written.
 */
import { isoMs, LongList } from "../../base/index.ts";
import { type LifecycleRecord, type LogRecord, type ObjectRecord, parseTimestamp } from "../../record/index.ts";
import { NO_ROW } from "../columns.ts";
import type { LogStream } from "../log-streams.ts";
import type { Subject, Subjects } from "../subjects.ts";
import { eventMoment } from "../timeline.ts";
import { ClockLedger, type ClockLedgerState, type ClockName, nodeClock, reporterOf } from "./clock-ledger.ts";
import { arrivalOf, arrived, beginningTold, lastTransition, newPodTimes, transitionTold } from "./pod-times.ts";

/** Rows of the start and the end of one run of a container. */
export interface ContainerRun {
  started: number;
  ended: number;
}

/** Transitions that the kubelet dates, when they are read from a pod that was there before the recording. */
const DATED: ReadonlySet<string> = new Set(["initialized", "ready", "container-ready"]);

export interface WitnessesState {
  readonly ledger: ClockLedgerState;
  readonly runs: Iterable<readonly [containerId: string, run: ContainerRun]>;
}

export class Witnesses {
  readonly ledger: ClockLedger = new ClockLedger();
  readonly #subjects: Subjects;
  readonly #runs = new Map<string, ContainerRun>();

  constructor(subjects: Subjects) {
    this.#subjects = subjects;
  }

  state(): WitnessesState {
    return { ledger: this.ledger.state(), runs: new LongList(this.#runs) };
  }

  restore({ ledger, runs }: WitnessesState): void {
    this.ledger.restore(ledger);
    for (const [containerId, run] of runs) this.#runs.set(containerId, run);
  }

  subject(uid: string): Subject | undefined {
    return this.#subjects.find(uid);
  }

  run(containerId: string): ContainerRun | undefined {
    return this.#runs.get(containerId);
  }

  /** The pod's transitions that follow are of this version. */
  podVersion(subject: Subject, record: ObjectRecord): void {
    subject.times ??= newPodTimes();
    arrived(subject.times, isoMs(record.at));
  }

  /** A version is told in `row`; `isFirst`: of this object no other was. */
  version(subject: Subject, record: ObjectRecord, { row, isFirst }: { readonly row: number; readonly isFirst: boolean }): void {
    if (isFirst) this.#first(subject, record, row);
    if (record.kubeEvent?.time === undefined || record.change === "DELETED") return;
    const moment = eventMoment(record.kubeEvent.time);
    const clock = clockOf(subject);
    if (moment === undefined || clock === undefined) return;
    this.ledger.heard(clock, moment.earliest, isoMs(record.at), row);
    if (subject.about?.reporter === "kubelet" && subject.about.subject !== undefined)
      this.ledger.followedBinding(subject.about.subject, moment.latest, row);
  }

  /**
   * The transition before this one of the same container or pod, with its time, and what the Node's clock says of this one. To be
   * called before its row is added.
   */
  transition(
    subject: Subject,
    record: LifecycleRecord,
  ): { readonly latest: number; readonly row: number; readonly own: number | undefined } {
    const times = (subject.times ??= newPodTimes());
    if (record.node !== undefined) times.node ??= this.#subjects.shared(record.node);
    const { latest, row } = lastTransition(times, record.container ?? "");
    return { latest, row, own: ownTime(record, arrivalOf(times)) };
  }

  /** The transition is told in `row`. */
  transitionTold(
    subject: Subject,
    record: LifecycleRecord,
    { time, row }: { readonly time: number; readonly row: number },
  ): void {
    const { times } = subject;
    if (times === undefined) return;
    transitionTold(times, record.container ?? "", { time, row }, (list) => this.#subjects.sharedList(list));
    if (record.action === "created" || record.action === "scheduled") beginningTold(times, row);
    if (record.action === "scheduled" && subject.isPrompt) times.boundAt ??= Date.parse(record.time);
    this.ledger.transition(subject, record, isoMs(record.at), row);
    if (record.containerId === undefined) return;
    if (record.action === "container-started") this.#runOf(record.containerId).started = row;
    if (record.action === "container-terminated") this.#runOf(record.containerId).ended = row;
  }

  /** A block is told in `row`; `first` is the time of its first line, if that bears one. */
  lines(
    stream: LogStream,
    record: LogRecord,
    { row, first }: { readonly row: number; readonly first: number | undefined },
  ): void {
    const pod = stream.instance === undefined ? undefined : this.#subjects.find(stream.instance.podUid);
    const node = pod?.times?.node;
    if (pod === undefined || node === undefined || first === undefined) return;
    // The newest line came last: the block counts as arrived when it was whole.
    this.ledger.heard(nodeClock(node), stream.time.latest, isoMs(record.at), row);
    this.ledger.followedBinding(pod, first, row);
  }

  #first(subject: Subject, record: ObjectRecord, row: number): void {
    subject.firstRow = row;
    if (record.owners !== undefined) subject.owners = this.#subjects.owners(record.owners);
    if (record.kubeEvent !== undefined) {
      const { involved, component } = record.kubeEvent;
      subject.about = {
        subject: involved.uid === undefined || involved.kind === "Node" ? undefined : this.#subjects.ensure(involved.uid),
        node: involved.kind === "Node" ? involved.name : undefined,
        reporter: reporterOf(component),
      };
    }
    if (record.change === "ADDED" && record.observedBy === "watch") this.ledger.created(subject, record, isoMs(record.at), row);
  }

  #runOf(containerId: string): ContainerRun {
    const known = this.#runs.get(containerId);
    if (known !== undefined) return known;
    const run = { started: NO_ROW, ended: NO_ROW };
    this.#runs.set(containerId, run);
    return run;
  }
}

/** Whose clock the times of a Kubernetes Event are of; undefined where nobody knows. */
export function clockOf({ about }: Subject): ClockName | undefined {
  if (about?.reporter !== "kubelet") return about?.reporter;
  const node = about.node ?? about.subject?.times?.node;
  return node === undefined ? undefined : nodeClock(node);
}

/** Milliseconds since 1970 by the Node's clock; an end is put at the end of its second, as `normalise/pod-lifecycle.ts` does. */
function ownTime(record: LifecycleRecord, arrival: number): number | undefined {
  if (record.action === "container-started") return parseTimestamp(record.startedAt ?? "");
  if (record.action === "container-terminated") return eventMoment(record.finishedAt ?? "")?.latest;
  const time = Date.parse(record.time);
  return DATED.has(record.action) && time < arrival ? time : undefined;
}

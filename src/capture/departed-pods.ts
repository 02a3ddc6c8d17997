/**
 * Pods whose deletion was recorded before their logs were read to the end: because their owner became known only afterwards, or
 * because the recorder died between. Their logs are asked for once more, so that a gap says what the server no longer has.
 */
import { LongList } from "../base/index.ts";
import type { FaroRecord, ObjectRecord } from "../record/index.ts";
import { containersOf, type ContainerSight } from "../sources/index.ts";
import { logScope } from "./log-recorder.ts";

/** A deleted pod with what its last version said of its containers. */
export interface DepartedPod {
  readonly namespace: string;
  readonly name: string;
  readonly sights: readonly ContainerSight[];
}

/** Owners become known within seconds of what they own; older ones make room. */
const DEPARTED_MAX = 1_000;

/** Deleted pods that nobody asked for yet, by uid. */
export class DepartedPods {
  readonly #pods = new Map<string, DepartedPod>();

  remember(uid: string, pod: DepartedPod): void {
    if (pod.sights.length === 0) return;
    this.#pods.set(uid, pod);
    const [oldest] = this.#pods.keys();
    if (this.#pods.size > DEPARTED_MAX && oldest !== undefined) this.#pods.delete(oldest);
  }

  take(uid: string): DepartedPod | undefined {
    const pod = this.#pods.get(uid);
    this.#pods.delete(uid);
    return pod;
  }
}

export interface UnreadLogsState {
  readonly departed: Iterable<readonly [uid: string, pod: DepartedPod]>;
  readonly told: Iterable<readonly [uid: string, scopes: ReadonlySet<string>]>;
}

/** The deleted pods whose logs a recording neither holds to the end nor calls unreadable. */
export class UnreadLogs {
  readonly #departed = new Map<string, DepartedPod>();
  /** By pod, the scopes of logs for which a gap says that they could not be read. */
  readonly #told = new Map<string, Set<string>>();

  state(): UnreadLogsState {
    return { departed: new LongList(this.#departed), told: new LongList(this.#told) };
  }

  restore({ departed, told }: UnreadLogsState): void {
    for (const [uid, pod] of departed) this.#departed.set(uid, pod);
    for (const [uid, scopes] of told) this.#told.set(uid, new Set(scopes));
  }

  /** Takes the next record; those that are no gap of a log are passed over. */
  accept(record: FaroRecord): void {
    if (record.type !== "gap" || record.uid === undefined) return;
    if (record.cause !== "log-unavailable" && record.cause !== "instance-lost") return;
    const told = this.#told.get(record.uid) ?? new Set();
    this.#told.set(record.uid, told.add(record.scope));
  }

  /** The pod was deleted; `pod` is what its last version says. */
  depart(uid: string, pod: DepartedPod): void {
    this.#departed.set(uid, pod);
  }

  /** Nothing more will be said of a pod. */
  forget(uid: string): void {
    this.#departed.delete(uid);
    this.#told.delete(uid);
  }

  /** Those of `wanted` that are left over, by uid. `ended`: ids of containers whose log is recorded to its end. */
  result(wanted: ReadonlySet<string>, ended: ReadonlySet<string>): ReadonlyMap<string, DepartedPod> {
    const unread = [...this.#departed].map(([uid, pod]) => {
      const isTold = ({ container }: ContainerSight): boolean =>
        this.#told.get(uid)?.has(logScope({ podUid: uid, container })) === true;
      const sights = pod.sights.filter((sight) => !isTold(sight) && !isRead(sight, ended));
      return [uid, { ...pod, sights }] as const;
    });
    return new Map(unread.filter(([uid, { sights }]) => wanted.has(uid) && sights.length > 0));
  }
}

export function departedPod(record: ObjectRecord, parsed: unknown): DepartedPod {
  return { namespace: record.namespace ?? "", name: record.name, sights: containersOf(parsed) };
}

function isRead({ current, last }: ContainerSight, ended: ReadonlySet<string>): boolean {
  return [current, last].every((instance) => instance === undefined || ended.has(instance.containerId));
}

/**
 * Pods whose deletion was recorded before their logs were read to the end: because their owner became known only afterwards, or
 * because the recorder died between. Their logs are asked for once more, so that a gap says what the server no longer has.
 */
import type { FaroRecord, ObjectRecord } from "../record/index.ts";
import { containersOf, type ContainerSight, type RecordedLog } from "../sources/index.ts";
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

/** Finds in a recording the deleted pods whose logs it neither holds to the end nor calls unreadable. */
export class UnreadLogs {
  readonly #departed = new Map<string, DepartedPod>();
  /** Scopes of logs for which a gap says that they could not be read. */
  readonly #told = new Set<string>();

  /** Takes the next record; `parsed` is the object of a pod's. */
  accept(record: FaroRecord, parsed: unknown): void {
    if (record.type === "gap" && (record.cause === "log-unavailable" || record.cause === "instance-lost"))
      this.#told.add(record.scope);
    else if (record.type === "object" && record.change === "DELETED") this.#departed.set(record.uid, departedPod(record, parsed));
  }

  /** Those of `wanted` that are left over, by uid. `logs` are the recorded instances by container id. */
  result(wanted: ReadonlySet<string>, logs: ReadonlyMap<string, RecordedLog>): ReadonlyMap<string, DepartedPod> {
    const unread = [...this.#departed].map(([uid, pod]) => {
      const isTold = ({ container }: ContainerSight): boolean => this.#told.has(logScope({ podUid: uid, container }));
      const sights = pod.sights.filter((sight) => !isTold(sight) && !isRead(sight, logs));
      return [uid, { ...pod, sights }] as const;
    });
    return new Map(unread.filter(([uid, { sights }]) => wanted.has(uid) && sights.length > 0));
  }
}

export function departedPod(record: ObjectRecord, parsed: unknown): DepartedPod {
  return { namespace: record.namespace ?? "", name: record.name, sights: containersOf(parsed) };
}

function isRead({ current, last }: ContainerSight, logs: ReadonlyMap<string, RecordedLog>): boolean {
  return [current, last].every((instance) => instance === undefined || logs.get(instance.containerId)?.ended === true);
}

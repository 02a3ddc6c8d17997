/**
 * Which pod came for which. A controller makes a new pod when one of its own is being deleted or has ended; no field says for
 * which one, so it is concluded: in a StatefulSet the name is the same, in a DaemonSet the node, elsewhere the one that has
 * been missing for the longest time.
 */
import type { IsoTime, LifecycleRecord, ObjectRecord, OwnerRef } from "../record/index.ts";
import type { Subject } from "./subjects.ts";

/** What is remembered of a pod for it. Pods of one controller have it in common as long as it counts them. */
export interface PodLife {
  readonly controller: string;
  readonly controllerKind: string;
  /** Arrival of the first word that its controller no longer counts it, milliseconds; infinite while it does. */
  readonly goneAt: number;
}

/** Takes a version of a pod; undefined for one without a controller. `under` gives the life of a pod that this controller counts. */
export function podLife(
  known: PodLife | undefined,
  record: ObjectRecord,
  under: (controller: OwnerRef) => PodLife,
): PodLife | undefined {
  const controller = known === undefined ? record.owners?.find((owner) => owner.controller === true) : undefined;
  const life = controller === undefined ? known : under(controller);
  return record.deleting === true || record.change === "DELETED" ? goneBy(life, record) : life;
}

/** Takes a transition of the pod. */
export function stepPodLife(life: PodLife | undefined, record: LifecycleRecord): PodLife | undefined {
  const isOver = record.action === "evicted" || (record.action === "phase-changed" && record.to === "Failed");
  return isOver ? goneBy(life, record) : life;
}

function goneBy(life: PodLife | undefined, { at }: { readonly at: IsoTime }): PodLife | undefined {
  const arrival = Date.parse(at);
  return life === undefined || life.goneAt <= arrival ? life : { ...life, goneAt: arrival };
}

/** Replacement and replaced, of the pods among these objects. */
export function replacements(members: readonly Subject[]): ReadonlyMap<Subject, Subject> {
  const pods = members
    .flatMap((subject) => (subject.pod === undefined || subject.known === undefined ? [] : [subject]))
    .sort((a, b) => seqOf(a) - seqOf(b));
  const byController = new Map<string, Subject[]>();
  for (const subject of pods) {
    const controller = subject.pod?.controller ?? "";
    const siblings = byController.get(controller);
    if (siblings === undefined) byController.set(controller, [subject]);
    else siblings.push(subject);
  }
  const found = new Map<Subject, Subject>();
  for (const siblings of byController.values()) pairUp(siblings, found);
  return found;
}

/** In the order of their creation each pod takes the place of a sibling that was gone by then. */
function pairUp(siblings: readonly Subject[], found: Map<Subject, Subject>): void {
  const gone = siblings.filter(({ pod }) => pod?.goneAt !== Number.POSITIVE_INFINITY).sort((a, b) => goneAt(a) - goneAt(b));
  for (const subject of siblings) {
    // A pod that was there before the recording may stand for any earlier one.
    if (subject.known?.firstChange !== "ADDED") continue;
    const born = Date.parse(subject.known.firstSeen);
    const at = gone.findIndex((other) => other !== subject && goneAt(other) <= born && canReplace(subject, other));
    if (at === -1) continue;
    const [replaced] = gone.splice(at, 1);
    if (replaced !== undefined) found.set(subject, replaced);
  }
}

function canReplace(subject: Subject, other: Subject): boolean {
  switch (subject.pod?.controllerKind) {
    case "StatefulSet":
      return subject.known?.name === other.known?.name;
    case "DaemonSet":
      return subject.times?.node !== undefined && subject.times.node === other.times?.node;
    default:
      return true;
  }
}

function seqOf(subject: Subject): number {
  return subject.known?.firstSeq ?? 0;
}

function goneAt(subject: Subject): number {
  return subject.pod?.goneAt ?? Number.POSITIVE_INFINITY;
}

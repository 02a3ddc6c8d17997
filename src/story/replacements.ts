/**
 * Which pod came for which. A controller makes a new pod when one of its own is being deleted or has ended; no field says for
 * which one, so it is concluded: in a StatefulSet the name is the same, in a DaemonSet the node, elsewhere the one that has
 * been missing for the longest time.
 */
import type { LifecycleRecord, ObjectRecord } from "../record/index.ts";
import type { Subject } from "./subjects.ts";

/** What is remembered of a pod for it. */
export interface PodLife {
  readonly controller: string;
  readonly controllerKind: string;
  /** Arrival of the first word that its controller no longer counts it, milliseconds; infinite while it does. */
  goneAt: number;
  node: string;
}

/** Takes a version of a pod; undefined for one without a controller. `sharedUid` gives the one copy of a uid. */
export function podLife(
  known: PodLife | undefined,
  record: ObjectRecord,
  sharedUid: (uid: string) => string,
): PodLife | undefined {
  const life = known ?? newPodLife(record, sharedUid);
  if (life !== undefined && (record.deleting === true || record.change === "DELETED"))
    life.goneAt = Math.min(life.goneAt, Date.parse(record.at));
  return life;
}

function newPodLife({ owners }: ObjectRecord, sharedUid: (uid: string) => string): PodLife | undefined {
  const owner = owners?.find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  return { controller: sharedUid(owner.uid), controllerKind: owner.kind, goneAt: Number.POSITIVE_INFINITY, node: "" };
}

/** Takes a transition of the pod. */
export function stepPodLife(life: PodLife | undefined, record: LifecycleRecord): void {
  if (life === undefined) return;
  if (record.action === "scheduled") life.node = record.node ?? life.node;
  const isOver = record.action === "evicted" || (record.action === "phase-changed" && record.to === "Failed");
  if (isOver) life.goneAt = Math.min(life.goneAt, Date.parse(record.at));
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
      return subject.pod.node !== "" && subject.pod.node === other.pod?.node;
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

/** How each pod of a story went: a sequence of phases, from its creation to its end. Folded event by event. */
import { field, textField } from "../base/index.ts";
import type { LifecycleEvent, StoryEvent } from "../story/index.ts";

export const POD_PHASES = ["pending", "pulling", "starting", "ready", "failing", "succeeded", "terminating", "gone"] as const;
export type PodPhase = (typeof POD_PHASES)[number];

/** From `at` (milliseconds) on the pod is in `phase`. */
export interface PhaseChange {
  readonly at: number;
  readonly phase: PodPhase;
}

export interface PodHistory {
  readonly uid: string;
  readonly name: string;
  /** In the order of time; never two of one phase in a row. */
  readonly phases: readonly PhaseChange[];
  readonly restarts: number;
}

interface Draft {
  readonly name: string;
  readonly phases: PhaseChange[];
  restarts: number;
  isDeleting: boolean;
}

export class PodPhases {
  readonly #pods = new Map<string, Draft>();

  accept(event: StoryEvent): void {
    if (event.event_type === "POD_LIFECYCLE") this.#transition(event);
    else if (event.event_type === "K8S_EVENT") this.#kubeEvent(event.data, Date.parse(event.timestamp));
  }

  /** The pods in the order in which they appeared. */
  pods(): readonly PodHistory[] {
    return [...this.#pods].map(([uid, { name, phases, restarts }]) => ({ uid, name, phases, restarts }));
  }

  #transition(event: LifecycleEvent): void {
    const pod = this.#pods.get(event.uid) ?? { name: event.name, phases: [], restarts: 0, isDeleting: false };
    this.#pods.set(event.uid, pod);
    pod.restarts = Math.max(pod.restarts, event.data.restart_count ?? 0);
    if (event.action === "deletion-requested") pod.isDeleting = true;
    const phase = phaseAfter(event);
    // A container that failed and waits for its next start makes its pod unready; what it is in is still that failure.
    if (event.action === "not-ready" && pod.phases.at(-1)?.phase === "failing") return;
    if (phase !== undefined) enter(pod, phase, Date.parse(event.timestamp));
  }

  #kubeEvent(data: unknown, at: number): void {
    const pod = this.#pods.get(textField(field(data, "involvedObject"), "uid") ?? "");
    const reason = textField(data, "reason");
    if (pod === undefined || pod.phases.at(-1)?.phase === "ready") return;
    if (reason === "Pulling") enter(pod, "pulling", at);
    else if (reason === "Pulled") enter(pod, "starting", at);
  }
}

/** A pod that is being deleted shows that until it is gone, whatever its containers still do. */
function enter(pod: Draft, phase: PodPhase, at: number): void {
  if (pod.isDeleting && phase !== "terminating" && phase !== "gone") return;
  if (pod.phases.at(-1)?.phase !== phase) pod.phases.push({ at, phase });
}

function phaseAfter({ action, data }: LifecycleEvent): PodPhase | undefined {
  switch (action) {
    case "created":
    case "scheduled":
      return "pending";
    case "initialized":
    case "container-started":
    case "not-ready":
      return "starting";
    case "ready":
      return "ready";
    case "container-waiting":
      return /BackOff|Err|Invalid|NeverPull/.test(data.reason ?? "") ? "failing" : undefined;
    case "container-terminated":
      return (data.exit_code ?? 0) === 0 ? undefined : "failing";
    case "phase-changed":
      return data.to === "Succeeded" ? "succeeded" : data.to === "Failed" ? "failing" : undefined;
    case "evicted":
      return "failing";
    case "deletion-requested":
      return "terminating";
    case "deleted":
      return "gone";
    default:
      return undefined;
  }
}

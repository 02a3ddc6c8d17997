/** How each pod of a story went: a sequence of phases, from its creation to its end. Folded event by event. */
import type { LifecycleEvent, PhaseChange, PodHistory, PodPhase } from "../document.ts";
import type { SeenEvent, SeenKubeEvent } from "./seen.ts";

interface Draft {
  readonly name: string;
  readonly phases: PhaseChange[];
  restarts: number;
  isDeleting: boolean;
}

export class PodPhases {
  readonly #pods = new Map<string, Draft>();

  accept(seen: SeenEvent): void {
    if (seen.event_type === "POD_LIFECYCLE") this.#transition(seen);
    else if (seen.event_type === "K8S_EVENT") this.#kubeEvent(seen);
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
    if (phase !== undefined) enter(pod, phase, event.timestamp);
  }

  #kubeEvent({ involved, reason, timestamp }: SeenKubeEvent): void {
    const pod = this.#pods.get(involved);
    if (pod === undefined || pod.phases.at(-1)?.phase === "ready") return;
    if (reason === "Pulling") enter(pod, "pulling", timestamp);
    else if (reason === "Pulled") enter(pod, "starting", timestamp);
  }
}

/** A pod that is being deleted shows that until it is gone, whatever its containers still do. */
function enter(pod: Draft, phase: PodPhase, from: string): void {
  if (pod.isDeleting && phase !== "terminating" && phase !== "gone") return;
  if (pod.phases.at(-1)?.phase !== phase) pod.phases.push({ from, phase });
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

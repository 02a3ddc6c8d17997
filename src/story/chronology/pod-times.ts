/**
 * What must be known of a pod to put its own clock's times among the others: where it runs, and when its transitions were told.
 */
import type { RunningTime } from "../timeline.ts";
import { NO_ROW } from "../columns.ts";

/** The transitions of one container, or of the pod as a whole. */
export interface TransitionStream extends RunningTime {
  lastRow: number;
}

export interface PodTimes {
  node: string | undefined;
  /** Arrival of the version that was told last. */
  arrival: number;
  /** When a watch, being up to date, showed that the pod was bound to its Node: nothing on that Node is earlier. */
  boundAt: number | undefined;
  /** Rows of its creation and of its binding. */
  beginnings: readonly number[];
  /** By name of the container, "" for the pod. */
  readonly streams: Map<string, TransitionStream>;
}

export function newPodTimes(): PodTimes {
  return { node: undefined, arrival: Number.NEGATIVE_INFINITY, boundAt: undefined, beginnings: [], streams: new Map() };
}

/** The stream of a container's transitions. */
export function transitionsOf(pod: PodTimes, container: string): TransitionStream {
  const known = pod.streams.get(container);
  if (known !== undefined) return known;
  const stream = { latest: Number.NEGATIVE_INFINITY, lastRow: NO_ROW };
  pod.streams.set(container, stream);
  return stream;
}

/**
 * What must be known of a pod to put its own clock's times among the others: where it runs, and when its transitions were told. One
 * for each pod that lives, so it is numbers in a row.
 */
import { NO_ROW } from "../columns.ts";

export interface PodTimes {
  node: string | undefined;
  /** When a watch, being up to date, showed that the pod was bound to its Node: nothing on that Node is earlier. */
  boundAt: number | undefined;
  /** Whose transitions were told, in the order of the first: containers by name, "" for the pod. Most pods have this list in common. */
  streams: readonly string[];
  /**
   * The arrival of the version that was told last; how many rows tell of the pod's creation and its binding, and these; then of each
   * stream the time and the row of its last transition.
   */
  numbers: number[];
}

const NO_STREAMS: readonly string[] = [];
const BEGINNINGS = 1;

export function newPodTimes(): PodTimes {
  return { node: undefined, boundAt: undefined, streams: NO_STREAMS, numbers: [Number.NEGATIVE_INFINITY, 0] };
}

export function arrivalOf(pod: PodTimes): number {
  return pod.numbers[0] ?? Number.NEGATIVE_INFINITY;
}

export function arrived(pod: PodTimes, at: number): void {
  pod.numbers[0] = at;
}

/** The last transition of a container that was told, or of the pod: `latest` is its time. */
export function lastTransition(pod: PodTimes, container: string): { readonly latest: number; readonly row: number } {
  const at = pod.streams.indexOf(container);
  if (at === -1) return { latest: Number.NEGATIVE_INFINITY, row: NO_ROW };
  const place = placeOf(pod, at);
  return { latest: pod.numbers[place] ?? Number.NEGATIVE_INFINITY, row: pod.numbers[place + 1] ?? NO_ROW };
}

/** Rows of the pod's creation and of its binding. */
export function beginningsOf(pod: PodTimes): readonly number[] {
  return pod.numbers.slice(BEGINNINGS + 1, placeOf(pod, 0));
}

/** The creation or the binding of the pod is told in `row`. */
export function beginningTold(pod: PodTimes, row: number): void {
  const end = placeOf(pod, 0);
  const numbers = pod.numbers.slice(0, end).concat([row], pod.numbers.slice(end));
  numbers[BEGINNINGS] = end - BEGINNINGS;
  pod.numbers = numbers;
}

/** A transition is told. `shared` gives the one copy of a list. */
export function transitionTold(
  pod: PodTimes,
  container: string,
  told: { readonly time: number; readonly row: number },
  shared: (list: readonly string[]) => readonly string[],
): void {
  const at = pod.streams.indexOf(container);
  if (at === -1) {
    pod.streams = shared([...pod.streams, container]);
    // An array that grew item by item would keep room for more.
    pod.numbers = pod.numbers.concat([told.time, told.row]);
    return;
  }
  const place = placeOf(pod, at);
  pod.numbers[place] = told.time;
  pod.numbers[place + 1] = told.row;
}

/** Rows of the last transition of each stream. */
export function lastTransitions(pod: PodTimes): readonly number[] {
  return pod.streams.map((_, at) => pod.numbers[placeOf(pod, at) + 1] ?? NO_ROW);
}

/** Where the numbers of the stream begin that is `at` this place of `streams`. */
function placeOf(pod: PodTimes, at: number): number {
  return BEGINNINGS + 1 + (pod.numbers[BEGINNINGS] ?? 0) + 2 * at;
}

/** Which pod a log stream belongs to, and which streams are still open. */
import { LongList } from "../base/index.ts";
import type { GraphNode } from "./graph-node.ts";
import type { GraphReader, GraphWriter, NodeNumber } from "./graph-state.ts";
import type { OwnerGraph } from "./owner-graph.ts";

/** Streams of the pod that have not ended. */
export function openStreams(pod: GraphNode): number {
  let open = 0;
  for (const isOpen of pod.streams?.values() ?? []) if (isOpen) open++;
  return open;
}

export class LogStreams {
  readonly #graph: OwnerGraph;
  readonly #onChange: (pod: GraphNode, by: 1 | -1) => void;
  readonly #pods = new Map<string, GraphNode>();

  /** `onChange` hears of every stream that opens or ends. */
  constructor(graph: OwnerGraph, onChange: (pod: GraphNode, by: 1 | -1) => void) {
    this.#graph = graph;
    this.#onChange = onChange;
  }

  /** The stream carries logs of this pod from now on, which may not have been seen yet. */
  bind(stream: string, podUid: string): GraphNode {
    const before = this.#pods.get(stream);
    const pod = this.#graph.nodeOf(podUid);
    if (before !== undefined && before !== pod) {
      this.#close(before, stream);
      before.streams?.delete(stream);
    }
    pod.streams ??= new Map();
    if (pod.streams.get(stream) !== true) this.#onChange(pod, 1);
    pod.streams.set(stream, true);
    this.#pods.set(stream, pod);
    return pod;
  }

  podOf(stream: string): GraphNode | undefined {
    return this.#pods.get(stream);
  }

  /** The stream ended; its pod, when the stream is known. */
  end(stream: string): GraphNode | undefined {
    const pod = this.#pods.get(stream);
    if (pod !== undefined) this.#close(pod, stream);
    return pod;
  }

  endAll(): void {
    for (const [stream, pod] of this.#pods) this.#close(pod, stream);
  }

  /** The pods of the streams; whether one is open, the pods say. */
  state(nodes: GraphWriter): Iterable<readonly [stream: string, pod: NodeNumber]> {
    return LongList.of(this.#pods, ([stream, pod]) => [stream, nodes.number(pod)] as const);
  }

  restore(pods: Iterable<readonly [stream: string, pod: NodeNumber]>, nodes: GraphReader): void {
    for (const [stream, pod] of pods) this.#pods.set(stream, nodes.node(pod));
  }

  forget(pod: GraphNode): void {
    for (const stream of pod.streams?.keys() ?? []) this.#pods.delete(stream);
  }

  #close(pod: GraphNode, stream: string): void {
    if (pod.streams?.get(stream) !== true) return;
    pod.streams.set(stream, false);
    this.#onChange(pod, -1);
  }
}

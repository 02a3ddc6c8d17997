/**
 * Events as components write them. The older recorder (`client-go tools/record`) repeats an Event by raising its
 * `count`; the scheduler uses the newer one, whose Events have `eventTime` and no first and last timestamp.
 */
import { isoTime } from "../../base/index.ts";
import { numberAt } from "../json-value.ts";
import type { KubeObject } from "../kube-object.ts";
import type { SimulatedCluster } from "./cluster.ts";

export interface Occurrence {
  readonly about: KubeObject;
  readonly type?: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** `spec.containers{my-app}`. */
  readonly fieldPath?: string;
  readonly component: string;
  /** The node, for a kubelet. */
  readonly host?: string;
}

export class EventRecorder {
  readonly #cluster: SimulatedCluster;
  readonly #written = new Map<string, string>();

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  /** Writes an Event, or raises the count of the same one. */
  record(occurrence: Occurrence): void {
    const key = JSON.stringify([
      occurrence.about.metadata.uid,
      occurrence.reason,
      occurrence.message,
      occurrence.fieldPath,
      occurrence.component,
    ]);
    const name = this.#written.get(key);
    if (name !== undefined) return this.#repeat(name);
    this.#written.set(key, this.#write(occurrence, this.#classic(occurrence)));
  }

  /** Writes an Event in the way of `events.k8s.io`. */
  recordBinding(occurrence: Occurrence): void {
    this.#write(occurrence, {
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      type: "Normal",
      eventTime: isoTime(this.#cluster.clock.now()).replace("Z", "000Z"),
      action: "Binding",
      reportingComponent: occurrence.component,
      reportingInstance: `${occurrence.component}-control-plane-1`,
    });
  }

  #classic(occurrence: Occurrence): Readonly<Record<string, unknown>> {
    const now = this.#cluster.now();
    return {
      source: { component: occurrence.component, ...(occurrence.host === undefined ? {} : { host: occurrence.host }) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type: occurrence.type ?? "Normal",
      eventTime: null,
      reportingComponent: occurrence.component,
      reportingInstance: occurrence.host ?? "",
    };
  }

  #write(occurrence: Occurrence, rest: Readonly<Record<string, unknown>>): string {
    const { about } = occurrence;
    const namespace = about.metadata.namespace ?? "default";
    const nanoseconds =
      BigInt(Math.floor(this.#cluster.clock.now())) * 1_000_000n + BigInt(this.#cluster.chance.between(0, 999_999));
    const name = `${about.metadata.name}.${nanoseconds.toString(16)}`;
    const version = this.#cluster.create(
      {
        kind: "Event",
        apiVersion: "v1",
        metadata: { name, namespace },
        involvedObject: {
          kind: about.kind,
          namespace,
          name: about.metadata.name,
          uid: about.metadata.uid,
          apiVersion: about.apiVersion,
          resourceVersion: about.metadata["resourceVersion"],
          ...(occurrence.fieldPath === undefined ? {} : { fieldPath: occurrence.fieldPath }),
        },
        reason: occurrence.reason,
        message: occurrence.message,
        ...rest,
      },
      occurrence.component === "kubelet"
        ? "kubelet"
        : occurrence.component === "default-scheduler"
          ? "kube-scheduler"
          : "kube-controller-manager",
    );
    return version.name;
  }

  #repeat(name: string): void {
    const lastTimestamp = this.#cluster.now();
    this.#cluster.history.modify({ apiVersion: "v1", kind: "Event", namespace: "default", name }, (event) => ({
      ...event,
      lastTimestamp,
      count: (numberAt(event, "count") ?? 1) + 1,
    }));
  }
}

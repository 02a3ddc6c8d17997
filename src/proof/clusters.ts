/** The small clusters that schedules play in: what is recorded of each, and what stands in its places for objects. */

/** Which kind of object a place holds. */
export type SlotKind = "ConfigMap" | "Secret" | "Service" | "Deployment" | "ReplicaSet" | "Pod" | "Widget";

/** One place for an object: always the same kind, name and namespace; who stands there changes. */
export interface Slot {
  readonly kind: SlotKind;
  readonly namespace: string;
  readonly name: string;
  /** Place of its owner, when that is there at its creation. */
  readonly owner?: number;
}

/** What is recorded, as `CaptureOptions` has it. */
export interface ProofCluster {
  readonly title: string;
  readonly resources: readonly string[];
  readonly names: readonly string[];
  readonly namespaces: readonly string[];
  readonly related: "auto" | "none";
  readonly slots: readonly Slot[];
}

const configMaps = (namespace: string, count: number, from: number = 0): Slot[] =>
  Array.from({ length: count }, (_, at) => ({ kind: "ConfigMap", namespace, name: `settings-${from + at}` }));

export const CLUSTERS: readonly ProofCluster[] = [
  {
    title: "ConfigMaps of one namespace, with others beside it",
    resources: ["v1/ConfigMap"],
    names: [],
    namespaces: ["shop"],
    related: "auto",
    slots: [...configMaps("shop", 6), ...configMaps("cafe", 2)],
  },
  {
    title: "ConfigMaps of all namespaces",
    resources: ["v1/ConfigMap"],
    names: [],
    namespaces: [],
    related: "none",
    slots: [...configMaps("shop", 4), ...configMaps("cafe", 4)],
  },
  {
    title: "a Deployment with its ReplicaSet, Pods and logs",
    resources: ["apps/v1/Deployment"],
    names: [],
    namespaces: ["shop"],
    related: "auto",
    slots: [
      { kind: "Deployment", namespace: "shop", name: "web" },
      { kind: "ReplicaSet", namespace: "shop", name: "web-1", owner: 0 },
      { kind: "Pod", namespace: "shop", name: "web-1-a", owner: 1 },
      { kind: "Pod", namespace: "shop", name: "web-1-b", owner: 1 },
      { kind: "ReplicaSet", namespace: "shop", name: "web-2", owner: 0 },
      { kind: "Pod", namespace: "shop", name: "web-2-a", owner: 4 },
      { kind: "Deployment", namespace: "shop", name: "api" },
      { kind: "Pod", namespace: "shop", name: "bare" },
    ],
  },
  {
    title: "a custom kind that comes and goes",
    resources: ["example.com/v1/Widget", "v1/ConfigMap"],
    names: [],
    namespaces: ["shop"],
    related: "none",
    slots: [
      ...Array.from({ length: 5 }, (_, at): Slot => ({ kind: "Widget", namespace: "shop", name: `widget-${at}` })),
      ...configMaps("shop", 2),
    ],
  },
  {
    title: "Pods and Secrets",
    resources: ["v1/Pod", "v1/Secret"],
    names: [],
    namespaces: ["shop", "cafe"],
    related: "none",
    slots: [
      { kind: "Pod", namespace: "shop", name: "one" },
      { kind: "Pod", namespace: "shop", name: "two" },
      { kind: "Pod", namespace: "cafe", name: "one" },
      { kind: "Secret", namespace: "shop", name: "keys" },
      { kind: "Secret", namespace: "cafe", name: "keys" },
    ],
  },
  {
    title: "one ConfigMap by its name",
    resources: ["v1/ConfigMap"],
    names: ["settings-0"],
    namespaces: ["shop"],
    related: "none",
    slots: configMaps("shop", 3),
  },
];

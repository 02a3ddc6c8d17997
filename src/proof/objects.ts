/** The texts of the objects that a workload writes, with values that JSON parsers like to change. */
import type { Chance } from "./chance.ts";
import type { Slot, SlotKind } from "./clusters.ts";

/** What is the same in all versions of one object. */
export interface Identity {
  readonly slot: Slot;
  readonly owner: { readonly kind: string; readonly name: string; readonly uid: string; readonly apiVersion: string } | undefined;
}

/** One run of the container of a pod. */
export interface InstanceText {
  readonly containerId: string;
  readonly restartCount: number;
  /** In whole seconds of the node's clock. */
  readonly startedAt: string;
  readonly previousId: string | undefined;
  /** It has ended, and the container waits to be restarted. */
  readonly isWaiting?: boolean;
}

export const API_VERSION: Readonly<Record<SlotKind, string>> = {
  ConfigMap: "v1",
  Secret: "v1",
  Service: "v1",
  Deployment: "apps/v1",
  ReplicaSet: "apps/v1",
  Pod: "v1",
  Widget: "example.com/v1",
};

/** Pieces that go through a parser changed, or break a reader that splits in the wrong place. */
const ODD = [
  '"big":9007199254740993',
  '"ratio":1.0',
  '"huge":1e400',
  '"text":"line\\nbreak \\u2028 and \\ud83d\\ude80"',
  '"quoted":"{\\"type\\":\\"ADDED\\"}"',
  '"umlaut":"Grüße, 你好"',
  '"empty":{},"none":null',
] as const;

/** The JSON of one version; `number` makes it differ from the one before. */
export function objectText(identity: Identity, number: number, chance: Chance, instance?: InstanceText): string {
  const { slot, owner } = identity;
  const owners =
    owner === undefined ? "" : `,"ownerReferences":[${JSON.stringify({ ...owner, controller: true, blockOwnerDeletion: true })}]`;
  const labels = `,"labels":{"app":"${slot.name}","turn":"${number % 3}"}`;
  const head = `{"apiVersion":"${API_VERSION[slot.kind]}","kind":"${slot.kind}"`;
  const metadata = `"metadata":{"name":"${slot.name}","namespace":"${slot.namespace}"${labels}${owners}}`;
  return `${head},${metadata},${bodyText(slot, number, chance, instance)}}`;
}

function bodyText(slot: Slot, number: number, chance: Chance, instance: InstanceText | undefined): string {
  const odd = chance.happens(0.3) ? `,${chance.pick(ODD)}` : "";
  const padding = chance.happens(0.05) ? `,"padding":"${"x".repeat(chance.between(1_000, 9_000))}"` : "";
  const count = `"number":${number}${odd}${padding}`;
  switch (slot.kind) {
    case "ConfigMap":
    case "Secret":
      return `"data":{"number":"${number}"},"immutable":false,"extra":{${count}}`;
    case "Pod":
      return podText(number, instance, count);
    default:
      return `"spec":{"replicas":${number % 5},"selector":{"matchLabels":{"app":"${slot.name}"}}},"status":{${count}}`;
  }
}

function podText(number: number, instance: InstanceText | undefined, count: string): string {
  const spec = `"spec":{"nodeName":"node-1","containers":[{"name":"app","image":"registry.example/app:${number % 3}"}]}`;
  if (instance === undefined) return `${spec},"status":{"phase":"Pending",${count}}`;
  const { containerId, restartCount, startedAt, previousId, isWaiting = false } = instance;
  const running = `"state":{"running":{"startedAt":"${startedAt}"}}`;
  const state = isWaiting ? '"state":{"waiting":{"reason":"CrashLoopBackOff"}}' : running;
  const lastId = isWaiting ? containerId : previousId;
  const last =
    lastId === undefined ? "" : `,"lastState":{"terminated":{"exitCode":1,"reason":"Error","containerID":"${lastId}"}}`;
  const status = `{"name":"app","ready":true,"restartCount":${restartCount},"containerID":"${containerId}",${state}${last}}`;
  return `${spec},"status":{"phase":"Running","containerStatuses":[${status}],${count}}`;
}

/** A Kubernetes Event about an object. */
export function eventText(about: { readonly slot: Slot; readonly uid: string }, name: string, count: number): string {
  const { slot, uid } = about;
  const involvedObject = {
    apiVersion: API_VERSION[slot.kind],
    kind: slot.kind,
    namespace: slot.namespace,
    name: slot.name,
    uid,
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace: slot.namespace },
    involvedObject,
    reason: "Proof",
    message: `seen ${count} times`,
    type: "Normal",
    count,
    source: { component: "proof" },
  });
}

/** The definition of `Widget`; `edition` changes its schema, which makes the server build its cache anew. */
export function widgetDefinition(edition: number): string {
  return JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", description: `edition ${edition}` } },
        },
      ],
    },
  });
}

/** Records for tests of this room, as terse as a drawing of the graph. */
import { isoTime } from "../base/index.ts";
import type {
  Change,
  FaroRecord,
  KubeEventFacts,
  LogEndRecord,
  LogStreamRecord,
  ObjectRecord,
  OwnerRef,
  RootSelection,
} from "../record/index.ts";

/** Monday at ten. */
export const START: number = Date.parse("2026-01-05T10:00:00.000Z");

export const DEPLOYMENTS: RootSelection = { resources: ["deployments.v1.apps"], names: [], namespaces: [], selector: "" };

const KINDS: Readonly<Record<string, readonly [resource: string, apiVersion: string]>> = {
  Deployment: ["deployments.v1.apps", "apps/v1"],
  ReplicaSet: ["replicasets.v1.apps", "apps/v1"],
  Pod: ["pods.v1", "v1"],
  Event: ["events.v1", "v1"],
  Node: ["nodes.v1", "v1"],
  Service: ["services.v1", "v1"],
};

export interface ObjectSketch {
  readonly owners?: readonly string[];
  readonly change?: Change;
  readonly namespace?: string | null;
  readonly labels?: Readonly<Record<string, string>>;
  readonly event?: KubeEventFacts;
  readonly uid?: string;
  readonly resource?: string;
  readonly apiVersion?: string;
  /** Milliseconds after `START`. */
  readonly after?: number;
}

/** `Pod/web-1`, whose uid is `pod-web-1` unless given. Owners are written the same way, or as plain uids. */
export function object(id: string, sketch: ObjectSketch = {}): ObjectRecord {
  const [kind = "", name = ""] = id.split("/");
  const [resource, apiVersion] = KINDS[kind] ?? [`${kind.toLowerCase()}s.v1.example.com`, "example.com/v1"];
  const after = sketch.after ?? 0;
  return {
    type: "object",
    seq: after,
    at: isoTime(START + after),
    epoch: 1,
    scope: `${resource}/*`,
    change: sketch.change ?? "ADDED",
    observedBy: "watch",
    resource: sketch.resource ?? resource,
    apiVersion: sketch.apiVersion ?? apiVersion,
    kind,
    ...(sketch.namespace === null ? {} : { namespace: sketch.namespace ?? "default" }),
    name,
    uid: sketch.uid ?? uidOf(id),
    resourceVersion: String(after + 1),
    ...(sketch.labels === undefined ? {} : { labels: sketch.labels }),
    ...(sketch.owners === undefined ? {} : { owners: sketch.owners.map(owner) }),
    ...(sketch.event === undefined ? {} : { kubeEvent: sketch.event }),
    raw: Buffer.from("{}"),
  };
}

export function uidOf(id: string): string {
  return id.toLowerCase().replace("/", "-");
}

/** An Event about an object by uid, or by any reference. */
export function eventAbout(name: string, involved: string | KubeEventFacts["involved"], after: number = 0): ObjectRecord {
  const ref = typeof involved === "string" ? { uid: uidOf(involved) } : involved;
  const time = isoTime(START + after);
  return object(`Event/${name}`, { event: { involved: ref, reason: "Pulled", component: "kubelet", count: 1, time }, after });
}

export function logStream(stream: string, pod: string, after: number = 0): LogStreamRecord {
  const instance = {
    podUid: uidOf(pod),
    namespace: "default",
    pod: pod.slice("Pod/".length),
    container: "app",
    containerKind: "app",
    containerId: "containerd://1",
    restartCount: 0,
  } as const;
  return { type: "log-stream", seq: after, at: isoTime(START + after), stream, instance };
}

export function logEnd(stream: string, after: number = 0): LogEndRecord {
  return {
    type: "log-end",
    seq: after,
    at: isoTime(START + after),
    stream,
    outcome: "complete",
    reason: "read to its end",
    lines: 1,
  };
}

export function logLine(stream: string, after: number = 0): FaroRecord {
  return {
    type: "log",
    seq: after,
    at: isoTime(START + after),
    stream,
    count: 1,
    encoding: "utf8",
    text: "2026-01-05T10:00:00Z hello",
  };
}

function owner(id: string): OwnerRef {
  const [kind = "", name = ""] = id.split("/");
  return { apiVersion: KINDS[kind]?.[1] ?? "example.com/v1", kind, name, uid: uidOf(id), controller: true };
}

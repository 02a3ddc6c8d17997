/**
 * A rollout as it truly happened, seen through clocks that differ and through watches that are late by different amounts: the
 * records that a recorder makes of it, and when each thing was in truth. For the tests of this folder.
 */
import { isoTime } from "../../base/index.ts";
import type { FaroRecord, LifecycleRecord } from "../../record/index.ts";
import { belongs, lifecycle, log, numbered, object, opened } from "../recording.cases.ts";

/** Truth, milliseconds. */
export const START: number = Date.parse("2026-01-01T10:00:00.250Z");

export interface PodPlan {
  readonly node: string;
  /** After `START`, milliseconds: creation, and from there binding, start, first line, each further line, end. */
  readonly at: number;
  readonly steps: { readonly bind: number; readonly start: number; readonly line: number; readonly end: number };
  readonly lines: number;
}

export interface WorldPlan {
  /** How far each Node's clock is ahead of the recorder's, milliseconds. */
  readonly nodes: Readonly<Record<string, number>>;
  readonly controlPlane: number;
  /** How late each kind arrives. */
  readonly late: {
    readonly deployments: number;
    readonly replicasets: number;
    readonly pods: number;
    readonly events: number;
    readonly logs: number;
  };
  readonly pods: readonly PodPlan[];
}

export interface World {
  readonly records: readonly FaroRecord[];
  /** By text of the line. */
  readonly truth: ReadonlyMap<string, number>;
}

interface Fact {
  readonly arrival: number;
  readonly record: FaroRecord;
}

export const ON_TIME: WorldPlan["late"] = { deployments: 20, replicasets: 20, pods: 20, events: 20, logs: 20 };

/** A Deployment, its ReplicaSet 50 ms later, and the pods of the plan. */
export function worldOf(plan: WorldPlan): World {
  const { controlPlane, late } = plan;
  const truth = new Map<string, number>();
  const facts = [
    creation("Deployment", "d-1", { at: START, lateBy: late.deployments, controlPlane }),
    creation("ReplicaSet", "rs", { at: START + 50, lateBy: late.replicasets, controlPlane, owner: ["Deployment", "d-1"] }),
    ...plan.pods.flatMap((pod, index) => podFacts(`p-${index}`, pod, { plan, truth })),
  ];
  const ordered = facts.toSorted((a, b) => a.arrival - b.arrival).map(({ record }) => record);
  const uids = new Set(ordered.flatMap((record) => (record.type === "object" ? [record.uid] : [])));
  const end = isoTime(Math.max(...facts.map(({ arrival }) => arrival)));
  return { records: numbered([opened(isoTime(START)), ...ordered, ...[...uids].map((uid) => belongs(uid, end))]), truth };
}

/** In the order in which the pod's watch shows them, and each log in its own. */
function podFacts(
  uid: string,
  { node, at, steps, lines }: PodPlan,
  { plan, truth }: { readonly plan: WorldPlan; readonly truth: Map<string, number> },
): readonly Fact[] {
  const { late, controlPlane } = plan;
  const ahead = plan.nodes[node] ?? 0;
  const born = START + 50 + at;
  const bound = born + steps.bind;
  const started = bound + steps.start;
  const ended = started + steps.line * lines + steps.end;
  const [startedAt, finishedAt] = [wholeSecond(started + ahead), wholeSecond(ended + ahead)];
  const run = { container: "app", containerId: `containerd://${uid}` };
  const told = tellerOf(uid, { node, late: late.pods });
  return [
    creation("Pod", uid, { at: born, lateBy: late.pods, controlPlane, owner: ["ReplicaSet", "rs"] }),
    told.step("created", born),
    told.version(bound),
    told.step("scheduled", bound),
    told.step("container-waiting", bound, { more: { container: "app" } }),
    told.version(started + 100),
    told.step("container-started", started + 100, { more: { ...run, startedAt }, own: Date.parse(startedAt), after: bound }),
    told.version(ended + 100),
    told.step("container-terminated", ended + 100, {
      more: { ...run, finishedAt },
      own: Date.parse(finishedAt) + 999,
      after: started + 100,
    }),
    streamOf(uid, run.containerId, started + 1),
    ...Array.from({ length: lines }, (_, line) => {
      const written = started + steps.line * (line + 1);
      const text = `${uid} says ${line}`;
      truth.set(text, written);
      const arrival = written + late.logs;
      return { arrival, record: log(`log-${uid}`, isoTime(arrival), [`${precise(written + ahead)} ${text}`]) };
    }),
    about(uid, `${uid}-bound`, { at: bound, own: bound + controlPlane, lateBy: late.events, component: "default-scheduler" }),
    about(uid, `${uid}-started`, { at: started, own: started + ahead, lateBy: late.events, component: "kubelet" }),
  ];
}

interface Step {
  readonly more?: Partial<LifecycleRecord>;
  /** What the Node's clock says; it counts between the arrivals of the version before (that of `after`) and of this one. */
  readonly own?: number;
  readonly after?: number;
}

interface Teller {
  step(action: LifecycleRecord["action"], at: number, step?: Step): Fact;
  version(at: number): Fact;
}

/** Versions of a pod and what is derived of them. */
function tellerOf(uid: string, { node, late }: { readonly node: string; readonly late: number }): Teller {
  return {
    step(action, at, { more, own, after = 0 } = {}) {
      const arrival = at + late;
      const time = own === undefined ? arrival : Math.min(arrival, Math.max(after + late, own));
      const where = action === "created" ? {} : { node };
      const record = lifecycle(action, isoTime(time), { at: isoTime(arrival), uid, name: uid, ...where, ...more });
      return { arrival, record };
    },
    version: (at) => ({
      arrival: at + late,
      record: object("Pod", uid, { at: isoTime(at + late), resourceVersion: String(at) }),
    }),
  };
}

function creation(
  kind: string,
  uid: string,
  of: {
    readonly at: number;
    readonly lateBy: number;
    readonly controlPlane: number;
    readonly owner?: readonly [kind: string, uid: string];
  },
): Fact {
  const arrival = of.at + of.lateBy;
  const created = wholeSecond(of.at + of.controlPlane);
  const owners =
    of.owner === undefined ? [] : [{ apiVersion: "apps/v1", kind: of.owner[0], name: of.owner[1], uid: of.owner[1] }];
  const raw = Buffer.from(`{"kind":"${kind}","metadata":{"name":"${uid}","uid":"${uid}","creationTimestamp":"${created}"}}`);
  return { arrival, record: object(kind, uid, { at: isoTime(arrival), change: "ADDED", raw, owners }) };
}

function about(
  podUid: string,
  uid: string,
  of: { readonly at: number; readonly own: number; readonly lateBy: number; readonly component: string },
): Fact {
  const arrival = of.at + of.lateBy;
  const involved = { kind: "Pod", name: podUid, uid: podUid };
  const time = of.component === "kubelet" ? wholeSecond(of.own) : precise(of.own);
  const facts = { involved, reason: "Said", component: of.component, count: 1, time };
  return { arrival, record: object("Event", uid, { at: isoTime(arrival), change: "ADDED", kubeEvent: facts }) };
}

function streamOf(podUid: string, containerId: string, arrival: number): Fact {
  const of = { namespace: "default", pod: podUid, container: "app", containerKind: "app", restartCount: 0 } as const;
  const instance = { ...of, podUid, containerId };
  return { arrival, record: { type: "log-stream", seq: 0, at: isoTime(arrival), stream: `log-${podUid}`, instance } };
}

function wholeSecond(time: number): string {
  return `${isoTime(time).slice(0, 19)}Z`;
}

function precise(time: number): string {
  return `${isoTime(time).slice(0, 23)}000000Z`;
}

/**
 * What an object still tells of the time before it was first recorded: when it was made, when its conditions turned, how its
 * containers ended last, who wrote it when. Each entry is reconstructed from one field of the first version that is known, and
 * names it; nothing here was observed.
 */
import { isoTime } from "../base/index.ts";
import type { ObjectRecord } from "../record/index.ts";
import { isObject, type JsonObject, objectsIn } from "./changes/json.ts";
import type { ReconstructedEntry } from "./document.ts";

const OBJECT_ENTRIES_MAX = 40;

/** Entries in the order of their time, those of one time in the order of the fields. `parsed` is the object of the record. */
export function reconstruct(record: ObjectRecord, parsed: unknown): readonly ReconstructedEntry[] {
  if (!isObject(parsed) || record.kubeEvent !== undefined) return [];
  const seen = record.at;
  const facts = [...created(parsed), ...conditions(parsed), ...containerEnds(parsed), ...writes(parsed)];
  const isPod = record.apiVersion === "v1" && record.kind === "Pod";
  return facts
    .filter(({ isTransition }) => !(isPod && isTransition === true))
    .filter(({ timestamp }) => Date.parse(timestamp) <= Date.parse(seen))
    .toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp))
    .slice(-OBJECT_ENTRIES_MAX)
    .map(({ timestamp, source, what }) => ({ reconstructed: true, timestamp: isoTime(Date.parse(timestamp)), what, source }));
}

interface Fact {
  readonly timestamp: string;
  readonly source: string;
  readonly what: string;
  /** Of a pod, the story tells it as POD_LIFECYCLE, marked as reconstructed there (`normalise/pod-lifecycle.ts`). */
  readonly isTransition?: boolean;
}

interface FactOf {
  readonly source: string;
  readonly what: string;
  readonly isTransition?: boolean;
}

function fact(timestamp: unknown, of: FactOf): Fact[] {
  return typeof timestamp === "string" && !Number.isNaN(Date.parse(timestamp)) ? [{ timestamp, ...of }] : [];
}

/** Conditions whose turning true is a transition of the pod. */
const TRANSITIONS: ReadonlySet<string> = new Set(["PodScheduled", "Initialized", "Ready", "ContainersReady"]);

function created(object: JsonObject): Fact[] {
  const metadata = member(object, "metadata");
  const annotations = member(metadata, "annotations");
  const revision = annotations["deployment.kubernetes.io/revision"] ?? object["revision"];
  const suffix = typeof revision === "string" || typeof revision === "number" ? ` as revision ${revision}` : "";
  const source = "metadata.creationTimestamp";
  return fact(metadata["creationTimestamp"], { source, what: `created${suffix}`, isTransition: true });
}

function conditions(object: JsonObject): Fact[] {
  return objectsIn(member(object, "status")["conditions"]).flatMap((condition) => {
    const [type, status, reason] = [text(condition["type"]), text(condition["status"]), text(condition["reason"])];
    const source = `status.conditions[type=${type}].lastTransitionTime`;
    const what = `${type} became ${status}${reason === "" ? "" : ` (${reason})`}`;
    return fact(condition["lastTransitionTime"], { source, what, isTransition: status === "True" && TRANSITIONS.has(type) });
  });
}

function containerEnds(object: JsonObject): Fact[] {
  const status = member(object, "status");
  return ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"].flatMap((list) =>
    objectsIn(status[list]).flatMap((container) => {
      const name = text(container["name"]);
      const last = member(member(container, "lastState"), "terminated");
      const place = `status.${list}[name=${name}].lastState.terminated`;
      const code = last["exitCode"];
      const how = `${text(last["reason"])} with exit code ${typeof code === "number" ? code : "unknown"}`;
      const isTransition = text(last["containerID"]) !== "";
      const [started, ended] = [`container ${name} started`, `container ${name} ended: ${how}`];
      return [
        ...fact(last["startedAt"], { source: `${place}.startedAt`, what: started, isTransition }),
        ...fact(last["finishedAt"], { source: `${place}.finishedAt`, what: ended, isTransition }),
      ];
    }),
  );
}

function writes(object: JsonObject): Fact[] {
  return objectsIn(member(object, "metadata")["managedFields"]).flatMap((entry) => {
    const [manager, subresource] = [text(entry["manager"]), text(entry["subresource"])];
    const where = subresource === "" ? "" : ` (${subresource})`;
    const source = `metadata.managedFields[manager=${manager}].time`;
    return fact(entry["time"], { source, what: `${manager} wrote it last${where}` });
  });
}

function member(object: JsonObject, field: string): JsonObject {
  const value = object[field];
  return isObject(value) ? value : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

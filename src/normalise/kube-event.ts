/**
 * What the recorder reads of a Kubernetes Event, in both of its shapes: `v1` (`involvedObject`, `source`,
 * `count`) and `events.k8s.io/v1` (`regarding`, `reportingController`, `series`, `deprecated…`). Either shape
 * holds nulls where its producer was the other one's library (client-go `tools/record`, `tools/events`).
 */
import type { KubeEventFacts, ObjectRef } from "../record/index.ts";
import { at, type JsonObject, numberOf, objectOf, textOf } from "./json-value.ts";

/** True for Events of the core group and of `events.k8s.io`; a custom resource may be called Event too. */
export function isKubeEvent(apiVersion: string, kind: string): boolean {
  return kind === "Event" && (apiVersion === "v1" || apiVersion.startsWith("events.k8s.io/"));
}

/** The facts of one version of an Event. Never throws: what is missing is left out. */
export function readKubeEvent(event: JsonObject): KubeEventFacts {
  const related = readRef(event["related"]);
  const time = eventTime(event);
  return {
    involved: readRef(event["involvedObject"]) ?? readRef(event["regarding"]) ?? {},
    ...(related === undefined ? {} : { related }),
    reason: textOf(event["reason"]) ?? "",
    component: component(event),
    ...(time === undefined ? {} : { time }),
    count: occurrences(event),
  };
}

/** The last moment the Event speaks of: the newest kind of field that its producer filled in. */
function eventTime(event: JsonObject): string | undefined {
  return (
    textOf(at(event, "series", "lastObservedTime")) ??
    textOf(event["eventTime"]) ??
    textOf(event["lastTimestamp"]) ??
    textOf(event["deprecatedLastTimestamp"]) ??
    textOf(event["firstTimestamp"]) ??
    textOf(event["deprecatedFirstTimestamp"]) ??
    textOf(at(event, "metadata", "creationTimestamp"))
  );
}

function component(event: JsonObject): string {
  return (
    textOf(event["reportingComponent"]) ??
    textOf(event["reportingController"]) ??
    textOf(at(event, "source", "component")) ??
    textOf(at(event, "deprecatedSource", "component")) ??
    ""
  );
}

/** Zero is what Go writes for "not set". */
function occurrences(event: JsonObject): number {
  return positive(at(event, "series", "count")) ?? positive(event["count"]) ?? positive(event["deprecatedCount"]) ?? 1;
}

function positive(value: unknown): number | undefined {
  const count = numberOf(value);
  return count !== undefined && count > 0 ? count : undefined;
}

function readRef(value: unknown): ObjectRef | undefined {
  const ref = objectOf(value);
  if (ref === undefined) return undefined;
  const found: Record<string, string> = {};
  for (const key of ["apiVersion", "kind", "namespace", "name", "uid", "fieldPath"] as const) {
    const text = textOf(ref[key]);
    if (text !== undefined) found[key] = text;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

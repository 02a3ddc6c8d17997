/**
 * One event of a story file as text. The seed's eight keys come first and in its order. An object's bytes are
 * spliced in as they were recorded, not written anew: so big integers, `1.0` and the order of keys survive.
 */
import { isoTime } from "../base/index.ts";
import type { CorrelationId, LifecycleRecord, ObjectRecord, StoryRecord } from "../record/index.ts";
import type { VersionChanges } from "./changes/describe.ts";
import type { Adjustment } from "./chronology/story-order.ts";
import { describeGap, type Gap } from "./coverage.ts";
import type { GapEvent, LifecycleEvent, ObjectEvent, StoryEvent } from "./document.ts";
import { type SeenEvent, warningOf } from "./overview/seen.ts";

/** Text before an object's bytes, the bytes, and text behind them. */
export interface EventLine {
  readonly head: string;
  readonly raw: Buffer | undefined;
  readonly tail: string;
  /** The same for the overview. */
  readonly seen: SeenEvent;
}

/** Which story an event is written for, and when it happened (milliseconds). */
export interface EventPlace {
  readonly story: CorrelationId;
  readonly root: StoryRecord["root"];
  readonly time: number;
  /** Why that is not what its clock says. */
  readonly adjusted?: Adjustment | undefined;
}

/** What is said of a version besides itself. */
export interface VersionNotes {
  /** The story showed this object before, so a list that shows it again is an update. */
  readonly isKnown: boolean;
  readonly changes: VersionChanges;
  /** The object, parsed; a Kubernetes Event is not. */
  readonly data: ObjectEvent["data"] | undefined;
}

export function objectLine(record: ObjectRecord, place: EventPlace, { isKnown, changes, data }: VersionNotes): EventLine {
  const type = eventType(record, place);
  const component = record.kubeEvent?.component ?? "";
  const source = component === "" ? `${record.name}-${record.kind.toLowerCase()}` : component;
  const head = headOf({ type, source }, place);
  const tail = {
    namespace: record.namespace ?? "",
    resource: record.kind,
    action: objectAction(record, isKnown),
    name: record.name,
    uid: record.uid,
    resource_version: record.resourceVersion,
    seq: record.seq,
    received_at: record.at,
    observed_by: record.observedBy,
    synthetic: record.synthetic === true,
    // An Event of the first list speaks of a time that nobody watched.
    ...(record.kubeEvent !== undefined && record.observedBy === "list" && !isKnown ? { reconstructed: true } : {}),
    ...adjustment(place),
    ...(record.finalStateUnknown === undefined ? {} : { final_state_unknown: true }),
    ...(record.redactions === undefined ? {} : { redactions: record.redactions }),
    ...changes,
  };
  return {
    head: `${JSON.stringify(head).slice(0, -1)},"data":`,
    raw: record.raw,
    tail: `,${JSON.stringify(tail).slice(1)}`,
    seen: seenObject(record, head, { action: tail.action, data, changes: changes.changes }),
  };
}

function seenObject(
  record: ObjectRecord,
  { event_type, timestamp, source_component }: Pick<ObjectEvent, "event_type" | "timestamp" | "source_component">,
  { action, data = {}, changes }: Pick<ObjectEvent, "action" | "changes"> & { readonly data: ObjectEvent["data"] | undefined },
): SeenEvent {
  const { seq, kubeEvent, uid, kind: resource, name } = record;
  if (event_type !== "K8S_EVENT") return { event_type, timestamp, action, resource, name, uid, seq, data, changes };
  const { reason = "", involved } = kubeEvent ?? {};
  const warning = (): string | undefined =>
    record.raw.includes(WARNING) ? warningOf(JSON.parse(record.raw.toString("utf8"))) : undefined;
  return { event_type, timestamp, source_component, seq, reason, involved: involved?.uid ?? "", warning };
}

/** Most Events do not hold the word, and need not be parsed to know that they are no warnings. */
const WARNING = Buffer.from("Warning");

function eventType(record: ObjectRecord, place: EventPlace): ObjectEvent["event_type"] {
  if (record.uid === place.root.uid) return "RESOURCE_UPDATE";
  return record.kubeEvent === undefined ? "CORRELATED_EVENT" : "K8S_EVENT";
}

function objectAction(record: ObjectRecord, isKnown: boolean): "add" | "update" | "delete" {
  if (record.change === "DELETED") return "delete";
  if (record.change === "MODIFIED") return "update";
  return record.change === "LISTED" && isKnown ? "update" : "add";
}

/** `isReconstructed`: the pod's first version dates it before that version arrived. */
export function lifecycleLine(
  record: LifecycleRecord,
  place: EventPlace,
  { isReconstructed }: { readonly isReconstructed: boolean },
): EventLine {
  const data = {
    from: record.from,
    to: record.to,
    container: record.container,
    container_id: record.containerId,
    reason: record.reason,
    message: record.message,
    exit_code: record.exitCode,
    signal: record.signal,
    restart_count: record.restartCount,
    started_at: record.startedAt,
    finished_at: record.finishedAt,
    node: record.node,
    seq: record.version,
  };
  return whole({
    ...headOf({ type: "POD_LIFECYCLE", source: record.name }, place),
    data,
    namespace: record.namespace,
    resource: "Pod",
    action: record.action,
    name: record.name,
    uid: record.uid,
    resource_version: record.resourceVersion,
    seq: record.seq,
    received_at: record.at,
    observed_by: "derived",
    synthetic: false,
    ...(isReconstructed ? { reconstructed: true } : {}),
    ...adjustment(place),
  });
}

/** One end of a gap, told as an event about the root. */
export function gapLine(gap: Gap, end: "opened" | "closed", place: EventPlace): EventLine {
  const record = end === "closed" ? (gap.closed ?? gap.opened) : gap.opened;
  const { root } = place;
  return whole({
    ...headOf({ type: "RECORDING_GAP", source: "faro" }, place),
    data: describeGap(gap),
    namespace: root.namespace ?? "",
    resource: root.kind,
    action: end,
    name: root.name,
    uid: root.uid,
    seq: record.seq,
    received_at: record.at,
    observed_by: "derived",
    synthetic: false,
  });
}

/** As a member of an event; nothing for one that stands where its clock says. */
export function adjustment({ adjusted }: Pick<EventPlace, "adjusted">): { readonly timestamp_adjusted?: Adjustment } {
  return adjusted === undefined ? {} : { timestamp_adjusted: adjusted };
}

function whole(event: LifecycleEvent | GapEvent): EventLine {
  return { head: JSON.stringify(event), raw: undefined, tail: "", seen: event };
}

interface Told<Type> {
  readonly type: Type;
  readonly source: string;
}

/** The first four keys. */
function headOf<Type extends StoryEvent["event_type"]>({ type, source }: Told<Type>, { story, time }: EventPlace) {
  return { correlation_id: story, timestamp: isoTime(Math.floor(time)), event_type: type, source_component: source };
}

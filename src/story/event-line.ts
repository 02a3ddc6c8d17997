/**
 * One event of a story file as text. The seed's eight keys come first and in its order. An object's bytes are
 * spliced in as they were recorded, not written anew: so big integers, `1.0` and the order of keys survive.
 */
import { isoTime } from "../base/index.ts";
import type { CorrelationId, LifecycleRecord, ObjectRecord, StoryRecord } from "../record/index.ts";
import type { VersionChanges } from "./changes/describe.ts";
import type { Adjustment } from "./chronology/story-order.ts";
import { describeGap, type Gap } from "./coverage.ts";

/** Text before an object's bytes, the bytes, and text behind them. */
export interface EventLine {
  readonly head: string;
  readonly raw: Buffer | undefined;
  readonly tail: string;
}

/** Which story an event is written for, and when it happened (milliseconds). */
export interface EventPlace {
  readonly story: CorrelationId;
  readonly root: StoryRecord["root"];
  readonly time: number;
  /** Why that is not what its clock says. */
  readonly adjusted?: Adjustment | undefined;
}

interface EventHead {
  readonly type: string;
  readonly source: string;
}

/** What is said of a version besides itself. */
export interface VersionNotes {
  /** The story showed this object before, so a list that shows it again is an update. */
  readonly isKnown: boolean;
  readonly changes: VersionChanges;
}

export function objectLine(record: ObjectRecord, place: EventPlace, { isKnown, changes }: VersionNotes): EventLine {
  const type = eventType(record, place);
  const component = record.kubeEvent?.component ?? "";
  const source = component === "" ? `${record.name}-${record.kind.toLowerCase()}` : component;
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
  return { head: `${openHead({ type, source }, place)},"data":`, raw: record.raw, tail: `,${JSON.stringify(tail).slice(1)}` };
}

function eventType(record: ObjectRecord, place: EventPlace): string {
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
  return whole({ type: "POD_LIFECYCLE", source: record.name }, place, {
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
  return whole({ type: "RECORDING_GAP", source: "faro" }, place, {
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

function whole(head: EventHead, place: EventPlace, rest: Readonly<Record<string, unknown>>): EventLine {
  return { head: `${openHead(head, place)},${JSON.stringify(rest).slice(1)}`, raw: undefined, tail: "" };
}

/** The first four keys, without the closing brace. */
function openHead(head: EventHead, place: EventPlace): string {
  const first = {
    correlation_id: place.story,
    timestamp: isoTime(Math.floor(place.time)),
    event_type: head.type,
    source_component: head.source,
  };
  return JSON.stringify(first).slice(0, -1);
}

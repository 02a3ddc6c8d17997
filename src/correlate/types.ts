/** What the correlator says about a record. It asks for sources, it never opens one. */
import type {
  AttributionRecord,
  CorrelationId,
  IncidentRecord,
  ObjectRef,
  RelationRecord,
  RootSelection,
  StoryRecord,
} from "../record/index.ts";

/** Something that `capture/` should start, found while correlating. */
export type Want =
  /** The pod belongs to a story: follow the logs of its containers. */
  | { readonly want: "logs"; readonly podUid: string; readonly namespace: string; readonly pod: string }
  /** An owner that no watch shows: fetch its metadata. */
  | { readonly want: "object"; readonly ref: ObjectRef }
  /** An object of a story names one of this kind: watch it, unless it is watched already. Asked once for each kind and place. */
  | {
      readonly want: "watch";
      readonly kind: string;
      /** Empty for the core group. */
      readonly group: string;
      /** Undefined for a kind without namespaces; then `name` may be all that is needed of it. */
      readonly namespace?: string;
      readonly name: string;
      /** `owned`: objects of this kind are parts of a story; `named`: they concern one. */
      readonly as: "owned" | "named";
      /** `node of Pod/web-1: spec.nodeName=node-1`. */
      readonly why: string;
    };

type WithoutArrival<T> = T extends unknown ? Omit<T, "seq" | "at"> : never;

/** Incidents are owner references that Kubernetes does not honour. */
export type CorrelationRecord = WithoutArrival<AttributionRecord | RelationRecord | StoryRecord | IncidentRecord>;

/** What one record, or the passing of time, changed. Records are without `seq` and `at`: the recorder stamps them. */
export interface CorrelationStep {
  /** Stories that the record belongs to, by what is known now. */
  readonly stories: readonly CorrelationId[];
  /** To be appended to the recording, in this order. */
  readonly records: readonly CorrelationRecord[];
  readonly wants: readonly Want[];
  /** Objects that were forgotten, by uid: nothing will be said of them any more. */
  readonly forgotten?: readonly string[];
}

export interface CorrelatorOptions {
  readonly selection: RootSelection;
  /** A story to which nothing came for so long is completed as `quiet`; 0 for never. */
  readonly correlationTimeoutMs: number;
  /** How long a deleted object is remembered for late records; twice the time-out, at least ten minutes, unless given. */
  readonly forgetAfterMs?: number;
}

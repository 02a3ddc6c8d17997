/**
 * The shape of one line of a recording. A recording is a sequence of these, in order of arrival; stories are
 * derived from it. Names follow Kubernetes' own JSON (camelCase); the story file has the names of its own
 * format. Fields are only ever added: a change of meaning is a new `RECORDING_VERSION` with a step in `modernise`.
 */

import type { LineChoice } from "../base/index.ts";

export const RECORDING_VERSION = 1;

/** ISO 8601 in UTC with milliseconds. */
export type IsoTime = string;

/** Id of a story: kind in lower case, a dash, the uid of its root. */
export type CorrelationId = string;

/** A resource as `plural.version.group`, `plural.version` for the core group: `deployments.v1.apps`, `pods.v1`. */
export type ResourceName = string;

/** One stream that is watched: `<resource>/<namespace>`, `*` for all namespaces, `/<name>` behind it for one object. */
export type ScopeId = string;

interface Arrival {
  /** Order of arrival, unique over the whole recording. */
  readonly seq: number;
  /** Moment of arrival. */
  readonly at: IsoTime;
}

/** First line of every segment. No observation: its `seq` is 0. */
export interface HeaderRecord extends Arrival {
  readonly type: "faro-recording";
  readonly version: number;
  readonly faroVersion: string;
  readonly segment: number;
}

/** What `--resource`, `--name`, `--namespace` and `--selector` chose: enough to derive the same stories again. */
export interface RootSelection {
  readonly resources: readonly ResourceName[];
  /** Exact names and globs; empty means every name. */
  readonly names: readonly string[];
  /** Names for some of the resources alone, instead of `names`. */
  readonly namesOf?: Readonly<Record<ResourceName, readonly string[]>>;
  /** Empty means all namespaces. */
  readonly namespaces: readonly string[];
  /** Label selector in kubectl's grammar, empty for none. */
  readonly selector: string;
}

/** Start and end of one run of the recorder. The time between two runs is a gap of every scope. */
export interface RunRecord extends Arrival {
  readonly type: "run";
  readonly state: "started" | "ended";
  readonly faroVersion: string;
  readonly epoch: number;
  readonly serverVersion?: string;
  /** Uid of the namespace kube-system, the customary identity of a cluster. */
  readonly clusterId?: string;
  /** True when the run goes on and tells only what it selects from now on: a kind it waited for has come. */
  readonly goesOn?: true;
  readonly selection?: RootSelection;
  /** Log lines that stories tell of what this run recorded; every line when it is missing. */
  readonly lines?: LineChoice;
  readonly correlationTimeoutMs?: number;
}

/** State of one scope, for the coverage ledger. */
export interface ScopeRecord extends Arrival {
  readonly type: "scope";
  readonly scope: ScopeId;
  readonly resource: ResourceName;
  readonly namespace?: string;
  readonly state: "opened" | "synced" | "degraded" | "recovered" | "closed";
  readonly reason?: string;
}

export interface OwnerRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** An object as an Event or a relation names it; any field may be missing. */
export interface ObjectRef {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  /** `spec.containers{app}` and the like. */
  readonly fieldPath?: string;
}

/** What the recorder reads of a Kubernetes Event (`v1` or `events.k8s.io/v1`). */
export interface KubeEventFacts {
  readonly involved: ObjectRef;
  readonly related?: ObjectRef;
  readonly reason: string;
  readonly component: string;
  /** The Event's own time, with the digits it was written with. */
  readonly time?: string;
  /** Occurrences so far: `count` or `series.count`, 1 when it has neither. */
  readonly count: number;
}

export type Change = "ADDED" | "MODIFIED" | "DELETED" | "LISTED";
/** `audit`: a list found what the watch, although it stood, had left out. */
export type ObservedBy = "watch" | "list" | "relist" | "repair" | "audit";

/** One version of one object, as it came off the wire. */
export interface ObjectRecord extends Arrival {
  readonly type: "object";
  readonly epoch: number;
  readonly scope: ScopeId;
  readonly change: Change;
  readonly observedBy: ObservedBy;
  /** True when no server sent this change: a deletion inferred from a list. */
  readonly synthetic?: true;
  /** Why a synthetic deletion is believed. */
  readonly because?: "not-listed" | "resource-removed" | "history-replaced";
  /** Of a synthetic deletion: the object still existed at `afterVersion`, and no longer at `byVersion`, as far as that is known. */
  readonly afterVersion?: string;
  readonly byVersion?: string;
  /** True when the object's last state before its deletion is not known. */
  readonly finalStateUnknown?: true;
  /** True when a newer version of the object came before this one. */
  readonly late?: true;
  readonly resource: ResourceName;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly owners?: readonly OwnerRef[];
  /** True when deletion was requested and the object still exists. */
  readonly deleting?: true;
  readonly kubeEvent?: KubeEventFacts;
  /** True when `apiVersion` and `kind` were added to the bytes: items of a list omit them. */
  readonly typeMetaAdded?: true;
  /** Values that redaction replaced. */
  readonly redactions?: number;
  /** True when redaction failed: of the object only its identity is in `raw`. */
  readonly redactionFailed?: true;
  /** The object's JSON, byte for byte but for redactions and `typeMetaAdded`. Written last on the line, as `object`. */
  readonly raw: Buffer;
}

export const LIFECYCLE_ACTIONS = [
  "created",
  "scheduled",
  "initialized",
  "container-waiting",
  "container-started",
  "container-ready",
  "container-terminated",
  "ready",
  "not-ready",
  "phase-changed",
  "evicted",
  "deletion-requested",
  "deleted",
] as const;
export type LifecycleAction = (typeof LIFECYCLE_ACTIONS)[number];

/** One transition of a pod or of one of its containers, derived from two of its versions. */
export interface LifecycleRecord extends Arrival {
  readonly type: "lifecycle";
  readonly epoch: number;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly action: LifecycleAction;
  /** When it happened; never later than the version that shows it. */
  readonly time: IsoTime;
  /** `seq` of the version that shows it. */
  readonly version: number;
  readonly resourceVersion: string;
  readonly container?: string;
  readonly containerId?: string;
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly exitCode?: number;
  readonly signal?: number;
  readonly restartCount?: number;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly node?: string;
}

export type ContainerKind = "init" | "sidecar" | "app" | "ephemeral";

/** One run of one container. `containerId` identifies it; names and restart counts are for people. */
export interface ContainerInstance {
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly containerKind: ContainerKind;
  readonly containerId: string;
  readonly restartCount: number;
}

/** Which container instance the lines of a log stream belong to. The last one written for a stream is the valid one. */
export interface LogStreamRecord extends Arrival {
  readonly type: "log-stream";
  readonly stream: string;
  readonly instance: ContainerInstance;
}

/** Whole lines of one log stream, in the order of the node's file. They own `seq` to `seq + count - 1`. */
export interface LogRecord extends Arrival {
  readonly type: "log";
  readonly stream: string;
  readonly count: number;
  /** `latin1` when the bytes are not valid UTF-8: each character is then one byte. */
  readonly encoding: "utf8" | "latin1";
  /** True when the last line ended without a newline. */
  readonly unterminated?: true;
  /** True when the last line is the beginning of one longer than 16 MiB: the first line of the stream's next block goes on with it. */
  readonly continues?: true;
  readonly redactions?: number;
  /** Lines in front of and between these that the user did not want recorded. */
  readonly dropped?: number;
  /** The lines as the API sent them, timestamps included, joined by `\n`, without a final one. */
  readonly text: string;
}

/** End of one log stream: everything was read, or why not. */
export interface LogEndRecord extends Arrival {
  readonly type: "log-end";
  readonly stream: string;
  readonly outcome: "complete" | "incomplete";
  readonly reason: string;
  readonly lines: number;
  /** Lines behind the last block that the user did not want recorded. */
  readonly dropped?: number;
}

export const GAP_CAUSES = [
  "history-expired",
  "recorder-stopped",
  "forbidden",
  "unauthorized",
  "not-served",
  "unreachable",
  "undecodable",
  "shed",
  "disk",
  "rotation",
  "instance-lost",
  "log-unavailable",
  "deferred",
  "stopped-early",
  "history-replaced",
  "resource-removed",
  "store-damaged",
  "polled",
  "watch-incomplete",
] as const;
export type GapCause = (typeof GAP_CAUSES)[number];

/** An interval of one stream in which something may be missing. `opened` and `closed` share `gap`. */
export interface GapRecord extends Arrival {
  readonly type: "gap";
  readonly gap: string;
  readonly state: "opened" | "closed";
  /** A `ScopeId`, or `log:<pod uid>/<container>` for a log. */
  readonly scope: ScopeId;
  readonly cause: GapCause;
  readonly detail?: string;
  /** Last moment known to be covered. */
  readonly from: IsoTime;
  readonly to?: IsoTime;
  readonly fromVersion?: string;
  readonly toVersion?: string;
  /** `full`: it is proven that nothing between the two versions is missing. */
  readonly repaired?: "none" | "partial" | "full";
  /** With `partial`: nothing after this version is missing. */
  readonly provenAfter?: string;
  /** False when the state after the gap equals the state before it. */
  readonly visibleChange?: boolean;
  /** Set when only this object is concerned. */
  readonly uid?: string;
}

/** A story began, went on after its completion, was completed, or turned out to be a part of others. */
export interface StoryRecord extends Arrival {
  readonly type: "story";
  readonly story: CorrelationId;
  /** `merged`: its root belongs to another root, there is no such story. It was opened before that was known. */
  readonly state: "opened" | "reopened" | "completed" | "merged";
  readonly because?: CompletedBecause;
  /** The stories that hold everything of a merged one. */
  readonly into?: readonly CorrelationId[];
  readonly root: {
    readonly resourceType: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
    readonly uid: string;
  };
}

export type CompletedBecause = "deleted" | "quiet" | "stopped";

/** To which stories an object belongs from now on, and why. The last one for a uid is the valid one. */
export interface AttributionRecord extends Arrival {
  readonly type: "attribution";
  readonly uid: string;
  readonly stories: readonly CorrelationId[];
  /** The proof in words: `owned by ReplicaSet/web-5d… (uid)`. */
  readonly relation: string;
}

/**
 * An object that nobody of the story owns is concerned by it for a while: the Node of a pod, the Service that selects it.
 * One per object, story and relation when the first proof appears, and one when the last is gone.
 */
export interface RelationRecord extends Arrival {
  readonly type: "relation";
  readonly uid: string;
  readonly story: CorrelationId;
  readonly state: "began" | "ended";
  /** The proof in words: `node of Pod/web-1 (spec.nodeName=node-1)`. */
  readonly relation: string;
}

/** Something odd that lost nothing, or whose loss a gap describes. */
export interface IncidentRecord extends Arrival {
  readonly type: "incident";
  readonly scope?: ScopeId;
  readonly what: string;
  readonly detail: string;
}

/** A scope in a checkpoint: everything that it showed up to `resourceVersion` was taken. */
export interface ScopeCheckpoint {
  readonly scope: ScopeId;
  /** Where a watch can go on. Missing: history was lost, the next run has to list. */
  readonly resourceVersion?: string;
  /** Last `seq` that `resourceVersion` covers; later records of the scope may show versions above it. */
  readonly upTo: number;
}

/**
 * Written about every second: everything with a `seq` up to `upTo` stands before this line. A recording is a prefix of what was
 * appended, so a checkpoint that can be read is durable with all that it speaks of; there is no second file to disagree with.
 */
export interface CheckpointRecord extends Arrival {
  readonly type: "checkpoint";
  readonly upTo: number;
  /** Moment up to which every scope is covered that is in neither an open gap nor `interrupted`. */
  readonly coveredTo: IsoTime;
  /** Scopes whose watch is down at that moment; whether that loses anything shows when it is resumed. */
  readonly interrupted?: readonly ScopeId[];
  /** The scopes that got further since the checkpoint before. */
  readonly scopes: readonly ScopeCheckpoint[];
}

/** Last line of a segment that was closed in order. No observation: its `seq` is 0. */
export interface SealRecord extends Arrival {
  readonly type: "seal";
  readonly segment: number;
  /** Lines and bytes in front of this line, the header included. */
  readonly lines: number;
  readonly bytes: number;
  /** SHA-256 of the eight digits of each line's `crc`, one after the other, hexadecimal. The lines themselves are proven by these. */
  readonly checksums?: string;
  /** SHA-256 of those bytes, hexadecimal, in recordings made before there was `checksums`. */
  readonly sha256?: string;
}

export type FaroRecord =
  | HeaderRecord
  | RunRecord
  | ScopeRecord
  | ObjectRecord
  | LifecycleRecord
  | LogStreamRecord
  | LogRecord
  | LogEndRecord
  | GapRecord
  | StoryRecord
  | AttributionRecord
  | RelationRecord
  | IncidentRecord
  | CheckpointRecord
  | SealRecord;

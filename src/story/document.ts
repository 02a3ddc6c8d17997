/**
 * The shape of a story file, version 1. Names are the seed format's own (snake_case, `events`, `event_type`);
 * fields are only ever added. `schema.ts` says the same to programs; the compiler holds the two together.
 */

export const STORY_SCHEMA_VERSION = "1";

export interface StoryDocument {
  readonly schema_version: "1";
  readonly metadata: StoryMetadata;
  readonly coverage: StoryCoverage;
  /** Missing in files that an older Faro wrote. */
  readonly chronology?: StoryChronology | undefined;
  readonly objects: readonly StoryObject[];
  readonly events: readonly StoryEvent[];
  /** Missing in files that an older Faro wrote. */
  readonly overview?: StoryOverview | undefined;
}

export interface StoryMetadata {
  readonly correlation_id: string;
  /** Time of the first event. */
  readonly start_time: string;
  /** Time of the last event. */
  readonly end_time: string;
  readonly event_count: number;
  /** Empty for a root that is not namespaced. */
  readonly namespace: string;
  readonly resource_type: string;
  readonly resource_name: string;
  readonly uid: string;
  readonly cluster: { readonly server_version: string; readonly id: string };
  readonly faro_version: string;
  readonly state: "open" | "completed";
  readonly completed_because?: "deleted" | "quiet" | "stopped" | undefined;
}

export type Verdict = "complete" | "incomplete";

export interface StoryCoverage {
  readonly verdict: Verdict;
  /** Why it is incomplete, one sentence each; empty when it is complete. */
  readonly reasons: readonly string[];
  readonly scopes: readonly CoveredScope[];
  readonly logs: readonly CoveredLog[];
  readonly gaps: readonly CoverageGap[];
}

/** One watched stream that could carry records of the story. */
export interface CoveredScope {
  readonly scope: string;
  readonly state: "opened" | "synced" | "degraded" | "recovered" | "closed";
  readonly reason?: string | undefined;
  /** When it was covered; `to` is null while it still is. */
  readonly covered: readonly { readonly from: string; readonly to: string | null }[];
  /** How often it had to be listed anew. */
  readonly relists: number;
}

/** The log of one container instance. */
export interface CoveredLog {
  readonly pod: string;
  readonly container: string;
  readonly container_id: string;
  readonly restart_count: number;
  /** `open`: it was still being read when the story was written. */
  readonly outcome: "complete" | "incomplete" | "open";
  readonly reason: string;
  /** Lines in the recording. */
  readonly lines: number;
  /** Of these, lines that `--include` and `--exclude` leave out of stories. */
  readonly lines_untold?: number | undefined;
  /** Lines that `--drop` left out of the recording, too. */
  readonly lines_dropped?: number | undefined;
}

export interface CoverageGap {
  readonly gap: string;
  readonly scope: string;
  readonly cause: string;
  readonly detail?: string | undefined;
  readonly from: string;
  /** Null while it is open. */
  readonly to: string | null;
  readonly from_version?: string | undefined;
  readonly to_version?: string | undefined;
  readonly repaired: "none" | "partial" | "full";
  readonly visible_change?: boolean | undefined;
  /** False when nothing can be missing: repaired in full, or a live relist that found everything as it was. */
  readonly possible_loss: boolean;
}

/** How far the order of the events can be trusted. Times are told by the recorder's clock. */
export interface StoryChronology {
  /** Events that different clocks tell are in proven order when they are further apart; null when a clock is not bounded. */
  readonly within_ms: number | null;
  /** The other clocks that the story has times of. */
  readonly clocks: readonly ClockReading[];
}

export interface ClockReading {
  /** `node/<name>`, or `control-plane`. */
  readonly clock: string;
  /**
   * What was taken off its times: by so much it is ahead of the recorder's clock, at least. 0 while the two cannot be told
   * apart.
   */
  readonly offset_ms: number;
  /** Bounds of the true difference, by causality; null where there is none. */
  readonly least_ms: number | null;
  readonly most_ms: number | null;
  /** How far its times may still be off. */
  readonly within_ms: number | null;
}

export interface StoryObject {
  readonly uid: string;
  readonly resource_type: string;
  readonly namespace: string;
  readonly name: string;
  /** The proof that it belongs to the story: fields and values. */
  readonly relation: string;
  readonly first_seen: string;
  readonly last_seen: string;
  /** For an object that is not owned by the root but concerned it for a while: when, and by which proof. */
  readonly related?: readonly RelatedInterval[] | undefined;
  /** For an object that was there before the recording: what it still tells of that time, oldest first. */
  readonly before?: readonly ReconstructedEntry[] | undefined;
  /** For a pod: the one in whose place its controller made it. Concluded, no field says it. */
  readonly replaces?: { readonly uid: string; readonly name: string } | undefined;
}

/** A moment before the recording, read from a field of the first version that is known. Nobody observed it. */
export interface ReconstructedEntry {
  readonly reconstructed: true;
  /** In whole seconds, as most of these fields are. */
  readonly timestamp: string;
  /** `container app ended: Error with exit code 3`. */
  readonly what: string;
  /** The field: `status.containerStatuses[name=app].lastState.terminated.finishedAt`. */
  readonly source: string;
}

/** The story on one screen. Stands last in the file, so that it can be read without the events. */
export interface StoryOverview {
  readonly events_by_type: Readonly<Partial<Record<StoryEvent["event_type"], number>>>;
  /** Events that look like trouble, log lines included. */
  readonly troubles: number;
  /** What mattered most, at most nine events, in their order. */
  readonly happened: readonly Happening[];
  /** How the pods went, in the order in which they appeared. */
  readonly pods: readonly PodHistory[];
  /** uid of an object → uid of its controller. */
  readonly owners: Readonly<Record<string, string>>;
}

export interface Happening {
  /** `e` and the event's `seq`. */
  readonly id: string;
  readonly timestamp: string;
  readonly what: string;
}

export interface PodHistory {
  readonly uid: string;
  readonly name: string;
  readonly restarts: number;
  /** In the order of time; never two of one phase in a row. */
  readonly phases: readonly PhaseChange[];
}

/** From `from` on the pod is in `phase`. */
export interface PhaseChange {
  readonly from: string;
  readonly phase: PodPhase;
}

export const POD_PHASES = ["pending", "pulling", "starting", "ready", "failing", "succeeded", "terminating", "gone"] as const;
export type PodPhase = (typeof POD_PHASES)[number];

/** A relation between two objects holds from one version to another one. */
export interface RelatedInterval {
  readonly relation: string;
  readonly from: string;
  /** Null while it holds. */
  readonly until: string | null;
}

export type StoryEvent = ObjectEvent | LifecycleEvent | LogEvent | GapEvent;

interface EventBase {
  readonly correlation_id: string;
  readonly timestamp: string;
  readonly source_component: string;
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly uid: string;
  readonly resource_version?: string | undefined;
  readonly seq: number;
  readonly received_at: string;
  readonly observed_by: "watch" | "list" | "relist" | "repair" | "audit" | "log" | "derived";
  readonly synthetic: boolean;
  /**
   * Why `timestamp` is not what its clock says: `clock`, that one is off by what `chronology` says; `causality`, it stands
   * where it must be, before what followed from it or behind what it followed from.
   */
  readonly timestamp_adjusted?: "clock" | "causality" | undefined;
  /** True for what happened before the recording watched its object: read from what the cluster still told of it. */
  readonly reconstructed?: boolean | undefined;
}

/** One version of an object; `data` is the object. */
export interface ObjectEvent extends EventBase {
  readonly event_type: "RESOURCE_UPDATE" | "CORRELATED_EVENT" | "K8S_EVENT";
  readonly action: "add" | "update" | "delete";
  readonly data: Readonly<Record<string, unknown>>;
  readonly final_state_unknown?: boolean | undefined;
  readonly redactions?: number | undefined;
  /** For a Kubernetes Event: how often it occurred since the version that the story told before. */
  readonly occurrences?: number | undefined;
  /** What differs from the version that the story told before, `status` last; not for Kubernetes Events and first versions. */
  readonly changes?: readonly FieldChange[] | undefined;
  /** How many more changes there are than `changes` lists. */
  readonly changes_omitted?: number | undefined;
  /** Who made them, where `managedFields` prove it. */
  readonly changed_by?: readonly ChangedBy[] | undefined;
}

/** One field that changed. `before` is missing when it was added, `after` when it was removed. */
export interface FieldChange {
  /** `spec.template.spec.containers[name=app].image`. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** A value is cut: the whole is in `data`. */
  readonly truncated?: boolean | undefined;
}

/** An entry of `metadata.managedFields`. */
export interface ChangedBy {
  readonly manager: string;
  /** `Update` or `Apply`. */
  readonly operation: string;
  readonly subresource?: string | undefined;
  /** As the API server wrote it, in whole seconds. */
  readonly time?: string | undefined;
}

export interface LifecycleEvent extends EventBase {
  readonly event_type: "POD_LIFECYCLE";
  readonly action: string;
  readonly data: {
    readonly from?: string | undefined;
    readonly to?: string | undefined;
    readonly container?: string | undefined;
    readonly container_id?: string | undefined;
    readonly reason?: string | undefined;
    readonly message?: string | undefined;
    readonly exit_code?: number | undefined;
    readonly signal?: number | undefined;
    readonly restart_count?: number | undefined;
    readonly started_at?: string | undefined;
    readonly finished_at?: string | undefined;
    readonly node?: string | undefined;
    /** `seq` of the version that shows it. */
    readonly seq: number;
  };
}

export interface LogEvent extends EventBase {
  readonly event_type: "CONTAINER_LOG";
  readonly action: "log";
  readonly data: {
    readonly pod: string;
    readonly container: string;
    readonly container_id: string;
    readonly restart_count: number;
    /** As the node wrote it; empty when the line had none. */
    readonly timestamp: string;
    readonly message: string;
    /** The bytes, when they are not UTF-8. */
    readonly message_base64?: string | undefined;
    /** True for a last line without a newline. */
    readonly unterminated?: boolean | undefined;
    /** True for the beginning of a line longer than 16 MiB: the next event of the container goes on with it. */
    readonly continues?: boolean | undefined;
  };
}

export interface GapEvent extends EventBase {
  readonly event_type: "RECORDING_GAP";
  readonly action: "opened" | "closed";
  readonly data: CoverageGap;
}

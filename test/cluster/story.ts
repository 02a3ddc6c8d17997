/** Reads a story file as a stranger would: by the published schema, then by what the schema cannot say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

export interface StoryEvent {
  readonly correlation_id: string;
  readonly timestamp: string;
  readonly event_type: "RESOURCE_UPDATE" | "CORRELATED_EVENT" | "POD_LIFECYCLE" | "K8S_EVENT" | "CONTAINER_LOG" | "RECORDING_GAP";
  readonly source_component: string;
  readonly action: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resource_version: string;
  readonly seq: number;
  readonly received_at: string;
  readonly observed_by: string;
  readonly synthetic: boolean;
  readonly final_state_unknown?: boolean;
  readonly changes?: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[];
  readonly changed_by?: readonly { readonly manager: string; readonly subresource?: string }[];
  readonly data: {
    readonly pod?: string;
    readonly container?: string;
    readonly container_id?: string;
    readonly restart_count?: number;
    readonly timestamp?: string;
    readonly message?: string;
    readonly scope?: string;
    readonly cause?: string;
    /** Of an Event. */
    readonly involvedObject?: { readonly uid?: string };
    readonly regarding?: { readonly uid?: string };
  };
}

export interface StoryGap {
  /** `<plural>.<version>[.<group>]/<namespace>` for a watch. */
  readonly scope: string;
  readonly cause: string;
  readonly detail?: string;
  readonly from: string;
  readonly to: string | null;
  readonly from_version?: string;
  readonly to_version?: string;
  readonly possible_loss: boolean;
}

export interface StoryLog {
  readonly pod: string;
  readonly container: string;
  readonly restart_count: number;
  readonly outcome: "complete" | "incomplete" | "open";
}

export interface StoryFile {
  readonly schema_version: string;
  readonly metadata: {
    readonly correlation_id: string;
    readonly event_count: number;
    readonly namespace: string;
    readonly resource_type: string;
    readonly resource_name: string;
    readonly uid: string;
    readonly state: string;
    readonly completed_because?: string;
    readonly start_time: string;
    readonly end_time: string;
  };
  readonly coverage: {
    readonly verdict: "complete" | "incomplete";
    readonly reasons: readonly string[];
    readonly gaps: readonly StoryGap[];
    readonly logs: readonly StoryLog[];
    readonly scopes: readonly unknown[];
  };
  readonly objects: readonly {
    readonly uid: string;
    readonly resource_type: string;
    readonly name: string;
    readonly relation: string;
    /** For what the root does not own. */
    readonly related?: readonly { readonly relation: string; readonly from: string; readonly until: string | null }[];
  }[];
  readonly events: readonly StoryEvent[];
}

const SCHEMA = join(import.meta.dirname, "../../schema/story.v1.json");
let validator: ValidateFunction<StoryFile> | undefined;

/** Reads a story file. Throws when it breaks its schema, its order or its own counts. */
export function readStory(path: string): StoryFile {
  const story: unknown = JSON.parse(readFileSync(path, "utf8"));
  validator ??= new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).compile<StoryFile>(
    JSON.parse(readFileSync(SCHEMA, "utf8")),
  );
  if (!validator(story))
    throw new Error(`${path} breaks its schema: ${JSON.stringify(validator.errors?.slice(0, 5), undefined, 1)}`);
  const faults = faultsOf(story);
  if (faults.length > 0) throw new Error(`${path}: ${faults.slice(0, 10).join("; ")}`);
  return story;
}

/** What no schema can say: chronological order, unique records, counts and ids that agree. */
export function faultsOf(story: StoryFile): readonly string[] {
  const { events, metadata } = story;
  const faults: string[] = [];
  if (metadata.event_count !== events.length) faults.push(`event_count is ${metadata.event_count}, there are ${events.length}`);
  const seqs = new Set(events.map((event) => event.seq));
  if (seqs.size !== events.length) faults.push(`${events.length - seqs.size} events share a seq with another`);
  events.forEach((event, index) => {
    const before = events[index - 1];
    if (before !== undefined && before.timestamp > event.timestamp)
      faults.push(`event ${index} at ${event.timestamp} stands after ${before.timestamp}`);
    if (event.correlation_id !== metadata.correlation_id) faults.push(`event ${index} has the id ${event.correlation_id}`);
  });
  return faults;
}

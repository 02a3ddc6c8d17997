/**
 * The story file as a schema. `z.ZodType<…>` makes the compiler prove that it describes the interfaces of
 * `document.ts`; the published JSON Schema is generated from it. Objects are loose: fields may be added.
 */
import { z } from "zod";
import { LIFECYCLE_ACTIONS } from "../record/index.ts";
import { POD_PHASES, type StoryDocument } from "./document.ts";

const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ format: "date-time", description: "UTC with milliseconds" });
const text = z.string();
const count = z.int().nonnegative();

const gap = z.looseObject({
  gap: text,
  scope: text,
  cause: text,
  detail: text.optional(),
  from: time,
  to: time.nullable(),
  from_version: text.optional(),
  to_version: text.optional(),
  repaired: z.enum(["none", "partial", "full"]),
  visible_change: z.boolean().optional(),
  possible_loss: z.boolean().describe("false when nothing can be missing"),
});

const coverage = z.looseObject({
  verdict: z.enum(["complete", "incomplete"]),
  reasons: z.array(text).describe("why it is incomplete"),
  scopes: z.array(
    z.looseObject({
      scope: text,
      state: z.enum(["opened", "synced", "degraded", "recovered", "closed"]),
      reason: text.optional(),
      covered: z.array(z.looseObject({ from: time, to: time.nullable() })),
      relists: count,
    }),
  ),
  logs: z.array(
    z.looseObject({
      pod: text,
      container: text,
      container_id: text,
      restart_count: count,
      outcome: z.enum(["complete", "incomplete", "open"]),
      reason: text,
      lines: count.describe("lines in the recording"),
      lines_untold: count.optional().describe("of these, left out of the story by --include and --exclude"),
      lines_dropped: count.optional().describe("left out of the recording, too, by --drop"),
    }),
  ),
  gaps: z.array(gap),
});

const chronology = z.looseObject({
  within_ms: z.int().nonnegative().nullable().describe("events of different clocks that are further apart are in proven order"),
  clocks: z
    .array(
      z.looseObject({
        clock: text.describe("node/<name> or control-plane"),
        offset_ms: z.int().describe("what was taken off its times"),
        least_ms: z.int().nullable(),
        most_ms: z.int().nullable(),
        within_ms: z.int().nonnegative().nullable().describe("how far its times may still be off"),
      }),
    )
    .describe("other clocks than the recorder's"),
});

const metadata = z.looseObject({
  correlation_id: text,
  start_time: time,
  end_time: time,
  event_count: count,
  namespace: text,
  resource_type: text.describe("apps/v1/Deployment"),
  resource_name: text,
  uid: text,
  cluster: z.looseObject({ server_version: text, id: text.describe("uid of the namespace kube-system") }),
  faro_version: text,
  state: z.enum(["open", "completed"]),
  completed_because: z.enum(["deleted", "quiet", "stopped"]).optional(),
});

const object = z.looseObject({
  uid: text,
  resource_type: text,
  namespace: text,
  name: text,
  relation: text.describe("the proof that it belongs to the story"),
  first_seen: time,
  last_seen: time,
  related: z
    .array(z.looseObject({ relation: text, from: time, until: time.nullable() }))
    .optional()
    .describe("when an object that the root does not own concerned it"),
  before: z
    .array(z.looseObject({ reconstructed: z.literal(true), timestamp: time, what: text, source: text.describe("the field") }))
    .optional()
    .describe("what an object that was there before the recording still tells of that time; nobody observed it"),
  replaces: z.looseObject({ uid: text, name: text }).optional().describe("the pod in whose place this one was made; concluded"),
});

const event = {
  correlation_id: text,
  timestamp: time.describe("when it happened, by the best clock there is"),
  source_component: text,
  namespace: text,
  resource: text.describe("kind"),
  name: text,
  uid: text,
  resource_version: text.optional(),
  seq: count.describe("order of arrival"),
  received_at: time,
  observed_by: z.enum(["watch", "list", "relist", "repair", "audit", "log", "derived"]),
  synthetic: z.boolean().describe("true when no server sent this change"),
  timestamp_adjusted: z
    .enum(["clock", "causality"])
    .optional()
    .describe("why timestamp is not what its clock says: that clock is off, or the order of things is certain"),
  reconstructed: z.boolean().optional().describe("true for what happened before the recording watched its object"),
};

const fieldChange = z.looseObject({
  path: text.describe("spec.template.spec.containers[name=app].image"),
  before: z.unknown().optional().describe("missing when the field was added"),
  after: z.unknown().optional().describe("missing when the field was removed"),
  truncated: z.boolean().optional(),
});

const changedBy = z.looseObject({
  manager: text,
  operation: text,
  subresource: text.optional(),
  time: text.optional().describe("as the API server wrote it, in whole seconds"),
});

const objectEvent = z.looseObject({
  ...event,
  event_type: z.enum(["RESOURCE_UPDATE", "CORRELATED_EVENT", "K8S_EVENT"]),
  action: z.enum(["add", "update", "delete"]),
  data: z.record(text, z.unknown()).describe("the object, value for value as the API server sent it"),
  final_state_unknown: z.boolean().optional(),
  redactions: count.optional(),
  occurrences: count.optional().describe("of a Kubernetes Event: since the version told before"),
  changes: z.array(fieldChange).optional().describe("what differs from the version told before, status last"),
  changes_omitted: count.optional().describe("how many more there are"),
  changed_by: z.array(changedBy).optional().describe("who made the changes, where managedFields prove it"),
});

const lifecycleEvent = z.looseObject({
  ...event,
  event_type: z.literal("POD_LIFECYCLE"),
  action: z.enum(LIFECYCLE_ACTIONS),
  data: z.looseObject({
    from: text.optional(),
    to: text.optional(),
    container: text.optional(),
    container_id: text.optional(),
    reason: text.optional(),
    message: text.optional(),
    exit_code: z.int().optional(),
    signal: z.int().optional(),
    restart_count: count.optional(),
    started_at: text.optional(),
    finished_at: text.optional(),
    node: text.optional(),
    seq: count.describe("seq of the version that shows it"),
  }),
});

const logEvent = z.looseObject({
  ...event,
  event_type: z.literal("CONTAINER_LOG"),
  action: z.literal("log"),
  data: z.looseObject({
    pod: text,
    container: text,
    container_id: text,
    restart_count: count,
    timestamp: text.describe("as the node wrote it; empty when the line had none"),
    message: text,
    message_base64: z.base64().optional().describe("the bytes, when they are not UTF-8"),
    unterminated: z.boolean().optional(),
    continues: z.boolean().optional().describe("true when the next line of the container goes on with this one"),
  }),
});

const gapEvent = z.looseObject({
  ...event,
  event_type: z.literal("RECORDING_GAP"),
  action: z.enum(["opened", "closed"]),
  data: gap,
});

const anyEvent = z.discriminatedUnion("event_type", [objectEvent, lifecycleEvent, logEvent, gapEvent]);

const eventType = z.enum([...objectEvent.shape.event_type.options, "POD_LIFECYCLE", "CONTAINER_LOG", "RECORDING_GAP"]);

const overview = z
  .looseObject({
    events_by_type: z.partialRecord(eventType, count),
    troubles: count.describe("events that look like trouble, log lines included"),
    happened: z.array(z.looseObject({ id: text.describe("e and the event's seq"), timestamp: time, what: text })),
    pods: z.array(
      z.looseObject({
        uid: text,
        name: text,
        restarts: count,
        phases: z.array(z.looseObject({ from: time, phase: z.enum(POD_PHASES) })),
      }),
    ),
    owners: z.record(text, text).describe("uid of an object → uid of its controller"),
  })
  .describe("the story on one screen");

/** A part of a story file that can be checked by itself. */
export type StoryPart = "metadata" | "coverage" | "chronology" | "object" | "event" | "overview";

const PARTS: Readonly<Record<StoryPart, z.ZodType>> = { metadata, coverage, chronology, object, event: anyEvent, overview };

/** What is wrong with a part, one sentence each: `data.seq: expected number, received undefined`. Empty when it is right. */
export function checkStoryPart(part: StoryPart, value: unknown): readonly string[] {
  const result = PARTS[part].safeParse(value);
  return result.success
    ? []
    : result.error.issues.map(({ path, message }) => `${path.map(String).join(".") || part}: ${message}`);
}

const storySchema: z.ZodType<StoryDocument> = z.looseObject({
  schema_version: z.literal("1"),
  metadata,
  coverage,
  chronology: chronology.optional(),
  objects: z.array(object),
  events: z.array(anyEvent),
  overview: overview.optional(),
});

/** Checks a whole story in memory, or throws. For a file of any size, check its lines one by one or use the JSON Schema. */
export function parseStory(value: unknown): StoryDocument {
  return storySchema.parse(value);
}

/** The published schema, `schema/story.v1.json`: JSON Schema, draft 2020-12. */
export function storyJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(storySchema, { target: "draft-2020-12" });
  return {
    $schema,
    title: "Faro story, version 1",
    description: "Everything that happened to one Kubernetes workload, in one order. Fields are only ever added.",
    ...rest,
  };
}

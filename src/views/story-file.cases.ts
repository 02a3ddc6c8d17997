/** A small story in the layout that the writer uses, for the tests of this room. */
import type { StoryEvent } from "../story/index.ts";

const ID = "pod-u1";

export function event(seq: number, over: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    correlation_id: ID,
    timestamp: `2026-03-01T10:00:${String(seq).padStart(2, "0")}.000Z`,
    event_type: "RESOURCE_UPDATE",
    source_component: "web-pod",
    data: { metadata: { name: "web" } },
    namespace: "shop",
    resource: "Pod",
    action: "update",
    name: "web",
    uid: "u1",
    resource_version: String(100 + seq),
    seq,
    received_at: "2026-03-01T10:00:59.000Z",
    observed_by: "watch",
    synthetic: false,
    ...over,
  };
}

export function logEvent(seq: number, message: string): Readonly<Record<string, unknown>> {
  const data = { pod: "web", container: "app", container_id: "c1", restart_count: 0, timestamp: "", message };
  return event(seq, { event_type: "CONTAINER_LOG", action: "log", observed_by: "log", data });
}

export function lifecycle(seq: number, action: string, data: Readonly<Record<string, unknown>> = {}): StoryEvent {
  return JSON.parse(
    JSON.stringify(event(seq, { event_type: "POD_LIFECYCLE", action, observed_by: "derived", data: { seq, ...data } })),
  );
}

/** The text of a story file; without `overview` as an older Faro wrote it. */
export function storyText(
  events: readonly unknown[],
  over: { readonly version?: string; readonly count?: number; readonly overview?: unknown } = {},
): string {
  const metadata = {
    correlation_id: ID,
    start_time: "2026-03-01T10:00:01.000Z",
    end_time: "2026-03-01T10:00:30.000Z",
    event_count: over.count ?? events.length,
    namespace: "shop",
    resource_type: "v1/Pod",
    resource_name: "web",
    uid: "u1",
    cluster: { server_version: "v1.36.0", id: "k" },
    faro_version: "1.0.0",
    state: "open",
  };
  const coverage = { verdict: "complete", reasons: [], scopes: [], logs: [], gaps: [] };
  const seen = { first_seen: "2026-03-01T10:00:01.000Z", last_seen: "2026-03-01T10:00:30.000Z" };
  const objects = [
    { uid: "u1", resource_type: "v1/Pod", namespace: "shop", name: "web", relation: "root", ...seen },
    { uid: "u2", resource_type: "v1/ConfigMap", namespace: "shop", name: "web", relation: "used by Pod/web", ...seen },
  ];
  const lines = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join(",\n");
  const members = [
    `"schema_version": "${over.version ?? "1"}"`,
    `"metadata": ${JSON.stringify(metadata)}`,
    `"coverage": ${JSON.stringify(coverage)}`,
    `"objects": [\n${lines(objects)}\n]`,
    `"events": [\n${lines(events)}\n]`,
    ...(over.overview === undefined ? [] : [`"overview": ${JSON.stringify(over.overview)}`]),
  ];
  return `{\n${members.join(",\n")}\n}\n`;
}

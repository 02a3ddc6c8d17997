/**
 * The records that the events of a story were made from, as far as a story keeps them: versions of objects and lines of logs. So
 * a story is served as a recording is.
 */
import { findMember } from "../base/index.ts";
import type { ContainerInstance, FaroRecord, ObjectRecord } from "../record/index.ts";
import type { CoveredLog, LogEvent, ObjectEvent, StoryEvent, StoryObject } from "../story/index.ts";
import type { StoryReader } from "./story-reader.ts";

/** In the order of their arrival. Objects are held in memory. */
export async function* storyRecords(story: StoryReader): AsyncGenerator<{ readonly record: FaroRecord }> {
  const { metadata, coverage } = story;
  const start = { seq: 0, at: metadata.start_time };
  const { server_version: serverVersion, id: clusterId } = metadata.cluster;
  const run = { state: "started", faroVersion: metadata.faro_version, epoch: 1, serverVersion, clusterId } as const;
  yield { record: { type: "run", ...start, ...run } };
  const kinds = new KindNames(story);
  for (const [scope, resource] of kinds.scopes()) yield { record: { type: "scope", ...start, scope, resource, state: "opened" } };
  const streams = new Set<string>();
  for (const log of coverage.logs) {
    const instance = instanceOf(log, story.objects);
    if (instance === undefined) continue;
    streams.add(instance.containerId);
    yield { record: { type: "log-stream", ...start, stream: instance.containerId, instance } };
  }
  const versions: ObjectRecord[] = [];
  let end = metadata.end_time;
  for await (const batch of story.texts()) {
    for (const text of batch) {
      const event = text.event();
      if (event.received_at > end) end = event.received_at;
      if (event.event_type === "CONTAINER_LOG") yield { record: lineRecord(event) };
      else if (isVersion(event)) versions.push(...kinds.versionRecord(event, dataOf(text.bytes)));
    }
  }
  // A deletion that a list revealed stands behind everything that had arrived by then.
  versions.sort((a, b) => a.seq - b.seq);
  for (const record of versions) yield { record };
  for (const { container_id: stream, outcome, reason, lines } of coverage.logs) {
    if (outcome !== "open" && streams.has(stream))
      yield { record: { type: "log-end", seq: 0, at: end, stream, outcome, reason, lines } };
  }
}

function dataOf(bytes: Buffer): Buffer {
  const member = findMember(bytes, 0, "data");
  return bytes.subarray(member?.start, member?.end);
}

function isVersion(event: StoryEvent): event is ObjectEvent {
  return event.event_type === "RESOURCE_UPDATE" || event.event_type === "CORRELATED_EVENT" || event.event_type === "K8S_EVENT";
}

/** `undefined` when the pod is not told of: its log belongs to nothing then. */
function instanceOf(log: CoveredLog, objects: readonly StoryObject[]): ContainerInstance | undefined {
  const pod = objects.find(({ resource_type: type, name }) => type === "v1/Pod" && name === log.pod);
  if (pod === undefined) return undefined;
  return {
    podUid: pod.uid,
    namespace: pod.namespace,
    pod: log.pod,
    container: log.container,
    containerKind: "app",
    containerId: log.container_id,
    restartCount: log.restart_count,
  };
}

function lineRecord({ data, seq, received_at: at }: LogEvent): FaroRecord {
  const bytes = data.message_base64;
  const message = bytes === undefined ? data.message : Buffer.from(bytes, "base64").toString("latin1");
  return {
    type: "log",
    seq,
    at,
    stream: data.container_id,
    count: 1,
    encoding: bytes === undefined ? "utf8" : "latin1",
    text: data.timestamp === "" ? message : `${data.timestamp} ${message}`,
  };
}

/** Finds the REST names of a story's kinds, which it tells by its scopes alone. */
class KindNames {
  readonly #objects: ReadonlyMap<string, StoryObject>;
  readonly #covered: readonly string[];

  constructor({ objects, coverage }: StoryReader) {
    this.#objects = new Map(objects.map((object) => [object.uid, object]));
    this.#covered = coverage.scopes.map(({ scope }) => scope);
  }

  /** What the story knows, as scopes with their resources: its objects alone, and all Events about them. */
  scopes(): ReadonlyMap<string, string> {
    const events = this.#covered.filter((scope) => scope.startsWith("events."));
    const known = new Map(events.map((scope) => [scope, resourceOf(scope)]));
    for (const { resource_type: type, namespace, name } of this.#objects.values()) {
      const { apiVersion, kind } = typeOf(type);
      const resource = this.#resourceOf(apiVersion, kind);
      const within = `${resource}/${namespace === "" ? "*" : namespace}`;
      if (kind !== "") known.set(kind === "Event" ? within : `${within}/${name}`, resource);
    }
    return known;
  }

  /** Nothing for an object of which the story does not know the kind. */
  versionRecord(event: ObjectEvent, raw: Buffer): readonly ObjectRecord[] {
    const { apiVersion, kind } = typeOf(this.#objects.get(event.uid)?.resource_type ?? "");
    if (kind === "") return [];
    const resource = this.#resourceOf(apiVersion, kind);
    return [
      {
        type: "object",
        seq: event.seq,
        at: event.received_at,
        epoch: 1,
        scope: `${resource}/${event.namespace === "" ? "*" : event.namespace}`,
        change: event.action === "delete" ? "DELETED" : "MODIFIED",
        observedBy: "watch",
        ...(event.synthetic ? { synthetic: true } : {}),
        resource,
        apiVersion,
        kind,
        ...(event.namespace === "" ? {} : { namespace: event.namespace }),
        name: event.name,
        uid: event.uid,
        resourceVersion: event.resource_version ?? "",
        raw,
      },
    ];
  }

  /** `deployments.v1.apps`: as a scope calls it, else as Kubernetes would guess it. */
  #resourceOf(apiVersion: string, kind: string): string {
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : [undefined, apiVersion];
    const behind = [version, group].filter((part) => part !== undefined).join(".");
    const covered = this.#covered.map(resourceOf).find((resource) => isPluralOf(resource, behind, kind.toLowerCase()));
    return covered ?? `${guessPlural(kind.toLowerCase())}.${behind}`;
  }
}

function resourceOf(scope: string): string {
  return scope.slice(0, scope.indexOf("/"));
}

/** `apps/v1/Deployment` */
function typeOf(resourceType: string): { readonly apiVersion: string; readonly kind: string } {
  const slash = resourceType.lastIndexOf("/");
  return { apiVersion: resourceType.slice(0, Math.max(0, slash)), kind: resourceType.slice(slash + 1) };
}

/** A plural begins as its singular does, but for a final y, and is hardly longer: `services`, not `serviceaccounts`. */
function isPluralOf(resource: string, behind: string, singular: string): boolean {
  const plural = resource.endsWith(`.${behind}`) ? resource.slice(0, -behind.length - 1) : "";
  return plural.startsWith(singular.replace(/y$/, "")) && plural.length <= singular.length + 2;
}

/** As Kubernetes does where it knows nothing else (apimachinery `meta.UnsafeGuessKindToResource`). */
function guessPlural(singular: string): string {
  if (singular.endsWith("endpoints")) return singular;
  if (singular.endsWith("s")) return `${singular}es`;
  return singular.endsWith("y") ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

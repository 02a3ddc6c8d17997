/** A story against its judges. Every difference is one readable line, so a failed test says at once what is wrong. */
import { eventsAbout, ownedBy, type StoredVersion } from "./etcd-history.ts";
import type { InstanceLog } from "./node-logs.ts";
import type { StoryEvent, StoryFile, StoryGap } from "./story.ts";

export interface Difference {
  /** In the judge, not in the story. */
  readonly missing: readonly string[];
  /** In the story, not in the judge. */
  readonly invented: readonly string[];
  /** In the story more than once. */
  readonly repeated: readonly string[];
  /** Not in the judge's order. */
  readonly disordered: readonly string[];
}

export const NO_DIFFERENCE: Difference = { missing: [], invented: [], repeated: [], disordered: [] };

const MANY = 20;

/** Instances whose lines in the story are not the first ones of the node's file: something is left out in the middle, or wrong. */
export function notPrefixes(story: StoryFile, instances: readonly InstanceLog[]): readonly string[] {
  const told = linesByInstance(story);
  return instances.flatMap((instance) => {
    const found = told.get(keyOf(instance)) ?? [];
    const wanted = instance.lines.slice(0, found.length).map((line) => `${line.time} ${line.text}`);
    const at = found.findIndex((line, index) => line !== wanted[index]);
    return at < 0 ? [] : [`${labelOf(instance)}: line ${at} is ${found[at] ?? ""}, on the node ${wanted[at] ?? "there is none"}`];
  });
}

/**
 * Versions of the root and of everything it owns. What the story itself calls inferred (`synthetic`) is no version, and not compared;
 * a deletion is not missing, though, when it was found by reading back.
 */
export function compareObjects(story: StoryFile, history: readonly StoredVersion[]): Difference {
  const judged = ownedBy(history, story.metadata.uid).filter(isNotFoundOtherwise(story));
  const uids = new Set(judged.map((version) => version.uid));
  const told = story.events.filter((event) => isObjectEvent(event) && uids.has(event.uid));
  const compared = compare(judged, told);
  return { ...compared, invented: [...compared.invented, ...unproved(story, uids)] };
}

/** The relations by which a story may hold what its root does not own, each naming who and by which field. */
const RELATION: RegExp =
  /^(?:(?:node of|used by|selected by|selects|limits|published by|endpoints of|lists|backend of|routes to|scaled by|scales|named by|hint: manages) \S+\/\S+ \(.+\)|about \S+\/\S+ \(uid .+\))$/;

/** Objects that the root does not own, and that no relation with its proof explains. */
function unproved(story: StoryFile, owned: ReadonlySet<string>): readonly string[] {
  return story.objects
    .filter((object) => !owned.has(object.uid) && object.resource_type !== "v1/Event")
    .filter((object) => object.related === undefined || !object.related.every(({ relation }) => RELATION.test(relation)))
    .map((object) => `${object.resource_type} ${object.name} (${object.uid}): ${object.relation}`);
}

/** Versions of Kubernetes Events about the root and about everything it owns. */
export function compareKubeEvents(story: StoryFile, history: readonly StoredVersion[]): Difference {
  const uids = new Set(ownedBy(history, story.metadata.uid).map((version) => version.uid));
  const judged = eventsAbout(history, uids);
  const ours = new Set(judged.map((version) => version.uid));
  // Events about what only concerns the root, such as its node, are context. They may be older than what is judged.
  const told = story.events.filter(
    (event) => event.event_type === "K8S_EVENT" && !event.synthetic && (ours.has(event.uid) || uids.has(involvedIn(event))),
  );
  return compare(judged, told);
}

/** Log lines per container instance: the node's file, line for line and byte for byte. */
export function compareLogs(story: StoryFile, instances: readonly InstanceLog[]): Difference {
  const pods = new Set(story.objects.filter((object) => object.resource_type === "v1/Pod").map((object) => object.uid));
  const told = linesByInstance(story);
  const missing: string[] = [];
  const disordered: string[] = [];
  const invented: string[] = [];
  for (const instance of instances) {
    if (!pods.has(instance.podUid)) continue;
    const key = keyOf(instance);
    const wanted = instance.lines.map((line) => `${line.time} ${line.text}`);
    const found = told.get(key) ?? [];
    told.delete(key);
    const label = labelOf(instance);
    const [lost, extra] = [without(wanted, found), without(found, wanted)];
    if (lost.length > 0) missing.push(`${label}: ${lost.length} of ${wanted.length} lines, the first: ${lost[0] ?? ""}`);
    if (extra.length > 0) invented.push(`${label}: ${extra.length} lines, the first: ${extra[0] ?? ""}`);
    if (lost.length + extra.length === 0 && found.join("\n") !== wanted.join("\n")) disordered.push(label);
  }
  invented.push(...[...told.keys()].map((key) => `${key}: no such file on the node`));
  return { missing, invented, repeated: [], disordered };
}

function linesByInstance(story: StoryFile): Map<string, string[]> {
  const told = new Map<string, string[]>();
  for (const event of story.events) {
    if (event.event_type !== "CONTAINER_LOG") continue;
    const key = `${event.uid}/${event.data.container ?? ""}/${event.data.restart_count ?? ""}`;
    const lines = told.get(key) ?? [];
    lines.push(`${event.data.timestamp ?? ""} ${event.data.message ?? ""}`);
    told.set(key, lines);
  }
  return told;
}

function keyOf(instance: InstanceLog): string {
  return `${instance.podUid}/${instance.container}/${instance.restartCount}`;
}

function labelOf(instance: InstanceLog): string {
  return `${instance.pod}/${instance.container}#${instance.restartCount}`;
}

/**
 * Versions of the root, of what it owns and of the Events about them that the story neither holds nor covers by a gap of their
 * watch. What nobody saw, since it came and went in a gap, is judged by its own versions: its Events and lines cannot be told of it.
 */
export function lostWithoutGap(story: StoryFile, history: readonly StoredVersion[]): readonly string[] {
  const told = new Set(story.events.filter((event) => !event.synthetic).map((event) => `${event.uid} ${event.resource_version}`));
  const family = ownedBy(history, story.metadata.uid);
  const seen = new Set(family.map((version) => version.uid).filter((uid) => isTold(story, uid)));
  return [...family, ...eventsAbout(history, seen)]
    .filter((version) => !told.has(`${version.uid} ${version.revision}`))
    .filter(isNotFoundOtherwise(story))
    .filter((version) => !story.coverage.gaps.some((gap) => covers(gap, version)))
    .map((version) => nameOf(version.kind, version, String(version.revision), version.deleted));
}

/** Lines on the node that the story neither holds nor accounts for, by a gap of their log or by calling the stream incomplete. */
export function linesLostWithoutGap(story: StoryFile, instances: readonly InstanceLog[]): readonly string[] {
  const told = linesByInstance(story);
  return instances
    .filter((instance) => isTold(story, instance.podUid) && !isCalledIncomplete(story, instance))
    .flatMap((instance) => {
      const wanted = instance.lines.map((line) => `${line.time} ${line.text}`);
      const gaps = story.coverage.gaps.filter((gap) => gap.scope === `log:${instance.podUid}/${instance.container}`);
      const lost = without(wanted, told.get(keyOf(instance)) ?? []).filter(
        (line) => !gaps.some((gap) => isLineInside(gap, line)),
      );
      return lost.length === 0
        ? []
        : [`${labelOf(instance)}: ${lost.length} of ${wanted.length} lines, the first: ${lost[0] ?? ""}`];
    });
}

function covers(gap: StoryGap, version: StoredVersion): boolean {
  const isSameKind = gap.scope.startsWith(`${version.kind.toLowerCase()}s.`);
  if (!isSameKind || !gap.possible_loss) return false;
  const isAfter =
    gap.from_version === undefined
      ? (version.storedAt ?? Number.POSITIVE_INFINITY) >= Date.parse(gap.from)
      : version.revision > Number(gap.from_version);
  const isBefore = version.revision <= Number(gap.to_version ?? Number.MAX_SAFE_INTEGER);
  return isAfter && isBefore;
}

/** A log gap is bounded by the times of the lines around it, in whole milliseconds. */
function isLineInside(gap: StoryGap, line: string): boolean {
  const at = Date.parse(line.slice(0, line.indexOf(" ")));
  return at >= Date.parse(gap.from) - 1 && at <= Date.parse(gap.to ?? "9999-01-01T00:00:00Z") + 1;
}

/** False for the deletion of an object of which the story tells the end with its last state, though no watch showed it. */
function isNotFoundOtherwise({ events }: StoryFile): (version: StoredVersion) => boolean {
  const ends = events.filter((event) => event.synthetic && event.action === "delete" && event.final_state_unknown !== true);
  const found = new Set(ends.map(({ uid }) => uid));
  return ({ uid, deleted }) => !(deleted && found.has(uid));
}

function isTold(story: StoryFile, uid: string): boolean {
  return story.objects.some((object) => object.uid === uid);
}

function isCalledIncomplete(story: StoryFile, instance: InstanceLog): boolean {
  return story.coverage.logs.some(
    (log) =>
      log.outcome === "incomplete" &&
      log.pod === instance.pod &&
      log.container === instance.container &&
      log.restart_count === instance.restartCount,
  );
}

/** True for the events that are versions of objects as a server sent them. */
export function isObjectEvent(event: StoryEvent): boolean {
  return !event.synthetic && (event.event_type === "RESOURCE_UPDATE" || event.event_type === "CORRELATED_EVENT");
}

function compare(judged: readonly StoredVersion[], told: readonly StoryEvent[]): Difference {
  const wanted = judged.map((version) => nameOf(version.kind, version, String(version.revision), version.deleted));
  const found = told.map((event) => nameOf(event.resource, event, event.resource_version, event.action === "delete"));
  return {
    missing: without(wanted, found).slice(0, MANY),
    invented: without([...new Set(found)], wanted).slice(0, MANY),
    repeated: without(found, [...new Set(found)]).slice(0, MANY),
    disordered: disorderOf(told),
  };
}

/**
 * Versions of one object stand in the order of their revisions, and so do those of one kind that came over its watch. A list is
 * in the order of names.
 */
function disorderOf(told: readonly StoryEvent[]): readonly string[] {
  const last = new Map<string, number>();
  return told.flatMap((event) => {
    const revision = Number(event.resource_version);
    const isOfWatch = event.observed_by === "watch" && event.event_type !== "K8S_EVENT";
    const streams = isOfWatch ? [event.uid, event.resource] : [event.uid];
    const before = Math.max(...streams.map((stream) => last.get(stream) ?? 0));
    for (const stream of streams) last.set(stream, revision);
    return before > revision ? [`${event.resource} ${event.name} ${revision} after ${before}`] : [];
  });
}

function nameOf(
  kind: string,
  object: { readonly name: string; readonly uid: string },
  revision: string,
  deleted: boolean,
): string {
  return `${kind} ${object.name} (${object.uid}) at ${revision}${deleted ? ", deleted" : ""}`;
}

function without(names: readonly string[], taken: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const name of taken) counts.set(name, (counts.get(name) ?? 0) + 1);
  return names.filter((name) => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count - 1);
    return count <= 0;
  });
}

function involvedIn({ data }: StoryEvent): string {
  return data.involvedObject?.uid ?? data.regarding?.uid ?? "";
}

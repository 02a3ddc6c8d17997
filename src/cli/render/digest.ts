/**
 * The ten lines of a story that matter: when it began, what was rolled out, what broke and with which words, how it
 * ended, and whether the recording is complete. Pure; the file is its only source.
 */
import { FaroError } from "../../base/index.ts";
import type { LifecycleEvent, LogEvent, ObjectEvent, StoryDocument, StoryEvent } from "../../story/index.ts";
import { askedFor, describeChange } from "../../views/index.ts";

/** Something worth a line. The higher `weight` is, the sooner it is kept. */
interface Finding {
  readonly event: StoryEvent;
  readonly weight: number;
  readonly text: string;
}

/** One more line is the verdict. */
const FINDINGS_MAX = 9;
const QUOTE_MAX = 90;

/** @throws FaroError `FARO_RECORDING_DAMAGED` when `value` is no story file that this version writes. */
export function digestStory(value: unknown): readonly string[] {
  const story = asStory(value);
  return [...whatMattered(story).map(({ event, text }) => `${event.timestamp.slice(11, 23)}  ${text}`), verdict(story)];
}

/** What matters most of a story, in its order, each with the event that shows it. */
export function whatMattered(story: StoryDocument): readonly { readonly event: StoryEvent; readonly text: string }[] {
  const findings = [...edges(story), ...rootChanges(story), ...crashes(story), ...kubeEvents(story)];
  const kept = distinct(findings)
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, FINDINGS_MAX);
  return kept.toSorted((a, b) => story.events.indexOf(a.event) - story.events.indexOf(b.event));
}

/** The schema is checked where the file is written; here it is enough to know that it is one. */
function asStory(value: unknown): StoryDocument {
  if (typeof value === "object" && value !== null && "schema_version" in value && value.schema_version === "1")
    return value as StoryDocument;
  throw new FaroError("FARO_RECORDING_DAMAGED", "this is not a story file of schema version 1");
}

/** The same event may be found for several reasons: the weightiest is told. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const byEvent = new Map<StoryEvent, Finding>();
  for (const finding of findings) {
    const known = byEvent.get(finding.event);
    if (known === undefined || known.weight < finding.weight) byEvent.set(finding.event, finding);
  }
  return [...byEvent.values()];
}

function edges({ events }: StoryDocument): readonly Finding[] {
  const first = events.at(0);
  const last = events.at(-1);
  return [
    ...(first === undefined ? [] : [{ event: first, weight: 5, text: `the story begins: ${describeEvent(first)}` }]),
    ...(last === undefined ? [] : [{ event: last, weight: 4, text: `the story ends: ${describeEvent(last)}` }]),
  ];
}

/** Words of a line that says why a program ends. A stack trace ends with lines that do not. */
const REASON = /error|exception|fatal|panic|fail|cannot|denied|refused|killed|invalid/i;

/** What one version of the root says that its last one did not. */
function rootChanges({ events }: StoryDocument): readonly Finding[] {
  const versions = events.filter(isRootVersion);
  const rolled: string[] = [];
  let timesReady = 0;
  return versions.flatMap((event, index) => {
    const before = versions[index - 1];
    const image = imagesOf(event.data);
    const known = rolled.indexOf(image);
    const isNew = image !== "" && image !== rolled.at(-1);
    if (isNew) rolled.push(image);
    if (event.action === "delete") return [{ event, weight: 9, text: `${titleOf(event)} is deleted` }];
    if (isNew && before === undefined) return [{ event, weight: 9, text: `${titleOf(event)} appears with ${image}` }];
    if (isNew) return [{ event, weight: 9, text: known === -1 ? `rolled out: ${image}` : `rolled back to ${image}` }];
    if (!becameReady(event, before)) return [...scaled(event, before), ...respecified(event)];
    timesReady += 1;
    return [
      ...scaled(event, before),
      // A crash loop is ready again and again: once is news.
      { event, weight: timesReady > 2 ? 3 : 7, text: `${timesReady === 1 ? "ready" : "ready again"}: ${readyCount(event.data)}` },
    ];
  });
}

function scaled(event: ObjectEvent, before: ObjectEvent | undefined): readonly Finding[] {
  const [now, then] = [numberAt(event.data, "spec", "replicas"), before && numberAt(before.data, "spec", "replicas")];
  return now === undefined || then === undefined || now === then
    ? []
    : [{ event, weight: 6, text: `scaled from ${then} to ${now}` }];
}

/** What was asked for besides another image and another number of replicas. */
function respecified(event: ObjectEvent): readonly Finding[] {
  const changes = askedFor(event).filter(({ path }) => path.startsWith("spec.") && path !== "spec.replicas");
  const [first] = changes;
  if (first === undefined) return [];
  const more = changes.length > 1 ? ` and ${changes.length - 1} more` : "";
  return [{ event, weight: 8, text: `changed: ${describeChange(first)}${more}` }];
}

function becameReady(event: ObjectEvent, before: ObjectEvent | undefined): boolean {
  return before !== undefined && isReady(event.data) && !isReady(before.data);
}

function readyCount(object: unknown): string {
  return `${numberAt(object, "status", "readyReplicas") ?? 0} of ${numberAt(object, "spec", "replicas") ?? 0}`;
}

/** As `kubectl rollout status` sees a Deployment: the newest generation seen, every replica new and available, none left over. */
function isReady(object: unknown): boolean {
  const wanted = numberAt(object, "spec", "replicas");
  const status = (field: string): number => numberAt(object, "status", field) ?? 0;
  if (wanted === undefined || wanted === 0) return false;
  const seen = status("observedGeneration") >= (numberAt(object, "metadata", "generation") ?? 0);
  return seen && status("updatedReplicas") === wanted && status("availableReplicas") === wanted && status("replicas") === wanted;
}

/** The first crash of each image's container, with the last line it wrote. */
function crashes({ events }: StoryDocument): readonly Finding[] {
  const all = events.filter((event): event is LifecycleEvent => event.event_type === "POD_LIFECYCLE" && isCrash(event));
  const [first] = all;
  if (first === undefined) return [];
  const { container = "", exit_code: exitCode, reason, signal } = first.data;
  const how = [
    exitCode === undefined ? "" : ` with code ${exitCode}`,
    signal === undefined ? "" : ` by signal ${signal}`,
    reason === undefined ? "" : ` (${reason})`,
  ].join("");
  const more = all.length > 1 ? `; the first of ${all.length} such ends` : "";
  const words = lastWords(events, first);
  return [
    { event: first, weight: 10, text: `container ${container} of ${first.name} ends${how}${more}` },
    ...(words === undefined
      ? []
      : [{ event: words, weight: 10, text: `${words.source_component} wrote ${quote(words.data.message)}` }]),
  ];
}

function isCrash({ action, data }: LifecycleEvent): boolean {
  return action === "evicted" || (action === "container-terminated" && (data.exit_code ?? 0) !== 0);
}

/** The last line of the ended container that sounds like a reason, else its last one. */
function lastWords(events: readonly StoryEvent[], crash: LifecycleEvent): LogEvent | undefined {
  const { container, container_id: id } = crash.data;
  const lines = events.filter(
    (event): event is LogEvent =>
      event.event_type === "CONTAINER_LOG" &&
      event.uid === crash.uid &&
      event.data.container === container &&
      (id === undefined || id === "" || event.data.container_id === id) &&
      event.data.message.trim() !== "",
  );
  return lines.findLast((line) => REASON.test(line.data.message)) ?? lines.at(-1);
}

/** The first Kubernetes Event of each warning's reason. */
function kubeEvents({ events }: StoryDocument): readonly Finding[] {
  const seen = new Set<string>();
  return events.filter(isKubeEvent).flatMap((event) => {
    const reason = textAt(event.data, "reason");
    if (textAt(event.data, "type") !== "Warning" || reason === "" || seen.has(reason)) return [];
    seen.add(reason);
    const message = textAt(event.data, "message") || textAt(event.data, "note");
    return [
      { event, weight: reason === "BackOff" ? 8 : 5, text: `${event.source_component} warns ${reason}: ${quote(message)}` },
    ];
  });
}

function verdict({ metadata, coverage, objects }: StoryDocument): string {
  const facts = `${metadata.event_count} events of ${objects.length} objects, ${coverage.logs.length} container logs`;
  if (coverage.verdict === "complete") return `complete: ${facts}, nothing missing`;
  return `incomplete: ${facts}; ${coverage.reasons.join("; ") || "see coverage in the file"}`;
}

function describeEvent(event: StoryEvent): string {
  switch (event.event_type) {
    case "RESOURCE_UPDATE":
    case "CORRELATED_EVENT":
      return `${event.action} of ${titleOf(event)}`;
    case "K8S_EVENT":
      return `${event.source_component} reports ${textAt(event.data, "reason")}`;
    case "POD_LIFECYCLE":
      return `${event.name} ${event.action}`;
    case "CONTAINER_LOG":
      return `${event.source_component} writes ${quote(event.data.message)}`;
    case "RECORDING_GAP":
      return `a gap in the recording ${event.action}`;
  }
}

function isRootVersion(event: StoryEvent): event is ObjectEvent {
  return event.event_type === "RESOURCE_UPDATE";
}

function isKubeEvent(event: StoryEvent): event is ObjectEvent {
  return event.event_type === "K8S_EVENT";
}

function titleOf(event: StoryEvent): string {
  return `${event.resource}/${event.name}`;
}

/** Images of a workload's pods, or of a pod. */
function imagesOf(object: unknown): string {
  const containers = at(object, "spec", "template", "spec", "containers") ?? at(object, "spec", "containers");
  return Array.isArray(containers) ? containers.map((container) => textAt(container, "image")).join(", ") : "";
}

function quote(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return `"${line.length <= QUOTE_MAX ? line : `${line.slice(0, QUOTE_MAX - 1)}…`}"`;
}

function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let found: unknown = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, step)) return undefined;
    found = Reflect.get(found, step);
  }
  return found;
}

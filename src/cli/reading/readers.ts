/** The reading commands, each from a story to pieces of text. */
import {
  describeEvent,
  type DiffLine,
  diffLines,
  type EventSelection,
  findObject,
  type MeantObject,
  nameOf,
  oneLine,
  overviewOf,
  readStories,
  type StoryReader,
  versionAt,
  versionsOf,
} from "../../views/index.ts";
import { FaroError } from "../../base/index.ts";
import { eventId, isTrouble, type ObjectEvent, type StoryEvent } from "../../story/index.ts";
import { fit, type Look, paint, room } from "../render/story/paint.ts";
import { renderScreen, screenValue } from "../render/story/screen.ts";
import { renderKubeEvent, renderLogLine } from "../render/story/streams.ts";
import { renderEvent } from "../render/story/timeline.ts";
import { gapRows, objectRows, renderGaps, renderObjects, renderStoryList, storyRow } from "../render/story/tables.ts";
import { clockTime, sinceStart } from "../render/story/times.ts";
import { formatValue, formatValues, isValueFormat, toYaml } from "./formats.ts";
import { resolveMoment } from "./moment.ts";
import type { ReadingOptions } from "./reading-options.ts";
import type { StoryCommandName } from "./story-commands.ts";

export interface Reading {
  readonly files: readonly string[];
  readonly id: string;
  readonly options: ReadingOptions;
  readonly look: Look;
  /** Opens the story that is meant. */
  readonly open: () => Promise<StoryReader>;
}

export const READERS: Readonly<Record<StoryCommandName, (reading: Reading) => AsyncGenerator<string>>> = {
  list,
  show,
  timeline,
  objects,
  object,
  diff,
  logs,
  events,
  gaps,
};

async function* list({ files, options, look }: Reading): AsyncGenerator<string> {
  const stories = await readStories(files);
  if (isValueFormat(options.format)) yield* formatValues(stories.map(storyRow), options.format);
  else if (options.format === "name") yield* stories.map(({ metadata }) => `${metadata.correlation_id}\n`);
  else yield renderStoryList(stories, look, options.format === "wide");
}

async function* show({ open, options: { format }, look }: Reading): AsyncGenerator<string> {
  const story = await open();
  const screen = { story, overview: await overviewOf(story) };
  if (isValueFormat(format)) yield formatValue(screenValue(screen), format);
  else if (format === "name") yield `${story.metadata.correlation_id}\n`;
  else yield renderScreen(screen, look);
}

async function* timeline({ open, options, look }: Reading): AsyncGenerator<string> {
  const story = await open();
  const isWide = options.format === "wide";
  yield* told(search(story, options, options.types), options, (event) => renderEvent(event, story.metadata, look, isWide));
}

async function* objects({ open, options, look }: Reading): AsyncGenerator<string> {
  const story = await open();
  const { grep } = options;
  // Events are objects too, but who looks for objects looks for what they are about.
  const isListed = (type: string): boolean => options.format !== "text" || !type.endsWith("/Event");
  const shown = story.objects.filter(
    (row) => isListed(row.resource_type) && (grep === undefined || grep.test(JSON.stringify(row))),
  );
  if (isValueFormat(options.format)) yield* formatValues(shown, options.format);
  else if (options.format === "name") yield* objectRows(shown).map((row) => `${row.title}\n`);
  else yield renderObjects({ objects: shown, metadata: story.metadata }, look, options.format === "wide");
}

async function* object({ open, id, options }: Reading): AsyncGenerator<string> {
  const story = await open();
  const meant = await findObject(story, id);
  const at = options.at === undefined ? Number.POSITIVE_INFINITY : resolveMoment(options.at, story.metadata);
  const version =
    meant.seq === undefined ? await versionAt(story, meant.uid, at) : await versionBySeq(story, meant.uid, meant.seq);
  if (version === undefined) {
    throw new FaroError(
      "FARO_USAGE",
      `the story holds no version of ${meant.title}${options.at === undefined ? "" : " at that moment"}`,
      {
        hint: "faro story objects shows from when to when each object was seen",
      },
    );
  }
  if (options.format === "name") yield `${nameOf(version)}\n`;
  else if (options.format === "json" || options.format === "ndjson") yield formatValue(version.data, options.format);
  else yield `${describeVersion(version)}${toYaml(version.data)}`;
}

/** A comment, so that the YAML below it can be used as it is. */
function describeVersion(version: ObjectEvent): string {
  const what = version.action === "delete" ? ", its deletion" : "";
  return `# ${nameOf(version)} ${eventId(version)}, seen ${version.received_at} (${version.observed_by}${what})\n`;
}

async function versionBySeq(story: StoryReader, uid: string, seq: number): Promise<ObjectEvent | undefined> {
  for await (const version of versionsOf(story, uid)) if (version.seq === seq) return version;
  return undefined;
}

async function* diff({ open, id, options, look }: Reading): AsyncGenerator<string> {
  const story = await open();
  const { format } = options;
  const changed = changesOf(story, await findObject(story, id), bounds(story, options));
  if (isValueFormat(format)) return yield* formatValues(changeValues(changed), format);
  for await (const change of changed)
    yield format === "name" ? `${eventId(change.version)}\n` : renderDiff(change, story.metadata, look);
}

/** A version, and how it differs from the one before; `undefined`: it is the first that was seen. */
interface Change {
  readonly version: ObjectEvent;
  readonly lines: readonly DiffLine[] | undefined;
}

async function* changesOf(
  story: StoryReader,
  meant: MeantObject,
  { since, until }: Pick<EventSelection, "since" | "until">,
): AsyncGenerator<Change> {
  let before: string | undefined;
  for await (const version of versionsOf(story, meant.uid)) {
    const after = toYaml(withoutNoise(version.data));
    const time = Date.parse(version.timestamp);
    const isWanted =
      (meant.seq === undefined || meant.seq === version.seq) &&
      (since === undefined || time >= since) &&
      (until === undefined || time <= until);
    if (isWanted) yield { version, lines: before === undefined ? undefined : diffLines(before, after) };
    before = after;
  }
}

/** `diff` without the lines that stayed; `changes` and `changed_by` where the story tells them. */
async function* changeValues(all: AsyncIterable<Change>): AsyncGenerator<Readonly<Record<string, unknown>>> {
  for await (const { version, lines } of all) {
    const { timestamp, action, resource_version, changes, changes_omitted, changed_by } = version;
    const change = { changes, changes_omitted, changed_by, diff: lines?.flatMap(signed) };
    yield { id: eventId(version), timestamp, action, resource_version, ...change };
  }
}

function signed({ kind, text }: DiffLine): readonly string[] {
  if (kind === "added") return [`+ ${text}`];
  return kind === "removed" ? [`- ${text}`] : [];
}

function renderDiff({ version, lines }: Change, story: StoryReader["metadata"], look: Look): string {
  const when = look.columns === undefined ? version.timestamp : sinceStart(version.timestamp, story);
  const heading = paint(
    look,
    "bold",
    `${when} ${eventId(version)} ${nameOf(version)} ${version.action}, version ${version.resource_version ?? "?"}`,
  );
  const body = lines?.map(({ kind, text }) => {
    if (kind === "added") return paint(look, "good", `+ ${text}`);
    return kind === "removed" ? paint(look, "bad", `- ${text}`) : paint(look, "dim", fit(`  ${text}`, room(look, 0)));
  });
  const said =
    body === undefined ? ["  the first version that was seen"] : body.length === 0 ? ["  nothing but its version changed"] : body;
  return `${[heading, ...said].join("\n")}\n`;
}

/** Bookkeeping that changes with every version, and says nothing that the rest does not. */
function withoutNoise(data: Readonly<Record<string, unknown>>): unknown {
  const { metadata, ...rest } = data;
  if (typeof metadata !== "object" || metadata === null) return data;
  const kept = Object.entries(metadata).filter(([key]) => key !== "managedFields" && key !== "resourceVersion");
  return { ...rest, metadata: Object.fromEntries(kept) };
}

async function* logs({ open, options, look }: Reading): AsyncGenerator<string> {
  const found = search(await open(), options, new Set(["CONTAINER_LOG"]));
  const isWide = options.format === "wide";
  yield* told(found, options, (event) => (event.event_type === "CONTAINER_LOG" ? renderLogLine(event, look, isWide) : undefined));
}

async function* events({ open, options, look }: Reading): AsyncGenerator<string> {
  const story = await open();
  const found = search(story, options, new Set(["K8S_EVENT"]));
  yield* told(found, options, (event) =>
    event.event_type === "K8S_EVENT" && event.action !== "delete" ? renderKubeEvent(event, story.metadata, look) : undefined,
  );
}

/** Events in the format that is asked for. What `render` leaves out is a value for programs, and nothing for people. */
async function* told(
  found: AsyncIterable<StoryEvent>,
  { format }: ReadingOptions,
  render: (event: StoryEvent) => string | undefined,
): AsyncGenerator<string> {
  if (isValueFormat(format)) return yield* formatValues(found, format);
  for await (const event of found) {
    const text = render(event);
    if (text !== undefined) yield format === "name" ? `${eventId(event)}\n` : text;
  }
}

async function* gaps({ open, options, look }: Reading): AsyncGenerator<string> {
  const story = await open();
  if (isValueFormat(options.format)) yield* formatValues([story.coverage], options.format);
  else if (options.format === "name") yield* gapRows(story.coverage).map(({ gap }) => `${gap}\n`);
  else yield renderGaps(story.coverage, clockTime, look);
}

/** The events that the flags ask for. A pattern sees the line as it would be shown, and the words of the event. */
async function* search(
  story: StoryReader,
  options: ReadingOptions,
  types: ReadonlySet<string> | undefined,
): AsyncGenerator<StoryEvent> {
  const { grep, errorsOnly, containers } = options;
  for await (const event of story.events({ types, ...bounds(story, options) })) {
    if (errorsOnly && !isTrouble(event)) continue;
    if (containers.size > 0 && event.event_type === "CONTAINER_LOG" && !containers.has(event.data.container)) continue;
    if (grep !== undefined && !grep.test(searchable(event))) continue;
    yield event;
  }
}

function searchable(event: StoryEvent): string {
  const { subject, text } = describeEvent(event);
  return `${eventId(event)} ${event.event_type} ${event.action} ${event.source_component} ${subject} ${oneLine(text)}`;
}

function bounds(story: StoryReader, { since, until }: ReadingOptions): Pick<EventSelection, "since" | "until"> {
  return {
    since: since === undefined ? undefined : resolveMoment(since, story.metadata),
    until: until === undefined ? undefined : resolveMoment(until, story.metadata),
  };
}

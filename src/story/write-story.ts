/**
 * Writes the JSON of one story: one event on a line, so that a diff, `grep` and a person can read it. Memory does
 * not grow with the story: events are read, written and forgotten. The same recording gives the same bytes.
 */
import { isoTime } from "../base/index.ts";
import { describeGap, gapReasons } from "./coverage.ts";
import type { CoveredLog, StoryCoverage, StoryMetadata, StoryObject, StoryOverview, Verdict } from "./document.ts";
import { STORY_SCHEMA_VERSION } from "./document.ts";
import { describeDrawn, proofOfDrawn } from "./drawn.ts";
import type { LogStream } from "./log-streams.ts";
import { firstVersion, mergeEvents, type MergeInput, UnreadableRow } from "./merge.ts";
import { Overview } from "./overview/overview.ts";
import { reconstruct } from "./prehistory.ts";
import { replacements } from "./replacements.ts";
import type { StoryExtract, StoryIndex, StoryState } from "./story-index.ts";
import { StoryMemory } from "./story-memory.ts";
import type { Subject } from "./subjects.ts";
import { type StorySink, TextBuffer } from "./text-buffer.ts";
import type { CorrelationId, RecordingSource } from "../record/index.ts";

export interface WriteStoryOptions {
  readonly index: StoryIndex;
  readonly source: RecordingSource;
  readonly story: CorrelationId;
  readonly sink: StorySink;
  /** Whoever writes many stories, one at a time, gives all of them the same. */
  readonly memory?: StoryMemory | undefined;
}

export interface StorySummary {
  readonly state: StoryState;
  readonly events: number;
  readonly verdict: Verdict;
  /** Why it is incomplete, one sentence each. */
  readonly reasons: readonly string[];
}

/**
 * Writes what is known of a story now. `undefined` for a story that the index does not know.
 * @throws UnreadableRow when the recording is damaged at a row; the index leaves that row out from then on, so
 *   that writing anew succeeds
 */
export async function writeStory(options: WriteStoryOptions): Promise<StorySummary | undefined> {
  const { index, source, story, memory = new StoryMemory() } = options;
  const extract = index.extract(story);
  if (extract === undefined) return undefined;
  const out = new TextBuffer(options.sink, memory.buffers);
  const from: From = { rows: index.rows, source, memory: memory.records };
  const metadata = describeMetadata(extract);
  const coverage = describeCoverage(extract);
  const chronology = extract.order.describe();
  const head = { schema_version: STORY_SCHEMA_VERSION, metadata, coverage, chronology };
  out.text(
    `{\n${Object.entries(head)
      .map(([name, value]) => `"${name}": ${JSON.stringify(value)},\n`)
      .join("")}`,
  );
  await writeObjects(out, extract, from);
  const overview = await writeEvents(out, extract, { index, from });
  out.text(`"overview": ${JSON.stringify(overview)}\n}\n`);
  await out.end();
  return { state: extract.state, events: metadata.event_count, verdict: coverage.verdict, reasons: coverage.reasons };
}

type From = Omit<MergeInput, "extract">;

/** Of an object that a list showed first; one that Faro saw created has no time before. */
async function reconstructed(member: Subject, from: From): Promise<Pick<StoryObject, "before">> {
  if (member.known?.firstChange !== "LISTED" || member.known.kind === "Event") return {};
  try {
    const record = await firstVersion(from, member);
    const before = record === undefined ? [] : reconstruct(record, JSON.parse(record.raw.toString("utf8")));
    return before.length === 0 ? {} : { before };
  } catch (error) {
    // The same row is met again among the events, where damage is told.
    if (error instanceof UnreadableRow) return {};
    throw error;
  }
}

async function writeObjects(out: TextBuffer, extract: StoryExtract, from: From): Promise<void> {
  out.text('"objects": [');
  let separator = "\n";
  const replaced = replacements(extract.members);
  for (const member of extract.members) {
    if (member.known === undefined) continue;
    const before = await reconstructed(member, from);
    out.text(separator + JSON.stringify({ ...describeObject(member, extract.state, replaced.get(member)), ...before }));
    separator = ",\n";
    if (out.isFull) await out.flush();
  }
  out.text("\n],\n");
}

async function writeEvents(
  out: TextBuffer,
  extract: StoryExtract,
  { index, from }: { readonly index: StoryIndex; readonly from: From },
): Promise<StoryOverview> {
  const overview = new Overview();
  out.text('"events": [');
  let separator = "\n";
  try {
    for await (const lines of mergeEvents({ extract, ...from })) {
      for (const line of lines) {
        out.text(separator + line.head);
        if (line.raw !== undefined) out.bytes(line.raw);
        if (line.tail !== "") out.text(line.tail);
        overview.accept(line.seen);
        separator = ",\n";
      }
      if (out.isFull) await out.flush();
    }
  } catch (error) {
    if (error instanceof UnreadableRow) index.noteUnreadable(error.position, error.message);
    throw error;
  }
  out.text("\n],\n");
  return overview.describe();
}

function describeMetadata(extract: StoryExtract): StoryMetadata {
  const { state, run } = extract;
  const { start, end } = timeBounds(extract);
  return {
    correlation_id: state.story,
    start_time: isoTime(start),
    end_time: isoTime(end),
    event_count: countEvents(extract),
    namespace: state.root.namespace ?? "",
    resource_type: state.root.resourceType,
    resource_name: state.root.name,
    uid: state.root.uid,
    cluster: { server_version: run?.serverVersion ?? "", id: run?.clusterId ?? "" },
    faro_version: run?.faroVersion ?? "",
    state: state.state,
    ...(state.because === undefined ? {} : { completed_because: state.because }),
  };
}

/** The times that the first and the last event will have. */
function timeBounds({ told: { rows }, streams, gaps, state, order }: StoryExtract): {
  readonly start: number;
  readonly end: number;
} {
  const first = rows[0];
  const last = rows.at(-1);
  const gapTimes = gaps
    .flatMap(({ opened, closed }) => [opened.from, closed?.to ?? closed?.at ?? opened.from])
    .map((time) => Date.parse(time));
  const starts = first === undefined ? gapTimes : [order.time(first), ...gapTimes];
  const logEnds = streams.map((stream) => stream.toldUntil - order.offsetOf(stream));
  const ends = last === undefined ? gapTimes : [order.time(last), ...logEnds, ...gapTimes];
  const opened = Date.parse(state.openedAt);
  return { start: Math.floor(least(starts) ?? opened), end: Math.floor(greatest(ends) ?? opened) };
}

function countEvents({ told, gaps }: StoryExtract): number {
  return gaps.reduce((count, gap) => count + (gap.closed === undefined ? 1 : 2), told.events);
}

function describeObject(member: Subject, state: StoryState, replaced: Subject | undefined): StoryObject {
  const { known } = member;
  const drawn = member.drawn?.get(state.story);
  const isOwned = member.uid === state.root.uid || member.stories.includes(state.story);
  const relation = isOwned || drawn === undefined ? member.relation : proofOfDrawn(drawn);
  return {
    uid: member.uid,
    resource_type: known?.resourceType ?? "",
    namespace: known?.namespace ?? "",
    name: known?.name ?? "",
    relation: member.uid === state.root.uid ? "root" : relation,
    first_seen: known?.firstSeen ?? state.openedAt,
    last_seen: member.lastSeen,
    ...(drawn === undefined ? {} : { related: describeDrawn(drawn) }),
    ...(replaced === undefined ? {} : { replaces: { uid: replaced.uid, name: replaced.known?.name ?? "" } }),
  };
}

/** A story is complete when no gap in which something may be missing overlaps its life, and no log is cut short. */
function describeCoverage(extract: StoryExtract): StoryCoverage {
  const logs = describeLogs(extract.streams);
  const reasons = [
    ...gapReasons(extract.gaps),
    ...logs
      .filter((log) => log.outcome === "incomplete")
      .map((log) => `the log of ${log.pod}/${log.container} (restart ${log.restart_count}) is cut short: ${log.reason}`),
    ...extract.unreadable.map((why) => `a part of the recording cannot be read: ${why}`),
  ];
  return {
    verdict: reasons.length === 0 ? "complete" : "incomplete",
    reasons,
    scopes: extract.scopes,
    logs,
    gaps: extract.gaps.map(describeGap),
  };
}

/** One entry per container instance. A log that was taken up again ended as its last stream did. */
function describeLogs(streams: readonly LogStream[]): readonly CoveredLog[] {
  const logs = new Map<string, CoveredLog>();
  for (const { instance, end, lines, untold, dropped } of streams) {
    if (instance === undefined) continue;
    const before = logs.get(instance.containerId);
    logs.set(instance.containerId, {
      pod: instance.pod,
      container: instance.container,
      container_id: instance.containerId,
      restart_count: instance.restartCount,
      outcome: end?.outcome ?? "open",
      reason: end?.reason ?? "",
      lines: lines + (before?.lines ?? 0),
      lines_untold: positive(untold + (before?.lines_untold ?? 0)),
      lines_dropped: positive(dropped + (before?.lines_dropped ?? 0)),
    });
  }
  return [...logs.values()];
}

function positive(count: number): number | undefined {
  return count > 0 ? count : undefined;
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
}

function greatest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b));
}

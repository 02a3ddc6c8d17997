/** O8: of every container instance the recorded lines are lines of its file, in its order, once; what is missing is said. */
import type { GapRecord } from "../../record/index.ts";
import type { Evidence, Violation } from "../evidence.ts";
import { elapsedOf } from "../recorder-time.ts";
import type { TrueLog } from "../truth.ts";

interface Told {
  readonly lines: string[];
  /** The line behind `lines` that is marked as one without its newline. */
  torn: string | undefined;
  readonly container: string;
}

export function logsWhole(evidence: Evidence): readonly Violation[] {
  const told = toldLogs(evidence);
  const gaps = gapsOfLogs(evidence);
  const cutOff = cutOffLogs(evidence);
  return [...told].flatMap(([containerId, { lines, torn, container }]) => {
    const log = evidence.truth.logs.get(containerId);
    if (log === undefined) return [wrong(`lines of ${containerId}, which never ran`)];
    const all = new Set(torn === undefined ? lines : [...lines, torn]);
    const excuses: Excuses = { gaps: gaps.get(container) ?? [], isCutOff: cutOff.has(containerId) };
    return [...misplaced(log, lines), ...beginning(log, { lines, torn }, excuses), ...missing(log, all, excuses)];
  });
}

function toldLogs(evidence: Evidence): ReadonlyMap<string, Told> {
  const instances = new Map<string, { readonly containerId: string; readonly container: string }>();
  for (const record of evidence.records) {
    if (record.type !== "log-stream") continue;
    const { containerId, podUid, container } = record.instance;
    instances.set(record.stream, { containerId, container: `${podUid}/${container}` });
  }
  const told = new Map<string, Told>();
  const followed = new Set([...instances.values()].map(({ container }) => container));
  for (const { containerId, podUid, container } of evidence.truth.logs.values()) {
    const name = `${podUid}/${container}`;
    if (followed.has(name)) told.set(containerId, { lines: [], torn: undefined, container: name });
  }
  for (const record of evidence.records) {
    if (record.type !== "log") continue;
    const { containerId, container } = instances.get(record.stream) ?? { containerId: record.stream, container: "" };
    const log: Told = told.get(containerId) ?? { lines: [], torn: undefined, container };
    told.set(containerId, log);
    // What stands behind a line without its newline is judged as what is out of its place.
    if (log.torn !== undefined) log.lines.push(log.torn);
    log.lines.push(...record.text.split("\n"));
    log.torn = record.unterminated === true ? log.lines.pop() : undefined;
  }
  return told;
}

/** What may be missing of a log. */
interface Excuses {
  readonly gaps: readonly LogGap[];
  /** Its end is told as incomplete: what stands behind its last line may be missing. */
  readonly isCutOff: boolean;
}

/** A gap's bounds: as the recording shows them, and as moments. */
interface LogGap {
  readonly shown: readonly [number, number];
  readonly moments: readonly [number, number];
}

/** Gaps that were not made up for, by `<pod uid>/<container>`. */
function gapsOfLogs(evidence: Evidence): ReadonlyMap<string, readonly LogGap[]> {
  const last = new Map<string, GapRecord>();
  for (const record of evidence.records)
    if (record.type === "gap" && record.scope.startsWith("log:")) last.set(record.gap, record);
  const gaps = new Map<string, LogGap[]>();
  for (const { scope, from, to, repaired } of last.values()) {
    if (repaired === "full") continue;
    const end: LogGap = {
      shown: [Date.parse(from), to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to)],
      moments: [
        elapsedOf(from, evidence.times)[0],
        to === undefined ? Number.POSITIVE_INFINITY : elapsedOf(to, evidence.times)[1],
      ],
    };
    const container = scope.slice("log:".length);
    gaps.set(container, [...(gaps.get(container) ?? []), end]);
  }
  return gaps;
}

/** Instances whose end is told as incomplete. */
function cutOffLogs(evidence: Evidence): ReadonlySet<string> {
  const streams = new Map<string, string>();
  const cutOff = new Set<string>();
  for (const record of evidence.records) {
    if (record.type === "log-stream") streams.set(record.stream, record.instance.containerId);
    else if (record.type === "log-end" && record.outcome === "incomplete") cutOff.add(streams.get(record.stream) ?? "");
  }
  return cutOff;
}

/**
 * Within the bounds of a gap. A gap's bounds are whole seconds of the node's clock where lines gave them, and the recorder's time
 * where nothing else was known: a line is excused by its own time or by the moment at which it was written.
 */
function isInGap({ lines, moments }: TrueLog, at: number, gaps: readonly LogGap[]): boolean {
  const shown = shownTime(lines[at]);
  const moment = moments[at] ?? Number.NaN;
  return gaps.some((gap) => isWithin(shown, gap.shown) || isWithin(moment, gap.moments));
}

/**
 * A kubelet that is asked for the lines from a time on leaves out what comes after its clock was set back behind that time, also of a
 * follow, and nothing in its answers tells.
 */
function isHeldBack({ lines }: TrueLog, at: number): boolean {
  const shown = shownTime(lines[at]);
  return lines.slice(0, at).some((line) => shownTime(line) - shown > 2_000);
}

function shownTime(line: string = ""): number {
  return Date.parse(line.split(" ", 1)[0] ?? "");
}

function isWithin(moment: number, [from, to]: readonly [number, number]): boolean {
  return moment >= from - 1_000 && moment <= to + 1_000;
}

function misplaced(log: TrueLog, lines: readonly string[]): readonly Violation[] {
  const place = new Map(log.lines.map((line, at) => [line, at]));
  let last = -1;
  for (const line of lines) {
    const at = place.get(line);
    if (at === undefined) return [wrong(`${log.containerId} never wrote ${JSON.stringify(line)}`)];
    if (at <= last) return [wrong(`${log.containerId} is told out of order, or twice: ${JSON.stringify(line)}`)];
    last = at;
  }
  return [];
}

/**
 * A last line that is marked as one without its newline may be the mere beginning of one: the connection ended inside it, and its
 * pod was gone before it could be read again. Whoever reads the recording is told twice, by the mark and by the end of the stream
 * as incomplete; without that end the beginning would pass for the whole.
 */
function beginning(log: TrueLog, { lines, torn }: Pick<Told, "lines" | "torn">, excuses: Excuses): readonly Violation[] {
  if (torn === undefined) return [];
  const last = log.lines.indexOf(lines.at(-1) ?? "");
  const whole = log.lines.findIndex((line, at) => at > last && line.startsWith(torn));
  const what = `${log.containerId} ends with ${JSON.stringify(torn)}`;
  if (whole === -1) return [wrong(`${what}, and no later line begins so`)];
  return excuses.isCutOff || isInGap(log, whole, excuses.gaps) || log.lines[whole] === torn
    ? []
    : [wrong(`${what}, the beginning of a line, and nothing says that the rest is missing`)];
}

function missing(log: TrueLog, told: ReadonlySet<string>, { gaps, isCutOff }: Excuses): readonly Violation[] {
  const first = log.lines.findIndex((line) => told.has(line));
  const last = log.lines.findLastIndex((line) => told.has(line));
  const holes = log.lines.filter((line, at) => {
    // Nothing but the lines around it tells that so short a log was rotated. A kubelet rotates one of megabytes.
    const isExpected = log.isRotated ? at > first && at < last : at < last || !isCutOff;
    return isExpected && !told.has(line) && !isInGap(log, at, gaps) && !isHeldBack(log, at);
  });
  return holes.length === 0
    ? []
    : [wrong(`${log.containerId} misses ${holes.length} lines and no gap says so: ${holes[0] ?? ""}`)];
}

function wrong(what: string): Violation {
  return { oracle: "O8", what };
}

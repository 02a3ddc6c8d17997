/** O8: of every container instance the recorded lines are lines of its file, in its order, once; what is missing is said. */
import type { Evidence, Violation } from "../evidence.ts";
import type { TrueLog } from "../truth.ts";

interface Told {
  readonly lines: string[];
  /** The line behind `lines` that is marked as one without its newline. */
  torn: string | undefined;
  readonly container: string;
}

export function logsWhole(evidence: Evidence): readonly Violation[] {
  const told = toldLogs(evidence);
  const excused = excusedLogs(evidence);
  return [...told].flatMap(([containerId, { lines, torn, container }]) => {
    const log = evidence.truth.logs.get(containerId);
    if (log === undefined) return [wrong(`lines of ${containerId}, which never ran`)];
    const isExcused = excused.has(container) || excused.has(containerId);
    const all = torn === undefined ? lines : [...lines, torn];
    return [...misplaced(log, lines), ...beginning(log, { lines, torn }, isExcused), ...missing(log, all, isExcused)];
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

/** Containers with a gap, and instances whose end is told as incomplete. */
function excusedLogs(evidence: Evidence): ReadonlySet<string> {
  const streams = new Map<string, string>();
  const excused = new Set<string>();
  for (const record of evidence.records) {
    if (record.type === "log-stream") streams.set(record.stream, record.instance.containerId);
    else if (record.type === "gap" && record.scope.startsWith("log:")) excused.add(record.scope.slice("log:".length));
    else if (record.type === "log-end" && record.outcome === "incomplete") excused.add(streams.get(record.stream) ?? "");
  }
  return excused;
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
function beginning(log: TrueLog, { lines, torn }: Pick<Told, "lines" | "torn">, isExcused: boolean): readonly Violation[] {
  if (torn === undefined) return [];
  const behind = log.lines.slice(log.lines.indexOf(lines.at(-1) ?? "") + 1);
  const whole = behind.find((line) => line.startsWith(torn));
  const what = `${log.containerId} ends with ${JSON.stringify(torn)}`;
  if (whole === undefined) return [wrong(`${what}, and no later line begins so`)];
  return isExcused || whole === torn
    ? []
    : [wrong(`${what}, the beginning of a line, and nothing says that the rest is missing`)];
}

function missing(log: TrueLog, lines: readonly string[], isExcused: boolean): readonly Violation[] {
  if (isExcused) return [];
  const told = new Set(lines);
  const first = log.lines.findIndex((line) => told.has(line));
  // Behind the last line that was told the log may have been gone; a hole in the middle is a loss.
  const last = log.lines.findLastIndex((line) => told.has(line));
  const holes = log.lines.filter((line, at) => !told.has(line) && (log.isWhole || (at > first && at < last)));
  return holes.length === 0
    ? []
    : [wrong(`${log.containerId} misses ${holes.length} lines and no gap says so: ${holes[0] ?? ""}`)];
}

function wrong(what: string): Violation {
  return { oracle: "O8", what };
}

/**
 * One run, as data: what the cluster does and what goes wrong, each with its moment and its own dice. A step does not depend on
 * the dice of another, so leaving some out changes nothing for the rest: that is what makes shrinking possible. A schedule is
 * written as one line, which is all it takes to run it again.
 */
import { faultOf, isFaultId } from "./faults/catalogue.ts";
import type { FaultId } from "./faults/fault.ts";
import { isWorkKind, type WorkKind } from "./work-kinds.ts";

/** One thing that the cluster does. */
export interface WorkStep {
  readonly work: WorkKind;
  /** Virtual milliseconds after the start. */
  readonly at: number;
  /** Which of the cluster's places for objects; what stands there decides what the step means. */
  readonly slot: number;
  /** Seed of the step's own choices. */
  readonly dice: number;
}

/** One fault, in force for a while. */
export interface FaultUse {
  readonly fault: FaultId;
  readonly at: number;
  /** How long it lasts, virtual milliseconds; a fault of one moment ignores it. */
  readonly ms: number;
  readonly dice: number;
}

/** What holds for the whole run. */
export interface Setting {
  /** Which kinds are recorded: an index into `CLUSTERS`. */
  readonly cluster: number;
  /** Changes that the watch cache keeps; 0 for Kubernetes' own figure. */
  readonly window: number;
  /** The server answers at most so many items a page; 0 for what the client asks. */
  readonly page: number;
  /** True: `sendInitialEvents` is served. */
  readonly watchList: boolean;
  /** Milliseconds between bookmarks. */
  readonly bookmarkMs: number;
}

export interface Schedule {
  /** Seed of everything that no step has dice for: jitter, uids. */
  readonly seed: number;
  /** Virtual milliseconds until the faults end; then the run waits until all is quiet. */
  readonly ms: number;
  readonly setting: Setting;
  readonly work: readonly WorkStep[];
  readonly faults: readonly FaultUse[];
}

const MARK = "faro-schedule-1";

/** The schedule as one line without spaces in its parts. */
export function scheduleLine(schedule: Schedule): string {
  const { setting } = schedule;
  const work = schedule.work.map(({ work: kind, slot, at, dice }) => `${kind}:${slot}@${at}#${dice}`);
  const faults = schedule.faults.map(({ fault, at, ms, dice }) => `${fault}@${at}+${ms}#${dice}`);
  const numbers = [schedule.seed, schedule.ms, setting.cluster, setting.window, setting.page, Number(setting.watchList)];
  return [MARK, [...numbers, setting.bookmarkMs].join(","), work.join(",") || "-", faults.join(",") || "-"].join(" ");
}

/**
 * Reads what `scheduleLine` wrote.
 * @throws SyntaxError naming the part that cannot be read.
 */
export function parseSchedule(line: string): Schedule {
  const [mark, numbers = "", work = "", faults = ""] = line.trim().split(" ");
  if (mark !== MARK) throw new SyntaxError(`a schedule begins with ${MARK}`);
  const [seed, ms, cluster, window, page, watchList, bookmarkMs] = numbers.split(",").map(Number);
  return {
    seed: integer(seed, "the seed"),
    ms: integer(ms, "the length"),
    setting: {
      cluster: integer(cluster, "the cluster"),
      window: integer(window, "the window"),
      page: integer(page, "the page"),
      watchList: watchList === 1,
      bookmarkMs: integer(bookmarkMs, "the bookmarks"),
    },
    work: partsOf(work).map(parseWork),
    faults: partsOf(faults).map(parseFault),
  };
}

/** `F2 connection closed in the middle of an event at 1.2 s for 3 s`, for people. */
export function describeFault({ fault, at, ms }: FaultUse): string {
  return `${fault} ${faultOf(fault).title} at ${at / 1_000} s for ${ms / 1_000} s`;
}

function partsOf(text: string): readonly string[] {
  return text === "-" || text === "" ? [] : text.split(",");
}

function parseWork(text: string): WorkStep {
  const [, kind = "", slot, at, dice] = /^([a-z-]+):(\d+)@(\d+)#(\d+)$/.exec(text) ?? [];
  if (!isWorkKind(kind)) throw new SyntaxError(`not a step of work: ${text}`);
  return { work: kind, slot: Number(slot), at: Number(at), dice: Number(dice) };
}

function parseFault(text: string): FaultUse {
  const [, fault = "", at, ms, dice] = /^(F\d+)@(\d+)\+(\d+)#(\d+)$/.exec(text) ?? [];
  if (!isFaultId(fault)) throw new SyntaxError(`not a fault: ${text}`);
  return { fault, at: Number(at), ms: Number(ms), dice: Number(dice) };
}

function integer(value: number | undefined, what: string): number {
  if (value === undefined || !Number.isSafeInteger(value)) throw new SyntaxError(`${what} is no integer`);
  return value;
}

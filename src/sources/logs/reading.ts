/** One container instance on its way through its follower, and what the parts of the follower share. */
import type { Clock } from "../../base/index.ts";
import type { ApiClient } from "../../cluster/index.ts";
import type { Aligned, Aligner } from "./align.ts";
import type { LogRequest } from "./connection.ts";
import type { Claim } from "./claims.ts";
import type { ContainerKind, InstanceSight } from "./instances.ts";
import type { LogInstance, LogItem } from "./log-item.ts";
import { lineSecond } from "./log-line.ts";
import type { LogSink } from "./log-sink.ts";
import type { PodNews } from "./pod-news.ts";
import type { LogSlots } from "./slots.ts";

export interface ContainerLogOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly slots: LogSlots;
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  readonly kind: ContainerKind;
  /** Instances of which lines are in the recording already. A stream that is bound anew is entered here. */
  readonly recorded: Map<string, RecordedLog>;
  /** Milliseconds since 1970: the pod was created then, and seen before any of its containers had run. */
  readonly bornAt?: number | undefined;
  /** Connections were found to have died without a word: silence of a log says nothing. */
  readonly isCutOff?: () => boolean;
  /** Where to begin with an instance of which nothing is recorded; the start of its log unless given. */
  readonly from?: LogStart;
  /** False for lines that are never recorded, so an earlier run did not either. */
  readonly wasRecorded?: (line: Buffer) => boolean;
}

export interface LogStart {
  /** Seconds since 1970, included. */
  readonly sinceSecond?: number;
  readonly tailLines?: number;
  /** Milliseconds since 1970: an instance that started later is read from its start. Every instance is meant unless given. */
  readonly startedBefore?: number;
}

/** What an earlier run recorded of one instance. */
export interface RecordedLog {
  readonly stream: string;
  readonly aligner: Aligner;
  readonly ended: boolean;
}

/** An instance, and when the first line was written that was read as its own. */
export interface Begun {
  readonly sight: InstanceSight;
  /** Seconds since 1970. */
  readonly firstSecond: number | undefined;
  /** A gap over all of it says that its lines may be another one's. */
  isDoubted: boolean;
}

/** One instance on its way. */
export class Reading implements Begun {
  sight: InstanceSight;
  /** Its stream. Another one as soon as what was read turns out to be another instance's: see `claims.ts`. */
  log: InstanceLog;
  /** Only `previous=true` still shows it: a newer instance runs. */
  viaPrevious: boolean;
  /** Somebody reads it now. */
  isActive: boolean = false;
  /** Its lines were seen as the previous instance's of a newer one: they are no other's. */
  isProven: boolean = false;
  isDoubted: boolean = false;
  /** A newer instance was seen. */
  superseded: boolean = false;
  /** Two newer instances were seen: not even `previous=true` shows it any more. */
  isPast: boolean = false;

  constructor(sight: InstanceSight, log: Pick<InstanceLog, "stream" | "aligner">, viaPrevious: boolean) {
    this.sight = sight;
    this.log = { reading: this, ...log };
    this.viaPrevious = viaPrevious;
  }

  get firstSecond(): number | undefined {
    return this.log.aligner.first?.second;
  }
}

/** The stream of one instance. */
export interface InstanceLog {
  readonly reading: Reading;
  readonly stream: string;
  readonly aligner: Aligner;
}

/** What every part of one follower works with. */
export interface FollowerParts {
  readonly options: ContainerLogOptions;
  readonly news: PodNews;
  readonly instances: Instances;
  readonly sink: LogSink;
}

/** What the readers of the instances of one container know of each other. */
export interface Instances {
  /**
   * Whose log it is that begins with `first` and was asked for as `log`, which has no lines. After `swapped`, `log.reading.log`
   * is another one, and the items say so.
   */
  claim(log: InstanceLog, first: Buffer): { readonly claim: Claim["claim"]; readonly items: readonly LogItem[] };
  /** Gives the lines of `log` to the newer instance whose they are, and `log.reading` an empty stream; `undefined` when there is none. */
  giveAway(log: InstanceLog): readonly LogItem[] | undefined;
  /** True while the container waits to be restarted and `log` is not of its last instance: `previous` shows that one then. */
  isPreviousNewer(log: InstanceLog): boolean;
}

/** True when the instance can write nothing more, as far as is known. */
export function isOver(reading: Reading, news: PodNews): boolean {
  return reading.sight.ended || reading.superseded || news.state === "gone";
}

export function requestOf(
  { namespace, pod, podUid, container }: ContainerLogOptions,
  how: Pick<LogRequest, "follow" | "previous" | "sinceSecond" | "tailLines">,
): LogRequest {
  return { namespace, pod, podUid, container, ...how };
}

/** Where a request begins: behind what was delivered, or where the user wants the first one to. */
export function startOf(
  { aligner, reading }: InstanceLog,
  sinceSecond: number | undefined,
  from: LogStart | undefined,
): LogStart {
  if (sinceSecond !== undefined) return { sinceSecond };
  const startedAt = msOf(reading.sight.startedAt) ?? 0;
  return aligner.lines > 0 || from === undefined || startedAt >= (from.startedBefore ?? Number.POSITIVE_INFINITY) ? {} : from;
}

/** True when the log is not read from its start on. */
export function isFromLater({ sinceSecond, tailLines }: LogStart = {}): boolean {
  return sinceSecond !== undefined || tailLines !== undefined;
}

export function instanceOf(options: ContainerLogOptions, sight: InstanceSight): LogInstance {
  const { podUid, namespace, pod, container, kind } = options;
  const { containerId, restartCount } = sight;
  return { podUid, namespace, pod, container, containerKind: kind, containerId, restartCount };
}

/** The items for what alignment made of some lines. */
export function itemsOf(
  stream: string,
  aligned: Aligned,
  how: { readonly unterminated?: boolean; readonly continues?: boolean } = {},
): readonly LogItem[] {
  if (aligned.outcome === "misaligned" || aligned.outcome === "again") return [];
  const items: LogItem[] = [];
  if (aligned.outcome === "hole") {
    const detail = `the lines recorded last are no longer in the file of ${stream}: it was rotated while nobody read it`;
    const to = aligned.toSecond === undefined ? undefined : aligned.toSecond * 1_000 + 999;
    items.push({ item: "log-gap", cause: "rotation", detail, from: aligned.fromSecond * 1_000, to });
  }
  if (aligned.outcome === "unaligned") {
    const detail = `lines of ${stream} that were read before came back otherwise`;
    items.push({ item: "incident", what: "log lines changed", detail });
  }
  const { unterminated = false, continues = false } = how;
  if (aligned.lines.length > 0) items.push({ item: "lines", stream, lines: aligned.lines, unterminated, continues });
  return items;
}

/** Where a line stands to the time in which an instance ran. Status times are whole seconds, hence one of slack each way. */
export function placeOf(sight: InstanceSight, line: Buffer): "before" | "within" | "after" {
  const second = lineSecond(line);
  return second === undefined ? "within" : placeOfSecond(sight, second);
}

export function placeOfSecond(sight: InstanceSight, second: number): "before" | "within" | "after" {
  const from = msOf(sight.startedAt) ?? Number.NEGATIVE_INFINITY;
  const to = msOf(sight.finishedAt) ?? Number.POSITIVE_INFINITY;
  // An end before the start: the node's clock was set back meanwhile, and times tell nothing.
  if (to < from) return "within";
  if (second < from / 1_000 - 1) return "before";
  return second > to / 1_000 + 1 ? "after" : "within";
}

export function msOf(time: string | undefined): number | undefined {
  const ms = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The last millisecond of a moment of a status, which has whole seconds: what was written within it stands before. */
export function endOfSecond(time: string | undefined): number | undefined {
  const ms = msOf(time);
  return ms === undefined ? undefined : ms + 999;
}

/**
 * What `previous=true` still shows of an instance after a newer one has begun: the only way to one that ended unseen, and
 * the proof whose lines a follow brought that was cut by a restart.
 */
import { beginsLike, beginsWith, isOwn } from "./claims.ts";
import { leave, type LogEnd, readLog } from "./connection.ts";
import { beginOf, LateStart, missedStart } from "./late-start.ts";
import { LineBlock } from "./line-block.ts";
import { lineInstant } from "./log-line.ts";
import type { LogItem } from "./log-item.ts";
import {
  endOfSecond,
  type FollowerParts,
  type InstanceLog,
  type Instances,
  isFromLater,
  itemsOf,
  msOf,
  placeOf,
  placeOfSecond,
  requestOf,
  startOf,
} from "./reading.ts";
import type { Verdict } from "./verdict.ts";

export type Ended = Extract<Verdict, { verdict: "ended" }>;

/** How reading an instance by `previous` came out. */
export type Previous =
  /** To the end of the answer. `fragment` came after the last newline. */
  | { readonly previous: "read"; readonly fragment: Buffer }
  | { readonly previous: "ended"; readonly ended: Ended }
  | { readonly previous: "failed"; readonly end: LogEnd }
  /** What was read before is a newer instance's, which has it now. The reading has another stream, and nothing in it. */
  | { readonly previous: "swapped" };

/** A log with less than this was not rotated: kubelets rotate at 10 MiB, and checks in between are ten seconds apart. */
const UNROTATED_BYTES = 64 << 10;

const OTHER: Ended = { verdict: "ended", outcome: "incomplete", reason: "the node keeps only a newer instance", gap: true };
/** How an instance ends of which everything was read that `previous` shows. */
export const READ: Ended = { verdict: "ended", outcome: "complete", reason: "read as the previous instance", gap: false };

const NOT_OWN: ReturnType<Instances["claim"]> = { claim: "other", items: [] };

/** Reads what is missing of an instance, or says why not. */
export async function readPrevious(parts: FollowerParts, log: InstanceLog, signal: AbortSignal): Promise<Previous> {
  if (log.aligner.lines === 0 && parts.instances.isPreviousNewer(log)) return { previous: "ended", ended: OTHER };
  if (log.aligner.lines > 0) {
    const owner = await ownerOf(parts, log, signal);
    if (log.reading.log !== log) return { previous: "swapped" };
    if (owner.owner === "unknown") return { previous: "failed", end: owner.end };
    if (owner.owner === "newer") {
      const items = parts.instances.giveAway(log);
      if (items === undefined) return { previous: "ended", ended: OTHER };
      await parts.sink.put(items);
      return { previous: "swapped" };
    }
    if (owner.owner === "other") return { previous: "ended", ended: OTHER };
    log.reading.isProven = true;
  }
  return await deliver(parts, log, signal);
}

async function deliver(parts: FollowerParts, asked: InstanceLog, signal: AbortSignal): Promise<Previous> {
  const { options, instances, sink } = parts;
  const { reading } = asked;
  const { sinceSecond, isSearch } = asked.aligner.reconnect({ isPrevious: true });
  const start = startOf(asked, isSearch ? undefined : sinceSecond, options.from);
  const request = requestOf(options, {
    follow: false,
    previous: true,
    sinceSecond: start.sinceSecond,
    tailLines: start.tailLines,
  });
  const batches = readLog(options.client, request, signal);
  // Without rotation there are no holes: then `previous` shows a newer instance than a moment ago.
  const accepts = { hole: asked.aligner.bytes >= UNROTATED_BYTES };
  let log = asked;
  const begin = asked.aligner.lines > 0 || isFromLater(start) ? undefined : beginOf(options, reading.sight);
  for (let next = await batches.next(); ; next = await batches.next()) {
    if (reading.log !== log) return await leave(batches, { previous: "swapped" });
    if (next.done === true) {
      const end = next.value;
      if (end.end !== "eof") return { previous: "failed", end };
      const last = log.aligner.finish({ ...accepts, isWhole: true });
      if (last.outcome === "misaligned") return { previous: "ended", ended: OTHER };
      await sink.put(itemsOf(log.stream, last));
      const missed = begin === undefined ? undefined : new LateStart(begin, Number.POSITIVE_INFINITY).missed(log.aligner);
      if (missed !== undefined) await sink.put([missedStart(log, missed)]);
      return { previous: "read", fragment: end.fragment };
    }
    const first = next.value.lines.at(0);
    if (first !== undefined && log.aligner.lines === 0) {
      const isWithin = placeOf(reading.sight, first) === "within";
      const { claim, items } = isWithin ? instances.claim(log, first) : NOT_OWN;
      if (claim === "other") return await leave(batches, { previous: "ended", ended: OTHER });
      if (claim === "swapped") {
        ({ log } = reading);
        log.aligner.reread();
      }
      await sink.put(items);
      if (reading.log !== log) return await leave(batches, { previous: "swapped" });
    }
    const aligned = log.aligner.push(next.value.lines, { ...accepts, wasRecorded: options.wasRecorded });
    if (aligned.outcome === "again") return await leave(batches, { previous: "failed", end: { end: "again" } });
    if (aligned.outcome === "misaligned") return await leave(batches, { previous: "ended", ended: OTHER });
    await sink.put(itemsOf(log.stream, aligned, { continues: next.value.continues }));
  }
}

type Owner =
  | { readonly owner: "itself" }
  /** A newer instance. */
  | { readonly owner: "newer" }
  /** `previous` shows an instance that is neither. */
  | { readonly owner: "other" }
  | { readonly owner: "unknown"; readonly end: LogEnd };

/**
 * Whose lines a stream holds, now that a newer instance is there. Instances of a container run one after another, so the time
 * between the log that `previous` shows and the lines that were read tells; where their beginnings are the same, they are the same.
 */
async function ownerOf(parts: FollowerParts, log: InstanceLog, signal: AbortSignal): Promise<Owner> {
  const { reading, aligner } = log;
  const { first } = aligner;
  const isNewer = parts.instances.isPreviousNewer(log);
  const seen = await endsOfPrevious(parts, signal);
  if (first === undefined) return { owner: "itself" };
  if (seen.end.end !== "eof") {
    const place = placeOfSecond(reading.sight, first.second);
    return place === "after" ? { owner: "newer" } : { owner: "unknown", end: seen.end };
  }
  // Rotation may have left nothing. Of a short log that is no rotation but another instance: which one nobody can tell from here.
  if (seen.first === undefined || seen.last === undefined) return { owner: aligner.bytes < UNROTATED_BYTES ? "other" : "itself" };
  const isFragment = seen.first === seen.end.fragment;
  const isSame = isFragment ? beginsLike(aligner, seen.first) : beginsWith(aligner, seen.first);
  if (isSame === undefined) return { owner: "unknown", end: { end: "again" } };
  if (isSame) return { owner: isNewer ? "newer" : "itself" };
  if (isNewer) return { owner: "other" };
  if (placeOf(reading.sight, seen.first) !== "within" && aligner.bytes < UNROTATED_BYTES) {
    return { owner: placeOfSecond(reading.sight, first.second) === "after" ? "newer" : "other" };
  }
  const [begin, end] = [lineInstant(first.line), lineInstant(seen.last)];
  if (begin !== undefined && end !== undefined && end <= begin) return { owner: "newer" };
  const isSmall = aligner.bytes < UNROTATED_BYTES && !isFromLater(parts.options.from);
  return { owner: isSmall ? "other" : "itself" };
}

async function endsOfPrevious(
  { options }: FollowerParts,
  signal: AbortSignal,
): Promise<{ readonly first: Buffer | undefined; readonly last: Buffer | undefined; readonly end: LogEnd }> {
  const request = requestOf(options, { follow: false, previous: true, sinceSecond: undefined, tailLines: undefined });
  const batches = readLog(options.client, request, signal);
  let first: Buffer | undefined;
  let last: Buffer | undefined;
  for (let next = await batches.next(); ; next = await batches.next()) {
    if (next.done === true) {
      const { value: end } = next;
      const fragment = end.end === "eof" && end.fragment.length > 0 ? end.fragment : undefined;
      return { first: first ?? fragment, last: fragment ?? last, end };
    }
    first ??= next.value.lines.at(0);
    last = next.value.lines.at(-1) ?? last;
  }
}

/** What stands behind the last newline, now that nothing can follow it. */
export function lastLine({ stream, aligner }: InstanceLog, fragment: Buffer): readonly LogItem[] {
  return fragment.length === 0 ? [] : itemsOf(stream, aligner.push(LineBlock.cut(fragment)), { unterminated: true });
}

/** The end of a stream: what is missing of it as a gap, and its end marker. */
export function endItems({ options }: FollowerParts, { reading, stream, aligner }: InstanceLog, end: Ended): readonly LogItem[] {
  const ended: LogItem = { item: "stream-ended", stream, outcome: end.outcome, reason: end.reason, lines: aligner.lines };
  if (!end.gap) return [ended];
  const { startedAt, finishedAt, containerId } = reading.sight;
  const detail = `log of ${options.container} (${containerId}): ${end.reason}`;
  const newest = aligner.newest === undefined || !isOwn(reading) ? undefined : aligner.newest * 1_000;
  // A pod that is deleted by force while its node does not answer runs on until the node hears of it.
  const unknown = reading.superseded || reading.sight.ended ? undefined : Number.POSITIVE_INFINITY;
  const to = endOfSecond(finishedAt) ?? unknown;
  return [{ item: "log-gap", cause: "log-unavailable", detail, from: newest ?? msOf(startedAt), to }, ended];
}

/**
 * Reads one connection to a log, within the limit on concurrent streams, looks whether lines are left out (`attention.ts` looks
 * after the connection itself), and when nobody can read for long, says so.
 */
import { abortWith, TOO_LATE, within } from "../../base/index.ts";
import type { Accepts, Aligned } from "./align.ts";
import { attend, type Found } from "./attention.ts";
import { type Batch, leave, type LogEnd, readLog } from "./connection.ts";
import { Lag, LEAP_S, UNROTATED_BYTES } from "./lag.ts";
import { beginOf, LateStart, missedStart } from "./late-start.ts";
import type { LogItem } from "./log-item.ts";
import type { LineBlock } from "./line-block.ts";
import { lineInstant, lineSecond } from "./log-line.ts";
import {
  type FollowerParts,
  type InstanceLog,
  isFromLater,
  isOver,
  itemsOf,
  msOf,
  placeOf,
  type Reading,
  requestOf,
  startOf,
  type LogStart,
} from "./reading.ts";
import type { Slot, Urgency } from "./slots.ts";
import { SeamLook } from "./seam-look.ts";
import { readSnapshot } from "./snapshot.ts";

/** A log that is not read for so long is behind, and a record says so. */
const BEHIND_MS = 30_000;
/** Lines that stand before the expected ones and are followed by nothing are decided on after so long. */
const UNDECIDED_MS = 1_000;
/** After the kubelet could not follow for want of inotify watches it is polled for a while: that works (k/k #98236). */
const FOLLOW_BROKEN_MS = 60_000;
/**
 * A reader that may stand at the end of an old file, and hears nothing for so long, looks whether the newest holds its last line:
 * sooner than a file can be the newest and rotated, too (kubelet `containerLogMonitorInterval`, three seconds at least).
 */
const STOPPED_MS = 2_000;
const MOMENT_MS = 100;
/** A follow that brings nothing of what the newest file has is dead at the look after so many. */
const LOOKS_MAX = 3;
/** What was written so shortly before the recording stopped may not have come, and that is no gap. */
const STOP_MS = 5_000;
const NOTHING: readonly LogItem[] = [];

/** Bounds of one attempt. */
export interface Attempt {
  readonly acceptsHole: boolean;
  readonly signal: AbortSignal;
}

export class AttendedRead {
  readonly #parts: FollowerParts;
  readonly #reading: Reading;
  /** What the present connection is read into. */
  #log: InstanceLog;
  #followBrokenUntil = Number.NEGATIVE_INFINITY;
  /** Until when everything was read, wall time; and whether it was said that the log is behind. */
  #readUntil: number;
  #readUntilMonotonic: number;
  #isBehind = false;
  readonly #lag: Lag = new Lag();
  readonly #seams: SeamLook;
  #lateStart: LateStart | undefined;
  /** Lines before the present connection. */
  #linesBefore = 0;
  /** The newest file began in this second, and nothing of it has come yet. */
  #newestBegins: number | undefined;
  /** No slot was free to look at the newest file with, so the follow was opened anew instead. */
  #isReopened = false;
  /** The present follow was seen to have come to the end of the newest file: the kubelet watches for rotations from then on. */
  #isAtEnd = false;
  /** Wall time by a clock that never steps. */
  readonly #steadyBase: number;

  constructor(parts: FollowerParts, reading: Reading) {
    this.#parts = parts;
    this.#reading = reading;
    this.#log = reading.log;
    this.#seams = new SeamLook(parts);
    this.#readUntil = parts.options.clock.now();
    this.#readUntilMonotonic = parts.options.clock.monotonic();
    this.#steadyBase = this.#readUntil - this.#readUntilMonotonic;
  }

  /** One connection from the wait for its slot to its end. */
  async connect(attempt: Attempt): Promise<LogEnd> {
    const slot = await this.#slot(attempt.signal);
    if (slot === undefined) return { end: "aborted" };
    try {
      return await this.#read(slot, attempt);
    } finally {
      slot.release();
    }
  }

  /** Waits, and says when the log has been behind for long. Ends at a change of the pod. */
  async wait(ms: number, why: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.options;
    const left = this.#untilBehind();
    if (left > ms) {
      await this.#parts.news.changedWithin(ms, signal);
      return;
    }
    const began = clock.monotonic();
    await this.#parts.news.changedWithin(left, signal);
    if (this.#untilBehind() <= 0) await this.#parts.sink.put([this.#behind("unreachable", why)]);
    const rest = ms - (clock.monotonic() - began);
    if (rest > 0) await this.#parts.news.changedWithin(rest, signal);
  }

  /** Nothing more is read of the instance. */
  async close(isRead: boolean): Promise<void> {
    await this.#parts.sink.put(this.#upToDate(isRead));
    await this.#seams.close(this.#log);
  }

  /** It is not behind any more. */
  #upToDate(isRead: boolean): readonly LogItem[] {
    const wasBehind = this.#isBehind;
    this.#isBehind = false;
    return wasBehind ? [{ item: "log-behind", state: "closed", isRead }] : NOTHING;
  }

  // --- the slot -----------------------------------------------------------------------------------

  async #slot(signal: AbortSignal): Promise<Slot | undefined> {
    if (signal.aborted) return undefined;
    const { clock, slots } = this.#parts.options;
    const stop = abortWith(signal);
    const pending = slots.acquire(this.#urgency(), stop.signal).catch((error: unknown) => {
      if (stop.signal.aborted) return undefined;
      throw error;
    });
    let isHandedOver = false;
    try {
      const left = this.#untilBehind();
      if (Number.isFinite(left)) {
        const first = await within(clock, left, pending);
        if (first === TOO_LATE)
          await this.#parts.sink.put([this.#behind("deferred", `all ${slots.held} log streams are in use`)]);
      }
      const slot = await pending;
      isHandedOver = true;
      return slot;
    } finally {
      stop.abort();
      if (!isHandedOver) void pending.then((slot) => slot?.release());
    }
  }

  #urgency(): Urgency {
    const { reading, aligner } = this.#log;
    if (this.#parts.news.state !== "live") return "dying";
    if (reading.sight.ended) return "ended";
    if (aligner.lines > 0) return "known";
    return reading.sight.restartCount > 0 ? "restarted" : "unread";
  }

  // --- one connection -----------------------------------------------------------------------------

  async #read(slot: Slot, { acceptsHole, signal }: Attempt): Promise<LogEnd> {
    const { options, sink } = this.#parts;
    const reading = this.#reading;
    const { log } = reading;
    this.#log = log;
    const resume = log.aligner.reconnect();
    const hasEnded = reading.sight.ended || reading.superseded;
    const isFollowWanted = !hasEnded && !resume.isSearch && options.clock.monotonic() >= this.#followBrokenUntil;
    const follow = slot.mayFollow && isFollowWanted;
    const start = startOf(this.#log, resume.sinceSecond, options.from);
    const request = requestOf(options, { follow, previous: false, sinceSecond: start.sinceSecond, tailLines: start.tailLines });
    const cut = abortWith(signal);
    const compare = async (): Promise<Found> => await this.#compare(signal);
    const attention = attend({ parts: this.#parts, reading, follow, cut, compare, isInDoubt: () => this.#isInDoubt });
    const batches = readLog(options.client, request, cut.signal);
    let isOpen = false;
    try {
      for (let pending = batches.next(); ;) {
        if (this.#log.aligner.isUndecided && (await within(options.clock, UNDECIDED_MS, pending)) === TOO_LATE) {
          const end = await this.#take(this.#log.aligner.finish({ hole: acceptsHole }));
          if (end !== undefined) return await leave(batches, end);
        }
        if (follow) {
          if (this.#isInDoubt) await this.#untilHeard(pending, cut, signal);
          if (this.#log.aligner.seams.isOpen) await this.#seams.untilHeard(this.#log, pending, cut.signal);
        }
        const next = await pending;
        // Meanwhile another instance's reader knew the lines for its own: what comes now is known there.
        if (reading.log !== this.#log) return await leave(batches, { end: "cut" });
        if (next.done === true) {
          if (next.value.end === "eof" && follow) this.#seams.afterFollow(this.#log, signal);
          return await this.#ended(next.value, { follow, acceptsHole, signal });
        }
        attention.heard();
        if (next.value.lines.length === 0) {
          this.#opened(follow, next.value.serverSecond, start);
          if (follow && this.#lateStart === undefined) await sink.put(this.#caughtUp());
          isOpen = follow;
        }
        this.#log.aligner.takeLeaps();
        const mayRepeat = this.#lag.wasBehind(this.#steadyNow());
        const accepts = { hole: acceptsHole, isFollow: follow, mayRepeat, wasRecorded: options.wasRecorded };
        const end = await this.#batch(next.value, accepts);
        // Lines that cannot be placed are lines that have not come.
        this.#isAhead = end?.end === "misaligned" || (this.#isAhead && next.value.lines.length === 0);
        this.#isElsewhere = end?.end === "other-instance" || (this.#isElsewhere && next.value.lines.length === 0);
        if (end !== undefined) return await leave(batches, end);
        const missing = this.#missing(next.value.lines, follow ? cut.signal : undefined);
        if (missing.length > 0) await sink.put(missing);
        pending = batches.next();
      }
    } finally {
      attention.end();
      if (isOpen) this.#noteRead();
      cut.abort();
    }
  }

  /** Gaps that these lines tell of. `cut` ends a follow. */
  #missing(lines: LineBlock, cut: AbortSignal | undefined): readonly LogItem[] {
    const start = this.#lookAtStart();
    if (cut === undefined) return start;
    const leaps = this.#lookForLeaps(lines);
    const seams = this.#seams.beside(this.#log, cut);
    return start.length + leaps.length + seams.length === 0 ? NOTHING : [...start, ...leaps, ...seams];
  }

  #opened(follow: boolean, serverSecond: number | undefined, start: LogStart): void {
    const { sight, log } = this.#reading;
    const now = this.#steadyNow();
    if (follow) this.#lag.open(now, serverSecond);
    this.#linesBefore = log.aligner.lines;
    this.#newestBegins = undefined;
    this.#isAtEnd = this.#isReopened;
    this.#isReopened = false;
    const from = isFromLater(start) || log.aligner.lines > 0 ? undefined : beginOf(this.#parts.options, sight);
    this.#lateStart = from === undefined ? undefined : new LateStart(from, serverSecond ?? now / 1_000);
  }

  /** What was rotated away before the log was opened for the first time. */
  #lookAtStart(): readonly LogItem[] {
    const { aligner } = this.#log;
    if (this.#lateStart === undefined || aligner.lines === 0) return NOTHING;
    const upToDate = this.#upToDate(this.#lateStart.isWhole(aligner));
    const missed = this.#lateStart.missed(aligner);
    if (missed !== undefined || this.#lateStart.isOver(aligner)) this.#lateStart = undefined;
    return missed === undefined ? upToDate : [...upToDate, missedStart(this.#log, missed)];
  }

  #lookForLeaps(lines: LineBlock): readonly LogItem[] {
    const { aligner, stream } = this.#log;
    const { newest, bytes } = aligner;
    const last = lines.at(-1);
    if (newest === undefined || last === undefined) return NOTHING;
    const leaps = aligner.takeLeaps();
    const begins = this.#newestBegins;
    const over = begins === undefined ? undefined : leaps.find((leap) => leap.fromSecond < begins && begins < leap.toSecond);
    const leftOut = this.#lag.take(
      { newest: lineInstant(last) ?? newest, bytes, leaps, isWatched: this.#isAtEnd },
      this.#steadyNow(),
    );
    if (begins !== undefined && newest >= begins) this.#newestBegins = undefined;
    if (leftOut.length === 0 && over === undefined) return NOTHING;
    const detail = `${stream} was written faster than it was read: what was rotated away meanwhile is left out`;
    // A file that was seen has been left out, however well in time the lines are.
    return (over === undefined ? leftOut : [...leftOut, over]).map(({ fromSecond, toSecond }) => {
      return { item: "log-gap", cause: "rotation", detail, from: fromSecond * 1_000, to: toSecond * 1_000 + 999 };
    });
  }

  /**
   * True when the last lines that came were old by then, so that what was written behind them may be in a file that nobody was given;
   * or when the file was seen to hold lines that have not come.
   */
  get isLate(): boolean {
    return this.#lag.isBehind || this.#isAhead;
  }
  #isAhead = false;
  /** What is there to be read passes for another instance's. */
  #isElsewhere = false;

  /** Its pod is gone. Returns whether the log was read to its end. */
  async podGone(): Promise<boolean> {
    const { isLate } = this;
    await this.#parts.sink.put(this.#leftOut("its pod is gone"));
    return !isLate;
  }

  /** The recording stopped. Returns whether the log had been read until then. */
  async stopped(): Promise<boolean> {
    const { sink } = this.#parts;
    const { aligner, stream } = this.#reading.log;
    const { isLate } = this;
    await sink.put(this.#leftOut("the recording stopped", "log-unavailable"));
    if (isLate || this.#isBehind) return false;
    const { clock, isCutOff } = this.#parts.options;
    // A follow that goes on after its pod may be one that is dead. Who looks at lines of another instance has none of its own.
    const isInDoubt = this.#parts.news.state === "gone" || this.#isElsewhere || isCutOff?.() === true;
    if (!isInDoubt && clock.monotonic() - this.#readUntilMonotonic < STOP_MS) return true;
    const [from, to] = [isInDoubt ? this.#startedAt : this.#readUntil, clock.now()];
    const newest = aligner.newest === undefined ? from : aligner.newest * 1_000;
    const detail = `${stream} was not being read when the recording stopped`;
    await sink.put([
      { item: "log-gap", cause: "log-unavailable", detail, from: isInDoubt ? newest : Math.min(from, newest), to },
    ]);
    return false;
  }

  get #startedAt(): number {
    return msOf(this.#reading.sight.startedAt) ?? this.#readUntil;
  }

  #leftOut(why: string, cause: "rotation" | "log-unavailable" = "rotation"): readonly LogItem[] {
    const { aligner, stream } = this.#reading.log;
    if (!this.isLate || aligner.newest === undefined) return NOTHING;
    const detail = `${stream} was written faster than it was read, and ${why}`;
    const to = this.#lag.nodeSecond(this.#steadyNow()) * 1_000;
    this.#lag.caughtUp();
    this.#isAhead = false;
    return [{ item: "log-gap", cause, detail, from: aligner.newest * 1_000, to }];
  }

  /** Waits for what a follow brings next, and meanwhile looks whether its kubelet still reads the newest file. */
  async #untilHeard(pending: Promise<unknown>, cut: AbortController, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.options;
    for (let looks = 0; this.#isInDoubt && !cut.signal.aborted; looks++) {
      if ((await within(clock, STOPPED_MS * 2 ** Math.min(looks, 8), pending)) !== TOO_LATE) return;
      // When it was the event loop that stood still, what has come is there in a moment.
      if ((await within(clock, MOMENT_MS, pending)) !== TOO_LATE) return;
      const found = await this.#compare(signal);
      // What came while the file was looked at stands in front of it.
      if ((await within(clock, 0, pending)) !== TOO_LATE) return;
      await this.#parts.sink.put(this.#lookedAt(found, looks, cut));
    }
  }

  /** True when lines may be in no file that can be read any more, if nothing more comes. */
  get #isInDoubt(): boolean {
    const { aligner } = this.#log;
    return this.#lag.isBehind || (aligner.bytes >= UNROTATED_BYTES && !(aligner.isLive && this.#isAtEnd));
  }

  /** Nothing more comes. A file that does not hold the last line tells that others may have been left out. */
  #lookedAt(found: Found, looks: number, cut: AbortController): readonly LogItem[] {
    const { aligner, stream } = this.#log;
    this.#isAtEnd ||= found === "empty" || found === "same";
    this.#isAhead = found === "ahead" || found === "differs";
    if (found === "same") this.#lag.atEnd();
    else if (found === "empty" && aligner.isLive) return this.#leftOut("what followed is in no file that can be read");
    else if (found === "empty") return itemsOf(stream, aligner.finish({ hole: true, isWhole: true }));
    else if (found === "ahead" || found === "differs") {
      const { newest = Number.POSITIVE_INFINITY } = aligner;
      // Lines of between are in an old file, and only this connection can still bring them.
      const isNext = found === "differs" && (this.#newestBegins ?? 0) - newest < LEAP_S;
      if (isNext || looks >= LOOKS_MAX) cut.abort();
    } else if (found === "no slot" && this.#parts.news.state === "live") {
      // Opened anew for this, it brought what was known, and nothing more: that was all of the file.
      if (this.#isAtEnd && aligner.isLive && aligner.lines === this.#linesBefore) this.#lag.atEnd();
      else {
        this.#isReopened = true;
        cut.abort();
      }
    }
    return NOTHING;
  }

  async #batch(batch: Batch, accepts: Accepts): Promise<LogEnd | undefined> {
    const first = batch.lines.at(0);
    if (first === undefined) return undefined;
    if (this.#log.aligner.lines === 0) {
      if (placeOf(this.#reading.sight, first) !== "within") return { end: "other-instance" };
      const { claim, items } = this.#parts.instances.claim(this.#log, first);
      if (claim === "other") return { end: "other-instance" };
      if (claim === "swapped") {
        this.#log = this.#reading.log;
        this.#log.aligner.reread();
      }
      await this.#parts.sink.put(items);
      if (this.#reading.log !== this.#log) return { end: "cut" };
    }
    // Behind the instance's end nothing was rotated: what is there is the next one's.
    const hole = accepts.hole && placeOf(this.#reading.sight, first) !== "after";
    return this.#take(this.#log.aligner.push(batch.lines, { ...accepts, hole }), batch.continues);
  }

  async #take(aligned: Aligned, continues: boolean = false): Promise<LogEnd | undefined> {
    if (aligned.outcome === "misaligned" || aligned.outcome === "again") return { end: aligned.outcome };
    await this.#parts.sink.put(itemsOf(this.#log.stream, aligned, { continues: continues && aligned.outcome !== "repeats" }));
    return aligned.outcome === "repeats" ? { end: "again" } : undefined;
  }

  async #ended(
    end: LogEnd,
    { follow, acceptsHole, signal }: { readonly follow: boolean; readonly acceptsHole: boolean; readonly signal: AbortSignal },
  ): Promise<LogEnd> {
    if (end.end === "aborted" && !signal.aborted) return { end: "cut" };
    if (end.end === "in-band" && follow) this.#followBrokenUntil = this.#parts.options.clock.monotonic() + FOLLOW_BROKEN_MS;
    if (end.end !== "eof") return end;
    const isWhole = !follow && isOver(this.#reading, this.#parts.news);
    const { aligner } = this.#log;
    const misaligned = await this.#take(aligner.finish({ hole: acceptsHole, isWhole }));
    if (misaligned !== undefined) return misaligned;
    // The newest file has been read to its end: as it was, or up to the last line that was known.
    if (!follow || (aligner.isLive && aligner.lines === this.#linesBefore)) {
      this.#lag.caughtUp();
      this.#isAhead = false;
    }
    this.#noteRead();
    // Of a log that nobody could read for long, and that is empty then, nothing tells whether it was before.
    await this.#parts.sink.put(this.#upToDate(aligner.lines > 0 || this.#lateStart === undefined));
    return end;
  }

  // --- the file -----------------------------------------------------------------------------------

  /**
   * Compares a stream that is silent with the file: it may be `ahead`, with lines behind the last one that did not come, or differ.
   * If neither, the next connection begins where the file does now: it may have been rotated behind the last line, and then it is
   * `empty`.
   */
  async #compare(signal: AbortSignal): Promise<Found> {
    const { aligner } = this.#log;
    const before = aligner.lines;
    const snapshot = await readSnapshot(this.#parts, this.#log, signal);
    if (snapshot === "unreachable" || snapshot === "no slot") return snapshot;
    if (snapshot === undefined || aligner.lines !== before) return "unknown";
    // A follow that has not brought one line yet: a container that is silent, or a connection that is dead.
    if (aligner.newest === undefined) return snapshot.length > 0 ? "differs" : "unknown";
    if (snapshot.length === 0 && !aligner.isLive) return "empty";
    if (!aligner.isLive) return "unknown";
    const { common, hasMore } = aligner.compare(snapshot);
    const [first] = snapshot;
    this.#newestBegins = hasMore && common === 0 && first !== undefined ? lineSecond(first) : undefined;
    if (hasMore) return common > 0 ? "ahead" : "differs";
    aligner.rebase(common);
    return common > 0 ? "same" : "empty";
  }

  // --- how far behind -----------------------------------------------------------------------------

  #steadyNow(): number {
    return this.#steadyBase + this.#parts.options.clock.monotonic();
  }

  #noteRead(): void {
    this.#readUntil = this.#parts.options.clock.now();
    this.#readUntilMonotonic = this.#parts.options.clock.monotonic();
  }

  /** Milliseconds until it must be said that the log is behind; infinite when it was said. */
  #untilBehind(): number {
    if (this.#isBehind) return Number.POSITIVE_INFINITY;
    return this.#readUntilMonotonic + BEHIND_MS - this.#parts.options.clock.monotonic();
  }

  #behind(cause: "deferred" | "unreachable", why: string): LogItem {
    this.#isBehind = true;
    const detail = `${this.#log.stream} is not read now: ${why}`;
    return { item: "log-behind", state: "opened", cause, detail, from: this.#readUntil };
  }

  #caughtUp(): readonly LogItem[] {
    this.#noteRead();
    return this.#upToDate(true);
  }
}

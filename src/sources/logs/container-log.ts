/**
 * Follows the log of one container of one pod through all its instances: a stream per instance, opened on the first
 * sight of its id, continued by alignment after every cut, ended when the instance has ended and its log was read.
 * What could not be read comes out as a gap. Lines are given out at once; if it shows later that they came from another
 * instance (a container can restart faster than its status), the stream is bound anew.
 */
import { abortWith } from "../../base/index.ts";
import { describeFailure } from "../../cluster/index.ts";
import { Backoff } from "../backoff.ts";
import { AttendedRead } from "./attended-read.ts";
import { isOwn } from "./claims.ts";
import type { LogEnd } from "./connection.ts";
import type { ContainerSight } from "./instances.ts";
import { LogSink, type TakesLog } from "./log-sink.ts";
import { PodNews } from "./pod-news.ts";
import { type Ended, endItems, lastLine, type Previous, READ, readPrevious } from "./previous-read.ts";
import { type ContainerLogOptions, endOfSecond, type FollowerParts, isOver, msOf, type Reading } from "./reading.ts";
import { SeenInstances } from "./seen-instances.ts";
import { denies, judge, type Verdict } from "./verdict.ts";

/** How long after the end of a follow its reason may take to show in the pod's status. Then it was a cut, and is continued. */
const STATUS_LAG_MS = 5_000;
/**
 * Answers without the lines read last before that is a rotation: until its status shows, the next instance looks the same.
 * A log with many bytes is rotated sooner than restarted, and waiting costs it more while it is written.
 */
const MISALIGNED_TRIES = 3;
const MISALIGNED_TRIES_OF_MANY = 1;
const MANY_BYTES = 256 << 10;
const MISALIGNED_MS = 2_000;
const BACKOFF_CAP_MS = 10_000;
/** Reads of a previous instance until two in a row must have given the same. */
const VERIFY_TRIES = 5;

export class ContainerLog {
  readonly #options: ContainerLogOptions;
  readonly #news: PodNews;
  readonly #seen: SeenInstances;
  readonly #parts: FollowerParts;
  #active = 0;

  constructor(options: ContainerLogOptions, take: TakesLog) {
    this.#options = options;
    this.#news = new PodNews(options.clock);
    this.#seen = new SeenInstances(options, () => this.#news.wake());
    this.#parts = { options, news: this.#news, instances: this.#seen, sink: new LogSink(take) };
  }

  /** Takes what a newer version of the pod says about this container. */
  see(sight: ContainerSight, isDeleting: boolean): void {
    if (isDeleting && this.#news.state === "live") this.#news.state = "deleting";
    this.#seen.see(sight);
    this.#news.wake();
  }

  /** The pod was deleted: open streams are read to their end, new ones would reach another pod. */
  podGone(): void {
    this.#news.state = "gone";
    this.#news.wake();
  }

  /**
   * Gives out everything about this container's logs. Resolves when the pod is gone and read, or after `signal` aborts. Instances are
   * read beside each other: the end of one can take longer to be certain than the life of the next.
   */
  async follow(signal: AbortSignal): Promise<void> {
    const left = abortWith(signal);
    const readers = new Set<Promise<void>>();
    let failure: { readonly error: unknown } | undefined;
    const fail = (error: unknown): void => {
      failure ??= { error };
      left.abort(error);
    };
    try {
      await this.#readAll((reading) => {
        const reader = this.#readInstance(reading, left.signal)
          .catch(fail)
          .finally(() => readers.delete(reader));
        readers.add(reader);
      }, left.signal);
    } catch (error) {
      fail(error);
    }
    await Promise.all(readers);
    left.abort();
    if (failure !== undefined) throw failure.error;
  }

  async #readAll(read: (reading: Reading) => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const lost = this.#seen.takeLost();
      const unread = this.#seen.takeUnread();
      if (lost.length > 0) await this.#parts.sink.put(lost);
      for (const next of unread) {
        this.#active++;
        read(next);
      }
      // What is seen while somebody waits for the sink wakes nobody.
      if (lost.length > 0) continue;
      if (this.#news.state === "gone" && this.#active === 0) return;
      await this.#news.changed(signal);
    }
  }

  // --- one instance -------------------------------------------------------------------------------

  async #readInstance(reading: Reading, signal: AbortSignal): Promise<void> {
    const leave = this.#options.slots.enter();
    try {
      await this.#parts.sink.put([this.#seen.bound(reading)]);
      if (!reading.viaPrevious && !reading.superseded) await this.#readCurrent(reading, signal);
      else await this.#readSuperseded(reading, new AttendedRead(this.#parts, reading), false, signal);
    } finally {
      leave();
      reading.isActive = false;
      this.#active--;
      this.#news.wake();
    }
  }

  /** Reads the instance that the log API shows without `previous`, until it has ended or a newer one is there. */
  async #readCurrent(reading: Reading, signal: AbortSignal): Promise<void> {
    const read = new AttendedRead(this.#parts, reading);
    const backoff = new Backoff(this.#options.clock, BACKOFF_CAP_MS);
    let hasEnded = false;
    let isRead = false;
    let wasRead = false;
    for (let tries = 0, misaligned = 0; ; tries++) {
      const { log } = reading;
      if (reading.superseded) {
        await this.#readSuperseded(reading, read, hasEnded && !reading.viaPrevious, signal);
        return;
      }
      const wasOver = isOver(reading, this.#news);
      const before = log.aligner.lines;
      const isWritten = log.aligner.bytes >= MANY_BYTES && !wasOver;
      const triesMax = isWritten ? MISALIGNED_TRIES_OF_MANY : MISALIGNED_TRIES;
      const end = await read.connect({ acceptsHole: misaligned >= triesMax, signal });
      const { aligner } = reading.log;
      if (aligner.lines > before) {
        tries = 0;
        backoff.reset();
      }
      misaligned = end.end === "misaligned" ? misaligned + 1 : 0;
      if (end.end === "eof" && end.followed && !wasOver) {
        const wasLive = this.#news.state === "live";
        // A pod that is being deleted may go any moment: that the end was the end is to be seen now or never.
        if (wasLive) await this.#statusAfterEnd(reading, signal);
        // A kubelet that restarts ends a follow as cleanly as a container does. Only a status or a deletion tells them apart.
        // And the kubelet's reader, which opens no other file after that, may have been behind.
        hasEnded ||= (reading.sight.ended || !wasLive) && !read.isLate;
      }
      const isVerified = isRead && aligner.isLive && aligner.lines === before;
      isRead = end.end === "eof" && wasOver;
      wasRead ||= isRead;
      hasEnded = wasRead || (hasEnded && !denies(end));
      if (reading.superseded && end.end !== "aborted") continue;
      const now = { pod: this.#news.state, podName: this.#options.pod, isOver: isOver(reading, this.#news), isPrevious: false };
      const verdict = judge({ ...now, end, wasOver, hasEnded, isVerified, tries });
      if (verdict.verdict === "ended") {
        // A connection that was cut while it repeated what is recorded ends in a piece of that.
        const isNew = !verdict.gap || reading.log.aligner.isLive;
        const isLast = end.end === "eof" || (end.end === "in-band" && verdict.gap);
        if (isLast && isNew) await this.#parts.sink.put(lastLine(reading.log, end.fragment));
        await this.#end(reading, await this.#finished(read, verdict));
        return;
      }
      await read.wait(this.#delayOf(verdict, backoff), whyAgain(end), signal);
    }
  }

  #delayOf(verdict: Extract<Verdict, { verdict: "again" }>, backoff: Backoff): number {
    if (verdict.after === "at once") return 0;
    if (verdict.after === "misaligned") return MISALIGNED_MS;
    return verdict.after === "poll" ? this.#options.slots.pollMs : backoff.failed(verdict.atLeastMs);
  }

  /** Waits until the status tells why a follow ended, or for so long that it must have been a cut. */
  async #statusAfterEnd(reading: Reading, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + STATUS_LAG_MS;
    while (!isOver(reading, this.#news) && !signal.aborted) {
      const left = deadline - clock.monotonic();
      if (left <= 0) return;
      await this.#news.changedWithin(left, signal);
    }
  }

  // --- an instance after which another one runs ---------------------------------------------------

  async #readSuperseded(reading: Reading, read: AttendedRead, hasEnded: boolean, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(this.#options.clock, BACKOFF_CAP_MS);
    let hadLines = reading.log.aligner.lines > 0;
    let isRead = hasEnded;
    for (let tries = 0; ; tries++) {
      const { log } = reading;
      const before = log.aligner.lines;
      const found: Previous = reading.isPast ? PAST : await readPrevious(this.#parts, log, signal);
      if (found.previous === "swapped") {
        hadLines = false;
        isRead = false;
        continue;
      }
      if (found.previous === "read") {
        const isVerified = isRead && log.aligner.isLive && log.aligner.lines === before;
        isRead = true;
        if (!isVerified && tries < VERIFY_TRIES) continue;
        await this.#parts.sink.put(lastLine(reading.log, found.fragment));
      }
      const verdict = this.#verdictOnPrevious(reading, found, tries);
      if (verdict.verdict === "ended") {
        const ended = await this.#finished(
          read,
          hadLines || isRead ? afterRestart(verdict, isRead && this.#seen.isInOrder(reading)) : verdict,
        );
        await this.#end(reading, found.previous === "read" && !hadLines ? READ : ended);
        return;
      }
      await read.wait(this.#delayOf(verdict, backoff), found.previous === "failed" ? whyAgain(found.end) : "", signal);
    }
  }

  /** Nothing more is read of an instance: first what says that lines of it are missing that nobody else misses. */
  async #finished(read: AttendedRead, end: Ended): Promise<Ended> {
    let isRead = !end.gap;
    if (end.reason === "recording stopped") isRead = await read.stopped();
    else if (end.reason === "pod deleted") isRead = await read.podGone();
    await read.close(isRead);
    return isRead ? end : { ...end, outcome: "incomplete" };
  }

  async #end(reading: Reading, end: Ended): Promise<void> {
    const { sink } = this.#parts;
    await sink.put(endItems(this.#parts, reading.log, end));
    if (!end.gap || isOwn(reading)) return;
    reading.isDoubted = true;
    for (const older of this.#seen.inDoubtWith(reading)) {
      if (older.isDoubted) continue;
      older.isDoubted = true;
      const { containerId, startedAt, finishedAt } = older.sight;
      const detail = `what was read as the log of ${this.#options.container} (${containerId}) may be that of the next instance`;
      const [from, to] = [msOf(startedAt), endOfSecond(finishedAt)];
      await sink.put([{ item: "log-gap", cause: "log-unavailable", detail, from, to }]);
    }
  }

  #verdictOnPrevious(reading: Reading, found: Exclude<Previous, { previous: "swapped" }>, tries: number): Verdict {
    if (found.previous === "read") return READ;
    return found.previous === "ended" ? found.ended : this.#judgePrevious(reading, found.end, tries);
  }

  #judgePrevious(reading: Reading, end: LogEnd, tries: number): Verdict {
    const now = { pod: this.#news.state, podName: this.#options.pod, isOver: isOver(reading, this.#news) };
    return judge({ ...now, end, wasOver: true, hasEnded: false, isVerified: false, isPrevious: true, tries });
  }
}

/** The node keeps an instance while it is the last one before the current one. */
const PAST: Previous = {
  previous: "ended",
  ended: {
    verdict: "ended",
    outcome: "incomplete",
    reason: "the container restarted twice before its log could be read",
    gap: true,
  },
};

/** How a stream ended that was being read when its container restarted. */
function afterRestart(verdict: Ended, hasEnded: boolean): Ended {
  if (verdict.reason === "recording stopped") return verdict;
  const isRead = !verdict.gap || hasEnded;
  const reason = isRead ? "read to its end, then restarted" : `restarted before its end could be read: ${verdict.reason}`;
  return { verdict: "ended", outcome: isRead ? "complete" : "incomplete", reason, gap: !isRead };
}

function whyAgain(end: LogEnd): string {
  if (end.end === "failed") return describeFailure(end.failure);
  return end.end === "in-band" ? end.text : "its connection ended";
}

/**
 * Rotations of a log that is followed, and the lines that may be missing at them. The runtime makes the new file before it leaves the
 * old one (containerd `container_log.go ReopenContainerLog`), and the kubelet's follower goes over as soon as there is a new one
 * (`cri-client logs.go waitLogs`): what is written to the old file after that no reader of the API is ever given. No answer says so,
 * and the times of lines do not either. But the first line of the file is another one after a rotation.
 */
import { lineInstant, STREAMS_APART_MS } from "./log-line.ts";

/** No file is rotated that is smaller, in bytes as the API gives them: of each line of a MiB the file has a stream and a tag, too. */
const FILE_BYTES_MIN = 768 << 10;
const LOOK_BYTES = FILE_BYTES_MIN / 2;
const LOOK_MS = 1_000;
/** An answer that takes longer is none. */
export const LOOK_MS_MAX: number = 10_000;
/** A file is the newest one for so long at least (kubelet `containerLogMonitorInterval`). */
const FILE_MS_MIN = 3_000;
const MARK_BYTES = 4 << 10;
const MARKS_MAX = 320;

/** Lines of the time between may be missing: milliseconds since 1970. */
export interface Seam {
  readonly from: number;
  readonly to: number;
}

const NONE: readonly Seam[] = [];

/** A line, by the bytes delivered with it and its time in seconds since 1970. */
interface Mark {
  readonly bytes: number;
  readonly instant: number;
}

/** A file that was seen, and that what was delivered does not reach into yet. */
interface Ahead {
  /** When its first line was written. */
  readonly begins: number;
  /** The line from which on files before it may not have been seen; `undefined` when there was time for this one alone. */
  readonly after: number | undefined;
}

/** What was delivered before somebody looked. */
export interface SeamsState {
  readonly bytes: number;
  readonly settled: number | undefined;
  readonly known: number;
  readonly marks: readonly Mark[];
  readonly nextMark: number;
}

/** The files of one instance. */
export class Seams {
  #bytes = 0;
  /** A file that begins no later is known, or a gap reaches to its beginning: seconds since 1970. */
  #settled: number | undefined;
  /** Bytes delivered until when every rotation is known, and when that was. */
  #known = FILE_BYTES_MIN;
  #knownMs = Number.NEGATIVE_INFINITY;
  /** The next look is due no sooner. */
  #nextLookMs = Number.NEGATIVE_INFINITY;
  /** Lines in small steps, since the last one that is known to stand before the next rotation. */
  #marks: Mark[] = [];
  #nextMark = 0;
  #ahead: readonly Ahead[] = [];

  constructor(state?: SeamsState) {
    if (state === undefined) return;
    this.#bytes = state.bytes;
    this.#settled = state.settled;
    this.#known = state.known;
    this.#marks = [...state.marks];
    this.#nextMark = state.nextMark;
  }

  /** Of an instance whose file nobody has looked at. */
  state(): SeamsState {
    return {
      bytes: this.#bytes,
      settled: this.#settled,
      known: this.#known,
      marks: [...this.#marks],
      nextMark: this.#nextMark,
    };
  }

  /** Takes the next line, which stands in `lines` from `start` to `end`; `bytes`: delivered of the instance, it included. */
  take(bytes: number, lines: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    if (bytes < this.#nextMark) return;
    const instant = lineInstant(lines.subarray(start, end));
    if (instant === undefined) return;
    this.#settled ??= instant;
    this.#nextMark = bytes + MARK_BYTES;
    this.#marks.push({ bytes, instant });
    if (this.#marks.length > MARKS_MAX) this.#marks = this.#marks.filter((_, at) => at % 2 === 0);
  }

  /** A gap reaches to then, seconds since 1970: what was rotated before is told. */
  told(to: number): void {
    this.#settled = Math.max(this.#settled ?? to, to);
    this.#know(this.#bytes);
  }

  /** True when a rotation may not be known yet. */
  get isOpen(): boolean {
    return this.#bytes > this.#known || this.#ahead.length > 0;
  }

  /** True when it is time to look at the file. `nowMs` never steps back. */
  isDue(nowMs: number): boolean {
    return this.#bytes - this.#known >= LOOK_BYTES && nowMs >= this.#nextLookMs;
  }

  /** The file is looked at now. Returns what takes the time of its first line as soon as that is there. */
  ask(nowMs: number): (begins: number) => void {
    const bytes = this.#bytes;
    this.#nextLookMs = nowMs + LOOK_MS_MAX;
    return (begins) => {
      const isNext = this.#bytes - this.#known < FILE_BYTES_MIN || nowMs - this.#knownMs <= FILE_MS_MIN;
      const isSeen = begins <= (this.#ahead.at(-1)?.begins ?? this.#settled ?? begins);
      if (!isSeen)
        this.#ahead = [...this.#ahead, { begins, after: isNext ? undefined : this.#last(({ bytes: at }) => at <= this.#known) }];
      this.#know(bytes);
      this.#knownMs = nowMs;
      this.#nextLookMs = nowMs + LOOK_MS;
    };
  }

  /** The seams that the lines delivered have passed. `newest`: second of the last line, when no other comes. */
  passed(newest?: number): readonly Seam[] {
    if (this.#ahead.length === 0) return NONE;
    const until = newest === undefined ? (this.#marks.at(-1)?.instant ?? Number.NEGATIVE_INFINITY) : newest + 1;
    const passed = this.#ahead.filter(({ begins }) => begins <= until);
    this.#ahead = this.#ahead.slice(passed.length);
    return passed.map(({ begins, after }) => {
      const before = this.#marks.findLast(({ instant }) => instant < begins);
      this.#settled = begins;
      this.#know((before?.bytes ?? 0) + FILE_BYTES_MIN);
      return seam(after ?? before?.instant ?? begins, begins);
    });
  }

  /** No line comes after that of second `newest`, and the file cannot be looked at: in which time it may have been rotated unseen. */
  rest(newest: number): Seam | undefined {
    return this.isOpen ? seam(this.#last(({ bytes }) => bytes <= this.#known) ?? newest, newest + 1) : undefined;
  }

  #last(where: (mark: Mark) => boolean): number | undefined {
    return (this.#marks.findLast(where) ?? this.#marks[0])?.instant;
  }

  /** Every rotation is known until so many bytes had been delivered. */
  #know(bytes: number): void {
    this.#known = Math.max(this.#known, bytes);
    if (this.#ahead.length > 0) return;
    const last = this.#marks.findLastIndex((mark) => mark.bytes <= bytes);
    if (last > 0) this.#marks = this.#marks.slice(last);
  }
}

function seam(from: number, to: number): Seam {
  return { from: Math.floor(from * 1_000 - STREAMS_APART_MS), to: Math.ceil(to * 1_000 + STREAMS_APART_MS) };
}

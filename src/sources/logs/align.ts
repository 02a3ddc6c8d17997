/**
 * Continuing a log after a reconnect without loss or repetition. The API can only start at a whole second
 * (apiserver `strategy.go LogLocation` formats `sinceTime` as RFC 3339) and the kubelet includes that second, so each
 * reconnect repeats lines. Timestamps cannot tell which: they are neither unique nor monotonic (two streams are stamped
 * by two goroutines). The sequence can: the same filter over the same file gives the same lines first.
 */
import type { Leap } from "./lag.ts";
import { LineBlock } from "./line-block.ts";
import { millisecondsOf, SecondReader, STREAMS_APART_MS } from "./log-line.ts";
import { type FirstLine, firstLineOf, hashLine, hashOf, keyOf, type LineKey, nextOverlap, RecentLines } from "./recent-lines.ts";
import { Seams } from "./seams.ts";

/** What to do with the lines of a new connection. */
export type Aligned =
  | { readonly outcome: "deliver"; readonly lines: LineBlock }
  /** The expected lines are not there: the file was rotated or truncated. `lines` come after the hole. */
  | {
      readonly outcome: "hole";
      readonly lines: LineBlock;
      readonly fromSecond: number;
      /** `undefined`: nothing came after it. */
      readonly toSecond: number | undefined;
    }
  /** The same, when the caller does not accept it: nothing was taken. It may be the log of another instance. */
  | { readonly outcome: "misaligned" }
  /** Nothing was taken; on a new connection it will be plain what is new. */
  | { readonly outcome: "again" }
  /** Behind `lines` the connection begins to say again what it had said. No more was taken; a new connection will say what is new. */
  | { readonly outcome: "repeats"; readonly lines: LineBlock }
  /** Lines that should repeat came changed in the middle of the sequence: counted off, none lost, one may be repeated. */
  | { readonly outcome: "unaligned"; readonly lines: LineBlock };

/** Where to begin a connection. */
export interface Resume {
  /** For `sinceTime`, in seconds since 1970; `undefined` reads from the start of the file. */
  readonly sinceSecond: number | undefined;
  /** Time cannot say what was read: the node's clock was set back, or seems so. The whole file is read and searched, not followed. */
  readonly isSearch: boolean;
}

/** Lines may come with a time up to this long before the newest: stdout and stderr are stamped by two goroutines. */
export const WINDOW_S = 2;
/** A step back in time beyond this is the node's clock. */
export const CLOCK_STEP_S = 10;
/** The tail of a long line whose beginning the kubelet left out as too old can stand before the expected lines: one of each stream. */
const FRAGMENTS_MAX = 2;

/** Where the lines of a connection stand relative to what was delivered before. */
type Mode =
  | { readonly mode: "live" }
  /** The delivered lines from `offset` on must come first; `matched` of them have. `held` came before them. */
  | { readonly mode: "matching"; readonly offset: number; readonly matched: number; readonly held: Buffer[] }
  /** The sequence broke: lines up to `untilSecond` are taken as repeated while their count in `left` lasts. */
  | { readonly mode: "counting"; readonly left: Map<number, number>; readonly untilSecond: number };

type Matching = Extract<Mode, { mode: "matching" }>;

type Verdict = "repeated" | "fresh" | "held" | "hole" | "again" | "unaligned";

/** What the caller of `push` can take. */
export interface Accepts {
  readonly hole: boolean;
  readonly isFollow?: boolean;
  /** The kubelet's reader was held up, and may begin the newest file again. */
  readonly mayRepeat?: boolean;
  /** False for lines that an earlier run left out of what `restore` was given. */
  readonly wasRecorded?: ((line: Buffer) => boolean) | undefined;
  /** The file was read to its end, and nothing will be added to it. */
  readonly isWhole?: boolean;
}

/** What an earlier run delivered. */
export interface Delivered {
  readonly lines: number;
  readonly bytes: number;
  readonly first: FirstLine | undefined;
  /** Seconds since 1970: the newest line in front of those that are restored, and the highest of all. */
  readonly newest: number;
  readonly highest: number;
  readonly seams: Seams;
}

export class Aligner {
  /** The files that the lines delivered came from. */
  readonly seams: Seams;
  readonly #recent = new RecentLines();
  readonly #seconds = new SecondReader();
  /** Second of the newest line since the node's clock was last set, and the highest before that. */
  #newest = Number.NEGATIVE_INFINITY;
  #highest = Number.NEGATIVE_INFINITY;
  #mode: Mode = { mode: "live" };
  #isSearch = false;
  /** The next connection must find its place in the whole file. */
  #mustSearch = false;
  #lines = 0;
  #bytes = 0;
  #first: FirstLine | undefined;
  #skipBefore: number | undefined;
  /** What is expected is an earlier run's. */
  #isRestored = false;

  /** `delivered` by an earlier run; its last lines are to be given to `restore`. */
  constructor(delivered?: Delivered) {
    this.seams = delivered?.seams ?? new Seams();
    if (delivered === undefined) return;
    this.#lines = delivered.lines;
    this.#bytes = delivered.bytes;
    this.#first = delivered.first;
    this.#newest = delivered.newest;
    this.#highest = delivered.highest;
    this.#isRestored = delivered.lines > 0;
  }

  /** Lines delivered so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Bytes delivered so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The first line delivered, which tells two instances of a container apart. */
  get first(): FirstLine | undefined {
    return this.#first;
  }

  /** Second of the newest line; `undefined` before there is one. */
  get newest(): number | undefined {
    return Number.isFinite(this.#newest) ? this.#newest : undefined;
  }

  /** The last leaps in time between two lines since the last call. */
  takeLeaps(): readonly Leap[] {
    return this.#leaps.splice(0);
  }
  readonly #leaps: Leap[] = [];
  /** Hashes of the last lines behind a leap: where a file may begin. */
  readonly #seams: number[] = [];
  /** The newest line's time in milliseconds, while a follow is live. */
  #newestMs = Number.NEGATIVE_INFINITY;

  /** True once the lines that a connection repeats are behind. */
  get isLive(): boolean {
    return this.#mode.mode === "live" || this.#isEmpty;
  }
  /** The last file was found empty, and that was said: nothing will ever come of what is expected. */
  #isEmpty = false;
  /** The file was seen to begin behind the last line: without what is expected it has no hole. */
  #beginsBehind = false;

  /** True while lines wait that stand before the expected ones: whether they are old shows with the next. `finish` decides. */
  get isUndecided(): boolean {
    return this.#mode.mode === "matching" && this.#mode.held.length > 0 && !this.#isSearch;
  }

  /** Begins a new connection. `isPrevious`: to the previous instance's file, which was not the one that was looked at. */
  reconnect(how: { readonly isPrevious?: boolean } = {}): Resume {
    if (how.isPrevious === true) this.#beginsBehind = false;
    this.#skipBefore = undefined;
    this.#isSearch = this.#lines > 0 && (this.#mustSearch || this.#newest < this.#highest - WINDOW_S);
    this.#mustSearch = false;
    const since = Number.isFinite(this.#newest) ? this.#newest - WINDOW_S : undefined;
    if (since !== undefined && !this.#isSearch) this.#recent.filterFrom(since);
    this.#expect();
    return { sinceSecond: this.#isSearch ? undefined : since, isSearch: this.#isSearch };
  }

  /** Begins a connection that reads the whole file again, such as `previous=true`: all delivered lines must come first. */
  reread(): void {
    const { sinceSecond, isSearch } = this.reconnect();
    if (!isSearch) this.#skipBefore = sinceSecond;
  }

  /**
   * The file was seen to begin with the last `count` lines delivered, and those before are forgotten. An empty one may also be that
   * of an instance whose start is not known yet: nothing is forgotten. Matters to the next connection.
   */
  rebase(count: number): void {
    this.#beginsBehind = count === 0;
    if (count > 0) this.#recent.keepLast(count);
  }

  #expect(): void {
    this.#mode = this.#recent.length === 0 ? { mode: "live" } : { mode: "matching", offset: 0, matched: 0, held: [] };
  }

  /** Takes the next lines of the connection, in file order. `isFollow`: a kubelet follows, which may read a file twice. */
  push(lines: LineBlock, accepts: Accepts = { hole: true }): Aligned {
    this.#isEmpty &&= lines.length === 0;
    if (this.#mode.mode === "live" && this.#skipBefore === undefined) {
      const again = accepts.isFollow === true ? this.#repeatsAt(lines, accepts.mayRepeat === true) : -1;
      if (again !== -1) return { outcome: "repeats", lines: lines.first(again) };
      return { outcome: "deliver", lines: accepts.isFollow === true ? lines : this.#record(lines) };
    }
    const fresh: Buffer[] = [];
    let hole: { readonly fromSecond: number; readonly toSecond: number } | undefined;
    let isUnaligned = false;
    for (const line of lines) {
      const second = this.#seconds.read(line) ?? this.#newest;
      if (this.#skipBefore !== undefined && second < this.#skipBefore) continue;
      if (this.#isRestored && this.#mode.mode === "matching" && accepts.wasRecorded?.(line) === false) continue;
      const held = this.#mode.mode === "matching" ? this.#mode.held : [];
      const verdict = this.#judge(second, line);
      if (verdict === "again") return { outcome: "again" };
      if (verdict === "hole" && !accepts.hole) return { outcome: "misaligned" };
      if (verdict === "repeated" || verdict === "held") continue;
      if (verdict === "hole") {
        const [first = line] = held;
        hole = { fromSecond: this.#newest, toSecond: this.#seconds.read(first) ?? this.#newest };
        fresh.push(...held);
      }
      isUnaligned ||= verdict === "unaligned";
      fresh.push(line);
    }
    this.#isRestored &&= this.#mode.mode !== "live";
    if (this.#beginsBehind) hole = undefined;
    if (hole !== undefined) this.seams.told(hole.toSecond + 1);
    const delivered = this.#record(LineBlock.of(fresh));
    if (hole !== undefined) return { outcome: "hole", lines: delivered, ...hole };
    return { outcome: isUnaligned ? "unaligned" : "deliver", lines: delivered };
  }

  /**
   * The connection ended. Lines that stood before the expected ones, and the expected ones never came: the file holds
   * nothing else, so they come after a hole.
   */
  finish(accepts: Accepts = { hole: true }): Aligned {
    const mode = this.#mode;
    if (mode.mode !== "matching") return { outcome: "deliver", lines: LineBlock.none };
    if (mode.held.length === 0)
      return accepts.isWhole === true ? this.#finishWhole(mode, accepts) : { outcome: "deliver", lines: LineBlock.none };
    if (!accepts.hole) return { outcome: "misaligned" };
    this.#mode = { mode: "live" };
    const [first] = mode.held;
    const toSecond = (first === undefined ? undefined : this.#seconds.read(first)) ?? this.#newest;
    const fromSecond = this.#newest;
    if (this.#beginsBehind) return { outcome: "deliver", lines: this.#record(LineBlock.of(mode.held)) };
    this.seams.told(toSecond + 1);
    return { outcome: "hole", lines: this.#record(LineBlock.of(mode.held)), fromSecond, toSecond };
  }

  /** A file that begins behind the expected lines: rotated, and nothing or only some of them, all equal, were written since. */
  #finishWhole(mode: Matching, accepts: Accepts): Aligned {
    const nothing: Aligned = { outcome: "deliver", lines: LineBlock.none };
    const tail = this.#recent.length - mode.matched;
    if (mode.matched > 0) {
      let same = 0;
      while (same < mode.matched && this.#recent.areEqual(tail + same, mode.offset + same)) same++;
      if (same === mode.matched) this.#mode = { mode: "live" };
      return nothing;
    }
    if (this.#beginsBehind) this.#mode = { mode: "live" };
    if (this.#isEmpty || this.#beginsBehind) return nothing;
    if (!accepts.hole) return { outcome: "misaligned" };
    this.#isEmpty = true;
    this.#mode = { mode: "live" };
    return { outcome: "hole", lines: LineBlock.none, fromSecond: this.#newest, toSecond: undefined };
  }

  /**
   * How many of the lines delivered last a snapshot of the file begins with, and whether it holds more than those; the
   * snapshot was asked for with the same `sinceTime`. Changes nothing.
   */
  compare(snapshot: readonly Buffer[]): { readonly common: number; readonly hasMore: boolean } {
    const keys = snapshot.map(keyOf);
    const since = this.#newest - WINDOW_S;
    if (Number.isFinite(since)) this.#recent.filterFrom(since);
    for (let common = Math.min(this.#recent.length, keys.length); common > 0; common--) {
      const offset = this.#recent.length - common;
      let same = 0;
      for (let key = keys[same]; same < common && key !== undefined && this.#recent.matches(offset + same, key); key = keys[same])
        same++;
      if (same === common) return { common, hasMore: keys.length > common };
    }
    return { common: 0, hasMore: keys.length > 0 };
  }

  /**
   * Takes one of the last lines of an earlier run of Faro, which are counted already. `isRedacted`: a secret was taken out of it, so
   * only its timestamp can be compared.
   */
  restore(line: Buffer, isRedacted: boolean): void {
    const hash = isRedacted ? keyOf(line).stamp : hashLine(line);
    this.#place(this.#seconds.read(line) ?? this.#newest, hash, isRedacted);
  }

  #judge(second: number, line: Buffer): Verdict {
    const mode = this.#mode;
    if (mode.mode === "live") return "fresh";
    if (mode.mode === "matching") return this.#match(mode, second, line);
    const hash = hashLine(line);
    const left = mode.left.get(hash) ?? 0;
    if (left > 0) {
      mode.left.set(hash, left - 1);
      return "repeated";
    }
    if (second > mode.untilSecond) this.#mode = { mode: "live" };
    return "fresh";
  }

  #match(mode: Matching, second: number, line: Buffer): Verdict {
    const key = keyOf(line);
    if (this.#recent.matches(mode.offset + mode.matched, key)) return this.#matched({ ...mode, matched: mode.matched + 1 });
    const offset = nextOverlap(this.#recent, mode, key);
    if (offset === undefined) return mode.matched === 0 ? this.#unexpected(mode, second, line) : this.#broken(mode, key);
    if (offset + mode.matched < this.#recent.length) return this.#matched({ ...mode, offset, matched: mode.matched + 1 });
    if (offset + mode.matched === this.#recent.length) {
      this.#mode = { mode: "live" };
      return "fresh";
    }
    // Some of what was taken for repeated is new: the file was rotated and begins later. It is read again.
    this.#recent.keepLast(this.#recent.length - offset);
    return "again";
  }

  #matched(mode: Matching): Verdict {
    this.#mode = mode.offset + mode.matched === this.#recent.length ? { mode: "live" } : { ...mode, held: [] };
    return "repeated";
  }

  /** Nothing that is expected came yet. In a search everything before it is old; else it may be the tail of a line that is. */
  #unexpected(mode: Matching, second: number, line: Buffer): Verdict {
    if (this.#isSearch || (second <= this.#newest && mode.held.length < FRAGMENTS_MAX)) {
      mode.held.push(line);
      return "held";
    }
    this.#mode = { mode: "live" };
    return "hole";
  }

  #broken(mode: Matching, key: LineKey): Verdict {
    const left = this.#recent.countFrom(mode.offset + mode.matched);
    const count = left.get(key.hash) ?? 0;
    if (count > 0) left.set(key.hash, count - 1);
    this.#mode = { mode: "counting", left, untilSecond: this.#newest };
    return count > 0 ? "repeated" : "unaligned";
  }

  /**
   * Records lines up to the first one that was there before, and returns its place, or -1. A kubelet that was held up while a log was
   * rotated twice hears of both rotations afterwards and begins the newest file at each (`cri-client logs.go ReadLogs`). Only a line
   * whose time steps back can be one of those: further back than what is remembered, and it takes the file to tell it from a node
   * whose clock was set.
   */
  #repeatsAt(lines: LineBlock, mayRepeat: boolean): number {
    const { bytes } = lines;
    for (let at = 0; at < lines.length; at++) {
      const start = lines.startOf(at);
      const end = lines.endOf(at);
      const second = this.#seconds.readAt(bytes, start, end);
      const hash = hashOf(bytes, start, end);
      const instant = second === undefined ? undefined : second * 1_000 + millisecondsOf(bytes, start);
      if (instant !== undefined && instant < this.#newestMs - STREAMS_APART_MS) {
        if (this.#seams.includes(hash) || this.#recent.includes(hash)) return at;
        this.#mustSearch = mayRepeat && second !== undefined && second < this.#newest - WINDOW_S;
        if (this.#mustSearch) return at;
      }
      this.#note(lines, at, second, hash);
      const isClockSetBack = this.#newest * 1_000 < this.#newestMs - 1_000;
      if (instant !== undefined) this.#newestMs = isClockSetBack ? instant : Math.max(this.#newestMs, instant);
    }
    return -1;
  }

  #record(lines: LineBlock): LineBlock {
    const { bytes } = lines;
    for (let at = 0; at < lines.length; at++) {
      const start = lines.startOf(at);
      const end = lines.endOf(at);
      this.#note(lines, at, this.#seconds.readAt(bytes, start, end), hashOf(bytes, start, end));
    }
    return lines;
  }

  /** Takes one of the lines; `own`: the second of its time. */
  #note(lines: LineBlock, at: number, own: number | undefined, hash: number): void {
    const { bytes } = lines;
    const start = lines.startOf(at);
    const end = lines.endOf(at);
    const second = own ?? this.#newest;
    this.#beginsBehind = false;
    this.#first ??= firstLineOf(bytes.subarray(start, end), second);
    this.#lines++;
    this.#bytes += end - start + 1;
    this.seams.take(this.#bytes, bytes, start, end);
    this.#place(second, hash, false);
  }

  #place(second: number, hash: number, isRedacted: boolean): void {
    if (second < this.#newest - CLOCK_STEP_S) {
      this.#recent.keepLast(0);
      this.#newest = second;
    } else if (second > this.#newest) {
      if (second - this.#newest > 1 && Number.isFinite(this.#newest)) this.#leapTo(second, hash);
      this.#newest = second;
      this.#recent.dropBefore(second - WINDOW_S);
    }
    this.#highest = Math.max(this.#highest, second);
    if (second >= this.#newest - WINDOW_S) this.#recent.push(second, hash, isRedacted);
  }

  #leapTo(second: number, hash: number): void {
    if (this.#leaps.length === LEAPS_MAX) this.#leaps.shift();
    this.#leaps.push({ fromSecond: this.#newest, toSecond: second });
    if (this.#seams.length === SEAMS_MAX) this.#seams.shift();
    this.#seams.push(hash);
  }
}

const SEAMS_MAX = 4;
/** More in one batch are in a log whose lines are all far apart. */
const LEAPS_MAX = 64;

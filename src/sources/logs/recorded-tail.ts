/**
 * What is recorded of one instance, as far as going on with it needs that: how much there was, and where the lines stand that a new
 * connection will repeat. The lines themselves stay in the recording; they are read when the log is gone on with. Each block costs
 * the same, however many lines it has.
 */
import { Aligner, CLOCK_STEP_S, WINDOW_S } from "./align.ts";
import { lineSecond } from "./log-line.ts";
import { type FirstLine, firstLineOf } from "./recent-lines.ts";
import { Seams, type SeamsState } from "./seams.ts";

/** Lines as they were recorded, joined by newlines. */
export interface RecordedBlock {
  readonly text: string;
  readonly encoding: "utf8" | "latin1";
  readonly count: number;
}

interface Place {
  readonly position: number;
  /** Second of its last line, and the newest one in front of it. */
  readonly second: number;
  readonly newestBefore: number;
}

export interface RecordedTailState {
  readonly lines: number;
  readonly bytes: number;
  readonly first: FirstLine | undefined;
  readonly newest: number;
  readonly highest: number;
  readonly places: readonly Place[];
  readonly seams: SeamsState;
}

const REDACTED = "[REDACTED:";
/** Enough of a line for its time. */
const HEAD_CHARACTERS = 36;
/** Lines of two streams can stand in the wrong order, so those of a second end in the next one. */
const SLACK_S = 2;

export class RecordedTail {
  readonly #seams: Seams;
  #lines: number;
  #bytes: number;
  #first: FirstLine | undefined;
  #newest: number;
  #highest: number;
  #places: Place[];

  constructor(state?: RecordedTailState) {
    this.#seams = new Seams(state?.seams);
    this.#lines = state?.lines ?? 0;
    this.#bytes = state?.bytes ?? 0;
    this.#first = state?.first;
    this.#newest = state?.newest ?? Number.NEGATIVE_INFINITY;
    this.#highest = state?.highest ?? Number.NEGATIVE_INFINITY;
    this.#places = [...(state?.places ?? [])];
  }

  state(): RecordedTailState {
    return {
      lines: this.#lines,
      bytes: this.#bytes,
      first: this.#first,
      newest: this.#newest,
      highest: this.#highest,
      places: this.#places,
      seams: this.#seams.state(),
    };
  }

  /** Takes the next block, which stands at `position` of the recording. */
  take({ text, encoding, count }: RecordedBlock, position: number): void {
    const end = text.indexOf("\n");
    const first = Buffer.from(end === -1 ? text : text.slice(0, end), encoding);
    const firstSecond = lineSecond(first);
    const lastSecond = end === -1 ? firstSecond : secondOf(text.slice(text.lastIndexOf("\n") + 1));
    const newestBefore = this.#newest;
    this.#first ??= firstLineOf(first, firstSecond ?? newestBefore);
    this.#seams.take(this.#bytes + first.length + 1, first, 0, first.length);
    this.#lines += count;
    this.#bytes += Buffer.byteLength(text, encoding) + 1;
    for (const second of [firstSecond, lastSecond]) if (second !== undefined) this.#advance(second);
    this.#places.push({ position, second: lastSecond ?? firstSecond ?? newestBefore, newestBefore });
    const from = this.#newest - WINDOW_S - SLACK_S;
    const kept = this.#places.findIndex((place) => place.second >= from);
    if (kept > 0) this.#places.splice(0, kept);
  }

  #advance(second: number): void {
    const isClockSetBack = second < this.#newest - CLOCK_STEP_S;
    this.#newest = isClockSetBack ? second : Math.max(this.#newest, second);
    this.#highest = Math.max(this.#highest, second);
    // The lines in front are no longer expected.
    if (isClockSetBack) this.#places = [];
  }

  /** A gap of a rotation reaches to then, seconds since 1970. */
  told(to: number): void {
    this.#seams.told(to);
  }

  /** What goes on behind the last line. `read` gives the lines at a position; none where the recording is damaged. */
  async aligner(read: (position: number) => Promise<RecordedBlock | undefined>): Promise<Aligner> {
    const aligner = new Aligner({
      lines: this.#lines,
      bytes: this.#bytes,
      first: this.#first,
      newest: this.#places[0]?.newestBefore ?? this.#newest,
      highest: this.#highest,
      seams: new Seams(this.#seams.state()),
    });
    for (const { position } of this.#places) {
      const block = await read(position);
      for (const line of block?.text.split("\n") ?? [])
        aligner.restore(Buffer.from(line, block?.encoding), line.includes(REDACTED));
    }
    return aligner;
  }
}

function secondOf(line: string): number | undefined {
  return lineSecond(Buffer.from(line.slice(0, HEAD_CHARACTERS), "latin1"));
}

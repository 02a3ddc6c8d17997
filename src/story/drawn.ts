/**
 * Objects that a story shares with others: the Node of its pods, the Service that selects them. They belong to it while a
 * relation holds; the story tells the state in which they were when it began, and what became of them until it ended.
 */
import type { IsoTime } from "../record/index.ts";
import type { RelatedInterval } from "./document.ts";

/** One relation between an object and a story, over time. */
export interface Drawn {
  readonly relation: string;
  readonly fromSeq: number;
  readonly from: IsoTime;
  untilSeq: number | undefined;
  until: IsoTime | undefined;
}

/** Which records of a drawn object a story tells, given newest first. */
export class DrawnRows {
  readonly #intervals: readonly Drawn[];
  readonly #firstSeq: number;

  constructor(intervals: readonly Drawn[]) {
    this.#intervals = intervals;
    this.#firstSeq = Math.min(...intervals.map(({ fromSeq }) => fromSeq));
  }

  /** What happened while a relation held, and the last state before each of them. `laterSeq`: that of the record behind. */
  tells(seq: number, laterSeq: number): boolean {
    return this.#intervals.some(({ fromSeq, untilSeq = Number.POSITIVE_INFINITY }) => {
      return seq <= untilSeq && (seq >= fromSeq || laterSeq > fromSeq);
    });
  }

  /** True when nothing older can be told. */
  isBefore(seq: number): boolean {
    return seq < this.#firstSeq;
  }
}

/** As the story file tells them, in the order in which they began. */
export function describeDrawn(intervals: readonly Drawn[]): readonly RelatedInterval[] {
  return intervals.map(({ relation, from, until }) => ({ relation, from, until: until ?? null }));
}

/** The different proofs, the first one first. */
export function proofOfDrawn(intervals: readonly Drawn[]): string {
  return [...new Set(intervals.map(({ relation }) => relation))].join("; ");
}

/**
 * The kind, context or cluster that a mistyped one most probably means. Stricter than for flags: a kind that is taken for a
 * slip is refused, one that is not is waited for.
 */
import { editDistance } from "../base/index.ts";

/** The candidate with the fewest edits, if these are few for the length of the word; case costs nothing. */
export function meantBy(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = tolerance(word) + 1;
  for (const candidate of candidates) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** True when one is probably a slip of the pen for the other. */
export function isSlip(a: string, b: string): boolean {
  return meantBy(a, [b]) !== undefined;
}

/** One edit in four letters, three at most; a word of three letters or fewer must be right but for its case. */
function tolerance(word: string): number {
  return Math.min(3, Math.floor(word.length / 4));
}

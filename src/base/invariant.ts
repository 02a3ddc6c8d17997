/** Statements about Faro's own code. A broken one is a bug, never bad input. */

/** Throws when `holds` is false; `claim` is the sentence that should have been true. */
export function invariant(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new Error(`invariant broken: ${claim}`);
}

/** Ends a `switch` over a union: the compiler proves that nothing reaches it. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

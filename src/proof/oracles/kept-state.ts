/** O11: a state that a run kept beside its recording, with what was recorded behind it, says what the whole recording says. */
import type { Evidence, Violation } from "../evidence.ts";

export function stateTrue({ states }: Evidence): readonly Violation[] {
  return states.flatMap((differences, start) =>
    differences.map((what) => ({ oracle: "O11", what: `the ${start + 1}. state that was found says otherwise: ${what}` })),
  );
}

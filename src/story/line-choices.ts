/** Which log lines stories tell: each run of the recorder says it for what it records, so that a story can be told again. */
import { choosesLine, type ChoosesLine, type LineChoice } from "../base/index.ts";

export interface LineChoiceOfRun {
  readonly fromSeq: number;
  readonly choice: LineChoice | undefined;
}

export class LineChoices {
  readonly #runs: (LineChoiceOfRun & { readonly chooses: ChoosesLine | undefined })[] = [];

  state(): readonly LineChoiceOfRun[] {
    return this.#runs.map(({ fromSeq, choice }) => ({ fromSeq, choice }));
  }

  restore(runs: readonly LineChoiceOfRun[]): void {
    for (const { fromSeq, choice } of runs) this.begin(fromSeq, choice);
  }

  /** From `seq` on; without a choice every line is told. */
  begin(seq: number, choice: LineChoice | undefined): void {
    this.#runs.push({ fromSeq: seq, choice, chooses: choosesLine(choice) });
  }

  /** For a block with this number; `undefined` when every line is told. */
  at(seq: number): ChoosesLine | undefined {
    return this.#runs.findLast(({ fromSeq }) => fromSeq <= seq)?.chooses;
  }
}

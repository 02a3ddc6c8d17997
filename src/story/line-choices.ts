/** Which log lines stories tell: each run of the recorder says it for what it records, so that a story can be told again. */
import { choosesLine, type ChoosesLine, type LineChoice } from "../base/index.ts";

export class LineChoices {
  readonly #runs: { readonly fromSeq: number; readonly chooses: ChoosesLine | undefined }[] = [];

  /** From `seq` on; without a choice every line is told. */
  begin(seq: number, choice: LineChoice | undefined): void {
    this.#runs.push({ fromSeq: seq, chooses: choosesLine(choice) });
  }

  /** For a block with this number; `undefined` when every line is told. */
  at(seq: number): ChoosesLine | undefined {
    return this.#runs.findLast(({ fromSeq }) => fromSeq <= seq)?.chooses;
  }
}

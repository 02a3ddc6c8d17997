/** Where results go and how they look. */
import { choice, onOff, patternText } from "../kinds-of-option.ts";
import type { OptionTable } from "../option-table.ts";
import type { OutputValues } from "../option-values.ts";

export const OUTPUT_OPTIONS: OptionTable<OutputValues> = {
  output: patternText({
    flag: "output",
    synonym: "out-dir",
    group: "Output",
    takes: "DIR",
    help: "Directory of the story files; the recording lies in recording/ below it.",
    expects: "a directory",
    example: "./correlations",
    default: "./output",
    pattern: /\S/,
  }),
  dryRun: onOff({
    flag: "dry-run",
    group: "Output",
    help: "Print what would be watched and the permissions it needs, and stop.",
    default: false,
  }),
  color: choice({
    flag: "color",
    group: "Output",
    help: "Colours on a terminal; NO_COLOR and FORCE_COLOR count too.",
    example: "never",
    default: "auto",
    of: ["auto", "always", "never"],
  }),
};

/** The table of options put together, in the order of help: flags, variables, file keys and documentation come from it. */
import type { Option } from "./option.ts";
import type { OptionTable } from "./option-table.ts";
import type { OptionKey, OptionValues } from "./option-values.ts";
import { CLUSTER_OPTIONS } from "./options/cluster.ts";
import { OBSERVABILITY_OPTIONS } from "./options/observability.ts";
import { OUTPUT_OPTIONS } from "./options/output.ts";
import { RECORDING_OPTIONS } from "./options/recording.ts";
import { SELECTION_OPTIONS } from "./options/selection.ts";

export const OPTIONS: OptionTable<OptionValues> = {
  ...SELECTION_OPTIONS,
  ...CLUSTER_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...RECORDING_OPTIONS,
  ...OBSERVABILITY_OPTIONS,
};

/** Every row, for code that treats all options alike. */
export const OPTION_ROWS: readonly (readonly [OptionKey, Option<unknown>])[] = Object.keys(OPTIONS)
  .filter(isOptionKey)
  .map((key) => [key, OPTIONS[key]]);

function isOptionKey(key: string): key is OptionKey {
  return key in OPTIONS;
}

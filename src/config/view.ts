/** Options as people read them: for `faro config view`, for the start of a log, for a bug report. */
import { formatDuration } from "../base/index.ts";
import type { Option } from "./option.ts";
import type { OptionKey } from "./option-values.ts";
import { OPTION_ROWS } from "./options.ts";
import { describeOrigin } from "./origin.ts";
import type { ResolvedOptions } from "./precedence.ts";

export interface ShownOption {
  readonly flag: string;
  /** Empty when nothing was given and there is no default. Never a credential. */
  readonly value: string;
  readonly origin: string;
}

/** Every option in the order of help. */
export function showOptions(resolved: ResolvedOptions): readonly ShownOption[] {
  return OPTION_ROWS.map(([key, option]) => ({
    flag: option.flag,
    value: shownValue(key, option, resolved),
    origin: describeOrigin(resolved.origins[key]),
  }));
}

function shownValue(key: OptionKey, option: Option<unknown>, resolved: ResolvedOptions): string {
  const value = resolved.values[key];
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "";
  if (option.isSecret === true) return "(hidden)";
  if (option.takes === "DURATION" && typeof value === "number") return formatDuration(value);
  return Array.isArray(value) ? value.join(",") : String(value);
}

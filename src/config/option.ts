/** One row of the options table, and what is derived from it: the flag, the variable, the key in the file. */
import type { z } from "zod";

export const GROUPS = ["What to record", "Cluster", "Output", "Recording", "Observability"] as const;

/** Heading under which help and documentation show an option. */
export type Group = (typeof GROUPS)[number];

/** Text as it was typed: one value, or the items of a list. */
export type RawValue = string | readonly string[];

/** How a flag takes its value: one text, a list (repeated or with commas), texts that may hold commas (repeated), or an on/off switch. */
export type Form = "text" | "list" | "repeated" | "switch";

export interface Option<T> {
  /** Without dashes. The variable, the key in the file and the help are derived from it. */
  readonly flag: string;
  readonly short?: string;
  /** A second spelling of the flag, shown in help. */
  readonly synonym?: string;
  /** A spelling that is accepted and not shown. */
  readonly hiddenAlias?: string;
  readonly group: Group;
  readonly form: Form;
  /** What stands for the value in help: `DIR`. */
  readonly takes: string;
  readonly help: string;
  /** Ends the sentence "<flag> takes …". */
  readonly expects: string;
  /** A value that works. */
  readonly example: string;
  readonly default: T;
  /** The default as people read it. */
  readonly defaultText: string;
  /** From `RawValue` to the value: a string for `text` and `switch`, a list of strings for `list` and `repeated`. */
  readonly schema: z.ZodType<T>;
  /** True: the value is a credential and never shown. */
  readonly isSecret?: true;
}

/** `FARO_LOG_LEVEL` for `log-level`. */
export function variableOf(option: Pick<Option<unknown>, "flag">): string {
  return `FARO_${option.flag.replaceAll("-", "_").toUpperCase()}`;
}

/** Every spelling of the flag, without dashes, the shown one first. */
export function spellings(option: Option<unknown>): readonly string[] {
  return [option.flag, option.synonym, option.hiddenAlias].filter((spelling) => spelling !== undefined);
}

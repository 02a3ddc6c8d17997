/** The one table of options. Flags, variables, file keys, help and the table in the documentation all come from it. */
import type { Option } from "./option.ts";

/** One row for every value: a value without a row, or a row of another type, does not compile. */
export type OptionTable<Values> = { readonly [Key in keyof Values]: Option<Values[Key]> };

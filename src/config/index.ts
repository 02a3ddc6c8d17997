/** Flags, environment and file made into one frozen set of options, each with its origin. */
export type { Environment } from "./environment.ts";
export { splitItems } from "./environment.ts";
export { parseSwitch } from "./kinds-of-option.ts";
export { missingResource, missingValue, unknownFlag } from "./messages.ts";
export { GROUPS, type Group, type Option, type RawValue, spellings } from "./option.ts";
export type { ClusterValues, ColorMode, LogLevel, OptionKey, OptionValues } from "./option-values.ts";
export { OPTION_ROWS } from "./options.ts";
export type { Origin } from "./origin.ts";
export { type FlagValues, type ResolvedOptions, resolveOptions, type Surroundings } from "./precedence.ts";
export { parseResourceArguments, type ResourceArguments } from "./resource-arguments.ts";
export { type ShownOption, showOptions } from "./view.ts";

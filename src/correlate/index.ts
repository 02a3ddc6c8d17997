/** Which story a record belongs to, with the proof. Pure: no I/O, time as an argument. */
export { Correlator, type CorrelatorState } from "./correlator.ts";
export type { Selects } from "./selection.ts";
export type { Requirement } from "./selector.ts";
export { correlationId, type OpenStory } from "./story-lifetime.ts";
export type { CorrelationRecord, CorrelationStep, CorrelatorOptions, Want } from "./types.ts";

/** From what came off the wire to records. Pure: no I/O, time as an argument. Secrets end here. */
export { keepLines, type KeptLines, type LogBlock, type LogBlockInput, normaliseLogBlock } from "./log-lines.ts";
export { normaliseObject, type ObjectInput } from "./object.ts";
export { type LifecycleDraft, type PodStep, stepPod } from "./pod-lifecycle.ts";
export type { ContainerSummary, PodSummary } from "./pod-summary.ts";
export { initialLogRedaction, type LogRedactionState, stateAfterLogText } from "./redact-log.ts";
export { mayStateRelations, relationsOf } from "./relations/relations.ts";

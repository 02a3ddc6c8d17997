/** The proof that nothing is lost silently: schedules of faults, played against the real capture, judged by oracles. */
export type { Evidence, LedgerGap, LedgerScope, LedgerSpan, TruthFacts, Violation } from "./evidence.ts";
export { FAULTS } from "./faults/catalogue.ts";
export type { Fault, FaultId, PlayedFault, TestedElsewhere } from "./faults/fault.ts";
export { scheduleOf } from "./generate.ts";
export type { Asked } from "./network.ts";
export { judge, type Oracle, ORACLES } from "./oracles/oracles.ts";
export type { WallStep } from "./process-clock.ts";
export { type Failure, type Figures, type ProofOptions, prove, shrunkLine } from "./prove.ts";
export type { Life } from "./recorder-process.ts";
export { runSchedule } from "./run.ts";
export { type FaultUse, parseSchedule, type Schedule, scheduleLine, type Setting, type WorkStep } from "./schedule.ts";
export { shrink, type StillFails } from "./shrink.ts";
export type { TrueLog, TrueVersion } from "./truth.ts";
export type { WorkKind } from "./work-kinds.ts";

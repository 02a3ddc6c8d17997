/** The exit code of everything that can happen: a total map, so that a new error or outcome does not compile without one. */
import { FaroError, type FaroErrorCode } from "../base/index.ts";
import type { CaptureOutcome } from "../capture/index.ts";
import type { EndSignal } from "./dependencies.ts";

export const EXIT_OK = 0;
export const EXIT_ERROR = 1;
export const EXIT_USAGE = 2;
export const EXIT_INCOMPLETE = 3;
export const EXIT_ASSERTION = 4;
export const EXIT_CLUSTER = 5;
export const EXIT_TIMEOUT = 124;

const BY_ERROR: Readonly<Record<FaroErrorCode, number>> = {
  FARO_USAGE: EXIT_USAGE,
  FARO_UNKNOWN_KIND: EXIT_USAGE,
  FARO_AMBIGUOUS_KIND: EXIT_USAGE,
  FARO_KUBECONFIG: EXIT_CLUSTER,
  FARO_CREDENTIAL_PLUGIN: EXIT_CLUSTER,
  FARO_CLUSTER_UNREACHABLE: EXIT_CLUSTER,
  FARO_UNAUTHORIZED: EXIT_CLUSTER,
  FARO_RBAC_DENIED: EXIT_CLUSTER,
  FARO_OUTPUT_NOT_WRITABLE: EXIT_ERROR,
  FARO_OUTPUT_LOCKED: EXIT_ERROR,
  FARO_RECORDING_DAMAGED: EXIT_ERROR,
  FARO_RECORDING_TOO_NEW: EXIT_ERROR,
  FARO_PORT_TAKEN: EXIT_ERROR,
  FARO_ASSERTION_FAILED: EXIT_ASSERTION,
  FARO_TIMEOUT: EXIT_TIMEOUT,
  FARO_INTERNAL: EXIT_ERROR,
};

const BY_OUTCOME: Readonly<Record<CaptureOutcome, number>> = {
  complete: EXIT_OK,
  incomplete: EXIT_INCOMPLETE,
  "assertion-failed": EXIT_ASSERTION,
  "timed-out": EXIT_TIMEOUT,
};

/** 128 plus the signal's number, as shells say it. A hang-up is treated as SIGTERM throughout. */
const BY_SIGNAL: Readonly<Record<EndSignal, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 };

/** How a recording ended. */
export type RunEnd =
  /** By itself: `--until`, `--duration`, or nothing more to record. */
  | { readonly how: "finished"; readonly outcome: CaptureOutcome }
  /** By a signal, in order. `wasExpected`: no option said when to stop, so a signal is how it ends. */
  | { readonly how: "interrupted"; readonly outcome: CaptureOutcome; readonly signal: EndSignal; readonly wasExpected: boolean }
  /** By a second signal, or by one before anything was recorded. */
  | { readonly how: "aborted"; readonly signal: EndSignal };

export function exitCodeOfEnd(end: RunEnd): number {
  switch (end.how) {
    case "finished":
      return BY_OUTCOME[end.outcome];
    case "interrupted":
      return end.wasExpected ? BY_OUTCOME[end.outcome] : BY_SIGNAL[end.signal];
    case "aborted":
      return BY_SIGNAL[end.signal];
  }
}

export function exitCodeOfError(error: unknown): number {
  return error instanceof FaroError ? BY_ERROR[error.code] : EXIT_ERROR;
}

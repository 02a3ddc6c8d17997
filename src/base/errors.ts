/**
 * Errors that a person must act on. Everything expected in the field (a 410, a cut connection, one
 * forbidden kind) is data instead: a gap record and a status event.
 */

/** Every code Faro can end with or print. `docs/errors.md` lists the same codes; a test compares both ways. */
export const ERROR_CODES = [
  "FARO_USAGE",
  "FARO_UNKNOWN_KIND",
  "FARO_AMBIGUOUS_KIND",
  "FARO_KUBECONFIG",
  "FARO_CREDENTIAL_PLUGIN",
  "FARO_CLUSTER_UNREACHABLE",
  "FARO_UNAUTHORIZED",
  "FARO_RBAC_DENIED",
  "FARO_OUTPUT_NOT_WRITABLE",
  "FARO_OUTPUT_LOCKED",
  "FARO_RECORDING_DAMAGED",
  "FARO_RECORDING_TOO_NEW",
  "FARO_PORT_TAKEN",
  "FARO_ASSERTION_FAILED",
  "FARO_TIMEOUT",
  "FARO_INTERNAL",
] as const;

export type FaroErrorCode = (typeof ERROR_CODES)[number];

/** What goes with an error beside its sentence. */
export interface FaroErrorContext {
  /** One sentence that says what to do, with a working example where there is one. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Facts for a program: file, line, status, candidates. Never a secret. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** An error with a stable code. The message says what failed, on what and why; the hint says what to do. */
export class FaroError extends Error {
  override readonly name = "FaroError";
  readonly code: FaroErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: FaroErrorCode, message: string, context: FaroErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.hint = context.hint;
    this.details = context.details ?? {};
  }
}

/** The sentence of any thrown value, with the cause behind it where that says more. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || error.name;
  if (error.cause instanceof Error && !own.includes(error.cause.message) && error.cause.message !== "") {
    return `${own}: ${errorMessage(error.cause)}`;
  }
  return own;
}

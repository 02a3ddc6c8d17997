/** Why a request to the API server gave no answer that can be used. */

/** An answer with an error status. */
export interface HttpFailure {
  readonly kind: "http";
  readonly status: number;
  /** `metav1.Status.reason`: `Expired`, `Forbidden`, …; empty when the body was no Status. */
  readonly reason: string;
  /** The Status' message, or the start of a text body. */
  readonly message: string;
  /** From `Retry-After` (seconds or a date) or `details.retryAfterSeconds`. */
  readonly retryAfterMs?: number;
  /** `details.causes[].reason`, such as `ResourceVersionTooLarge`. */
  readonly causes: readonly string[];
}

/** No answer, or one that broke off. */
export interface NetworkFailure {
  readonly kind: "network";
  /** `ECONNREFUSED`, `ENOTFOUND`, `CERT_HAS_EXPIRED`, `IDLE_TIMEOUT`, `TIMEOUT`, `UND_ERR_SOCKET`, … */
  readonly code: string;
  readonly message: string;
}

/** An answer that is not what a Kubernetes API sends: an HTML login page, a redirect, a truncated body. */
export interface ForeignFailure {
  readonly kind: "foreign";
  readonly message: string;
}

/** The credentials could not be had: a plugin failed, a token file is gone. */
export interface CredentialFailure {
  readonly kind: "credential";
  readonly message: string;
}

export type Failure = HttpFailure | NetworkFailure | ForeignFailure | CredentialFailure;

/** Thrown by an `ApiClient`. Faro's own aborts throw the signal's reason instead. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly failure: Failure;
  /** `GET https://server/path`, without query or credentials. */
  readonly request: string;

  constructor(request: string, failure: Failure, cause?: unknown) {
    super(`${request}: ${describeFailure(failure)}`, cause === undefined ? undefined : { cause });
    this.request = request;
    this.failure = failure;
  }
}

/** One clause: `forbidden (403): pods is forbidden: …`, `connection refused (ECONNREFUSED)`. */
export function describeFailure(failure: Failure): string {
  switch (failure.kind) {
    case "http":
      return `${failure.reason || "HTTP"} (${failure.status})${failure.message === "" ? "" : `: ${failure.message}`}`;
    case "network":
      return `${failure.message} (${failure.code})`;
    case "foreign":
    case "credential":
      return failure.message;
  }
}

/** True for an answer that says the requested history is gone: 410, or its older reason. */
export function isExpired(failure: Failure): boolean {
  return failure.kind === "http" && (failure.status === 410 || failure.reason === "Expired" || failure.reason === "Gone");
}

/** Node's and undici's errors in words. */
import type { NetworkFailure } from "./api-failure.ts";
import { withoutSecrets } from "./auth/without-secrets.ts";

const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection closed by the other side",
  ENOTFOUND: "host name not found",
  EAI_AGAIN: "host name lookup failed for now",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ETIMEDOUT: "connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time",
  UND_ERR_SOCKET: "connection closed before the answer was complete",
  UND_ERR_DESTROYED: "the client is closed",
  UND_ERR_CLOSED: "the client is closed",
  Z_BUF_ERROR: "compressed answer cut short",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "the server's certificate is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is signed by an unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is signed by an unknown authority",
  CERT_SIGNATURE_FAILURE: "the server's certificate has a wrong signature",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another name",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS",
  EPROTO: "the TLS handshake failed",
};

/** Codes that a rotated certificate or authority on this side may heal. */
const TRUST_CODE = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_|ERR_SSL_|EPROTO)/;

/** True when the failure is about certificates. */
export function isTrustFailure(failure: NetworkFailure): boolean {
  return TRUST_CODE.test(failure.code);
}

/** The failure behind an error that a socket, TLS, a proxy or undici threw. */
export function networkFailure(error: unknown): NetworkFailure {
  const source = deepest(error);
  const code = codeOf(source) ?? "UNKNOWN";
  const text = source instanceof Error ? source.message : String(source);
  const refusal = /^Proxy response \((\d+)\)/.exec(text);
  if (refusal !== null || text.startsWith("Proxy Authentication Required")) {
    return { kind: "network", code: "PROXY_REFUSED", message: `the proxy answered ${refusal?.[1] ?? "407"}` };
  }
  return { kind: "network", code, message: SENTENCES[code] ?? withoutSecrets(text).slice(0, 200) };
}

/** undici wraps a failed proxy or one of several addresses; the cause says more. */
function deepest(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors[0] !== undefined) return deepest(error.errors[0]);
  if (error instanceof Error && error.cause instanceof Error && codeOf(error.cause) !== undefined) return deepest(error.cause);
  return error;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

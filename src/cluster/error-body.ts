/** What an answer with an error status means: `metav1.Status` where it is one, else the start of its text. */
import type { HttpFailure } from "./api-failure.ts";
import { withoutSecrets } from "./auth/without-secrets.ts";
import { isMapping } from "./fields.ts";

const TEXT_MAX = 200;

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For a `Retry-After` that is a date. */
  readonly now: number;
}

/** Never throws: proxies and load balancers answer with anything. */
export function httpFailure(answer: ErrorAnswer): HttpFailure {
  const status = parseStatus(answer.body);
  const details = isMapping(status?.["details"]) ? status["details"] : {};
  const fromDetails = typeof details["retryAfterSeconds"] === "number" ? details["retryAfterSeconds"] * 1_000 : undefined;
  const retryAfterMs = parseRetryAfter(answer.headers["retry-after"], answer.now) ?? fromDetails;
  return {
    kind: "http",
    status: answer.status,
    reason: text(status?.["reason"]),
    message: status === undefined ? plainText(answer) : withoutSecrets(text(status["message"])),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    causes: (Array.isArray(details["causes"]) ? details["causes"] : []).flatMap((cause: unknown) =>
      isMapping(cause) && typeof cause["reason"] === "string" ? [cause["reason"]] : [],
    ),
  };
}

/** Milliseconds of a `Retry-After` header: seconds or an HTTP date (RFC 9110 10.2.3). */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function parseStatus(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const document: unknown = JSON.parse(body);
    return isMapping(document) && document["kind"] === "Status" ? document : undefined;
  } catch {
    return undefined; // a text body is an answer like any other
  }
}

function plainText({ headers, body }: ErrorAnswer): string {
  if (isHtml(headers)) return "an HTML page, so something other than a Kubernetes API answered";
  return withoutSecrets(body.trim().replace(/\s+/g, " ")).slice(0, TEXT_MAX);
}

/** True for the login page of a proxy. */
export function isHtml(headers: Readonly<Record<string, string>>): boolean {
  return /^(?:text\/html|application\/xhtml)/i.test(headers["content-type"] ?? "");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

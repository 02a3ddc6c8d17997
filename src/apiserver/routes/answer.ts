/** A whole answer, as the routes that do not stream give it. */
import type { ResponseHeaders } from "../sink.ts";
import { StatusError, type StatusDocument } from "../status.ts";

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  readonly headers?: ResponseHeaders;
}

export function json(body: string | object, contentType: string = "application/json"): Answer {
  return { status: 200, contentType, body: typeof body === "string" ? body : JSON.stringify(body) };
}

export function text(status: number, body: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body };
}

/** A path that no handler knows: plain text, not a Status (`genericapiserver` `NonGoRestfulMux`). */
export function noSuchPath(): Answer {
  return text(404, "404 page not found\n");
}

export function failure(document: StatusDocument): Answer {
  const retryAfter = document.details?.retryAfterSeconds;
  const headers = retryAfter === undefined ? {} : { headers: { "retry-after": String(retryAfter) } };
  return { status: document.code, contentType: "application/json", body: `${JSON.stringify(document)}\n`, ...headers };
}

/** The answer to something that was thrown; what is no `StatusError` is a bug of this server, said as a 500. */
export function failureOf(error: unknown): Answer {
  if (error instanceof StatusError) return failure(error.document);
  const message = `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`;
  return failure({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: "InternalError",
    code: 500,
  });
}

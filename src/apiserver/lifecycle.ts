/** The life of one API server: it starts with an empty watch cache, serves, shuts down in order or is killed. */
import type { Clock } from "../base/index.ts";
import type { ApiRequest } from "./request.ts";
import { type Answer, failure } from "./routes/answer.ts";
import { status } from "./status.ts";
import type { Lag } from "./view.ts";

export type ServerState =
  | { readonly state: "ready" }
  /** The watch cache is being filled. */
  | { readonly state: "initialising"; readonly since: number }
  /** Every watch has ended; requests are told to come again, elsewhere if possible. */
  | { readonly state: "draining" }
  /** Nobody listens. */
  | { readonly state: "down" };

/** What a test does to a server from outside. */
export interface ServerControl {
  readonly state: ServerState["state"];
  /**
   * Shuts down in order: every stream ends cleanly, for `drainMs` (0 unless given) every request is answered with 429
   * and `Retry-After`, and then connections are refused.
   */
  shutDown(drainMs?: number): void;
  /** Ends it at once: every connection is reset, and new ones are refused from when the promise resolves. */
  kill(): Promise<void>;
  /**
   * Starts it again with a new watch cache: a watch from before now is answered with 410, except of kinds that are read
   * from etcd. For `initialisingMs` (0 unless given) the cache is not ready yet.
   */
  start(initialisingMs?: number): Promise<void>;
  /** From now on its watch cache is so far behind etcd. */
  lag(lag: Lag): void;
}

/** The answer of a server that cannot serve the request in its present state. */
export function refusal(state: ServerState, request: ApiRequest, clock: Clock): Answer | undefined {
  if (state.state === "draining") return DRAINING;
  if (state.state !== "initialising" || !needsCache(request)) return undefined;
  const seconds = retryAfterSeconds(clock.now() - state.since);
  return failure(status(429, "TooManyRequests", "storage is (re)initializing", { retryAfterSeconds: seconds }));
}

/** `filters/with_retry_after.go`: the text, and a connection that is not used again. */
const DRAINING: Answer = {
  status: 429,
  contentType: "text/plain; charset=utf-8",
  body: "The apiserver is shutting down, please try again later.\n",
  headers: { "retry-after": "5", connection: "close" },
};

/** Single objects, pages without a selection and kinds without a cache come from etcd (`cacher.go shouldDelegateListOnNotReadyCache`). */
function needsCache({ target, verb, query }: ApiRequest): boolean {
  if (target.kind !== "resource" || !target.resource.watchCache || verb === "get") return false;
  if (verb === "watch") return true;
  return !(Number(query.get("limit")) > 0) || query.has("labelSelector") || query.has("fieldSelector");
}

/** Grows with the time that the cache has not been ready (`cacher/util.go calculateRetryAfterForUnreadyCache`). */
function retryAfterSeconds(downMs: number): number {
  return Math.floor(Math.min(30, Math.max(1, Math.exp((0.06 * downMs) / 1_000))));
}

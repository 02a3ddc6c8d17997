/** One watch request: from a version, with bookmarks, for a random while, and with an end of its own. */
import { abortWith, type Clock } from "../../base/index.ts";
import { type ApiClient, collectionPath, type StreamResponse } from "../../cluster/index.ts";
import { BOOKMARKED_IDLE_MS, EVENT_SESSION_S, IDLE_MARGIN_MS, SESSION_S } from "./limits.ts";
import { acceptFor, nameSelector } from "./list.ts";
import type { WatchTarget } from "./watch-item.ts";
import type { ResumePoint } from "./watch-line.ts";

/** A watch that stands. */
export interface OpenWatch {
  readonly from: ResumePoint;
  readonly response: StreamResponse;
  /** Monotonic ms at which the server will end it. */
  readonly endsAt: number;
  /** Ends it from this side. */
  readonly close: () => void;
  readonly isClosed: () => boolean;
}

export interface OpenWatchOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly target: WatchTarget;
  readonly signal: AbortSignal;
  /** The kind has shown that it sends bookmarks, so that silence means something. */
  readonly hasBookmarks: boolean;
}

/** @throws ApiFailure as `ApiClient.stream`. */
export async function openWatch(options: OpenWatchOptions, from: ResumePoint): Promise<OpenWatch> {
  const { client, clock, target, hasBookmarks } = options;
  const range = target.resource.plural === "events" ? EVENT_SESSION_S : SESSION_S;
  const timeoutSeconds = Math.round(range.least + clock.random() * (range.most - range.least));
  const endsAt = clock.monotonic() + timeoutSeconds * 1_000;
  const own = abortWith(options.signal);
  const close = (): void => own.abort(new Error("this watch was closed"));
  try {
    const response = await client.stream({
      path: collectionPath(target.resource, target.namespace),
      query: {
        ...nameSelector(target),
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: from.batchStart ?? from.resourceVersion,
        timeoutSeconds,
      },
      accept: acceptFor(target, "watch"),
      signal: own.signal,
      idleTimeoutMs: hasBookmarks ? BOOKMARKED_IDLE_MS : timeoutSeconds * 1_000 + IDLE_MARGIN_MS,
    });
    return { from, response, endsAt, close, isClosed: () => own.signal.aborted && !options.signal.aborted };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Opens a watch of a few seconds beside another one, to hear what has changed since `from`: identities alone, without bookmarks.
 * @throws ApiFailure as `ApiClient.stream`.
 */
export function openBriefly(
  { client, target, signal }: Pick<OpenWatchOptions, "client" | "target" | "signal">,
  from: string,
  timeoutSeconds: number,
): Promise<StreamResponse> {
  return client.stream({
    path: collectionPath(target.resource, target.namespace),
    query: { ...nameSelector(target), watch: true, resourceVersion: from, timeoutSeconds },
    accept: acceptFor({ ...target, metadataOnly: true }, "watch"),
    signal,
    idleTimeoutMs: timeoutSeconds * 1_000 + IDLE_MARGIN_MS,
  });
}

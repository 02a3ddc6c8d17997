/**
 * The state of a scope by a watch (KEP-3157): every object as `ADDED`, then a bookmark that says so, then changes on the same
 * stream. Faro lists in pages, which hold less memory here and are needed for the comparison after a gap anyway; this is the way
 * in where a role grants `watch` without `list`.
 */
import { abortWith, LineSplitter } from "../../base/index.ts";
import { type ApiClient, ApiFailure, collectionPath } from "../../cluster/index.ts";
import type { Clock } from "../../base/index.ts";
import { EVENT_SESSION_S, INITIAL_EVENTS_MS } from "./limits.ts";
import { acceptFor, nameSelector } from "./list.ts";
import type { OpenWatch } from "./open-watch.ts";
import type { WatchTarget, WireObject } from "./watch-item.ts";
import { parseWatchLine } from "./watch-line.ts";

/** The state at a version, and the stream that goes on from there. */
export interface StreamedState {
  readonly objects: ReadonlyMap<string, WireObject>;
  readonly resourceVersion: string;
  readonly bytes: number;
  readonly opened: OpenWatch;
}

/**
 * Reads the state. Nothing counts before its end is told: a stream that breaks off before is no list.
 * @throws ApiFailure when the watch is refused, breaks off, or does not tell the end of the state within 30 s of its last object
 * (Kubernetes 1.27 to 1.29 did not until an object changed, k/k #122805).
 */
export async function streamState(of: {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly target: WatchTarget;
  readonly signal: AbortSignal;
}): Promise<StreamedState> {
  const { client, clock, target } = of;
  const path = collectionPath(target.resource, target.namespace);
  const failed = (message: string): ApiFailure => new ApiFailure(`GET ${client.server}${path}`, { kind: "foreign", message });
  const own = abortWith(of.signal);
  const close = (): void => own.abort(new Error("this watch was closed"));
  let cancel = clock.after(INITIAL_EVENTS_MS, close);
  const endsAt = clock.monotonic() + EVENT_SESSION_S.least * 1_000;
  try {
    const response = await client.stream({
      path,
      query: {
        ...nameSelector(target),
        watch: true,
        allowWatchBookmarks: true,
        sendInitialEvents: true,
        resourceVersionMatch: "NotOlderThan",
        timeoutSeconds: EVENT_SESSION_S.least,
      },
      accept: acceptFor(target, "watch"),
      signal: own.signal,
      idleTimeoutMs: EVENT_SESSION_S.least * 1_000,
    });
    const chunks = response.body[Symbol.asyncIterator]();
    const splitter = new LineSplitter();
    const objects = new Map<string, WireObject>();
    let bytes = 0;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      bytes += next.value.length;
      cancel();
      cancel = clock.after(INITIAL_EVENTS_MS, close);
      const lines = splitter.push(next.value);
      for (const text of lines) {
        if (text.length === 0) continue;
        const end = takeInitial(objects, text, failed);
        if (end === undefined) continue;
        const body = goOn(
          [...lines].map((line) => Buffer.concat([line, NEWLINE])),
          splitter.rest(),
          chunks,
        );
        const opened: OpenWatch = {
          from: { resourceVersion: end },
          response: { ...response, body },
          endsAt,
          close,
          isClosed: () => own.signal.aborted && !of.signal.aborted,
        };
        return { objects, resourceVersion: end, bytes, opened };
      }
    }
    throw failed("the watch ended before it had sent the state");
  } catch (error) {
    const isLate = own.signal.aborted && !of.signal.aborted;
    close();
    throw isLate ? failed(`the end of the state was not told within ${INITIAL_EVENTS_MS / 1_000} s`) : error;
  } finally {
    cancel();
  }
}

const NEWLINE = Buffer.from("\n");

/** Folds one line; gives the version of the state when the line ends it. */
function takeInitial(
  objects: Map<string, WireObject>,
  text: Buffer,
  failed: (message: string) => ApiFailure,
): string | undefined {
  const line = parseWatchLine(text);
  switch (line.type) {
    case "ADDED":
    case "MODIFIED":
      objects.set(line.object.uid, line.object);
      return undefined;
    case "DELETED":
      objects.delete(line.object.uid);
      return undefined;
    case "BOOKMARK":
      return line.endsInitialEvents ? line.resourceVersion : undefined;
    case "ERROR":
      throw failed(`${line.reason} (${line.code}): ${line.message}`);
    case "undecodable":
    case "unidentified":
      throw failed(line.detail);
  }
}

/** What is left of the chunk that held the end of the state, then the rest of the stream. */
async function* goOn(lines: readonly Buffer[], fragment: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.concat([...lines, fragment]);
  try {
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

/** WATCH: a stream of changes, one JSON line each, with bookmarks, deadlines and the ways in which the real one ends. */
import { BoundedQueue } from "../../base/index.ts";
import { reaches, type ServerContext } from "../context.ts";
import type { StoredVersion } from "../history.ts";
import type { ListOptions } from "../list-options.ts";
import { errorLine, type OutStream } from "../out-stream.ts";
import { contentTypeOf, renderObject, renderTable, type Shape } from "../representation.ts";
import type { Target } from "../request.ts";
import { withMetadata } from "../kube-object.ts";
import { invalidListOptions, type StatusDocument, status, tooLargeResourceVersion } from "../status.ts";
import type { Transition } from "../view.ts";
import { isIn } from "./list.ts";

export interface WatchSetup {
  readonly target: Extract<Target, { kind: "resource" }>;
  readonly options: ListOptions;
  readonly shape: Shape;
}

type Line =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly version: StoredVersion }
  | { readonly type: "BOOKMARK"; readonly revision: number; readonly endsInitialEvents: boolean };

/** What can be refused before the stream begins. @throws StatusError 422. */
export function checkWatch(context: ServerContext, setup: WatchSetup): void {
  if (!setup.options.sendInitialEvents || context.settings.watchList) return;
  const message = "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
  throw invalidListOptions([{ field: "sendInitialEvents", message, reason: "FieldValueForbidden" }]);
}

/** Serves the stream until its deadline, its client's end, or a fault. */
export async function serveWatch(context: ServerContext, setup: WatchSetup, out: OutStream): Promise<void> {
  const refused = whyTooOld(context, setup) ?? (await whyTooNew(context, setup));
  out.open(contentTypeOf(setup.shape));
  if (refused !== undefined) {
    await out.send(errorLine(refused), "ERROR");
    return out.end();
  }
  const queue = new BoundedQueue<Line>(context.settings.slowReader);
  const initial = initialLines(context, setup);
  const stop = feed(context, setup, queue);
  if (out.signal.aborted) queue.close();
  else out.signal.addEventListener("abort", () => queue.close(), { once: true });
  const render = lineRenderer(context, setup);
  try {
    for (const line of initial) await out.send(render(line), line.type);
    for await (const line of queue) await out.send(render(line), line.type);
  } finally {
    stop();
  }
  out.end();
}

/** An error here is sent inside the stream, with HTTP 200 (`cacher.go newErrWatcher`). */
function whyTooOld(context: ServerContext, { target, options }: WatchSetup): StatusDocument | undefined {
  const asked = options.resourceVersion ?? 0;
  if (asked === 0 || options.sendInitialEvents) return undefined;
  if (!target.resource.watchCache) {
    const isCompacted = asked + 1 < context.history.compactedRevision;
    return isCompacted ? status(410, "Expired", "The resourceVersion for the provided watch is too old.") : undefined;
  }
  const floor = context.windows.floorOf(target.resource.storage);
  return asked < floor ? status(410, "Expired", `too old resource version: ${asked} (${floor})`) : undefined;
}

/** Initial events wait for the revision that is asked for, or for etcd's own, and say after 3 s that it has not come. */
async function whyTooNew(context: ServerContext, { target, options }: WatchSetup): Promise<StatusDocument | undefined> {
  if (!options.sendInitialEvents) return undefined;
  const asked = options.resourceVersion ?? context.history.revision;
  if (!target.resource.watchCache) {
    return asked > context.history.revision ? tooLargeResourceVersion(asked, context.history.revision).document : undefined;
  }
  return (await reaches(context, asked)) ? undefined : tooLargeResourceVersion(asked, context.view.revision, 1).document;
}

/** The state as synthetic `ADDED`, or the changes since the given revision. */
function initialLines(context: ServerContext, setup: WatchSetup): Line[] {
  const { target, options } = setup;
  const { storage, watchCache } = target.resource;
  const asked = options.resourceVersion ?? 0;
  if (asked !== 0 && !options.sendInitialEvents) {
    return changesSince(context, setup, asked).flatMap((transition) => lineOf(setup, transition, asked));
  }
  const versions = watchCache ? context.view.read(storage) : storedVersions(context, storage);
  const lines: Line[] = versions
    .filter((version) => isIn(target, version) && options.selects(version))
    .map((version) => ({ type: "ADDED", version }));
  // Without bookmarks the end marker is never sent (`cacher.go isListWatchRequest`).
  if (options.sendInitialEvents && options.allowBookmarks) {
    lines.push({ type: "BOOKMARK", revision: seenRevision(context, setup), endsInitialEvents: true });
  }
  return lines;
}

function storedVersions({ history }: ServerContext, storage: string): readonly StoredVersion[] {
  const snapshot = history.read(storage);
  return snapshot.kind === "state" ? snapshot.versions : [];
}

/** What this watch has been told everything up to. */
function seenRevision({ view, history }: ServerContext, { target }: WatchSetup): number {
  return target.resource.watchCache ? view.revision : history.revision;
}

/** Changes at or below this revision are not sent: the client has them. */
function startOf(context: ServerContext, setup: WatchSetup): number {
  const asked = setup.options.resourceVersion ?? 0;
  if (context.settings.futureWatch === "silent" || setup.options.sendInitialEvents) return asked;
  return Math.min(asked, seenRevision(context, setup));
}

/** From this server's window, or from etcd for a kind that has none. */
function changesSince(context: ServerContext, { target }: WatchSetup, revision: number): readonly Transition[] {
  const { storage, watchCache } = target.resource;
  if (watchCache) return context.windows.since(storage, revision);
  return context.history.since(storage, revision).map((version) => ({ version, before: context.history.previousOf(version) }));
}

/** Puts changes and bookmarks into the queue, and closes it at the deadline or when the reader is too slow. */
function feed(context: ServerContext, setup: WatchSetup, queue: BoundedQueue<Line>): () => void {
  const { clock, history, settings } = context;
  const { target, options } = setup;
  const start = startOf(context, setup);
  const deadline = clock.now() + deadlineMs(context, options);
  const offer = (line: Line): void => {
    // "Forcing watcher close due to unresponsiveness" (`cache_watcher.go add`): a clean end, for the client to resume.
    if (!queue.offer(line, line.type === "BOOKMARK" ? 0 : line.version.text.length)) queue.close();
  };
  let cancelBookmark = (): void => undefined;
  const scheduleBookmark = (): void => {
    cancelBookmark = clock.after(nextBookmarkMs(clock.now(), deadline, settings.bookmarkMs), () => {
      const revision = seenRevision(context, setup);
      if (revision > start) offer({ type: "BOOKMARK", revision, endsInitialEvents: false });
      scheduleBookmark();
    });
  };
  if (options.allowBookmarks && target.resource.watchCache) scheduleBookmark();
  const cancelDeadline = clock.after(deadline - clock.now(), () => queue.close());
  const unsubscribe = follow(context, setup, (transition) => lineOf(setup, transition, start).forEach(offer));
  const unsubscribeKinds = history.resources.subscribe((change) => {
    if (change.storage === target.resource.storage) queue.close();
  });
  return () => {
    cancelBookmark();
    cancelDeadline();
    unsubscribe();
    unsubscribeKinds();
  };
}

/** Changes as this server sees them; of a kind without a cache, as etcd tells them. */
function follow(context: ServerContext, { target }: WatchSetup, hear: (transition: Transition) => void): () => void {
  const { storage, watchCache } = target.resource;
  if (watchCache) return context.view.subscribe((transition) => transition.version.storage === storage && hear(transition));
  const { history } = context;
  return history.subscribe((version) => version.storage === storage && hear({ version, before: history.previousOf(version) }));
}

/** Without `timeoutSeconds` a watch lives for 30 to 60 minutes (`handlers/get.go ListResource`, MinRequestTimeout 1800 s). */
function deadlineMs(context: ServerContext, options: ListOptions): number {
  const asked = options.timeoutSeconds ?? 0;
  return asked > 0 ? asked * 1_000 : 1_800_000 * (1 + context.clock.random());
}

/** Every `bookmarkMs`, and once 2 s before the deadline (`cache_watcher.go nextBookmarkTime`). */
function nextBookmarkMs(now: number, deadline: number, bookmarkMs: number): number {
  const beforeDeadline = deadline - 2_000;
  return beforeDeadline > now && now + bookmarkMs > beforeDeadline ? beforeDeadline - now : bookmarkMs;
}

/**
 * What a watch with this selection says of a change: an object that starts to match is `ADDED`, one that stops is
 * `DELETED` with the state that still matched (`cache_watcher.go convertToWatchEvent`).
 */
function lineOf({ target, options }: WatchSetup, { version, before }: Transition, start: number): readonly Line[] {
  if (!isIn(target, version) || version.revision <= start) return [];
  if (!options.isSelective) return [{ type: version.change, version }];
  const matched = version.change !== "ADDED" && before !== undefined && before.change !== "DELETED" && options.selects(before);
  const matches = version.change !== "DELETED" && options.selects(version);
  if (matches) return [{ type: matched ? "MODIFIED" : "ADDED", version }];
  if (!matched) return [];
  return [{ type: "DELETED", version: version.change === "DELETED" ? version : withRevision(before, version.revision) }];
}

function withRevision(version: StoredVersion, revision: number): StoredVersion {
  return { ...version, revision, text: withMetadata(version.text, { resourceVersion: String(revision) }) };
}

function lineRenderer(context: ServerContext, { target, shape }: WatchSetup): (line: Line) => Buffer {
  let hasHeaders = true;
  return (line) => {
    const now = context.clock.now();
    const table = shape.shape === "table" ? { shape, now, hasHeaders } : undefined;
    hasHeaders = false;
    if (line.type === "BOOKMARK") return Buffer.from(bookmark(line, target, table));
    const frame = { resourceVersion: String(line.version.revision) };
    const object =
      table === undefined
        ? renderObject(line.version, target.resource, shape, now)
        : renderTable([line.version], target.resource, { ...table, frame });
    return Buffer.from(`{"type":"${line.type}","object":${object}}\n`);
  };
}

function bookmark(line: Extract<Line, { type: "BOOKMARK" }>, target: WatchSetup["target"], table: object | undefined): string {
  const type =
    table === undefined
      ? { kind: target.resource.kind, apiVersion: target.resource.apiVersion }
      : { kind: "Table", apiVersion: "meta.k8s.io/v1" };
  const annotations = line.endsInitialEvents ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
  const metadata = { resourceVersion: String(line.revision), ...annotations };
  const rows = table === undefined ? {} : { columnDefinitions: null, rows: [] };
  return `${JSON.stringify({ type: "BOOKMARK", object: { ...type, metadata, ...rows } })}\n`;
}

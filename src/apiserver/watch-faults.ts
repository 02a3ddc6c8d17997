/** Wrong lines of a watch, ready to compose: bookmarks, end markers, errors, order, repetition, loss. */
import type { Clock } from "../base/index.ts";
import type { FaultHooks, StreamFault, StreamItem } from "./faults.ts";
import { isObject } from "./json-value.ts";
import type { KubeObject } from "./kube-object.ts";

type Hook = (item: StreamItem) => StreamFault | undefined;

/** No bookmark ever, the end marker of initial events included. */
export function withoutBookmarks(): FaultHooks {
  return onLine((item) => (item.type === "BOOKMARK" ? { fault: "drop" } : undefined));
}

/** Bookmarks go on, changes never come. */
export function onlyBookmarks(): FaultHooks {
  return onLine((item) => (item.type === "BOOKMARK" ? undefined : { fault: "drop" }));
}

/** Bookmarks that name this revision, whatever has been sent. */
export function staleBookmarks(revision: number): FaultHooks {
  return onBookmarks((item) => {
    if (isEndMarker(item)) return undefined;
    return { fault: "replace", data: edited(item, (metadata) => ({ ...metadata, resourceVersion: String(revision) })) };
  });
}

/** The marker at the end of initial events does not come (kubernetes #122805), or its value is not "true". */
export function endMarker(how: "missing" | "false"): FaultHooks {
  return onBookmarks((item) => {
    if (!isEndMarker(item)) return undefined;
    if (how === "missing") return { fault: "drop" };
    const data = edited(item, (metadata) => ({ ...metadata, annotations: { "k8s.io/initial-events-end": "false" } }));
    return { fault: "replace", data };
  });
}

/** The marker comes before the first object, with this revision, and once more where it belongs. */
export function earlyEndMarker(revision: number, kind: string = "ConfigMap", apiVersion: string = "v1"): FaultHooks {
  const metadata = { resourceVersion: String(revision), annotations: { "k8s.io/initial-events-end": "true" } };
  const data = line("BOOKMARK", { kind, apiVersion, metadata });
  return onLine((item) => (item.index === 0 && startsWithState(item) ? { fault: "insert", data } : undefined));
}

/** A deletion among the initial events, before the end marker. */
export function deletedBeforeEndMarker(object: KubeObject): FaultHooks {
  return onBookmarks((item) => (isEndMarker(item) ? { fault: "insert", data: line("DELETED", object) } : undefined));
}

/** Deletions are never sent. */
export function withoutDeletions(): FaultHooks {
  return onLine((item) => (item.type === "DELETED" ? { fault: "drop" } : undefined));
}

/** This share of lines comes twice. */
export function repeatedLines(clock: Clock, share: number): FaultHooks {
  return onLine(() => (clock.random() < share ? { fault: "duplicate" } : undefined));
}

/** This share of lines comes behind the next one. */
export function swappedLines(clock: Clock, share: number): FaultHooks {
  return onLine((item) => (item.type !== "BOOKMARK" && clock.random() < share ? { fault: "defer" } : undefined));
}

/** An object that cannot be read from etcd, in the middle of a stream (`etcd3/watcher.go transform`, reason `StorageReadError`). */
export function storageReadError(key: string = "configmaps/default/a"): FaultHooks {
  const message = `unable to decode the value of "${key}"`;
  return onLine(() => ({ fault: "error", code: 500, reason: "StorageReadError", message }));
}

/** An `ERROR` event whose Status has neither code nor reason, and the end. */
export function errorWithoutCode(message: string = "something went wrong"): FaultHooks {
  const data = line("ERROR", { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message });
  return onLine(() => ({ fault: "last", data }));
}

function onLine(hook: Hook): FaultHooks {
  return { onWatchEvent: hook };
}

function onBookmarks(hook: Hook): FaultHooks {
  return onLine((item) => (item.type === "BOOKMARK" ? hook(item) : undefined));
}

function startsWithState(item: StreamItem): boolean {
  return item.request.query.get("sendInitialEvents") === "true";
}

function isEndMarker(item: StreamItem): boolean {
  return item.data.includes('"k8s.io/initial-events-end":"true"');
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function edited(item: StreamItem, change: (metadata: object) => object): string {
  const event: unknown = JSON.parse(item.data.toString("utf8"));
  if (!isObject(event) || !isObject(event["object"]) || !isObject(event["object"]["metadata"])) return item.data.toString("utf8");
  return line("BOOKMARK", { ...event["object"], metadata: change(event["object"]["metadata"]) });
}

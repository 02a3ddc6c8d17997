/** Reads one line of a watch and decides what it means. Pure: the table in the test is the specification. */
import { compareResourceVersions, field, findMember, textField } from "../../base/index.ts";
import { parseObject, SHORT_BYTES } from "./lean-json.ts";
import { parseShort, type Stencil } from "./repeats.ts";
import { parseSliced, type PlacedSlice, type SliceMemory } from "./slices.ts";
import type { WireObject } from "./watch-item.ts";

/** One decoded line. */
export type WatchLine =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: WireObject }
  /** `endsInitialEvents`: everything that existed when the watch began has been sent (KEP-3157). */
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string; readonly endsInitialEvents: boolean }
  | {
      readonly type: "ERROR";
      readonly code: number;
      readonly reason: string;
      readonly message: string;
      readonly retryAfterMs: number;
    }
  /** Complete, but not what a watch sends. The stream must not be read further: a version could be skipped. */
  | { readonly type: "undecodable"; readonly detail: string }
  /** An object that cannot be identified; it proves nothing about the versions around it. */
  | { readonly type: "unidentified"; readonly detail: string };

/** Where a watch stands: everything up to `resourceVersion` was seen. */
export interface ResumePoint {
  readonly resourceVersion: string;
  /**
   * The version before, while the last change was a deletion: etcd revokes a lease in one transaction, so many
   * deletions can share one version (etcd `lessor.Revoke`) and the stream may have broken between two of them.
   */
  readonly batchStart?: string;
}

/** What the watcher does next. */
export type Step =
  | {
      readonly step: "emit";
      readonly object: WireObject;
      readonly change: "ADDED" | "MODIFIED" | "DELETED";
      readonly resume: ResumePoint;
    }
  | { readonly step: "advance"; readonly resume: ResumePoint }
  | { readonly step: "report"; readonly what: string; readonly detail: string }
  /** A bookmark older than what was seen: the resume point stays where it is, and whether history went back is to be found out. */
  | { readonly step: "behind"; readonly detail: string }
  /** History is gone: relist. */
  | { readonly step: "expired"; readonly detail: string }
  /** An object that could not be read was taken out of the store, and no deletion will be told: relist. */
  | { readonly step: "damaged"; readonly detail: string }
  /** End this stream and resume from the same point. */
  | { readonly step: "retry"; readonly detail: string; readonly afterMs: number; readonly undecodable: boolean };

/** Decides what `line` means to a watch that stands at `resume`. */
export function stepWatchLine(resume: ResumePoint, line: WatchLine): Step {
  switch (line.type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return {
        step: "emit",
        object: line.object,
        change: line.type,
        resume: advance(resume, line.object.resourceVersion, line.type === "DELETED"),
      };
    case "BOOKMARK": {
      const order = compareResourceVersions(line.resourceVersion, resume.resourceVersion) ?? 0;
      if (order < 0) return { step: "behind", detail: `a bookmark at ${line.resourceVersion} behind ${resume.resourceVersion}` };
      // A bookmark at the very version of a batch says that the batch is complete.
      return { step: "advance", resume: { resourceVersion: line.resourceVersion } };
    }
    case "ERROR":
      if (line.code === 410 || line.reason === "Expired" || line.reason === "Gone")
        return { step: "expired", detail: line.message };
      if (STORE_READ_ERRORS.has(line.reason)) return { step: "damaged", detail: line.message };
      return {
        step: "retry",
        detail: `${line.reason} (${line.code}): ${line.message}`,
        afterMs: line.retryAfterMs,
        undecodable: false,
      };
    case "undecodable":
      return { step: "retry", detail: line.detail, afterMs: 0, undecodable: true };
    case "unidentified":
      return { step: "report", what: "object without identity", detail: line.detail };
  }
}

function advance(resume: ResumePoint, resourceVersion: string, deleted: boolean): ResumePoint {
  // A late version says nothing about how far the stream has come.
  if ((compareResourceVersions(resourceVersion, resume.resourceVersion) ?? 0) < 0) return resume;
  if (!deleted) return { resourceVersion };
  const batchStart = resourceVersion === resume.resourceVersion ? resume.batchStart : resume.resourceVersion;
  return batchStart === undefined ? { resourceVersion } : { resourceVersion, batchStart };
}

/** `metav1.StatusReasonStoreReadError` is the second; client-go `TestReflectorReplacesStoreOnUnsafeDelete`. */
const STORE_READ_ERRORS = new Set(["StoreReadError", "StorageReadError"]);

/** Decodes a line, its newline removed. `memory` holds what earlier lines of the same objects have in common with it. */
export function parseWatchLine(line: Buffer, memory?: SliceMemory): WatchLine {
  let read: ReadLine;
  try {
    read = memory === undefined ? { parsed: parseObject(line) } : readLine(line, memory);
  } catch (error) {
    return {
      type: "undecodable",
      detail: `${error instanceof Error ? error.message : "not JSON"}, in a line of ${line.length} bytes`,
    };
  }
  const type = field(read.parsed, "type");
  const object = field(read.parsed, "object");
  if (type === "BOOKMARK") {
    const metadata = field(object, "metadata");
    const resourceVersion = textField(metadata, "resourceVersion");
    if (resourceVersion === undefined) return { type: "unidentified", detail: "bookmark without resourceVersion" };
    const mark = textField(field(metadata, "annotations"), "k8s.io/initial-events-end");
    // The value counts, not the key (client-go "is checking the value of the initialEventsEnd annotation").
    return { type, resourceVersion, endsInitialEvents: mark === "true" };
  }
  if (type === "ERROR") return statusLine(object);
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") {
    return { type: "undecodable", detail: `unknown type ${JSON.stringify(type)} of a watch line` };
  }
  // A Table shows rows for people (client-go refuses it too): whatever it hides would be skipped.
  if (textField(object, "kind") === "Table") return { type: "undecodable", detail: "a Table instead of an object" };
  const raw = rawObject(line, type);
  const before = raw.byteOffset - line.byteOffset;
  const slices = read.slices?.map(({ start, slice }) => ({ start: start - before, slice }));
  const identified = identify(raw, object, slices, read.stencil);
  if (identified === undefined) return { type: "unidentified", detail: `${type} without uid, name or resourceVersion` };
  return { type, object: identified };
}

interface ReadLine {
  readonly parsed: unknown;
  readonly slices?: readonly PlacedSlice[];
  readonly stencil?: Stencil;
}

function readLine(line: Buffer, memory: SliceMemory): ReadLine {
  if (line.length < SHORT_BYTES) return parseShort(line, memory.repeats);
  return parseSliced(line, memory) ?? { parsed: parseObject(line) };
}

/** The identity of an object, or `undefined` when it lacks one. */
export function identify(
  raw: Buffer,
  parsed: unknown,
  slices?: readonly PlacedSlice[],
  stencil?: Stencil,
): WireObject | undefined {
  const metadata = field(parsed, "metadata");
  const uid = textField(metadata, "uid");
  const name = textField(metadata, "name");
  const resourceVersion = textField(metadata, "resourceVersion");
  if (uid === undefined || name === undefined || resourceVersion === undefined) return undefined;
  const namespace = textField(metadata, "namespace");
  // A literal for each: a spread is dearer (`bench/stages.mjs`).
  if (stencil !== undefined) return { raw, parsed, uid, name, namespace, resourceVersion, stencil };
  return slices === undefined
    ? { raw, parsed, uid, name, namespace, resourceVersion }
    : { raw, parsed, uid, name, namespace, resourceVersion, slices };
}

/** The object's own bytes. The API server writes `{"type":"…","object":…}`; any other order is searched. */
function rawObject(line: Buffer, type: "ADDED" | "MODIFIED" | "DELETED"): Buffer {
  const head = HEADS[type];
  if (line.length > head.length && head.compare(line, 0, head.length) === 0)
    return line.subarray(head.length, line.lastIndexOf(CLOSE_BRACE));
  const member = findMember(line, line.indexOf("{"), "object");
  return member === undefined ? Buffer.alloc(0) : line.subarray(member.start, member.end);
}

const CLOSE_BRACE = 0x7d;
const HEADS = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};

function statusLine(status: unknown): WatchLine {
  const code = field(status, "code");
  const seconds = field(field(status, "details"), "retryAfterSeconds");
  return {
    type: "ERROR",
    code: typeof code === "number" ? code : 0,
    reason: textField(status, "reason") ?? "",
    message: textField(status, "message") ?? "",
    retryAfterMs: typeof seconds === "number" ? seconds * 1_000 : 0,
  };
}

/**
 * One version of one object, from the wire to its record: identity and the few facts that later rooms need are
 * lifted out, the bytes are kept as they came but for redactions and a missing `apiVersion` and `kind`.
 */
import { isoTime, splice, type Stamp } from "../base/index.ts";
import type { Change, ObjectRecord, ObservedBy, OwnerRef, ResourceName, ScopeId } from "../record/index.ts";
import type { PlacedSlice, Stencil } from "../sources/index.ts";
import { type JsonObject, objectOf, objectsOf, textOf } from "./json-value.ts";
import { isKubeEvent, readKubeEvent } from "./kube-event.ts";
import { redactObject } from "./redact.ts";

/** One object as a watch line or a list item brought it. */
export interface ObjectInput {
  readonly stamp: Stamp;
  readonly epoch: number;
  readonly scope: ScopeId;
  readonly change: Change;
  readonly observedBy: ObservedBy;
  /** No server sent this change: a deletion inferred from a list. */
  readonly synthetic?: boolean;
  readonly finalStateUnknown?: boolean;
  /** A newer version came before. */
  readonly late?: boolean;
  /** What was asked for. Decides `apiVersion` and `kind` of the record: bytes may say `PartialObjectMetadata`. */
  readonly resource: { readonly name: ResourceName; readonly apiVersion: string; readonly kind: string };
  /** The object's own bytes, without white space around them. */
  readonly raw: Buffer;
  /** `JSON.parse` of `raw`; `managedFields` may be left out. */
  readonly parsed: unknown;
  /** Parts of `raw` that may be those of an earlier version. */
  readonly slices?: readonly PlacedSlice[] | undefined;
  /** What `raw` has in common with earlier versions, all but digits. */
  readonly stencil?: Stencil | undefined;
  /** Random, one per run, at least 16 bytes: makes the tags of redacted values. */
  readonly redactionKey: Buffer;
}

/** Thrown for an object without uid, name or resourceVersion: no Kubernetes API sends one. */
export class UnidentifiedObject extends Error {
  override readonly name = "UnidentifiedObject";
  readonly resource: ResourceName;
  readonly missing: readonly string[];

  constructor(resource: ResourceName, missing: readonly string[]) {
    super(`an object of ${resource} has no metadata.${missing.join(", no metadata.")}`);
    this.resource = resource;
    this.missing = missing;
  }
}

/** @throws UnidentifiedObject when uid, name or resourceVersion is missing. */
export function normaliseObject(input: ObjectInput): ObjectRecord {
  const { resource, parsed } = input;
  const object = objectOf(parsed) ?? {};
  const metadata = objectOf(object["metadata"]) ?? {};
  const { name, uid, resourceVersion } = readIdentity(resource.name, metadata);
  const typed = addTypeMeta(input.raw, object, resource);
  const redacted = redactObject(typed, resource, input.redactionKey, typed === input.raw ? input : undefined);
  // Field by field: literals with a dozen spreads cost more than all else here (`bench/stages.mjs`).
  const record: Draft = {
    type: "object",
    seq: input.stamp.seq,
    at: isoTime(input.stamp.receivedAt),
    epoch: input.epoch,
    scope: input.scope,
    change: input.change,
    observedBy: input.observedBy,
    resource: resource.name,
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    name,
    uid,
    resourceVersion,
    raw: redacted.raw,
  };
  const namespace = textOf(metadata["namespace"]);
  if (namespace !== undefined) record.namespace = namespace;
  if (input.synthetic === true) record.synthetic = true;
  if (input.finalStateUnknown === true) record.finalStateUnknown = true;
  if (input.late === true) record.late = true;
  addMetadata(record, metadata);
  if (isKubeEvent(resource.apiVersion, resource.kind)) record.kubeEvent = readKubeEvent(object);
  if (typed !== input.raw) record.typeMetaAdded = true;
  if (redacted.redactions > 0) record.redactions = redacted.redactions;
  if (redacted.failed) record.redactionFailed = true;
  return record;
}

/** A record while it is made. */
type Draft = { -readonly [Field in keyof ObjectRecord]: ObjectRecord[Field] };

function readIdentity(resource: ResourceName, metadata: JsonObject): Pick<ObjectRecord, "name" | "uid" | "resourceVersion"> {
  const name = textOf(metadata["name"]);
  const uid = textOf(metadata["uid"]);
  const resourceVersion = textOf(metadata["resourceVersion"]);
  if (name === undefined || uid === undefined || resourceVersion === undefined) {
    throw new UnidentifiedObject(
      resource,
      ["uid", "name", "resourceVersion"].filter((key) => textOf(metadata[key]) === undefined),
    );
  }
  return { name, uid, resourceVersion };
}

function addMetadata(record: Draft, metadata: JsonObject): void {
  const labels = readLabels(metadata["labels"]);
  if (labels !== undefined) record.labels = labels;
  const references = objectsOf(metadata["ownerReferences"]);
  if (references.length > 0) {
    const owners = references.flatMap(readOwner);
    if (owners.length > 0) record.owners = owners;
  }
  if (textOf(metadata["deletionTimestamp"]) !== undefined && record.change !== "DELETED") record.deleting = true;
}

function readLabels(value: unknown): Readonly<Record<string, string>> | undefined {
  const labels = objectOf(value);
  if (labels === undefined) return undefined;
  if (areTexts(labels)) return Object.keys(labels).length === 0 ? undefined : labels;
  const entries = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function areTexts(labels: JsonObject): labels is Readonly<Record<string, string>> {
  for (const key in labels) if (typeof labels[key] !== "string") return false;
  return true;
}

/** An owner without a uid identifies nothing: the garbage collector ignores it too. */
function readOwner(reference: JsonObject): OwnerRef[] {
  const uid = textOf(reference["uid"]);
  if (uid === undefined) return [];
  return [
    {
      apiVersion: textOf(reference["apiVersion"]) ?? "",
      kind: textOf(reference["kind"]) ?? "",
      name: textOf(reference["name"]) ?? "",
      uid,
      ...(typeof reference["controller"] === "boolean" ? { controller: reference["controller"] } : {}),
    },
  ];
}

/** Items of a list carry neither `apiVersion` nor `kind` (apimachinery `meta.EachListItem`, kubectl's own complaint). */
function addTypeMeta(raw: Buffer, object: JsonObject, resource: ObjectInput["resource"]): Buffer {
  if (object["kind"] !== undefined && object["apiVersion"] !== undefined) return raw;
  const absent = [
    ...(object["kind"] === undefined ? [`"kind":${JSON.stringify(resource.kind)},`] : []),
    ...(object["apiVersion"] === undefined ? [`"apiVersion":${JSON.stringify(resource.apiVersion)},`] : []),
  ];
  const brace = raw.indexOf("{") + 1;
  return splice(raw, [{ start: brace, end: brace, text: absent.join("") }]);
}

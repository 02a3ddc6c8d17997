/** The forms in which objects are sent: whole, metadata only, or as rows of a table, chosen by `Accept`. */
import { memberText, withApiVersion, withoutType } from "./kube-object.ts";
import type { StoredVersion } from "./history.ts";
import type { ApiRequest } from "./request.ts";
import type { ResourceDefinition } from "./resources.ts";
import { notAcceptable } from "./status.ts";
import { columnsOf } from "./table-columns.ts";

export type Shape =
  | { readonly shape: "full" }
  | { readonly shape: "metadata" }
  | { readonly shape: "table"; readonly includeObject: "None" | "Metadata" | "Object" };

/** The first clause of `Accept` that can be served. @throws StatusError 406. */
export function chooseShape(request: ApiRequest): Shape {
  const accept = request.headers["accept"] ?? "*/*";
  for (const clause of accept.split(",")) {
    const [type = "", ...parameters] = clause.split(";").map((part) => part.trim().toLowerCase());
    if (!["application/json", "application/*", "*/*"].includes(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith("as="))?.slice(3);
    const isKnownVersion = !parameters.includes("v=v1beta1");
    if (as === undefined) return { shape: "full" };
    if (as === "table" && isKnownVersion) return { shape: "table", includeObject: readIncludeObject(request) };
    if ((as === "partialobjectmetadata" || as === "partialobjectmetadatalist") && isKnownVersion) return { shape: "metadata" };
  }
  throw notAcceptable();
}

/** The `Content-Type` that goes with a form. */
export function contentTypeOf(shape: Shape): string {
  return shape.shape === "table" ? "application/json;as=Table;g=meta.k8s.io;v=v1" : "application/json";
}

/** What stands around the items of a list. */
export interface ListFrame {
  readonly resourceVersion: string;
  readonly continueToken?: string;
  readonly remaining?: number;
}

/** One object in the form asked for. `now` is for the ages in a table. */
export function renderObject(version: StoredVersion, definition: ResourceDefinition, shape: Shape, now: number): string {
  if (shape.shape === "metadata") return metadataText(version);
  if (shape.shape === "full") return objectText(version, definition);
  return renderTable([version], definition, {
    frame: { resourceVersion: String(version.revision) },
    shape,
    now,
    hasHeaders: true,
  });
}

/** A list in the form asked for. */
export function renderList(
  versions: readonly StoredVersion[],
  definition: ResourceDefinition,
  how: { readonly frame: ListFrame; readonly shape: Shape; readonly now: number },
): string {
  const { frame, shape, now } = how;
  if (shape.shape === "table") return renderTable(versions, definition, { frame, shape, now, hasHeaders: true });
  if (shape.shape === "metadata") {
    const items = versions.map(metadataText).join(",");
    return `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":${frameText(frame)},"items":[${items}]}`;
  }
  if (definition.custom) {
    // Lists of custom resources come from a map with sorted keys: the metadata stand behind the items, which keep their type.
    const items = versions.map((version) => objectText(version, definition)).join(",");
    return `{"apiVersion":"${definition.apiVersion}","items":[${items}],"kind":"${definition.listKind}","metadata":${frameText(frame)}}`;
  }
  const items = versions.map((version) => withoutType(version.text)).join(",");
  return `{"kind":"${definition.listKind}","apiVersion":"${definition.apiVersion}","metadata":${frameText(frame)},"items":[${items}]}`;
}

export interface TableOptions {
  readonly frame: ListFrame;
  readonly shape: Extract<Shape, { shape: "table" }>;
  readonly now: number;
  /** Only the first event of a watch carries the column definitions. */
  readonly hasHeaders: boolean;
}

/** `meta.k8s.io/v1 Table`. */
export function renderTable(versions: readonly StoredVersion[], definition: ResourceDefinition, options: TableOptions): string {
  const columns = columnsOf(definition.storage);
  const definitions = columns.map((column) => ({
    name: column.name,
    type: column.type,
    format: column.name === "Name" ? "name" : "",
    description: column.name,
    priority: column.wide === true ? 1 : 0,
  }));
  const rows = versions.map((version) => {
    const object: unknown = JSON.parse(version.text);
    const cells = columns.map((column) => column.cell(object, options.now));
    return `{"cells":${JSON.stringify(cells)}${rowObject(version, definition, options.shape.includeObject)}}`;
  });
  const headers = options.hasHeaders ? JSON.stringify(definitions) : "null";
  const frame = frameText(options.frame);
  return `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${frame},"columnDefinitions":${headers},"rows":[${rows.join(",")}]}`;
}

function rowObject(version: StoredVersion, definition: ResourceDefinition, include: "None" | "Metadata" | "Object"): string {
  if (include === "None") return "";
  return `,"object":${include === "Object" ? objectText(version, definition) : metadataText(version)}`;
}

function objectText(version: StoredVersion, definition: ResourceDefinition): string {
  return definition.custom ? withApiVersion(version.text, definition.apiVersion) : version.text;
}

function metadataText(version: StoredVersion): string {
  return `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":${memberText(version.text, "metadata") ?? "{}"}}`;
}

function frameText(frame: ListFrame): string {
  return JSON.stringify({
    resourceVersion: frame.resourceVersion,
    continue: frame.continueToken,
    remainingItemCount: frame.remaining,
  });
}

function readIncludeObject(request: ApiRequest): "None" | "Metadata" | "Object" {
  const value = request.query.get("includeObject");
  return value === "None" || value === "Object" ? value : "Metadata";
}

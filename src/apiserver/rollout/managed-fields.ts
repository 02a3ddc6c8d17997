/** `metadata.managedFields`: who wrote what, and when (KEP-555). Recorders read the time of a change from it. */
import { isObject, listAt, textAt } from "../json-value.ts";
import type { KubeObject } from "../kube-object.ts";

export interface FieldWriter {
  readonly manager: string;
  readonly subresource?: "status";
  /** RFC 3339 in whole seconds. */
  readonly time: string;
  /** The part of the object that was written, from its root. */
  readonly fields: unknown;
}

/** The object with the writer's entry replaced or added. */
export function withWriter(object: KubeObject, writer: FieldWriter): KubeObject {
  const isSame = (entry: unknown): boolean =>
    textAt(entry, "manager") === writer.manager && textAt(entry, "subresource") === writer.subresource;
  const others = listAt(object, "metadata", "managedFields").filter((entry) => !isSame(entry));
  const entry = {
    manager: writer.manager,
    operation: "Update",
    apiVersion: object.apiVersion,
    time: writer.time,
    fieldsType: "FieldsV1",
    fieldsV1: fieldSet(writer.fields),
    ...(writer.subresource === undefined ? {} : { subresource: writer.subresource }),
  };
  return { ...object, metadata: { ...object.metadata, managedFields: [...others, entry] } };
}

/** Lists whose elements have a `name` or `type` are sets by that key; any other list is one field. */
function fieldSet(value: unknown): Readonly<Record<string, unknown>> {
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [`f:${key}`, fieldSet(member)]));
  if (!Array.isArray(value)) return {};
  const entries = value.map((element): [string | undefined, unknown] => [elementKey(element), element]);
  if (entries.some(([key]) => key === undefined)) return {};
  return Object.fromEntries(entries.map(([key, element]) => [key, { ".": {}, ...fieldSet(element) }]));
}

function elementKey(element: unknown): string | undefined {
  for (const key of ["name", "type", "uid"]) {
    const value = textAt(element, key);
    if (value !== undefined) return `k:${JSON.stringify({ [key]: value })}`;
  }
  return undefined;
}

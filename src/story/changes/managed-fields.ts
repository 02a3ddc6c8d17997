/**
 * Who made a change, as far as `metadata.managedFields` proves it (KEP-555). Whoever sets a field to another value owns it from
 * then on (structured-merge-diff `merge.Updater`), so the owner of a changed field is who changed it. A removed field has no
 * owner any more; then the entries that were written anew are named.
 */
import type { ChangedBy } from "../document.ts";
import type { Difference, Step } from "./diff.ts";
import { isObject, type JsonObject, objectsIn } from "./json.ts";

/** The managers that made these changes, in the order of the entries. Empty when nothing proves one. */
export function changedBy(before: unknown, after: unknown, changes: readonly Difference[]): readonly ChangedBy[] {
  const entries = entriesOf(after);
  const owning = entries.filter(({ fieldsV1 }) =>
    changes.some((change) => change.after !== undefined && owns(fieldsV1, change.steps)),
  );
  const earlier = new Map(entriesOf(before).map((entry) => [identity(entry), entry]));
  const rewritten = entries.filter((entry) => isRewritten(earlier.get(identity(entry)), entry));
  const hasRemovals = changes.some((change) => change.after === undefined);
  const named = hasRemovals || owning.length === 0 ? [...new Set([...owning, ...rewritten])] : owning;
  // A field that two managers set alike has two owners; the one that wrote now is who changed it.
  const sure = named.filter((entry) => rewritten.includes(entry));
  return (sure.length > 0 ? sure : named).flatMap(describe);
}

/** Who made the object: its only manager so far. */
export function createdBy(object: unknown): readonly ChangedBy[] {
  const entries = entriesOf(object).filter((entry) => entry["subresource"] === undefined || entry["subresource"] === "");
  return entries.length === 1 ? entries.flatMap(describe) : [];
}

function entriesOf(object: unknown): readonly JsonObject[] {
  const metadata = isObject(object) ? object["metadata"] : undefined;
  return objectsIn(isObject(metadata) ? metadata["managedFields"] : undefined);
}

function identity({ manager, operation, subresource }: JsonObject): string {
  return JSON.stringify([manager, operation, subresource]);
}

function isRewritten(before: JsonObject | undefined, after: JsonObject): boolean {
  if (before === after) return false;
  if (before === undefined || before["time"] !== after["time"]) return true;
  return JSON.stringify(before["fieldsV1"]) !== JSON.stringify(after["fieldsV1"]);
}

function owns(fields: unknown, steps: readonly Step[]): boolean {
  let here = fields;
  for (const step of steps) {
    if (!isObject(here)) return false;
    const below = "field" in step ? here[`f:${step.field}`] : elementOf(here, step.element);
    // What lies below an owned leaf is owned with it: an atomic list or map.
    if (below === undefined) return here !== fields && Object.keys(here).length === 0;
    here = below;
  }
  return isObject(here);
}

function elementOf(fields: JsonObject, element: unknown): unknown {
  if (!isObject(element)) return undefined;
  for (const [key, below] of Object.entries(fields)) {
    if (key.startsWith("k:") && isKeyOf(key.slice(2), element)) return below;
  }
  return undefined;
}

function isKeyOf(text: string, element: JsonObject): boolean {
  try {
    const key: unknown = JSON.parse(text);
    return isObject(key) && Object.entries(key).every(([field, value]) => element[field] === value);
  } catch {
    return false; // no key that an API server wrote: it names no element
  }
}

function describe({ manager, operation, subresource, time }: JsonObject): ChangedBy[] {
  if (typeof manager !== "string" || manager === "") return [];
  return [
    {
      manager,
      operation: typeof operation === "string" ? operation : "",
      ...(typeof subresource === "string" && subresource !== "" ? { subresource } : {}),
      ...(typeof time === "string" ? { time } : {}),
    },
  ];
}

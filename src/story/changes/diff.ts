/**
 * What differs between two versions of one object, leaf by leaf. What changes with every write and tells nothing is left out:
 * `resourceVersion`, `managedFields`, the copy that `kubectl apply` keeps.
 */
import { isObject, type JsonObject } from "./json.ts";
import { matchByKey } from "./list-keys.ts";

/** One step into an object: a field, or an element of a list, with the element itself. */
export type Step = { readonly field: string } | { readonly label: string; readonly element: unknown };

export interface Difference {
  readonly steps: readonly Step[];
  /** Undefined when it was not there. */
  readonly before: unknown;
  /** Undefined when it is no longer there. */
  readonly after: unknown;
}

const LEFT_OUT: ReadonlySet<string> = new Set([
  "metadata.resourceVersion",
  "metadata.managedFields",
  "metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]",
]);

/** Differences in the order of the fields of `after`; what was removed stands where it stood among its neighbours. */
export function differences(before: unknown, after: unknown): readonly Difference[] {
  const found: Difference[] = [];
  compare({ before, after, steps: [] }, found);
  return found;
}

/** `spec.template.spec.containers[name=app].image`; a field whose name is no plain word stands in brackets. */
export function pathOf(steps: readonly Step[]): string {
  return steps.reduce((path, step) => {
    if ("label" in step) return path + step.label;
    if (!/^[A-Za-z_][\w-]*$/.test(step.field)) return `${path}[${step.field}]`;
    return path === "" ? step.field : `${path}.${step.field}`;
  }, "");
}

function compare({ before, after, steps }: Difference, found: Difference[]): void {
  if (before === after) return;
  if (steps.length <= 3 && LEFT_OUT.has(pathOf(steps))) return;
  if (isObject(before) && isObject(after)) compareObjects({ before, after, steps }, found);
  else if (Array.isArray(before) && Array.isArray(after)) compareLists({ before, after, steps }, found);
  else found.push({ before, after, steps });
}

function compareObjects(
  { before, after, steps }: { before: JsonObject; after: JsonObject; steps: readonly Step[] },
  found: Difference[],
): void {
  const compareField = (field: string): void => {
    const [was, is] = [own(before, field), own(after, field)];
    // Nearly all fields are as they were: for them there is no path to make.
    if (was !== is) compare({ before: was, after: is, steps: [...steps, { field }] }, found);
  };
  for (const field of Object.keys(before)) compareField(field);
  for (const field of Object.keys(after)) if (!Object.hasOwn(before, field)) compareField(field);
}

function compareLists(
  { before, after, steps }: { before: readonly unknown[]; after: readonly unknown[]; steps: readonly Step[] },
  found: Difference[],
): void {
  const matched = matchByKey(before, after);
  if (matched !== undefined) {
    const [a, b] = matched;
    for (const label of new Set([...a.keys(), ...b.keys()])) {
      const [was, is] = [a.get(label)?.element, b.get(label)?.element];
      compare({ before: was, after: is, steps: [...steps, { label, element: is ?? was }] }, found);
    }
  } else if (before.length === after.length && before.some(isObject)) {
    after.forEach((element, at) => {
      compare({ before: before[at], after: element, steps: [...steps, { label: `[${at}]`, element }] }, found);
    });
  } else if (JSON.stringify(before) !== JSON.stringify(after)) found.push({ before, after, steps });
}

function own(object: JsonObject, field: string): unknown {
  return Object.hasOwn(object, field) ? object[field] : undefined;
}

/** How elements of two versions of a list are matched: by the keys that Kubernetes gives its lists, else by their place. */
import { isObject, type JsonObject } from "./json.ts";

/**
 * The merge keys of the API (`patchMergeKey`, `x-kubernetes-list-map-keys`), those of several fields first. `name` stands behind
 * `mountPath`: two mounts of one volume bear the same name.
 */
const KEYS: readonly (readonly string[])[] = [
  ["containerPort", "protocol"],
  ["port", "protocol"],
  ["mountPath"],
  ["devicePath"],
  ["topologyKey", "whenUnsatisfiable"],
  ["name"],
  ["type"],
  ["uid"],
  ["key"],
  ["ip"],
  ["topologyKey"],
];

/** `[name=app]`, `[containerPort=80,protocol=TCP]`. */
export interface KeyedElement {
  readonly label: string;
  readonly element: JsonObject;
}

/** Both lists by the first key that tells all their elements apart; `undefined` when none does. */
export function matchByKey(
  before: readonly unknown[],
  after: readonly unknown[],
): readonly [ReadonlyMap<string, KeyedElement>, ReadonlyMap<string, KeyedElement>] | undefined {
  if (!before.every(isObject) || !after.every(isObject)) return undefined;
  for (const keys of KEYS) {
    const a = keyed(before, keys);
    const b = a === undefined ? undefined : keyed(after, keys);
    if (a !== undefined && b !== undefined) return [a, b];
  }
  return undefined;
}

/** The first field of a key must be there; further ones have defaults that the API server fills in. */
function keyed(list: readonly JsonObject[], keys: readonly string[]): ReadonlyMap<string, KeyedElement> | undefined {
  const [first = ""] = keys;
  if (!list.every((element) => isScalar(element[first]))) return undefined;
  const found = new Map<string, KeyedElement>();
  for (const element of list) {
    const parts = keys.flatMap((key) => (isScalar(element[key]) ? [`${key}=${String(element[key])}`] : []));
    const label = `[${parts.join(",")}]`;
    if (found.has(label)) return undefined;
    found.set(label, { label, element });
  }
  return found;
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

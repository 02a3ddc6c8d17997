/** Reading decoded JSON of unknown shape: every reader answers `undefined` where the path leads nowhere. */

/** The value below `root` at `path`; numbers in the path are not supported, lists are read whole. */
export function valueAt(root: unknown, ...path: readonly string[]): unknown {
  let here = root;
  for (const key of path) {
    if (!isObject(here)) return undefined;
    here = here[key];
  }
  return here;
}

/** The text at `path`. */
export function textAt(root: unknown, ...path: readonly string[]): string | undefined {
  const value = valueAt(root, ...path);
  return typeof value === "string" ? value : undefined;
}

/** The number at `path`. */
export function numberAt(root: unknown, ...path: readonly string[]): number | undefined {
  const value = valueAt(root, ...path);
  return typeof value === "number" ? value : undefined;
}

/** The list at `path`; empty when there is none. */
export function listAt(root: unknown, ...path: readonly string[]): readonly unknown[] {
  const value = valueAt(root, ...path);
  return Array.isArray(value) ? value : [];
}

/** The string-to-string map at `path`, such as labels; members of other types are left out. */
export function textMapAt(root: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  const value = valueAt(root, ...path);
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** True for a JSON object, false for lists, null and scalars. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object at `path`; empty when there is none. */
export function objectAt(root: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> {
  const value = valueAt(root, ...path);
  return isObject(value) ? value : {};
}

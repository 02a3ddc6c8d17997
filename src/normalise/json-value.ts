/**
 * Reading of parsed JSON whose shape nobody promised: each function answers `undefined` where the value is
 * something else, so that a strange object yields less, never an exception.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object, when it is one. */
export function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

const NONE: readonly JsonObject[] = [];

/** The elements of an array that are objects; none when the value is no array. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) return NONE;
  return value.map(objectOf).filter((element) => element !== undefined);
}

/** The value as text, when it is a string that is not empty: Go writes absent strings as empty ones. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** What lies at the end of `path`. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const key of path) here = objectOf(here)?.[key];
  return here;
}

/** Reading members of a parsed JSON value whose shape nobody promised. */

/** The member `key` of something that may not be an object. */
export function field(value: unknown, key: string): unknown {
  // Not by `Reflect.get`, which V8 has no inline cache for: a version of a pod is asked for fifty members (`watch-pods` in `bench/`).
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

/** The member `key` when it is a text with at least one character. */
export function textField(value: unknown, key: string): string | undefined {
  const member = field(value, key);
  return typeof member === "string" && member !== "" ? member : undefined;
}

/** The member `key` when it is an array, else an empty one. */
export function listField(value: unknown, key: string): readonly unknown[] {
  const member = field(value, key);
  return Array.isArray(member) ? member : [];
}

/** Text that may be no JSON: a story file can be cut anywhere. */

/** The value, or `undefined`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** One element of a list that the writer puts on a line of its own. */
export function withoutComma(text: string): string {
  return text.endsWith(",") ? text.slice(0, -1) : text;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Values as a program wants them: JSON, lines of JSON, YAML. */
import { stringify } from "yaml";
import type { Format } from "./reading-options.ts";

export type ValueFormat = "json" | "ndjson" | "yaml";

export function isValueFormat(format: Format): format is ValueFormat {
  return format === "json" || format === "ndjson" || format === "yaml";
}

/** Pieces of text for values that come one by one; joined they are one document. */
export async function* formatValues(
  values: AsyncIterable<unknown> | Iterable<unknown>,
  format: ValueFormat,
): AsyncGenerator<string> {
  if (format === "json") {
    let separator = "[\n";
    for await (const value of values) {
      yield `${separator}${JSON.stringify(value)}`;
      separator = ",\n";
    }
    yield separator === "[\n" ? "[]\n" : "\n]\n";
    return;
  }
  for await (const value of values) yield format === "ndjson" ? `${JSON.stringify(value)}\n` : `---\n${toYaml(value)}`;
}

/** One value, on many lines where the format has any. */
export function formatValue(value: unknown, format: ValueFormat): string {
  return format === "yaml" ? toYaml(value) : `${JSON.stringify(value, null, format === "json" ? 2 : 0)}\n`;
}

/** As kubectl prints it: no line folding, no anchors. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

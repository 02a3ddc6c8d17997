/** A strict reader of the text format for tests: anything that Prometheus would refuse, or guess at, throws. */

export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  /** `name{label="value"}` with labels as written, to value. */
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"`;
const SAMPLE = new RegExp(`^((${NAME})(?:\\{(?:${LABEL}(?:,${LABEL})*)?\\})?) (-?\\d+(?:\\.\\d+)?(?:e[+-]\\d+)?|[+-]Inf|NaN)$`);
const META = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);

export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  let help: { name: string; text: string } | undefined;
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const meta = META.exec(line);
    if (meta !== null) {
      const [, keyword, name = "", rest = ""] = meta;
      if (keyword === "HELP") help = { name, text: rest };
      else {
        if (help?.name !== name) throw new Error(`TYPE without HELP before it: ${line}`);
        if (families.has(name)) throw new Error(`family twice: ${name}`);
        if (!["counter", "gauge", "histogram"].includes(rest)) throw new Error(`unknown type: ${line}`);
        families.set(name, { type: rest, help: help.text, samples: new Map() });
        current = name;
      }
      continue;
    }
    const sample = SAMPLE.exec(line);
    if (sample === null) throw new Error(`not a sample: ${line}`);
    const [, series = "", name = "", value = ""] = sample;
    const family = families.get(current);
    const suffixes = family?.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    if (family === undefined || !suffixes.some((suffix) => name === `${current}${suffix}`))
      throw new Error(`sample outside its family: ${line}`);
    if (family.samples.has(series)) throw new Error(`series twice: ${series}`);
    family.samples.set(series, value.endsWith("Inf") ? Number(`${value.slice(0, 1)}Infinity`.replace("+", "")) : Number(value));
  }
  return families;
}

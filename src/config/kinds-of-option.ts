/** Makers of rows: each ties a zod schema to the sentence that says what the option takes, so the two cannot drift apart. */
import { z } from "zod";
import { formatDuration, linearPattern, parseDuration } from "../base/index.ts";
import type { Option } from "./option.ts";

/** What every row says for itself. */
type Given<T, Own extends keyof Option<T>> = Omit<Option<T>, Own | "schema" | "form">;

const SWITCH_WORDS: Readonly<Record<string, boolean>> = {
  // Go's strconv.ParseBool, which is what kubectl's flags take.
  "1": true,
  t: true,
  true: true,
  "0": false,
  f: false,
  false: false,
};

/** The value of a switch, or `undefined` when the text is none. */
export function parseSwitch(text: string): boolean | undefined {
  return SWITCH_WORDS[text.trim().toLowerCase()];
}

export function plainText(
  given: Given<string | undefined, "expects" | "default" | "defaultText"> & { readonly defaultText?: string },
): Option<string | undefined> {
  return { defaultText: "", ...given, form: "text", default: undefined, expects: `a ${given.takes}`, schema: nonEmpty };
}

/** A text with a pattern and, unlike `plainText`, a default. */
export function patternText(given: Given<string, "defaultText"> & { readonly pattern: RegExp }): Option<string> {
  const { pattern, ...row } = given;
  return { ...row, form: "text", defaultText: given.default, schema: nonEmpty.regex(pattern) };
}

/** A list; `item` is what each of its items must look like. */
export function list(
  given: Given<readonly string[], "default" | "defaultText"> & { readonly item?: RegExp; readonly defaultText?: string },
): Option<readonly string[]> {
  const { item, ...row } = given;
  const schema = z.array(item === undefined ? nonEmpty : nonEmpty.regex(item)).readonly();
  return { defaultText: "", ...row, form: "list", default: [], schema };
}

export function onOff(
  given: Given<boolean, "expects" | "defaultText" | "takes" | "example"> & { readonly example?: string },
): Option<boolean> {
  const schema = z.string().transform((value, context) => parseSwitch(value) ?? refuse(context, "a switch"));
  const example = given.default ? "false" : "true";
  return {
    example,
    ...given,
    form: "switch",
    takes: "BOOL",
    expects: "true or false",
    defaultText: String(given.default),
    schema,
  };
}

export function wholeNumber(
  given: Given<number, "expects" | "defaultText" | "takes"> & {
    readonly min: number;
    readonly max: number;
    readonly takes?: string;
  },
): Option<number> {
  const { min, max, ...row } = given;
  const schema = z
    .string()
    .regex(/^\s*\d+\s*$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
  return {
    takes: "N",
    ...row,
    form: "text",
    expects: `a whole number from ${min} to ${max}`,
    defaultText: String(given.default),
    schema,
  };
}

/** As `wholeNumber`, and may be left out. */
export function optionalWholeNumber(
  given: Given<number | undefined, "expects" | "default" | "defaultText" | "takes"> & {
    readonly min: number;
    readonly max: number;
  },
): Option<number | undefined> {
  return { ...wholeNumber({ ...given, default: given.min }), default: undefined, defaultText: "" };
}

const linear: z.ZodType<string> = z.string().transform((value, context): string => {
  try {
    return linearPattern(value).source;
  } catch (error) {
    if (error instanceof SyntaxError) return refuse(context, error.message);
    throw error;
  }
});
const LINEAR = "a regular expression in the syntax of RE2, without look-arounds and back references";

/** A regular expression of the linear kind; it may be left out. */
export function regularExpression(
  given: Given<string | undefined, "expects" | "default" | "defaultText" | "takes">,
): Option<string | undefined> {
  return { ...given, form: "text", takes: "REGEX", expects: LINEAR, default: undefined, defaultText: "", schema: linear };
}

/** Any number of them; the flag is repeated, because a pattern may hold a comma. */
export function regularExpressions(
  given: Given<readonly string[], "expects" | "default" | "defaultText" | "takes">,
): Option<readonly string[]> {
  const schema = z.array(linear).readonly();
  return { ...given, form: "repeated", takes: "REGEX", expects: LINEAR, default: [], defaultText: "", schema };
}

export function choice<const T extends string>(
  given: Given<T, "expects" | "defaultText" | "takes"> & { readonly of: readonly T[] },
): Option<T> {
  const { of, ...row } = given;
  const schema = z.string().trim().toLowerCase().pipe(z.enum(of));
  return { ...row, form: "text", takes: of.join("|"), expects: `one of ${of.join(", ")}`, defaultText: given.default, schema };
}

/** As `choice`, and may be left out. */
export function optionalChoice<const T extends string>(
  given: Given<T | undefined, "expects" | "default" | "defaultText" | "takes"> & { readonly of: readonly T[] },
): Option<T | undefined> {
  const { of, ...row } = given;
  const schema = z.string().trim().toLowerCase().pipe(z.enum(of));
  return {
    ...row,
    form: "text",
    takes: of.join("|"),
    expects: `one of ${of.join(", ")}`,
    default: undefined,
    defaultText: "",
    schema,
  };
}

const DURATION_EXPECTS = "a duration above zero with its unit, such as 90s, 5m or 1h30m";

export function duration(given: Given<number, "expects" | "defaultText" | "takes">): Option<number> {
  return {
    ...given,
    form: "text",
    takes: "DURATION",
    expects: DURATION_EXPECTS,
    defaultText: formatDuration(given.default),
    schema: durationMs,
  };
}

/** As `duration`, and may be left out. */
export function optionalDuration(
  given: Given<number | undefined, "expects" | "default" | "defaultText" | "takes">,
): Option<number | undefined> {
  return {
    ...given,
    form: "text",
    takes: "DURATION",
    expects: DURATION_EXPECTS,
    default: undefined,
    defaultText: "",
    schema: durationMs,
  };
}

/** Ends a transform whose input cannot be read. The words are never shown: `expects` is. */
export function refuse(context: z.core.$RefinementCtx, message: string): never {
  context.addIssue(message);
  return z.NEVER;
}

const nonEmpty: z.ZodString = z.string().trim().min(1);

const durationMs: z.ZodType<number> = z.string().transform((value, context) => {
  const ms = parseDuration(value.trim());
  // A duration of zero would end a story, or a run, before it began.
  return ms === undefined || !(ms > 0) ? refuse(context, "a duration") : ms;
});

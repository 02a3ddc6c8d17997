/** Flag before variable before file before default: one frozen value per option, each with its origin. */
import { type Environment, readEnvironment } from "./environment.ts";
import { type FromFile, readConfigFile } from "./config-file.ts";
import { badValue, timeoutWithoutUntil } from "./messages.ts";
import type { Option, RawValue } from "./option.ts";
import { variableOf } from "./option.ts";
import type { OptionKey, OptionValues } from "./option-values.ts";
import { OPTION_ROWS, OPTIONS } from "./options.ts";
import { isStronger, type Origin } from "./origin.ts";

/** What was typed on the command line, by option. */
export type FlagValues = ReadonlyMap<OptionKey, RawValue>;

export interface Surroundings {
  readonly flags: FlagValues;
  /** From `--config`. */
  readonly configFile: string | undefined;
  readonly env: Environment;
  /** Working directory, where `faro.yaml` is looked for. */
  readonly cwd: string;
  readonly home: string;
}

export interface ResolvedOptions {
  readonly values: OptionValues;
  readonly origins: Readonly<Record<OptionKey, Origin>>;
  /** The configuration file that was read, if any. */
  readonly file: string | undefined;
  /** Sentences for the log: unknown variables and the like. */
  readonly warnings: readonly string[];
}

interface Given {
  readonly raw: RawValue;
  readonly origin: Origin;
}

/**
 * Resolves every option.
 * @throws FaroError `FARO_USAGE` for the first value that its option does not take, naming its origin.
 */
export async function resolveOptions(surroundings: Surroundings): Promise<ResolvedOptions> {
  const fromEnvironment = readEnvironment(surroundings.env);
  const named = surroundings.configFile;
  const fromFile = await readConfigFile({ named, env: surroundings.env, cwd: surroundings.cwd, home: surroundings.home });
  const given = (key: OptionKey): Given | undefined => strongest(key, surroundings.flags, fromEnvironment.values, fromFile);
  const origins = Object.fromEntries(OPTION_ROWS.map(([key]) => [key, given(key)?.origin ?? { source: "default" }]));
  const values = Object.fromEntries(OPTION_ROWS.map(([key, option]) => [key, valueOf(option, given(key))]));
  return settle({
    // Both have exactly the keys of the table, and each value came out of its own option's schema.
    values: values as unknown as OptionValues,
    origins: origins as Record<OptionKey, Origin>,
    file: fromFile.file,
    warnings: fromEnvironment.warnings,
  });
}

function strongest(key: OptionKey, flags: FlagValues, variables: FlagValues, fromFile: FromFile): Given | undefined {
  const option = OPTIONS[key];
  const flag = flags.get(key);
  if (flag !== undefined) return { raw: flag, origin: { source: "flag", flag: option.flag } };
  const variable = variables.get(key);
  if (variable !== undefined) return { raw: variable, origin: { source: "variable", variable: variableOf(option) } };
  const written = fromFile.values.get(key);
  if (written === undefined || fromFile.file === undefined) return undefined;
  return { raw: written, origin: { source: "file", file: fromFile.file, key: option.flag } };
}

function valueOf(option: Option<unknown>, given: Given | undefined): unknown {
  if (given === undefined) return Object.freeze(option.default);
  const result = option.schema.safeParse(given.raw);
  if (result.success) return Object.freeze(result.data);
  throw badValue(option, given.origin, typeof given.raw === "string" ? given.raw : given.raw.join(","));
}

/** What two options say together. */
function settle(resolved: ResolvedOptions): ResolvedOptions {
  const { values, origins } = resolved;
  const settled: OptionValues = {
    ...values,
    // kubectl: -A beats -n. A namespace given in a stronger place was meant for this run, though.
    allNamespaces: values.allNamespaces && !(values.namespace.length > 0 && isStronger(origins.namespace, origins.allNamespaces)),
    // A time-out kept in a file is for the runs that wait for something.
    timeout: values.until === undefined ? undefined : values.timeout,
  };
  if (values.timeout !== undefined && values.until === undefined && origins.timeout.source === "flag")
    throw timeoutWithoutUntil();
  return Object.freeze({ ...resolved, values: Object.freeze(settled), origins: Object.freeze(origins) });
}

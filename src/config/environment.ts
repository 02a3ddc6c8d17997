/** The `FARO_*` variables: one for every flag. */
import type { RawValue } from "./option.ts";
import { type Option, variableOf } from "./option.ts";
import { serviceLinkIgnored, unknownVariable } from "./messages.ts";
import type { OptionKey } from "./option-values.ts";
import { OPTION_ROWS } from "./options.ts";

/** A process environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the configuration file; the one variable that is no option. */
export const CONFIG_VARIABLE = "FARO_CONFIG";

/**
 * The kubelet gives a pod variables for every Service of its namespace (`kubelet/envvars.FromServices`): a Service
 * `faro` yields `FARO_PORT=tcp://…`, a Service `faro-metrics` even `FARO_METRICS_PORT=tcp://…`, which is an option here.
 */
const SERVICE_LINK_NAME = /(_SERVICE_HOST|_SERVICE_PORT(_.+)?|_PORT|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const SERVICE_LINK_VALUE = /^(tcp|udp|sctp):\/\//;

export interface FromEnvironment {
  readonly values: ReadonlyMap<OptionKey, RawValue>;
  readonly warnings: readonly string[];
}

/** Reads every option that has a variable. An empty variable counts as not set, as in a shell that cannot unset one. */
export function readEnvironment(env: Environment): FromEnvironment {
  const values = new Map<OptionKey, RawValue>();
  const warnings: string[] = [];
  for (const [key, option] of OPTION_ROWS) {
    const variable = variableOf(option);
    const text = env[variable];
    if (text === undefined || text.trim() === "") continue;
    if (SERVICE_LINK_VALUE.test(text)) warnings.push(serviceLinkIgnored(variable));
    else values.set(key, splitIfList(option, text));
  }
  return { values, warnings: [...warnings, ...unknownVariables(env)] };
}

/** The items of a list that was written as one text; other values as they are. */
export function splitIfList(option: Option<unknown>, text: string): RawValue {
  if (option.form === "repeated") return [text];
  return option.form === "list" ? splitItems(text) : text;
}

/** Items between commas, without spaces and without empty ones. */
export function splitItems(text: string): readonly string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function unknownVariables(env: Environment): readonly string[] {
  const known = new Set([CONFIG_VARIABLE, ...OPTION_ROWS.map(([, option]) => variableOf(option))]);
  return Object.keys(env)
    .filter((name) => name.startsWith("FARO_") && !known.has(name) && !SERVICE_LINK_NAME.test(name))
    .toSorted()
    .map((name) => unknownVariable(name, known));
}

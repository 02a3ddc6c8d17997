/** Every sentence about a bad option, in one place: what was given, where, what is taken, and an example that works. */
import { FaroError, nearest } from "../base/index.ts";
import { type Option, variableOf } from "./option.ts";
import { describeOrigin, type Origin } from "./origin.ts";

/** A value that its option does not take. */
export function badValue(option: Option<unknown>, origin: Origin, got: string): FaroError {
  const shown = got.trim() === "" ? "an empty value" : option.isSecret === true ? "something else" : `"${got}"`;
  return new FaroError("FARO_USAGE", `${describeOrigin(origin)} takes ${option.expects}, got ${shown}`, {
    hint: `for example ${exampleOf(option, origin)}`,
    details: { option: option.flag },
  });
}

/** A flag that nobody knows. `known` are spellings without dashes. */
export function unknownFlag(flag: string, known: Iterable<string>): FaroError {
  const meant = nearest(flag.replace(/^-+/, ""), known);
  return new FaroError("FARO_USAGE", `unknown flag ${flag}`, {
    hint: meant === undefined ? "faro --help lists every flag" : `did you mean --${meant}?`,
  });
}

export function missingValue(option: Option<unknown>): FaroError {
  return new FaroError("FARO_USAGE", `--${option.flag} takes ${option.expects}, got nothing`, {
    hint: `for example ${exampleOf(option, { source: "flag", flag: option.flag })}`,
  });
}

export function missingResource(program: string): FaroError {
  return new FaroError("FARO_USAGE", "--resource is missing: nothing says what to record", {
    hint: `for example ${program} --resource=apps/v1/Deployment --name=my-app`,
  });
}

export function timeoutWithoutUntil(): FaroError {
  return new FaroError("FARO_USAGE", "--timeout says how long to wait, and no --until says what for", {
    hint: "for example --until=ready --timeout=15m; to stop after a time without waiting for anything, --duration=15m",
  });
}

/** A warning: the variable starts with `FARO_` and belongs to no option. */
export function unknownVariable(variable: string, known: Iterable<string>): string {
  const meant = nearest(variable, known);
  return `unknown variable ${variable} is ignored${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

/** A warning: Kubernetes itself set the variable, for a Service whose name begins with `faro`. */
export function serviceLinkIgnored(variable: string): string {
  return `${variable} was set by Kubernetes for a Service of that name and is ignored; rename the Service or set enableServiceLinks: false`;
}

export function fileUnreadable(file: string, why: string, cause: unknown): FaroError {
  return new FaroError("FARO_USAGE", `cannot read the configuration file ${file}: ${why}`, {
    hint: "name an existing file with --config, or leave the flag out",
    cause,
  });
}

export function fileNotYaml(file: string, line: number, why: string): FaroError {
  return new FaroError("FARO_USAGE", `${file}, line ${line}: not YAML: ${why}`, {
    hint: "each line is an option and its value, for example workers: 8",
    details: { file, line },
  });
}

export function fileNotOptions(file: string): FaroError {
  return new FaroError("FARO_USAGE", `${file} holds no options`, {
    hint: "each line is an option and its value, for example workers: 8",
  });
}

export function unknownFileKey(file: string, key: string, known: Iterable<string>): FaroError {
  const meant = nearest(key, known);
  return new FaroError("FARO_USAGE", `unknown option ${key} in ${file}`, {
    hint: meant === undefined ? "its keys are the flags without their dashes; faro --help lists them" : `did you mean ${meant}?`,
  });
}

export function badFileValue(file: string, key: string): FaroError {
  return new FaroError("FARO_USAGE", `${key} in ${file} is neither a value nor a list of values`, {
    hint: `for example namespace: [staging, production]`,
  });
}

function exampleOf(option: Option<unknown>, origin: Origin): string {
  switch (origin.source) {
    case "variable":
      return `${variableOf(option)}=${option.example}`;
    case "file":
      return `${option.flag}: ${option.example}`;
    case "flag":
    case "default":
      return `--${option.flag}=${option.example}`;
  }
}

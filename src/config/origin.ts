/** Where a value came from. Every resolved value remembers it, and every complaint about a value says it. */

export type Origin =
  | { readonly source: "flag"; readonly flag: string }
  | { readonly source: "variable"; readonly variable: string }
  | { readonly source: "file"; readonly file: string; readonly key: string }
  | { readonly source: "default" };

/** Sources by precedence, the strongest first. */
const PRECEDENCE: readonly Origin["source"][] = ["flag", "variable", "file", "default"];

/** How the user would point at it: `--workers`, `FARO_WORKERS`, `workers in ./faro.yaml`, `default`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.source) {
    case "flag":
      return `--${origin.flag}`;
    case "variable":
      return origin.variable;
    case "file":
      return `${origin.key} in ${origin.file}`;
    case "default":
      return "default";
  }
}

/** True when `a` was given in a stronger place than `b`. */
export function isStronger(a: Origin, b: Origin): boolean {
  return PRECEDENCE.indexOf(a.source) < PRECEDENCE.indexOf(b.source);
}

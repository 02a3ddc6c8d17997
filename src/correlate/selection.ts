/** Which objects are roots by themselves: resource, name, namespace and labels as the user chose them. */
import type { ObjectRecord, RootSelection } from "../record/index.ts";
import { matchesSelector, parseSelector } from "./selector.ts";

/** A selection made ready for many objects. */
export type Selects = (record: Pick<ObjectRecord, "resource" | "namespace" | "name" | "labels">) => boolean;

/**
 * The test that a selection stands for. Objects without a namespace are in all of them.
 * @throws FaroError `FARO_USAGE` when the label selector cannot be read.
 */
export function compileSelection(selection: RootSelection): Selects {
  const resources = new Set(selection.resources);
  const namespaces = new Set(selection.namespaces);
  const isName = compileNames(selection.names);
  const isNameOf = new Map(Object.entries(selection.namesOf ?? {}).map(([resource, names]) => [resource, compileNames(names)]));
  const requirements = parseSelector(selection.selector);
  return ({ resource, namespace, name, labels }) =>
    resources.has(resource) &&
    (namespaces.size === 0 || namespace === undefined || namespaces.has(namespace)) &&
    (isNameOf.get(resource) ?? isName)(name) &&
    matchesSelector(requirements, labels ?? {});
}

/** `*` stands for any text, `?` for one character; no names mean every name. */
function compileNames(names: readonly string[]): (name: string) => boolean {
  if (names.length === 0) return () => true;
  const exact = new Set(names.filter((name) => !/[*?]/.test(name)));
  const globs = names.filter((name) => !exact.has(name)).map(globPattern);
  return (name) => exact.has(name) || globs.some((glob) => glob.test(name));
}

function globPattern(glob: string): RegExp {
  const literal = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  // Runs of stars are one star: `**` must not make the match slow.
  return new RegExp(`^${literal.replace(/\*+/g, ".*").replace(/\?/g, ".")}$`, "s");
}

/** The grammar of resource names: every way in which a text may be read, the most probable first. */

/** What was asked for. Absent parts are open; `group` is empty for the core group. */
export interface Wanted {
  readonly group?: string;
  readonly version?: string;
  /** As typed: `Deployment`. */
  readonly kind?: string;
  /** In lower case: plural, singular or short name. */
  readonly plural?: string;
}

export interface Reading {
  readonly wanted: Wanted;
  readonly name?: string;
}

const VERSION = /^v\d+(?:(?:alpha|beta)\d+)?$/;

/** No reading at all for an empty text. */
export function readings(text: string): readonly Reading[] {
  const parts = text.split("/").map((part) => part.trim());
  if (parts.some((part) => part === "")) return [];
  const [first = "", second, third, fourth, ...more] = parts;
  if (more.length > 0) return [];
  if (second === undefined) return dotted(first);
  if (third === undefined) return two(first, second);
  if (fourth !== undefined) return [{ wanted: { group: groupOf(first), version: second, ...word(third) }, name: fourth }];
  if (VERSION.test(first)) return [{ wanted: { group: "", version: first, ...word(second) }, name: third }];
  if (VERSION.test(second)) return [{ wanted: { group: groupOf(first), version: second, ...word(third) } }];
  return [{ wanted: { group: groupOf(first), ...word(second) }, name: third }];
}

/** `v1/Pod`, `apps/Deployment` or `TYPE/NAME`. */
function two(first: string, second: string): readonly Reading[] {
  if (VERSION.test(first)) return [{ wanted: { group: "", version: first, ...word(second) } }];
  const asGroup: Reading = { wanted: { group: groupOf(first), ...word(second) } };
  const asName = dotted(first).map((reading): Reading => ({ ...reading, name: second }));
  // Names of objects have no capitals, kinds begin with one.
  return /^[A-Z]/.test(second) ? [asGroup, ...asName] : [...asName, asGroup];
}

/** `deploy`, `deployments.apps`, `deployments.v1.apps`, `pods.v1`. */
function dotted(text: string): readonly Reading[] {
  const [head = "", ...tail] = text.split(".");
  const rest = tail.join(".").replace(/\.$/, "");
  if (tail.length === 0) return [{ wanted: word(head) }];
  const [version = "", ...group] = rest.split(".");
  const asGroup: Reading = { wanted: { group: rest, ...word(head) } };
  return VERSION.test(version) ? [{ wanted: { group: group.join("."), version, ...word(head) } }, asGroup] : [asGroup];
}

/** `core/v1/Pod` is how people write the group that has no name. */
function groupOf(text: string): string {
  return text === "core" ? "" : text;
}

function word(text: string): Pick<Wanted, "kind" | "plural"> {
  return /^[A-Z]/.test(text) ? { kind: text } : { plural: text.toLowerCase() };
}

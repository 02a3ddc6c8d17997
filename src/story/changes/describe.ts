/** The changes between two versions as the story file tells them: what was asked for first, what was observed last, in bounds. */
import type { ChangedBy, FieldChange } from "../document.ts";
import { type Difference, differences, pathOf } from "./diff.ts";
import { changedBy, createdBy } from "./managed-fields.ts";

export interface VersionChanges {
  readonly changes?: readonly FieldChange[];
  /** How many more there are. */
  readonly changes_omitted?: number;
  readonly changed_by?: readonly ChangedBy[];
  /** Of a Kubernetes Event: since the version before. */
  readonly occurrences?: number;
}

const CHANGES_MAX = 100;
const VALUE_BYTES_MAX = 512;

/** `before`: undefined for the first version that is known. */
export function describeChanges(before: unknown, after: unknown, isCreation: boolean): VersionChanges {
  if (before === undefined) return isCreation ? byWhom(createdBy(after)) : {};
  const found = differences(before, after);
  if (found.length === 0) return { changes: [] };
  const ordered = found.toSorted((a, b) => rankOf(a) - rankOf(b));
  return {
    changes: ordered.slice(0, CHANGES_MAX).map(describeChange),
    ...(found.length > CHANGES_MAX ? { changes_omitted: found.length - CHANGES_MAX } : {}),
    ...byWhom(changedBy(before, after, found)),
  };
}

function byWhom(by: readonly ChangedBy[]): Pick<VersionChanges, "changed_by"> {
  return by.length === 0 ? {} : { changed_by: by };
}

/** Heartbeats and observed generations are noise beside a new image: `status` stands last. */
function rankOf({ steps: [first] }: Difference): number {
  const section = first !== undefined && "field" in first ? first.field : "";
  return section === "status" ? 2 : section === "metadata" ? 1 : 0;
}

function describeChange({ steps, before, after }: Difference): FieldChange {
  const [was, is] = [shorten(before), shorten(after)];
  return {
    path: pathOf(steps),
    ...(before === undefined ? {} : { before: was.value }),
    ...(after === undefined ? {} : { after: is.value }),
    ...(was.isCut || is.isCut ? { truncated: true } : {}),
  };
}

/** The whole value is in `data`. */
function shorten(value: unknown): { readonly value: unknown; readonly isCut: boolean } {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  if (text.length <= VALUE_BYTES_MAX) return { value, isCut: false };
  return { value: `${text.slice(0, VALUE_BYTES_MAX)}…`, isCut: true };
}

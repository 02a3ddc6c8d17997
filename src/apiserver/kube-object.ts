/** One Kubernetes object: what a caller hands to the history, and how its text is changed without touching the rest. */
import { type Edit, findMember, members, skipSpace, splice } from "../base/index.ts";
import { textAt } from "./json-value.ts";

/** An object as a caller writes it. Only what identifies it is required; the history adds what an API server adds. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMetadata;
  readonly [key: string]: unknown;
}

export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** Decodes the text of one object. @throws Error when it has no apiVersion, kind or metadata.name. */
export function decodeKubeObject(text: string): KubeObject {
  const value: unknown = JSON.parse(text);
  if (isKubeObject(value)) return value;
  throw new Error(`not a Kubernetes object (apiVersion, kind and metadata.name are required): ${text.slice(0, 120)}`);
}

function isKubeObject(value: unknown): value is KubeObject {
  return [["apiVersion"], ["kind"], ["metadata", "name"]].every((path) => textAt(value, ...path) !== undefined);
}

/** Values to write into `metadata`; `undefined` leaves a member as it is. */
export type MetadataChange = Readonly<Record<string, string | number | undefined>>;

/**
 * The text with members of `metadata` replaced or appended. Every other byte stays: key order, big integers,
 * number spellings.
 */
export function withMetadata(text: string, change: MetadataChange): string {
  const bytes = Buffer.from(text);
  const metadata = findMember(bytes, skipSpace(bytes, 0), "metadata");
  if (metadata === undefined) throw new Error("the object has no metadata");
  const existing = new Map([...members(bytes, metadata.start)].map((member) => [member.key, member]));
  const edits: Edit[] = [];
  const added: string[] = [];
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) continue;
    const member = existing.get(key);
    if (member === undefined) added.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
    else edits.push({ start: member.start, end: member.end, text: JSON.stringify(value) });
  }
  if (added.length > 0) {
    const brace = metadata.end - 1;
    edits.push({ start: brace, end: brace, text: `${existing.size === 0 ? "" : ","}${added.join(",")}` });
  }
  return splice(bytes, edits).toString("utf8");
}

const TYPE_FIRST = /^\{"(?:kind|apiVersion)":"[^"\\]*","(?:kind|apiVersion)":"[^"\\]*",/;

/** The text without `apiVersion` and `kind`, as items of a list of a built-in kind come. */
export function withoutType(text: string): string {
  const start = TYPE_FIRST.exec(text);
  if (start !== null) return `{${text.slice(start[0].length)}`;
  const bytes = Buffer.from(text);
  const kept = [...members(bytes, skipSpace(bytes, 0))].filter((member) => member.key !== "kind" && member.key !== "apiVersion");
  return `{${kept.map((member) => bytes.toString("utf8", member.keyStart, member.end)).join(",")}}`;
}

/** The text with another `apiVersion`: what a CustomResourceDefinition without conversion does for its other versions. */
export function withApiVersion(text: string, apiVersion: string): string {
  const bytes = Buffer.from(text);
  const member = findMember(bytes, skipSpace(bytes, 0), "apiVersion");
  if (member === undefined) return text;
  return splice(bytes, [{ start: member.start, end: member.end, text: JSON.stringify(apiVersion) }]).toString("utf8");
}

/** The text with these `apiVersion` and `kind`, in the place of others or before the rest. */
export function withType(text: string, type: { readonly apiVersion: string; readonly kind: string }): string {
  const bytes = Buffer.from(text);
  const start = skipSpace(bytes, 0);
  const edits: Edit[] = [];
  for (const key of ["apiVersion", "kind"] as const) {
    const member = findMember(bytes, start, key);
    const value = JSON.stringify(type[key]);
    edits.push(
      member === undefined
        ? { start: start + 1, end: start + 1, text: `"${key}":${value},` }
        : { start: member.start, end: member.end, text: value },
    );
  }
  return splice(bytes, edits).toString("utf8");
}

/** The text of one top-level member, or `undefined`. */
export function memberText(text: string, key: string): string | undefined {
  const bytes = Buffer.from(text);
  const member = findMember(bytes, skipSpace(bytes, 0), key);
  return member === undefined ? undefined : bytes.toString("utf8", member.start, member.end);
}

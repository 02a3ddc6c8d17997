/**
 * Takes secrets out of an object's bytes before anything else sees them. Everything that is no secret stays
 * byte-identical. Fails closed: what cannot be redacted is dropped, the record is kept and says so.
 */
import { type Edit, splice } from "../base/index.ts";
import type { PlacedSlice, Slice, Stencil } from "../sources/index.ts";
import { at, objectOf, textOf } from "./json-value.ts";
import { type Hints, hintsIn } from "./redaction/hints.ts";
import { plainMark, taggedMark } from "./redaction/mark.ts";
import { mayHoldCopies } from "./redaction/names.ts";
import {
  copyEdits,
  embeddedSecretEdits,
  HELM_RELEASE,
  releaseEdits,
  SECRET_KIND,
  secretEdits,
  variableEdits,
} from "./redaction/object-rules.ts";
import { isSuspicious, mayHoldShapes, redactShapes } from "./redaction/patterns.ts";

/** An object's bytes without its secrets. */
export interface Redacted {
  readonly raw: Buffer;
  /** Values that were replaced. */
  readonly redactions: number;
  /** True when the redactor failed: only the identity is left of the object. */
  readonly failed: boolean;
}

/** What an object's bytes have in common with earlier versions: `slices` stand in them. */
interface InCommon {
  readonly slices?: readonly PlacedSlice[] | undefined;
  readonly stencil?: Stencil | undefined;
}

const NO_SLICES: readonly PlacedSlice[] = [];

/** Nothing a rule or a pattern looks at stands in what these objects have in common, and none of that is made by digits. */
const harmless = new WeakSet<Stencil>();

/** What the object is; a metadata-only answer says `PartialObjectMetadata` in its bytes. */
export interface RedactedKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Copies inside copies: kubectl's annotation is dropped from the copy it makes, so more than this is an attack. */
const COPY_DEPTH_MAX = 3;

/**
 * Redacts the bytes of one object. `key` makes the tags: random, one per run, at least 16 bytes.
 * Equal values have equal tags within a run, so a rotated secret is visible as a change.
 * What was found in a part that an earlier version has in common with this one is not looked for again.
 */
export function redactObject(
  raw: Buffer,
  what: RedactedKind,
  key: Buffer,
  { slices = NO_SLICES, stencil }: InCommon = {},
): Redacted {
  try {
    if (stencil !== undefined && harmless.has(stencil) && what.kind !== "Secret") return { raw, redactions: 0, failed: false };
    // A spread costs as much as the search of an Event (`bench/stages.mjs`).
    const pass = { apiVersion: what.apiVersion, kind: what.kind, key, depth: 0 };
    const { raw: redacted, redactions } = redactSliced(raw, slices, pass) ?? redactText(raw, pass, stencil);
    return { raw: redacted, redactions, failed: false };
  } catch {
    // Fail closed: bytes that the redactor cannot read are not recorded, the version itself is.
    return { raw: identityOnly(raw), redactions: 1, failed: true };
  }
}

/** A message from inside an object or an error, with secrets of a known shape replaced by markers. */
export function redactMessage(text: string): string {
  if (!isSuspicious(text)) return text;
  // As a JSON string, so that a key over several lines is one piece, exactly as inside an object.
  return String(JSON.parse(redactShapes(JSON.stringify(text), plainMark)));
}

interface Pass extends RedactedKind {
  readonly key: Buffer;
  readonly depth: number;
}

/**
 * The same as `redactText`, in less time; `undefined` where it might not be the same. A slice is a whole value between two
 * members, so no rule and no pattern reaches from it into what stands around it, or into it from there. What one place makes
 * suspicious elsewhere is left to `redactText`. Measured by `watch-pods` in `bench/`.
 */
function redactSliced(raw: Buffer, slices: readonly PlacedSlice[], pass: Pass): Omit<Redacted, "failed"> | undefined {
  if (slices.length === 0 || READ_WHOLE.has(pass.kind)) return undefined;
  let done = 0;
  for (const { start, slice } of slices) {
    if (hintsIn(raw, done, start) !== "none") return undefined;
    done = start + slice.bytes.length;
  }
  if (hintsIn(raw, done, raw.length) !== "none") return undefined;
  const edits: Edit[] = [];
  for (const { start, slice } of slices) {
    const found = searchedSlice(slice, pass);
    if (found.hasShapes) return undefined;
    for (const edit of found.edits) edits.push({ start: start + edit.start, end: start + edit.end, text: edit.text });
  }
  return { raw: splice(raw, edits), redactions: edits.length };
}

/** Kinds whose rules know the object from its root. */
const READ_WHOLE: ReadonlySet<string> = new Set(["Secret", "ConfigMap"]);

/** What was found in a slice by itself. */
interface SearchedSlice {
  readonly pass: Pass;
  readonly edits: readonly Edit[];
  /** After the edits. */
  readonly hasShapes: boolean;
}

const searchedSlices = new WeakMap<Slice, SearchedSlice>();

function searchedSlice(slice: Slice, pass: Pass): SearchedSlice {
  const known = searchedSlices.get(slice);
  if (known !== undefined && isSamePass(known.pass, pass)) return known;
  const found = { pass, ...searched(slice.bytes, pass) };
  searchedSlices.set(slice, found);
  return found;
}

function searched(bytes: Buffer, pass: Pass): Omit<SearchedSlice, "pass"> {
  const hints = hintsIn(bytes, 0, bytes.length);
  if (hints === "none") return NOTHING_FOUND;
  const edits = placeEdits(bytes, bytes.toString("latin1"), pass, hints);
  if (hints === "places" && edits.length === 0) return NOTHING_FOUND;
  return { edits, hasShapes: mayHoldShapes(splice(bytes, edits).toString("latin1")) };
}

const NOTHING_FOUND = { edits: [], hasShapes: false };

function isSamePass(a: Pass, b: Pass): boolean {
  return a.key === b.key && a.kind === b.kind && a.apiVersion === b.apiVersion;
}

function redactText(raw: Buffer, pass: Pass, stencil?: Stencil): Omit<Redacted, "failed"> {
  const hints = pass.kind === "Secret" ? "any" : hintsIn(raw, 0, raw.length);
  if (hints === "none") {
    if (stencil !== undefined) harmless.add(stencil);
    return { raw, redactions: 0 };
  }
  // One character is one byte: cheap to make, and what a pattern finds in it stands at the same offset in the bytes.
  const seen = raw.toString("latin1");
  const edits = placeEdits(raw, seen, pass, hints);
  // Each pattern by itself would take several times as long (`bench/stages.mjs`).
  if (hints === "places" && edits.length === 0) return { raw, redactions: 0 };
  const placed = splice(raw, edits);
  const text = edits.length === 0 ? seen : placed.toString("latin1");
  let shapes = 0;
  const shaped = redactShapes(text, (what, secret) => {
    shapes++;
    return taggedMark(what, secret, pass.key);
  });
  return { raw: shapes === 0 ? placed : Buffer.from(shaped, "latin1"), redactions: edits.length + shapes };
}

/** Each rule is preceded by a test on the text that is many times cheaper than the rule. */
function placeEdits(raw: Buffer, text: string, pass: Pass, hints: Hints): readonly Edit[] {
  const { key } = pass;
  if (pass.kind === "Secret" && pass.apiVersion === "v1") return secretEdits(raw, raw.indexOf("{"), key);
  const edits = variableEdits(raw, text, key);
  if (hints === "places") return withoutOverlaps(edits);
  if (mayHoldCopies(text)) edits.push(...copyEdits(raw, key, (copy) => redactCopy(copy, pass)));
  if (pass.kind === "ConfigMap" && text.includes(HELM_RELEASE)) edits.push(...releaseEdits(raw, key));
  if (text.includes(SECRET_KIND)) edits.push(...embeddedSecretEdits(raw, key));
  return withoutOverlaps(edits);
}

/** The copy redacted by the rules for its own kind; `undefined` when it is no JSON object. */
function redactCopy(copy: string, pass: Pass): string | undefined {
  if (pass.depth >= COPY_DEPTH_MAX) return undefined;
  try {
    const parsed = objectOf(JSON.parse(copy));
    if (parsed === undefined) return undefined;
    const inner = { apiVersion: textOf(parsed["apiVersion"]) ?? pass.apiVersion, kind: textOf(parsed["kind"]) ?? pass.kind };
    return redactText(Buffer.from(copy), { ...inner, key: pass.key, depth: pass.depth + 1 }).raw.toString();
  } catch {
    // Not JSON, or JSON that the rules cannot read: the caller replaces all of it.
    return undefined;
  }
}

/** An edit inside another one is part of it: the outer one replaces more. */
function withoutOverlaps(edits: Edit[]): Edit[] {
  const kept: Edit[] = [];
  for (const edit of edits.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = kept.at(-1);
    if (last === undefined || edit.start >= last.end) kept.push(edit);
  }
  return kept;
}

function identityOnly(raw: Buffer): Buffer {
  const parsed: unknown = parseOrNothing(raw);
  const { apiVersion, kind } = objectOf(parsed) ?? {};
  const { name, namespace, uid, resourceVersion } = objectOf(at(parsed, "metadata")) ?? {};
  return Buffer.from(JSON.stringify({ apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } }));
}

function parseOrNothing(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString());
  } catch {
    // No JSON at all: nothing of it can be kept.
    return undefined;
  }
}

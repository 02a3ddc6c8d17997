/**
 * The rules that know where in an object a secret stands. They look for a key's bytes anywhere in the text and
 * read only what follows it (`seen` is `text` with one character per byte), so that a rule costs one search where
 * it does not apply, and any depth (a pod template in a custom resource) is reached without a walk. A quote inside
 * a JSON string is escaped, so `"env"` followed by a colon can only be a member.
 */
import { type Edit, elements, findMember, type Member, members, skipSpace, skipValue, type Span } from "../../base/index.ts";
import { tag, taggedMark } from "./mark.ts";
import { COPY_KEYS, isSecretFlag, isSecretVariable, mayNameSecret, redactWord } from "./names.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/** Redacts the inside of a copy of an object that an annotation holds as text; `undefined` when that fails. */
export type RedactCopy = (copy: string) => string | undefined;

/** The members in which variables and command lines stand. */
export const PLACE_NAMES: readonly string[] = ["env", "args", "command"];
/** Where they are, at any depth. */
const PLACES: RegExp = new RegExp(`"(${PLACE_NAMES.join("|")})"[ \\t\\r\\n]*:[ \\t\\r\\n]*(?=["[{])`, "g");
/** In every object that says it is a Secret. */
export const SECRET_KIND = '"Secret"';
/** In every ConfigMap that helm keeps a release in. */
export const HELM_RELEASE = "sh.helm.release.v1.";

/** Literal values of environment variables whose names tell of a secret, and values of such flags in `args` and `command`. */
export function variableEdits(text: Buffer, seen: string, key: Buffer): Edit[] {
  const edits: Edit[] = [];
  for (const match of seen.matchAll(PLACES)) {
    const start = match.index + match[0].length;
    const span = { start, end: skipValue(text, start) };
    if (!mayNameSecret(seen.slice(span.start, span.end))) continue;
    const isList = text[span.start] === OPEN_BRACKET;
    if (match[1] === "env") edits.push(...(isList ? listedVariables(text, seen, span, key) : mappedVariables(text, span, key)));
    else edits.push(...(isList ? wordEdits(text, span, key) : scalarWordEdit(text, span, key)));
  }
  return edits;
}

function listedVariables(text: Buffer, seen: string, list: Span, key: Buffer): Edit[] {
  return elements(text, list.start).flatMap((element) =>
    mayNameSecret(seen.slice(element.start, element.end)) ? variableEdit(text, element, key) : [],
  );
}

/** As some charts have them. */
function mappedVariables(text: Buffer, map: Span, key: Buffer): Edit[] {
  if (text[map.start] !== OPEN_BRACE) return [];
  return [...members(text, map.start)]
    .filter((member) => isSecretVariable(member.key))
    .flatMap((member) => marked(text, member, "env", key));
}

/** Annotations that hold a copy of the object: redacted inside when they are JSON, else replaced. */
export function copyEdits(text: Buffer, key: Buffer, redactCopy: RedactCopy): Edit[] {
  return COPY_KEYS.flatMap((part) => keysWith(text, part)).flatMap((span) => {
    const copy = stringAt(text, span);
    if (copy === undefined || copy === "") return [];
    const redacted = redactCopy(copy) ?? taggedMark("copy", copy, key);
    return redacted === copy ? [] : [{ ...span, text: JSON.stringify(redacted) }];
  });
}

/** `data` and `stringData` of the object at `at`, value by value, and all its annotations. */
export function secretEdits(text: Buffer, at: number, key: Buffer): Edit[] {
  const edits: Edit[] = [];
  for (const member of members(text, at)) {
    if (member.key === "data") edits.push(...payloadEdits(text, member, key, true));
    if (member.key === "stringData") edits.push(...payloadEdits(text, member, key, false));
    if (member.key === "metadata" && text[member.start] === OPEN_BRACE) edits.push(...annotationEdits(text, member, key));
  }
  return edits;
}

/** Payload of a release that helm keeps in a ConfigMap: compressed values of the chart. */
export function releaseEdits(text: Buffer, key: Buffer): Edit[] {
  const data = findMember(text, skipSpace(text, 0), "data");
  return data === undefined ? [] : payloadEdits(text, data, key, true);
}

/** Every object below the root that says it is a Secret: in lists, templates and manifests inside other objects. */
export function embeddedSecretEdits(text: Buffer, key: Buffer): Edit[] {
  return objectsIn(text, skipSpace(text, 0)).flatMap((at) => {
    const kind = findMember(text, at, "kind");
    return kind !== undefined && stringAt(text, kind) === "Secret" ? secretEdits(text, at, key) : [];
  });
}

function variableEdit(text: Buffer, element: Span, key: Buffer): Edit[] {
  if (text[element.start] !== OPEN_BRACE) return [];
  const found = [...members(text, element.start)];
  const name = found.filter((member) => member.key === "name").map((member) => stringAt(text, member));
  if (!name.some((each) => each !== undefined && isSecretVariable(each))) return [];
  return found.filter((member) => member.key === "value").flatMap((member) => marked(text, member, "env", key));
}

function wordEdits(text: Buffer, list: Span, key: Buffer): Edit[] {
  const edits: Edit[] = [];
  let isValueNext = false;
  for (const element of elements(text, list.start)) {
    const word = stringAt(text, element);
    if (word === undefined) continue;
    if (isValueNext && !word.startsWith("-")) edits.push(...marked(text, element, "arg", key));
    else edits.push(...scalarWordEdit(text, element, key));
    isValueNext = isSecretFlag(word);
  }
  return edits;
}

function scalarWordEdit(text: Buffer, span: Span, key: Buffer): Edit[] {
  const word = stringAt(text, span);
  if (word === undefined) return [];
  const redacted = redactWord(word, (value) => taggedMark("arg", value, key));
  return redacted === word ? [] : [{ start: span.start, end: span.end, text: JSON.stringify(redacted) }];
}

/** The value replaced by a marker, unless it is empty, null or no scalar. */
function marked(text: Buffer, span: Span, what: string, key: Buffer): Edit[] {
  const first = text[span.start];
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return [];
  const value = stringAt(text, span) ?? text.toString("utf8", span.start, span.end);
  if (value === "" || value === "null") return [];
  return [{ start: span.start, end: span.end, text: JSON.stringify(taggedMark(what, value, key)) }];
}

function payloadEdits(text: Buffer, payload: Span, key: Buffer, isBase64: boolean): Edit[] {
  if (text[payload.start] !== OPEN_BRACE) return [{ start: payload.start, end: payload.end, text: "null" }];
  return [...members(text, payload.start)].map((member) => {
    const value = stringAt(text, member) ?? text.toString("utf8", member.start, member.end);
    const bytes = Buffer.from(value, isBase64 ? "base64" : "utf8");
    return { start: member.start, end: member.end, text: `{"bytes":${bytes.length},"tag":"${tag(bytes, key)}"}` };
  });
}

/** Which annotations of a Secret hold its value is not known (Argo CD #5201, #15693): all are replaced. */
function annotationEdits(text: Buffer, metadata: Member, key: Buffer): Edit[] {
  const annotations = findMember(text, metadata.start, "annotations");
  if (annotations === undefined || text[annotations.start] !== OPEN_BRACE) return [];
  return [...members(text, annotations.start)].flatMap((member) => marked(text, member, "annotation", key));
}

/** Offsets of all objects in the value at `at`, itself included, outer ones first. */
function objectsIn(text: Buffer, at: number): number[] {
  if (text[at] === OPEN_BRACE) return [at, ...[...members(text, at)].flatMap((member) => objectsIn(text, member.start))];
  if (text[at] === OPEN_BRACKET) return elements(text, at).flatMap((element) => objectsIn(text, element.start));
  return [];
}

/** Where the string values of all members stand whose key contains `part`. */
function keysWith(text: Buffer, part: string): Span[] {
  const found: Span[] = [];
  for (let here = text.indexOf(part); here !== -1; here = text.indexOf(part, here + 1)) {
    const keyEnd = text.indexOf(QUOTE, here);
    // An escaped quote: the part stands inside a string, not in a key.
    if (keyEnd === -1 || text[keyEnd - 1] === BACKSLASH) continue;
    const colon = skipSpace(text, keyEnd + 1);
    if (text[colon] !== COLON) continue;
    const start = skipSpace(text, colon + 1);
    if (text[start] === QUOTE) found.push({ start, end: skipValue(text, start) });
  }
  return found;
}

function stringAt(text: Buffer, span: Span): string | undefined {
  if (text[span.start] !== QUOTE) return undefined;
  const value: unknown = JSON.parse(text.toString("utf8", span.start, span.end));
  return typeof value === "string" ? value : undefined;
}

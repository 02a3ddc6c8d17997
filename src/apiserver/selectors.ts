/** Label and field selectors in the grammar that kubectl and the API server share (apimachinery `labels/selector.go`). */
import { listAt, numberAt, textAt, valueAt } from "./json-value.ts";

export type Fields = Readonly<Record<string, string>>;

/** Tells whether something with these labels or fields is selected. */
export type Selector = (values: Fields) => boolean;

/** What parsing gives: the selector, or the sentence that says what is wrong with the text. */
export type ParsedSelector = { readonly selector: Selector } | { readonly problem: string };

const KEY = "([A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?)";
const SET = new RegExp(`^${KEY}\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EQUALITY = new RegExp(`^${KEY}\\s*(==|=|!=)\\s*([A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?|)$`);
const ORDER = new RegExp(`^${KEY}\\s*(>|<)\\s*(-?[0-9]+)$`);
const EXISTS = new RegExp(`^(!?)\\s*${KEY}$`);

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>3`. An empty text selects everything. */
export function parseLabelSelector(text: string): ParsedSelector {
  const parts = splitOutsideBrackets(text).map((part) => part.trim());
  if (text.trim() === "") return { selector: () => true };
  const requirements: Selector[] = [];
  for (const part of parts) {
    const requirement = parseRequirement(part);
    if (requirement === undefined) return { problem: `unable to parse requirement: found '${part}', expected: identifier` };
    requirements.push(requirement);
  }
  return { selector: (labels) => requirements.every((holds) => holds(labels)) };
}

function parseRequirement(part: string): Selector | undefined {
  const set = SET.exec(part);
  if (set !== null) return setRequirement(set);
  const equality = EQUALITY.exec(part);
  if (equality !== null) {
    const [, key = "", operator, value] = equality;
    return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const order = ORDER.exec(part);
  if (order !== null) {
    const [, key = "", operator, bound] = order;
    return (labels) => compareWhole(labels[key], operator === ">", Number(bound));
  }
  const exists = EXISTS.exec(part);
  if (exists === null) return undefined;
  const [, negation, key = ""] = exists;
  return (labels) => Object.hasOwn(labels, key) === (negation === "");
}

function setRequirement([, key = "", operator, list = ""]: RegExpExecArray): Selector {
  const values = new Set(list.split(",").map((value) => value.trim()));
  if (operator === "in") return (labels) => values.has(labels[key] ?? "\0");
  return (labels) => !Object.hasOwn(labels, key) || !values.has(labels[key] ?? "");
}

function compareWhole(label: string | undefined, greater: boolean, bound: number): boolean {
  if (label === undefined || !/^-?[0-9]+$/.test(label)) return false;
  return greater ? Number(label) > bound : Number(label) < bound;
}

/** `a=b,c!=d`; values may escape `,` `=` and `\` with a backslash (apimachinery `fields/selector.go`). */
export function parseFieldSelector(text: string, supported: ReadonlySet<string>): ParsedSelector & { readonly exact?: Fields } {
  const requirements: Selector[] = [];
  const exact: Record<string, string> = {};
  for (const part of text.split(/(?<!\\),/).filter((term) => term !== "")) {
    const match = /^([^=!]+)(==|=|!=)(.*)$/s.exec(part);
    if (match === null) return { problem: `invalid selector: '${text}'; can't understand '${part}'` };
    const [, key = "", operator, raw = ""] = match;
    if (!supported.has(key)) return { problem: `field label not supported: ${key}` };
    const value = raw.replaceAll(/\\([,=\\])/g, "$1");
    if (operator === "!=") {
      requirements.push((fields) => (fields[key] ?? "") !== value);
    } else {
      exact[key] = value;
      requirements.push((fields) => (fields[key] ?? "") === value);
    }
  }
  return { selector: (fields) => requirements.every((holds) => holds(fields)), exact };
}

type FieldReader = (object: unknown) => string;

const involved = (key: string): [string, FieldReader] => [
  `involvedObject.${key}`,
  (object) => textAt(object, "involvedObject", key) ?? "",
];

/** Fields that a selector may name beside `metadata.name` and `metadata.namespace` (`ToSelectableFields` of each registry). */
const SELECTABLE: Readonly<Record<string, Readonly<Record<string, FieldReader>>>> = {
  "/pods": {
    "spec.nodeName": (pod) => textAt(pod, "spec", "nodeName") ?? "",
    "spec.restartPolicy": (pod) => textAt(pod, "spec", "restartPolicy") ?? "",
    "spec.schedulerName": (pod) => textAt(pod, "spec", "schedulerName") ?? "",
    "spec.serviceAccountName": (pod) => textAt(pod, "spec", "serviceAccountName") ?? "",
    "spec.hostNetwork": (pod) => String(valueAt(pod, "spec", "hostNetwork") === true),
    "status.phase": (pod) => textAt(pod, "status", "phase") ?? "",
    "status.podIP": (pod) => textAt(pod, "status", "podIP") ?? textAt(listAt(pod, "status", "podIPs")[0], "ip") ?? "",
    "status.nominatedNodeName": (pod) => textAt(pod, "status", "nominatedNodeName") ?? "",
  },
  "/events": {
    ...Object.fromEntries(["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map(involved)),
    reason: (event) => textAt(event, "reason") ?? "",
    reportingComponent: (event) => textAt(event, "reportingComponent") ?? "",
    source: (event) => textAt(event, "source", "component") ?? textAt(event, "reportingComponent") ?? "",
    type: (event) => textAt(event, "type") ?? "",
  },
  "/namespaces": { "status.phase": (namespace) => textAt(namespace, "status", "phase") ?? "" },
  "/nodes": { "spec.unschedulable": (node) => String(valueAt(node, "spec", "unschedulable") === true) },
  "/secrets": { type: (secret) => textAt(secret, "type") ?? "" },
  "apps/replicasets": { "status.replicas": (set) => String(numberAt(set, "status", "replicas") ?? 0) },
  "batch/jobs": { "status.successful": (job) => String(numberAt(job, "status", "succeeded") ?? 0) },
};

/** The names of the fields that a selector on this storage may use. */
export function selectableFields(storage: string): ReadonlySet<string> {
  return new Set(["metadata.name", "metadata.namespace", ...Object.keys(SELECTABLE[storage] ?? {})]);
}

/** The values of those fields in one object. */
export function fieldsOf(storage: string, object: unknown): Fields {
  const fields: Record<string, string> = {
    "metadata.name": textAt(object, "metadata", "name") ?? "",
    "metadata.namespace": textAt(object, "metadata", "namespace") ?? "",
  };
  for (const [name, read] of Object.entries(SELECTABLE[storage] ?? {})) fields[name] = read(object);
  return fields;
}

function splitOutsideBrackets(text: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (const letter of text) {
    if (letter === "(") depth++;
    if (letter === ")") depth--;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

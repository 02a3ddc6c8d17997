/** Building blocks of the tables in this folder: one reference, its proof, and the folding of several into one. */
import type { LabelTerm, NamedRelation, ObjectRelations, RelationType, SelectingRelation } from "../../record/index.ts";
import { at, type JsonObject, objectOf, objectsOf, textOf } from "../json-value.ts";

/** What a table says about one object; what is missing is empty. */
export interface Found {
  readonly named?: readonly NamedRelation[];
  readonly selecting?: readonly SelectingRelation[];
  readonly aliases?: readonly string[];
}

/** Reads the relations of one version. `group` and `namespace` are the object's own. Never throws. */
export type RelationTable = (object: JsonObject, own: OwnPlace) => Found;

export interface OwnPlace {
  readonly kind: string;
  readonly namespace: string | undefined;
}

/** Kind and group of what is named. */
export interface Meant {
  readonly relation: RelationType;
  readonly kind: string;
  readonly group?: string;
  readonly namespace?: string | undefined;
}

/** One reference by name, proved by the field that holds the name; nothing when the name is missing. */
export function named(meant: Meant, name: unknown, field: string): NamedRelation[] {
  const text = textOf(name);
  return text === undefined ? [] : [reference(meant, text, `${field}=${text}`)];
}

export function reference(meant: Meant, name: string, proof: string): NamedRelation {
  const { relation, kind, group = "", namespace } = meant;
  return { relation, kind, group, ...(namespace === undefined ? {} : { namespace }), name, proof };
}

/** Several references to one object become one with all their proofs, in the order of reading. */
export function foldReferences(references: readonly NamedRelation[]): readonly NamedRelation[] {
  if (references.length < 2) return references;
  // By the bare name: it is there already, while a key of all fields would have to be made for each of a hundred endpoints.
  const places = new Map<string, number[]>();
  const folded: NamedRelation[] = [];
  for (const each of references) {
    const sameName = places.get(each.name);
    const place = sameName?.find((index) => isSameReference(folded[index], each));
    const known = place === undefined ? undefined : folded[place];
    if (place === undefined || known === undefined) {
      if (sameName === undefined) places.set(each.name, [folded.length]);
      else sameName.push(folded.length);
      folded.push(each);
    } else if (!known.proof.split(", ").includes(each.proof)) {
      folded[place] = { ...known, proof: `${known.proof}, ${each.proof}` };
    }
  }
  return folded;
}

/** `a` has the name of `b`. */
function isSameReference(a: NamedRelation | undefined, b: NamedRelation): boolean {
  return a?.relation === b.relation && a.kind === b.kind && a.group === b.group && (a.namespace ?? "") === (b.namespace ?? "");
}

export const NO_RELATIONS: ObjectRelations = { named: [], selecting: [], aliases: [] };

/** `a=b,c in (d,e)`: a selector as kubectl writes it. */
export function describeTerms(terms: readonly LabelTerm[]): string {
  if (terms.length === 0) return "all";
  return terms.map(describeTerm).join(",");
}

function describeTerm(term: LabelTerm): string {
  switch (term.operator) {
    case "exists":
      return term.key;
    case "absent":
      return `!${term.key}`;
    case "in":
      return term.values.length === 1 ? `${term.key}=${term.values[0] ?? ""}` : `${term.key} in (${term.values.join(",")})`;
    case "not-in":
      return `${term.key} notin (${term.values.join(",")})`;
  }
}

/** A plain map of labels, as a Service selects. */
export function mapTerms(selector: unknown): readonly LabelTerm[] {
  return Object.entries(objectOf(selector) ?? {}).flatMap(([key, value]) =>
    typeof value === "string" ? [{ operator: "in" as const, key, values: [value] }] : [],
  );
}

const OPERATORS: Readonly<Record<string, LabelTerm["operator"]>> = {
  In: "in",
  NotIn: "not-in",
  Exists: "exists",
  DoesNotExist: "absent",
};

/** A `metav1.LabelSelector`: `matchLabels` and `matchExpressions`. */
export function selectorTerms(selector: unknown): readonly LabelTerm[] {
  const expressions = objectsOf(at(selector, "matchExpressions")).flatMap((expression): LabelTerm[] => {
    const key = textOf(expression["key"]);
    const operator = OPERATORS[textOf(expression["operator"]) ?? ""];
    if (key === undefined || operator === undefined) return [];
    if (operator === "exists" || operator === "absent") return [{ operator, key }];
    const values = Array.isArray(expression["values"]) ? expression["values"].filter((value) => typeof value === "string") : [];
    return [{ operator, key, values }];
  });
  return [...mapTerms(at(selector, "matchLabels")), ...expressions];
}

/** The group of an `apiVersion`. */
export function groupOf(apiVersion: unknown): string {
  const text = textOf(apiVersion) ?? "";
  const slash = text.indexOf("/");
  return slash === -1 ? "" : text.slice(0, slash);
}

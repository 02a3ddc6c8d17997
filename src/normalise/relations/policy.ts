/** What acts on pods from beside: autoscaler, disruption budget, network policy, quota and limits. */
import { at, type JsonObject, textOf } from "../json-value.ts";
import { describeTerms, type Found, groupOf, named, type OwnPlace, selectorTerms } from "./reference.ts";

/** `scaleTargetRef` names no uid: whatever bears the name is meant. */
export function autoscalerRelations(autoscaler: JsonObject, { namespace }: OwnPlace): Found {
  const target = at(autoscaler, "spec", "scaleTargetRef");
  const kind = textOf(at(target, "kind"));
  if (kind === undefined) return {};
  const meant = { relation: "scales", kind, group: groupOf(at(target, "apiVersion")), namespace } as const;
  return { named: named(meant, at(target, "name"), `spec.scaleTargetRef: ${kind}, name`) };
}

/** In policy/v1 an empty selector means every pod of the namespace, a missing one none. */
export function budgetRelations(budget: JsonObject): Found {
  return selecting(at(budget, "spec", "selector"), "spec.selector");
}

/** An empty `podSelector` means every pod of the namespace. */
export function networkPolicyRelations(policy: JsonObject): Found {
  return selecting(at(policy, "spec", "podSelector"), "spec.podSelector");
}

function selecting(selector: unknown, field: string): Found {
  if (selector === undefined || selector === null) return {};
  const terms = selectorTerms(selector);
  return { selecting: [{ relation: "selects", terms, proof: `${field}: ${describeTerms(terms)}` }] };
}

/** Both concern whatever is created in their namespace. */
export function namespaceLimitRelations(_object: JsonObject, { namespace }: OwnPlace): Found {
  return { selecting: [{ relation: "limits", terms: [], proof: `metadata.namespace=${namespace ?? ""}` }] };
}

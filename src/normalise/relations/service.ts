/** A Service and what publishes its endpoints. The selection holds while labels and selector are as they are, no longer. */
import type { NamedRelation } from "../../record/index.ts";
import { at, type JsonObject, objectOf, objectsOf, textOf } from "../json-value.ts";
import { describeTerms, type Found, mapTerms, named, type OwnPlace } from "./reference.ts";

/** A Service without a selector selects nothing: its endpoints are made by hand. */
export function serviceRelations(service: JsonObject): Found {
  const terms = mapTerms(at(service, "spec", "selector"));
  if (terms.length === 0) return {};
  return { selecting: [{ relation: "selects", terms, proof: `spec.selector: ${describeTerms(terms)}` }] };
}

/** By label, as the EndpointSlice API defines it (KEP-752), and by the `targetRef` of each endpoint. */
export function endpointSliceRelations(slice: JsonObject, { namespace }: OwnPlace): Found {
  const label = "kubernetes.io/service-name";
  return {
    named: [
      ...named(
        { relation: "publishes", kind: "Service", namespace },
        at(slice, "metadata", "labels", label),
        `metadata.labels[${label}]`,
      ),
      ...objectsOf(slice["endpoints"]).flatMap((endpoint) => targetOf(endpoint, "endpoints[].targetRef.uid", namespace)),
    ],
  };
}

/** Endpoints bear the name of their Service. */
export function endpointsRelations(endpoints: JsonObject, { namespace }: OwnPlace): Found {
  const subsets = objectsOf(endpoints["subsets"]);
  const addresses = subsets.flatMap((subset) => [...objectsOf(subset["addresses"]), ...objectsOf(subset["notReadyAddresses"])]);
  return {
    named: [
      ...named({ relation: "publishes", kind: "Service", namespace }, at(endpoints, "metadata", "name"), "metadata.name"),
      ...addresses.flatMap((address) => targetOf(address, "subsets[].addresses[].targetRef.uid", namespace)),
    ],
  };
}

function targetOf(endpoint: JsonObject, field: string, namespace: string | undefined): NamedRelation[] {
  const target = objectOf(endpoint["targetRef"]);
  if (target?.["kind"] !== "Pod") return [];
  const name = textOf(target["name"]);
  const uid = textOf(target["uid"]);
  if (name === undefined || uid === undefined) return [];
  const place = namespace === undefined ? {} : { namespace };
  return [{ relation: "lists", kind: "Pod", group: "", ...place, name, uid, proof: `${field}=${uid}` }];
}

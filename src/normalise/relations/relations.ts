/**
 * Which relations an object states, by its kind. One row per kind; what it says is in the file of its subject. Pure: the
 * same version always states the same relations, so a recording read again gives the same story.
 */
import type { ObjectRecord, ObjectRelations } from "../../record/index.ts";
import { at, type JsonObject, objectOf, textOf } from "../json-value.ts";
import { gatewayRelations, ingressRelations, routeRelations } from "./ingress.ts";
import { podRelations } from "./pod.ts";
import { autoscalerRelations, budgetRelations, namespaceLimitRelations, networkPolicyRelations } from "./policy.ts";
import { foldReferences, type Found, groupOf, NO_RELATIONS, type OwnPlace, type RelationTable } from "./reference.ts";
import { endpointSliceRelations, endpointsRelations, serviceRelations } from "./service.ts";
import { claimRelations, volumeRelations } from "./storage.ts";
import { secretRelations, toolHints } from "./tool-labels.ts";
import { eventRelations, webhookConfigurationRelations } from "./webhook.ts";

/** Kind and group. Versions of a group agree on the fields that are read here. */
const TABLES: Readonly<Record<string, RelationTable>> = {
  "Pod.": podRelations,
  "Event.": eventRelations,
  "Event.events.k8s.io": eventRelations,
  "Service.": serviceRelations,
  "Endpoints.": endpointsRelations,
  "EndpointSlice.discovery.k8s.io": endpointSliceRelations,
  "Ingress.networking.k8s.io": ingressRelations,
  "HTTPRoute.gateway.networking.k8s.io": routeRelations,
  "GRPCRoute.gateway.networking.k8s.io": routeRelations,
  "TCPRoute.gateway.networking.k8s.io": routeRelations,
  "TLSRoute.gateway.networking.k8s.io": routeRelations,
  "UDPRoute.gateway.networking.k8s.io": routeRelations,
  "Gateway.gateway.networking.k8s.io": gatewayRelations,
  "HorizontalPodAutoscaler.autoscaling": autoscalerRelations,
  "PodDisruptionBudget.policy": budgetRelations,
  "NetworkPolicy.networking.k8s.io": networkPolicyRelations,
  "ResourceQuota.": namespaceLimitRelations,
  "LimitRange.": namespaceLimitRelations,
  "PersistentVolumeClaim.": claimRelations,
  "PersistentVolume.": volumeRelations,
  "Secret.": secretRelations,
  "ValidatingWebhookConfiguration.admissionregistration.k8s.io": webhookConfigurationRelations,
  "MutatingWebhookConfiguration.admissionregistration.k8s.io": webhookConfigurationRelations,
};

/** Relations of one version. `parsed` is the object itself, as `JSON.parse` gives it. Never throws. */
export function relationsOf(
  record: Pick<ObjectRecord, "apiVersion" | "kind" | "namespace" | "kubeEvent" | "redactionFailed">,
  parsed: unknown,
): ObjectRelations {
  const object = objectOf(parsed);
  // Nothing of an object whose secrets could not be found may go on.
  if (object === undefined || record.redactionFailed === true) return NO_RELATIONS;
  const table = TABLES[`${record.kind}.${groupOf(record.apiVersion)}`];
  const own = { kind: record.kind, namespace: record.namespace };
  const stated =
    table === undefined ? NO_RELATIONS : table === podRelations ? statedByPod(object, own) : folded(table(object, own));
  const hints = record.kubeEvent === undefined ? toolHints(object, record.namespace) : NO_HINTS;
  return hints.length === 0 ? stated : { ...stated, named: foldReferences([...stated.named, ...hints]) };
}

const NO_HINTS: readonly never[] = [];

function folded({ named = [], selecting = [], aliases = [] }: Found): ObjectRelations {
  if (named.length + selecting.length + aliases.length === 0) return NO_RELATIONS;
  return { named: foldReferences(named), selecting, aliases };
}

/**
 * What a pod states stands in its spec, but for its own name. Versions that a watch found to have one spec share it, and then
 * what it states, too. Measured by `watch-pods` in `bench/`.
 */
const podsBySpec = new WeakMap<
  JsonObject,
  Pick<OwnPlace, "namespace"> & { readonly name: unknown; readonly stated: ObjectRelations }
>();

function statedByPod(pod: JsonObject, own: OwnPlace): ObjectRelations {
  const spec = objectOf(pod["spec"]);
  const name = textOf(at(pod, "metadata", "name"));
  const known = spec === undefined ? undefined : podsBySpec.get(spec);
  if (known !== undefined && known.name === name && known.namespace === own.namespace) return known.stated;
  const stated = folded(podRelations(pod, own));
  if (spec !== undefined) podsBySpec.set(spec, { namespace: own.namespace, name, stated });
  return stated;
}

const TOOL_MARKS: readonly string[] = [
  "toolkit.fluxcd.io/",
  "argocd.argoproj.io/",
  "app.kubernetes.io/instance",
  "workflows.argoproj.io/workflow",
  "meta.helm.sh/",
  "olm.owner",
];

/** False when no relation can be in the record, so that a reader of many need not parse its object. */
export function mayStateRelations(record: ObjectRecord): boolean {
  if (record.kubeEvent !== undefined) return record.raw.includes("webhook");
  return (
    TABLES[`${record.kind}.${groupOf(record.apiVersion)}`] !== undefined || TOOL_MARKS.some((mark) => record.raw.includes(mark))
  );
}

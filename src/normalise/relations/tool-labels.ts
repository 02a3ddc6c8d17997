/**
 * What deployment tools leave on the objects that they manage. Labels are copied, forged and forgotten: these are hints, and
 * no object's identity depends on them.
 */
import type { NamedRelation } from "../../record/index.ts";
import { referenceKey } from "../../record/index.ts";
import { at, type JsonObject, objectOf, textOf } from "../json-value.ts";
import { type Found, named, reference } from "./reference.ts";

/** No kind of the API: a Helm release is a Secret per revision, labelled with its name. */
const HELM_RELEASE = "HelmRelease.helm";
const FLUX_OWNERS = [
  { kind: "Kustomization", group: "kustomize.toolkit.fluxcd.io" },
  { kind: "HelmRelease", group: "helm.toolkit.fluxcd.io" },
].map((owner) => ({ ...owner, name: `${owner.group}/name`, namespace: `${owner.group}/namespace` }));

const INSTANCE_LABEL = "app.kubernetes.io/instance";
const WORKFLOW_LABEL = "workflows.argoproj.io/workflow";
const OLM_KIND = "olm.owner.kind";
const TRACKING_ID = "argocd.argoproj.io/tracking-id";
const HELM_NAME = "meta.helm.sh/release-name";
/** Without one of these an object, as nearly each, tells of no tool. */
const LABELS: readonly string[] = [...FLUX_OWNERS.map(({ name }) => name), INSTANCE_LABEL, WORKFLOW_LABEL, OLM_KIND];
const ANNOTATIONS: readonly string[] = [TRACKING_ID, HELM_NAME];
const NO_HINTS: readonly NamedRelation[] = [];

/** Of any object; `namespace` is its own. */
export function toolHints(object: JsonObject, namespace: string | undefined): readonly NamedRelation[] {
  const labels = objectOf(at(object, "metadata", "labels"));
  const annotations = objectOf(at(object, "metadata", "annotations"));
  const isMarked =
    LABELS.some((key) => labels?.[key] !== undefined) || ANNOTATIONS.some((key) => annotations?.[key] !== undefined);
  if (!isMarked) return NO_HINTS;
  return [
    ...fluxHints(labels),
    ...argoHints(labels, annotations),
    ...workflowHints(labels, namespace),
    ...helmHints(annotations),
    ...olmHints(labels),
  ];
}

function fluxHints(labels: JsonObject | undefined): NamedRelation[] {
  if (labels === undefined) return [];
  return FLUX_OWNERS.flatMap(({ kind, group, name, namespace }) =>
    labels[name] === undefined
      ? []
      : named(
          { relation: "managed-by", kind, group, namespace: textOf(labels[namespace]) },
          labels[name],
          `metadata.labels[${name}]`,
        ),
  );
}

/**
 * By the annotation, `<application>:<group>/<kind>:<namespace>/<name>`, in which an Application of another namespace is written
 * `<namespace>_<name>`; else by the label that Argo CD used alone before 3.0. Charts set that label too, so it says nothing of a
 * release of Helm's.
 */
function argoHints(labels: JsonObject | undefined, annotations: JsonObject | undefined): NamedRelation[] {
  const [application = ""] = (textOf(annotations?.[TRACKING_ID]) ?? "").split(":");
  const [namespace, name] = application.includes("_") ? application.split("_") : ["argocd", application];
  const meant = { relation: "managed-by", kind: "Application", group: "argoproj.io", namespace } as const;
  if (name !== "") return named(meant, name, `metadata.annotations[${TRACKING_ID}]`);
  const isHelms = labels?.["app.kubernetes.io/managed-by"] === "Helm" || annotations?.[HELM_NAME] !== undefined;
  return isHelms ? [] : named(meant, labels?.[INSTANCE_LABEL], `metadata.labels[${INSTANCE_LABEL}]`);
}

/** The pods of an Argo Workflow, in its namespace. */
function workflowHints(labels: JsonObject | undefined, namespace: string | undefined): NamedRelation[] {
  const meant = { relation: "managed-by", kind: "Workflow", group: "argoproj.io", namespace } as const;
  return named(meant, labels?.[WORKFLOW_LABEL], `metadata.labels[${WORKFLOW_LABEL}]`);
}

function helmHints(annotations: JsonObject | undefined): NamedRelation[] {
  const name = textOf(annotations?.[HELM_NAME]);
  if (name === undefined) return [];
  const namespace = textOf(annotations?.["meta.helm.sh/release-namespace"]);
  const proof = `metadata.annotations[${HELM_NAME}]=${name}`;
  return [reference({ relation: "managed-by", kind: HELM_RELEASE, namespace }, name, proof)];
}

function olmHints(labels: JsonObject | undefined): NamedRelation[] {
  const kind = textOf(labels?.[OLM_KIND]);
  if (kind === undefined) return [];
  const namespace = textOf(labels?.["olm.owner.namespace"]);
  const meant = { relation: "managed-by", kind, group: "operators.coreos.com", namespace } as const;
  return named(meant, labels?.["olm.owner"], "metadata.labels[olm.owner]");
}

/** Helm's storage driver labels its Secrets `owner=helm,name=<release>`. */
export function secretRelations(secret: JsonObject, own: { readonly namespace: string | undefined }): Found {
  const labels = objectOf(at(secret, "metadata", "labels"));
  const name = textOf(labels?.["name"]);
  if (labels?.["owner"] !== "helm" || name === undefined) return {};
  return { aliases: [referenceKey(HELM_RELEASE, "", own.namespace, name)] };
}

/**
 * What a pod uses: its Node and everything it names (core/v1 `PodSpec`; the list of places is that of kubernetes
 * `pkg/api/v1/pod.VisitPodSecretNames` and `VisitPodConfigmapNames`).
 */
import type { NamedRelation } from "../../record/index.ts";
import { at, type JsonObject, objectOf, objectsOf, textOf } from "../json-value.ts";
import { type Found, named, type OwnPlace, reference } from "./reference.ts";

/** The ServiceAccount admission controller mounts its token, and the cluster's root certificates, into every pod. */
const INJECTED_VOLUME: RegExp = /^kube-api-access-[a-z0-9]{5}$/;
/** The account that admission gives to a pod that asks for none. */
const DEFAULT_ACCOUNT = "default";

export function podRelations(pod: JsonObject, { namespace }: OwnPlace): Found {
  const spec = objectOf(pod["spec"]) ?? {};
  const uses = (kind: string, group: string = "") => ({ relation: "uses", kind, group, namespace }) as const;
  const wide = (kind: string, group: string) => ({ relation: "uses", kind, group }) as const;
  return {
    named: [
      ...named({ relation: "runs-on", kind: "Node" }, spec["nodeName"], "spec.nodeName"),
      ...(spec["serviceAccountName"] === DEFAULT_ACCOUNT
        ? []
        : named(uses("ServiceAccount"), spec["serviceAccountName"], "spec.serviceAccountName")),
      ...named(wide("PriorityClass", "scheduling.k8s.io"), spec["priorityClassName"], "spec.priorityClassName"),
      ...named(wide("RuntimeClass", "node.k8s.io"), spec["runtimeClassName"], "spec.runtimeClassName"),
      ...objectsOf(spec["imagePullSecrets"]).flatMap((secret) =>
        named(uses("Secret"), secret["name"], "spec.imagePullSecrets[].name"),
      ),
      ...["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
        objectsOf(spec[list]).flatMap((container) => containerRelations(container, list, namespace)),
      ),
      ...objectsOf(spec["volumes"]).flatMap((volume) => volumeRelations(volume, textOf(at(pod, "metadata", "name")), namespace)),
    ],
  };
}

function containerRelations(container: JsonObject, list: string, namespace: string | undefined): NamedRelation[] {
  const place = `spec.${list}[${textOf(container["name"]) ?? ""}]`;
  const configMap = { relation: "uses", kind: "ConfigMap", namespace } as const;
  const secret = { relation: "uses", kind: "Secret", namespace } as const;
  return [
    ...objectsOf(container["envFrom"]).flatMap((source) => [
      ...named(configMap, at(source, "configMapRef", "name"), `${place}.envFrom[].configMapRef.name`),
      ...named(secret, at(source, "secretRef", "name"), `${place}.envFrom[].secretRef.name`),
    ]),
    ...objectsOf(container["env"]).flatMap((variable) => {
      if (variable["valueFrom"] === undefined) return [];
      const from = `${place}.env[${textOf(variable["name"]) ?? ""}].valueFrom`;
      return [
        ...named(configMap, at(variable, "valueFrom", "configMapKeyRef", "name"), `${from}.configMapKeyRef.name`),
        ...named(secret, at(variable, "valueFrom", "secretKeyRef", "name"), `${from}.secretKeyRef.name`),
      ];
    }),
  ];
}

/** Where a volume type keeps the name of its Secret (core/v1 `VolumeSource`). */
const SECRET_FIELDS: readonly (readonly string[])[] = [
  ["secret", "secretName"],
  ["azureFile", "secretName"],
  ["csi", "nodePublishSecretRef", "name"],
  ["cephfs", "secretRef", "name"],
  ["rbd", "secretRef", "name"],
  ["iscsi", "secretRef", "name"],
  ["flexVolume", "secretRef", "name"],
  ["cinder", "secretRef", "name"],
  ["storageos", "secretRef", "name"],
  ["scaleIO", "secretRef", "name"],
];

function volumeRelations(volume: JsonObject, pod: string | undefined, namespace: string | undefined): NamedRelation[] {
  const volumeName = textOf(volume["name"]) ?? "";
  if (INJECTED_VOLUME.test(volumeName)) return [];
  const place = `spec.volumes[${volumeName}]`;
  const uses = (kind: string) => ({ relation: "uses", kind, namespace }) as const;
  const claim = uses("PersistentVolumeClaim");
  return [
    ...named(uses("ConfigMap"), at(volume, "configMap", "name"), `${place}.configMap.name`),
    ...SECRET_FIELDS.flatMap((path) => {
      const isOfType = path[0] !== undefined && volume[path[0]] !== undefined;
      return isOfType ? named(uses("Secret"), at(volume, ...path), `${place}.${path.join(".")}`) : [];
    }),
    ...named(claim, at(volume, "persistentVolumeClaim", "claimName"), `${place}.persistentVolumeClaim.claimName`),
    // The claim of an ephemeral volume is called after the pod and the volume (KEP-1698).
    ...(volume["ephemeral"] === undefined || pod === undefined
      ? []
      : [reference(claim, `${pod}-${volumeName}`, `${place}.ephemeral`)]),
    ...objectsOf(at(volume, "projected", "sources")).flatMap((source) => [
      ...named(uses("ConfigMap"), at(source, "configMap", "name"), `${place}.projected.sources[].configMap.name`),
      ...named(uses("Secret"), at(source, "secret", "name"), `${place}.projected.sources[].secret.name`),
    ]),
  ];
}

/** The chain below a claim: PersistentVolumeClaim, PersistentVolume, StorageClass. */
import { at, type JsonObject } from "../json-value.ts";
import { type Found, named } from "./reference.ts";

const STORAGE_CLASS = { relation: "rests-on", kind: "StorageClass", group: "storage.k8s.io" } as const;

/** The annotation is how a class was named before Kubernetes 1.6, and is still honoured (`GetPersistentVolumeClaimClass`). */
const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

export function claimRelations(claim: JsonObject): Found {
  return {
    named: [
      ...named({ relation: "rests-on", kind: "PersistentVolume" }, at(claim, "spec", "volumeName"), "spec.volumeName"),
      ...classOf(claim),
    ],
  };
}

export function volumeRelations(volume: JsonObject): Found {
  return { named: classOf(volume) };
}

function classOf(object: JsonObject): NonNullable<Found["named"]> {
  return [
    ...named(STORAGE_CLASS, at(object, "metadata", "annotations", CLASS_ANNOTATION), `metadata.annotations[${CLASS_ANNOTATION}]`),
    ...named(STORAGE_CLASS, at(object, "spec", "storageClassName"), "spec.storageClassName"),
  ];
}

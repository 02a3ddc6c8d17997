/**
 * A cluster as etcd keeps it: one revision counter for everything, and every version of every object until it is
 * compacted away. Deletions are versions too: the last state with the revision of the deletion
 * (apiserver `etcd3/watcher.go prepareObjs`). Each version is kept once, as the text that clients get.
 */
import { type Clock, systemClock } from "../base/index.ts";
import { listAt, numberAt, textAt, textMapAt } from "./json-value.ts";
import { decodeKubeObject, type KubeObject, memberText, withMetadata } from "./kube-object.ts";
import { CRD_STORAGE, type ResourceDefinition, ResourceRegistry, storageOf } from "./resources.ts";
import { type Fields, fieldsOf } from "./selectors.ts";

/** One state of one object. */
export interface StoredVersion {
  readonly revision: number;
  readonly change: "ADDED" | "MODIFIED" | "DELETED";
  /** `apps/deployments`, `/pods`. */
  readonly storage: string;
  /** `default/web`, or the bare name of a cluster-scoped object. Lists are in the order of keys. */
  readonly key: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** JSON, byte for byte what a client gets. */
  readonly text: string;
  readonly labels: Fields;
  readonly fields: Fields;
}

/** Names one object. */
export interface HistoryRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** What reading at a revision gives. */
export type Snapshot =
  | { readonly kind: "state"; readonly revision: number; readonly versions: readonly StoredVersion[] }
  /** The revision was compacted away. */
  | { readonly kind: "expired" }
  /** The revision has not come yet. */
  | { readonly kind: "future" };

export interface HistoryOptions {
  readonly clock?: Clock;
  readonly resources?: ResourceRegistry;
}

/**
 * Objects with their past. Writing is synchronous: when a call returns, every subscriber has heard of it, in the order of
 * revisions; only what a subscriber itself writes is told after it returns.
 */
export class ClusterHistory {
  readonly resources: ResourceRegistry;
  readonly #clock: Clock;
  readonly #objects = new Map<string, Map<string, StoredVersion[]>>();
  readonly #log = new Map<string, StoredVersion[]>();
  readonly #listeners = new Set<(version: StoredVersion) => void>();
  readonly #onRestore = new Set<() => void>();
  readonly #untold: StoredVersion[] = [];
  #revision = 1;
  #compacted = 0;

  constructor(options: HistoryOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.resources = options.resources ?? new ResourceRegistry();
  }

  /** The newest revision. */
  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision that can be read exactly; 0 before any compaction. */
  get compactedRevision(): number {
    return this.#compacted;
  }

  /**
   * Stores a new object. Adds `uid`, `creationTimestamp`, `generation` and (where the kind has one) the namespace
   * `default` unless they are given; always sets `resourceVersion`.
   * @throws Error when the kind is not served or the object exists.
   */
  create(input: KubeObject | string): StoredVersion {
    const text = typeof input === "string" ? input : JSON.stringify(input);
    const object = decodeKubeObject(text);
    const definition = this.#definitionOf(object);
    const namespace = definition.namespaced ? (object.metadata.namespace ?? "default") : undefined;
    const key = keyOf(namespace, object.metadata.name);
    if (this.get(definition.storage, key) !== undefined) throw new Error(`${definition.plural} "${key}" already exists`);
    const revision = this.#revision + 1;
    return this.#store(
      "ADDED",
      definition.storage,
      withMetadata(text, {
        namespace,
        uid: object.metadata.uid ?? randomUid(this.#clock),
        resourceVersion: String(revision),
        generation: definition.generation ? (numberAt(object, "metadata", "generation") ?? 1) : undefined,
        creationTimestamp: textAt(object, "metadata", "creationTimestamp") ?? secondsTime(this.#clock.now()),
      }),
    );
  }

  /**
   * Replaces an object. Identity and creation time stay, `generation` rises when `spec` changed. A replacement that
   * changes nothing is no version, as in `etcd3/store.go GuaranteedUpdate`. Taking the last finalizer from an object
   * whose deletion was requested removes it (`registry/store.go ShouldDeleteDuringUpdate`).
   * @throws Error when there is no such object.
   */
  update(input: KubeObject | string): StoredVersion {
    const text = typeof input === "string" ? input : JSON.stringify(input);
    const object = decodeKubeObject(text);
    const definition = this.#definitionOf(object);
    const before = this.#existing(definition, object.metadata.namespace, object.metadata.name);
    const old = decodeKubeObject(before.text);
    const specChanged = memberText(text, "spec") !== memberText(before.text, "spec");
    const kept = {
      namespace: before.namespace,
      uid: before.uid,
      resourceVersion: String(before.revision),
      generation: definition.generation ? (numberAt(old, "metadata", "generation") ?? 1) + (specChanged ? 1 : 0) : undefined,
      creationTimestamp: textAt(old, "metadata", "creationTimestamp"),
      deletionTimestamp: textAt(old, "metadata", "deletionTimestamp"),
      deletionGracePeriodSeconds: numberAt(old, "metadata", "deletionGracePeriodSeconds"),
    };
    const replacement = withMetadata(text, kept);
    if (replacement === before.text) return before;
    if (kept.deletionTimestamp !== undefined && isDeletable(object, kept.deletionGracePeriodSeconds)) return this.#delete(before);
    return this.#store("MODIFIED", before.storage, withMetadata(replacement, { resourceVersion: String(this.#revision + 1) }));
  }

  /** Reads an object, lets `change` make a new one of it, and stores that. */
  modify(ref: HistoryRef, change: (object: KubeObject) => KubeObject): StoredVersion {
    return this.update(change(decodeKubeObject(this.#existing(this.#definitionOf(ref), ref.namespace, ref.name).text)));
  }

  /** Removes objects at once. All of them share one revision, as the Events of one expired etcd lease do. */
  remove(...refs: readonly HistoryRef[]): readonly StoredVersion[] {
    const doomed = refs.map((ref) => this.#existing(this.#definitionOf(ref), ref.namespace, ref.name));
    for (const crd of doomed.filter((version) => version.storage === CRD_STORAGE)) this.#removeInstances(crd);
    const revision = this.#revision + 1;
    return doomed.map((version) => this.#delete(version, revision));
  }

  /**
   * Marks an object as being deleted: `deletionTimestamp` is now plus the grace period. Without grace and without
   * finalizers it is removed.
   */
  requestDeletion(ref: HistoryRef, graceSeconds: number = 0): StoredVersion {
    const definition = this.#definitionOf(ref);
    const before = this.#existing(definition, ref.namespace, ref.name);
    const object = decodeKubeObject(before.text);
    if (isDeletable(object, graceSeconds)) return this.remove(ref)[0] ?? before;
    return this.#store(
      "MODIFIED",
      before.storage,
      withMetadata(before.text, {
        resourceVersion: String(this.#revision + 1),
        generation: definition.generation ? (numberAt(object, "metadata", "generation") ?? 1) + 1 : undefined,
        deletionTimestamp: secondsTime(this.#clock.now() + graceSeconds * 1_000),
        deletionGracePeriodSeconds: graceSeconds,
      }),
    );
  }

  /** Forgets versions that were replaced before `revision`. Reads at older revisions answer `expired` from now on. */
  compact(revision: number): void {
    this.#compacted = Math.max(this.#compacted, Math.min(revision, this.#revision));
    for (const objects of this.#objects.values()) {
      for (const [key, versions] of objects) {
        const kept = versions.filter((version, at) => isKept(version, versions[at + 1], this.#compacted));
        if (kept.length === 0) objects.delete(key);
        else objects.set(key, kept);
      }
    }
    for (const [storage, versions] of this.#log) {
      this.#log.set(
        storage,
        versions.filter((version) => version.revision >= this.#compacted),
      );
    }
  }

  /**
   * Puts the cluster back to an earlier revision, as a restored backup of etcd does: what came later has never been, and
   * its revisions are given out again.
   * @throws Error when the revision is compacted or has not come yet.
   */
  restore(revision: number): void {
    if (revision > this.#revision || revision < this.#compacted) throw new Error(`revision ${revision} cannot be restored`);
    const kinds = this.#customKinds();
    for (const objects of this.#objects.values()) {
      for (const [key, versions] of objects) {
        const kept = versions.filter((version) => version.revision <= revision);
        if (kept.length === 0) objects.delete(key);
        else objects.set(key, kept);
      }
    }
    for (const [storage, versions] of this.#log) {
      this.#log.set(
        storage,
        versions.filter((version) => version.revision <= revision),
      );
    }
    this.#revision = revision;
    const restored = this.#customKinds();
    for (const storage of kinds.keys()) if (!restored.has(storage)) this.resources.forget(storage);
    for (const crd of restored.values()) this.resources.define(crd);
    for (const listener of this.#onRestore) listener();
  }

  /** Hears of every restore, after it; the returned function ends it. */
  onRestore(listener: () => void): () => void {
    this.#onRestore.add(listener);
    return () => this.#onRestore.delete(listener);
  }

  /** Begins with a state whose past nobody can ask for: one version of each object, and the revision that the cluster stands at. */
  seed(versions: readonly StoredVersion[], revision: number): void {
    for (const version of versions) {
      const objects = this.#objects.get(version.storage) ?? new Map<string, StoredVersion[]>();
      this.#objects.set(version.storage, objects);
      objects.set(version.key, [version]);
      this.#revision = Math.max(this.#revision, version.revision);
    }
    this.#revision = Math.max(this.#revision, revision);
    this.#compacted = this.#revision;
  }

  /**
   * Stores a version as it once was, under its own revision. Versions must come in the order of revisions.
   * @throws Error when the text is no Kubernetes object
   */
  replay(storage: string, text: string, isDeleted: boolean): StoredVersion {
    const { name, namespace } = decodeKubeObject(text).metadata;
    const isThere = this.get(storage, keyOf(namespace, name)) !== undefined;
    return this.#store(isDeleted ? "DELETED" : isThere ? "MODIFIED" : "ADDED", storage, text);
  }

  /** Makes the revision counter jump, as a restored backup or other tenants of the cluster do. */
  skipTo(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  /** The object that exists now. */
  get(storage: string, key: string): StoredVersion | undefined {
    const newest = this.#objects.get(storage)?.get(key)?.at(-1);
    return newest?.change === "DELETED" ? undefined : newest;
  }

  /** All objects of a storage as they were at `revision` (now, unless given), in the order of their keys. */
  read(storage: string, revision: number = this.#revision): Snapshot {
    if (revision > this.#revision) return { kind: "future" };
    if (revision < this.#compacted) return { kind: "expired" };
    const versions: StoredVersion[] = [];
    for (const past of this.#objects.get(storage)?.values() ?? []) {
      const then = past.findLast((version) => version.revision <= revision);
      if (then !== undefined && then.change !== "DELETED") versions.push(then);
    }
    return { kind: "state", revision, versions: versions.sort((a, b) => compareKeys(a.key, b.key)) };
  }

  /** Every version of a storage after `revision`, oldest first; compacted ones are missing. */
  since(storage: string, revision: number): readonly StoredVersion[] {
    const versions = this.#log.get(storage) ?? [];
    return versions.slice(versions.findLastIndex((version) => version.revision <= revision) + 1);
  }

  /** All retained versions of one object, oldest first. */
  versionsOf(storage: string, key: string): readonly StoredVersion[] {
    return this.#objects.get(storage)?.get(key) ?? [];
  }

  /** The version before this one, for selectors that an object starts or stops to match. */
  previousOf(version: StoredVersion): StoredVersion | undefined {
    return this.versionsOf(version.storage, version.key).findLast((other) => other.revision < version.revision);
  }

  /** Hears of every version as it is stored; the returned function ends it. */
  subscribe(listener: (version: StoredVersion) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #store(change: StoredVersion["change"], storage: string, text: string): StoredVersion {
    const object = decodeKubeObject(text);
    const namespace = object.metadata.namespace;
    const version: StoredVersion = {
      revision: Number(textAt(object, "metadata", "resourceVersion")),
      change,
      storage,
      key: keyOf(namespace, object.metadata.name),
      namespace,
      name: object.metadata.name,
      uid: object.metadata.uid ?? "",
      at: this.#clock.now(),
      text,
      labels: textMapAt(object, "metadata", "labels"),
      fields: fieldsOf(storage, object),
    };
    this.#revision = Math.max(this.#revision, version.revision);
    appendTo(this.#log, storage, version);
    const objects = this.#objects.get(storage) ?? new Map<string, StoredVersion[]>();
    this.#objects.set(storage, objects);
    appendTo(objects, version.key, version);
    if (storage === CRD_STORAGE) this.#serve(version, object);
    this.#tell(version);
    return version;
  }

  /** A listener that writes must not make others hear the newer version first: versions wait in line. */
  #tell(version: StoredVersion): void {
    this.#untold.push(version);
    if (this.#untold.length > 1) return;
    for (let next: StoredVersion | undefined = version; next !== undefined; next = this.#untold[0]) {
      for (const listener of this.#listeners) listener(next);
      this.#untold.shift();
    }
  }

  #delete(version: StoredVersion, revision: number = this.#revision + 1): StoredVersion {
    return this.#store("DELETED", version.storage, withMetadata(version.text, { resourceVersion: String(revision) }));
  }

  #serve(version: StoredVersion, crd: KubeObject): void {
    if (version.change === "DELETED") this.resources.forget(customStorage(crd));
    else this.resources.define(crd);
  }

  /** CustomResourceDefinitions by the storage that they define. */
  #customKinds(): Map<string, KubeObject> {
    const crds = this.read(CRD_STORAGE);
    const objects = crds.kind === "state" ? crds.versions.map((version) => decodeKubeObject(version.text)) : [];
    return new Map(objects.map((crd) => [customStorage(crd), crd]));
  }

  /** The finalizer `customresourcecleanup.apiextensions.k8s.io` deletes every instance before the kind goes. */
  #removeInstances(crd: StoredVersion): void {
    const instances = this.read(customStorage(decodeKubeObject(crd.text)));
    if (instances.kind === "state") for (const instance of instances.versions) this.#delete(instance);
  }

  #definitionOf(object: { readonly apiVersion: string; readonly kind: string }): ResourceDefinition {
    const definition = this.resources.byKind(object.apiVersion, object.kind);
    if (definition === undefined) throw new Error(`no kind ${object.kind} in ${object.apiVersion}`);
    return definition;
  }

  #existing(definition: ResourceDefinition, namespace: string | undefined, name: string): StoredVersion {
    const key = keyOf(definition.namespaced ? (namespace ?? "default") : undefined, name);
    const version = this.get(definition.storage, key);
    if (version === undefined) throw new Error(`${definition.plural} "${key}" not found`);
    return version;
  }
}

/** `default/web`, or the bare name of a cluster-scoped object. */
export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** A time as `metav1.Time` is written: UTC, whole seconds. */
export function secondsTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A random uid (UUID version 4) from the clock's numbers, so that a seeded clock gives the same ones again. */
export function randomUid(clock: Clock): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(clock.random() * 16).toString(16)).join("");
  const variant = "89ab"[Math.floor(clock.random() * 4)] ?? "8";
  const parts = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20),
  ];
  return parts.join("-");
}

function customStorage(crd: KubeObject): string {
  return storageOf(textAt(crd, "spec", "group") ?? "", textAt(crd, "spec", "names", "plural") ?? "");
}

function isDeletable(object: KubeObject, graceSeconds: number | undefined): boolean {
  return listAt(object, "metadata", "finalizers").length === 0 && (graceSeconds ?? 0) === 0;
}

function isKept(version: StoredVersion, next: StoredVersion | undefined, compacted: number): boolean {
  if (version.revision >= compacted) return true;
  const isReplaced = next !== undefined && next.revision <= compacted;
  return !isReplaced && version.change !== "DELETED";
}

function appendTo<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The order of keys in etcd, hence of items in a list. */
export function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

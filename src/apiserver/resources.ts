/**
 * Which kinds are served: the built-in table, and one entry per served version of every CustomResourceDefinition.
 * A kind's `storage` (`apps/deployments`, `/pods`) names where its objects are kept, whatever version asks for them.
 */
import { isObject, listAt, textAt, valueAt } from "./json-value.ts";
import { BUILT_IN } from "./resource-table.ts";

/** One kind at one version. */
export interface ResourceDefinition {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly string[];
  readonly generation: boolean;
  readonly custom: boolean;
  /** False for Events: read straight from etcd, hence no bookmarks and no window (kubernetes #96052, `DefaultWatchCacheSizes`). */
  readonly watchCache: boolean;
  readonly storage: string;
}

/** What happened to a custom kind. `changed` and `removed` tear down its watch cache. */
export interface ResourceChange {
  readonly change: "added" | "changed" | "removed";
  readonly storage: string;
}

/** Where CustomResourceDefinitions are kept. */
export const CRD_STORAGE = "apiextensions.k8s.io/customresourcedefinitions";

export class ResourceRegistry {
  readonly #builtIn: readonly ResourceDefinition[];
  readonly #custom = new Map<string, { readonly spec: string; readonly definitions: readonly ResourceDefinition[] }>();
  readonly #listeners = new Set<(change: ResourceChange) => void>();
  #all: readonly ResourceDefinition[];

  /** `definitions`: what is served beside CustomResourceDefinitions; the built-in table unless given. */
  constructor(definitions: readonly ResourceDefinition[] = builtInDefinitions()) {
    this.#builtIn = definitions;
    this.#all = definitions;
  }

  /** Every kind at every served version. */
  all(): readonly ResourceDefinition[] {
    return this.#all;
  }

  /** By REST name, as a path has it. */
  byPlural(apiVersion: string, plural: string): ResourceDefinition | undefined {
    return this.all().find((definition) => definition.apiVersion === apiVersion && definition.plural === plural);
  }

  /** By kind, as an object has it. */
  byKind(apiVersion: string, kind: string): ResourceDefinition | undefined {
    return this.all().find((definition) => definition.apiVersion === apiVersion && definition.kind === kind);
  }

  /** Serves what a CustomResourceDefinition object says, replacing what it said before. */
  define(crd: unknown): void {
    const definitions = customDefinitions(crd);
    const storage = definitions[0]?.storage;
    if (storage === undefined) return;
    const spec = JSON.stringify(valueAt(crd, "spec"));
    const before = this.#custom.get(storage);
    this.#custom.set(storage, { spec, definitions });
    this.#collect();
    if (before === undefined) this.#tell({ change: "added", storage });
    else if (before.spec !== spec) this.#tell({ change: "changed", storage });
  }

  /** Stops serving the kind that is kept in `storage`. */
  forget(storage: string): void {
    if (!this.#custom.delete(storage)) return;
    this.#collect();
    this.#tell({ change: "removed", storage });
  }

  /** Hears of custom kinds; the returned function ends it. */
  subscribe(listener: (change: ResourceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #collect(): void {
    this.#all = [...this.#builtIn, ...[...this.#custom.values()].flatMap((entry) => entry.definitions)];
  }

  #tell(change: ResourceChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** The row of the built-in table, by REST name. */
export function builtInDefinition(apiVersion: string, plural: string): ResourceDefinition | undefined {
  return builtInDefinitions().find((definition) => definition.apiVersion === apiVersion && definition.plural === plural);
}

/** The group's storage name of a CustomResourceDefinition. */
export function storageOf(group: string, plural: string): string {
  return `${group}/${plural}`;
}

function builtInDefinitions(): ResourceDefinition[] {
  return Object.entries(BUILT_IN).flatMap(([apiVersion, rows]) => {
    const [group, version] = splitApiVersion(apiVersion);
    return rows.map((row) => ({
      group,
      version,
      apiVersion,
      plural: row.plural,
      singular: row.kind.toLowerCase(),
      kind: row.kind,
      listKind: `${row.kind}List`,
      namespaced: row.clusterScoped !== true,
      shortNames: row.shortNames ?? [],
      categories: row.categories ?? [],
      subresources: row.subresources ?? [],
      generation: row.generation === true,
      custom: false,
      watchCache: row.kind !== "Event",
      storage: storageOf(group, row.plural),
    }));
  });
}

function customDefinitions(crd: unknown): ResourceDefinition[] {
  const names = valueAt(crd, "spec", "names");
  const group = textAt(crd, "spec", "group");
  const plural = textAt(names, "plural");
  const kind = textAt(names, "kind");
  if (group === undefined || plural === undefined || kind === undefined) return [];
  return listAt(crd, "spec", "versions")
    .filter(isServed)
    .map((version) => ({
      group,
      version: version.name,
      apiVersion: `${group}/${version.name}`,
      plural,
      singular: textAt(names, "singular") ?? kind.toLowerCase(),
      kind,
      listKind: textAt(names, "listKind") ?? `${kind}List`,
      namespaced: textAt(crd, "spec", "scope") !== "Cluster",
      shortNames: listAt(names, "shortNames").filter((name) => typeof name === "string"),
      categories: listAt(names, "categories").filter((name) => typeof name === "string"),
      subresources: [],
      generation: true,
      custom: true,
      watchCache: true,
      storage: storageOf(group, plural),
    }));
}

function isServed(version: unknown): version is { readonly name: string } {
  return isObject(version) && typeof version["name"] === "string" && version["served"] !== false;
}

function splitApiVersion(apiVersion: string): readonly [string, string] {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}

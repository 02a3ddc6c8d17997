/**
 * Discovery documents: `apidiscovery.k8s.io` v2 and v2beta1, and the legacy `APIVersions`, `APIGroupList` and
 * `APIResourceList`. Entries that make no sense are left out: one broken aggregated API must not hide the others.
 */
import type { ApiResource } from "./api-resource.ts";
import { isMapping } from "./fields.ts";

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

export interface GroupVersionResources extends GroupVersion {
  /** Its server does not answer; what it serves is not known now. */
  readonly isStale: boolean;
  readonly resources: readonly ApiResource[];
}

type Mapping = Readonly<Record<string, unknown>>;

/** `APIGroupDiscoveryList`: groups in the server's order, versions in order of preference. */
export function decodeAggregated(document: unknown): readonly GroupVersionResources[] {
  return mappings(document, "items").flatMap((item) => {
    const group = text(mapping(item["metadata"]), "name");
    return mappings(item, "versions").map((entry) => {
      const version = text(entry, "version");
      const resources = mappings(entry, "resources").map((resource) => aggregatedResource(resource, { group, version }));
      return { group, version, isStale: text(entry, "freshness") === "Stale", resources: resources.filter(isCollection) };
    });
  });
}

function aggregatedResource(entry: Mapping, { group, version }: GroupVersion): ApiResource {
  return resourceOf({
    group,
    version,
    plural: text(entry, "resource"),
    singular: text(entry, "singularResource"),
    kind: text(mapping(entry["responseKind"]), "kind"),
    namespaced: text(entry, "scope") === "Namespaced",
    entry,
  });
}

/** The versions of `/api`. */
export function decodeCoreVersions(document: unknown): readonly GroupVersion[] {
  return texts(mapping(document), "versions").map((version) => ({ group: "", version }));
}

/** The group versions of `/apis`, the preferred one of each group first. */
export function decodeGroups(document: unknown): readonly GroupVersion[] {
  return mappings(document, "groups").flatMap((entry) => {
    const group = text(entry, "name");
    const preferred = text(mapping(entry["preferredVersion"]), "version");
    const versions = mappings(entry, "versions").map((version) => text(version, "version"));
    const ordered = [preferred, ...versions.filter((version) => version !== preferred)];
    return ordered.filter((version) => version !== "").map((version) => ({ group, version }));
  });
}

/** `APIResourceList`: the kinds of one group version, without subresources. */
export function decodeResourceList(document: unknown, { group, version }: GroupVersion): readonly ApiResource[] {
  const resources = mappings(document, "resources").map((entry) =>
    resourceOf({
      group,
      version,
      plural: text(entry, "name"),
      singular: text(entry, "singularName"),
      kind: text(entry, "kind"),
      namespaced: entry["namespaced"] === true,
      entry,
    }),
  );
  return resources.filter(isCollection);
}

interface ResourceFacts extends Pick<ApiResource, "group" | "version" | "plural" | "singular" | "kind" | "namespaced"> {
  readonly entry: Mapping;
}

function resourceOf({ entry, ...facts }: ResourceFacts): ApiResource {
  return {
    ...facts,
    apiVersion: facts.group === "" ? facts.version : `${facts.group}/${facts.version}`,
    // Servers before 1.27 leave the singular of built-in kinds out.
    singular: facts.singular === "" ? facts.kind.toLowerCase() : facts.singular,
    verbs: texts(entry, "verbs"),
    shortNames: texts(entry, "shortNames"),
    categories: texts(entry, "categories"),
  };
}

/** Reviews and bindings can only be created, `pods/log` is no kind: neither can be listed. */
function isCollection(resource: ApiResource): boolean {
  return resource.kind !== "" && resource.plural !== "" && !resource.plural.includes("/") && resource.verbs.includes("list");
}

function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}

function mappings(value: unknown, key: string): readonly Mapping[] {
  const list = mapping(value)[key];
  return Array.isArray(list) ? list.filter(isMapping) : [];
}

function text(value: Mapping, key: string): string {
  const found = value[key];
  return typeof found === "string" ? found : "";
}

function texts(value: Mapping, key: string): readonly string[] {
  const list = value[key];
  return Array.isArray(list) ? list.filter((item): item is string => typeof item === "string") : [];
}

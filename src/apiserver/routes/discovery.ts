/** Discovery documents: the older ones (`/api`, `/apis`, one list per group and version) and the aggregated one (KEP-3352). */
import { createHash } from "node:crypto";
import type { ResourceDefinition, ResourceRegistry } from "../resources.ts";

const VERBS = ["get", "list", "watch"];

export interface GroupDocument {
  readonly kind?: "APIGroup";
  readonly apiVersion?: "v1";
  readonly name: string;
  readonly versions: readonly GroupVersion[];
  readonly preferredVersion: GroupVersion;
}

interface GroupVersion {
  readonly groupVersion: string;
  readonly version: string;
}

/** `/api`. */
export function coreVersions(address: string): unknown {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
  };
}

/** `/apis`. */
export function groupList(resources: ResourceRegistry): unknown {
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: groupNames(resources).map((group) => groupDocument(resources, group)),
  };
}

/** `/apis/<group>`, or `undefined` when there is no such group. */
export function oneGroup(resources: ResourceRegistry, group: string): unknown {
  if (!groupNames(resources).includes(group)) return undefined;
  return { kind: "APIGroup", apiVersion: "v1", ...groupDocument(resources, group) };
}

/** `/api/v1` or `/apis/<group>/<version>`, or `undefined` when that is not served. */
export function resourceList(resources: ResourceRegistry, apiVersion: string): unknown {
  const definitions = resources.all().filter((definition) => definition.apiVersion === apiVersion);
  if (definitions.length === 0) return undefined;
  const rows = definitions.flatMap((definition) => [
    resourceRow(definition),
    ...definition.subresources.map((name) => subresourceRow(definition, name)),
  ]);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersion, resources: rows };
}

/** The aggregated document of `/api` (`core`) or `/apis`, with its `ETag`. */
export function aggregated(
  resources: ResourceRegistry,
  core: boolean,
  unavailable: ReadonlySet<string> = new Set(),
): { readonly body: string; readonly etag: string } {
  const groups = core ? [""] : groupNames(resources);
  const body = JSON.stringify({
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map((group) => aggregatedGroup(resources, group, !unavailable.has(group))),
  });
  return { body, etag: `"${createHash("sha256").update(body).digest("hex").toUpperCase()}"` };
}

/** What `Accept` must ask for, parameters in this order (client-go `discovery AcceptV2`). */
export const AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

function groupNames(resources: ResourceRegistry): string[] {
  return [...new Set(resources.all().map((definition) => definition.group))].filter((group) => group !== "");
}

function versionsOf(resources: ResourceRegistry, group: string): string[] {
  return [
    ...new Set(
      resources
        .all()
        .filter((definition) => definition.group === group)
        .map((definition) => definition.version),
    ),
  ];
}

function groupDocument(resources: ResourceRegistry, group: string): GroupDocument {
  const versions = versionsOf(resources, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  const preferredVersion = versions[0] ?? { groupVersion: group, version: "" };
  return { name: group, versions, preferredVersion };
}

function resourceRow(definition: ResourceDefinition): unknown {
  return {
    name: definition.plural,
    singularName: definition.singular,
    namespaced: definition.namespaced,
    kind: definition.kind,
    verbs: VERBS,
    ...(definition.shortNames.length === 0 ? {} : { shortNames: definition.shortNames }),
    ...(definition.categories.length === 0 ? {} : { categories: definition.categories }),
  };
}

function subresourceRow(definition: ResourceDefinition, name: string): unknown {
  return {
    name: `${definition.plural}/${name}`,
    singularName: "",
    namespaced: definition.namespaced,
    kind: definition.kind,
    verbs: ["get"],
  };
}

function aggregatedGroup(resources: ResourceRegistry, group: string, isCurrent: boolean): unknown {
  return {
    metadata: group === "" ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
    versions: versionsOf(resources, group).map((version) => ({
      version,
      resources: resources
        .all()
        .filter((definition) => definition.group === group && definition.version === version)
        .map(aggregatedRow),
      freshness: isCurrent ? "Current" : "Stale",
    })),
  };
}

function aggregatedRow(definition: ResourceDefinition): unknown {
  const responseKind = { group: definition.group, version: definition.version, kind: definition.kind };
  const subresources = definition.subresources.map((subresource) => ({ subresource, responseKind, verbs: ["get"] }));
  return {
    resource: definition.plural,
    responseKind,
    scope: definition.namespaced ? "Namespaced" : "Cluster",
    singularResource: definition.singular,
    verbs: VERBS,
    ...(definition.shortNames.length === 0 ? {} : { shortNames: definition.shortNames }),
    ...(definition.categories.length === 0 ? {} : { categories: definition.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

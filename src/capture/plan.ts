/** What to follow: requests, namespaces and discovery in, watch targets out. Pure. */
import { FaroError } from "../base/index.ts";
import {
  type ApiResource,
  describeResource,
  type Discovery,
  resolveResource,
  resourceName,
  type Wanted,
} from "../cluster/index.ts";
import type { ResourceName, RootSelection } from "../record/index.ts";
import { scopeOf, type WatchTarget } from "../sources/index.ts";
import type { CaptureOptions } from "./options.ts";
import type { CapturePlan, PlannedScope } from "./plan-types.ts";
import { groupKind, isRecordable, kindsNamed, NAMED_BY_OBJECTS, preferred, type RelatedKind, relatedKinds } from "./related.ts";

/** A watch target with the reason why it is followed. */
export interface Followed {
  readonly target: WatchTarget;
  readonly scope: string;
  readonly why: string;
  readonly isRoot: boolean;
  /** It can explain a root and is no part of it: when it may not be read, that is said, and the story is whole without it. */
  readonly isContext: boolean;
}

/** A requested kind that the cluster does not serve yet. */
export interface Awaited {
  readonly text: string;
  readonly wanted: Wanted;
}

export interface Plan {
  readonly roots: readonly ApiResource[];
  readonly selection: RootSelection;
  readonly followed: readonly Followed[];
  /** Kinds that are followed once an object of a story names one of them. */
  readonly deferred: readonly RelatedKind[];
  readonly awaited: readonly Awaited[];
}

type PlanOptions = Pick<
  CaptureOptions,
  "resources" | "names" | "namespaces" | "selector" | "related" | "requireKinds" | "includeLogs"
>;

/**
 * Decides what a capture follows on a cluster that serves `discovery`.
 * @throws FaroError `FARO_UNKNOWN_KIND`, `FARO_AMBIGUOUS_KIND` for a request that names no kind, or more than one.
 */
export function makePlan(options: PlanOptions, discovery: Discovery): Plan {
  const requests = options.resources.map((request) =>
    resolveRequest(request.text, request.name, options.requireKinds, discovery),
  );
  const roots = distinctResources(requests.flatMap((request) => request.resources));
  const namesOf = namesByResource(requests);
  const selection: RootSelection = {
    resources: roots.map(resourceName),
    names: options.names,
    ...(namesOf.size === 0 ? {} : { namesOf: Object.fromEntries(namesOf) }),
    namespaces: options.namespaces,
    selector: options.selector,
  };
  const related = resolveRelated(options.related, discovery);
  const awaited = requests.flatMap((request) => request.awaited);
  const kinds = relatedKinds(roots, { related, hasUnknownRoots: awaited.length > 0 }, discovery.resources);
  const events = discovery.resources.find((resource) => resource.plural === "events" && resource.group === "");
  const wide = roots.some((root) => !root.namespaced);
  const followed = distinctScopes([
    ...roots.flatMap((resource) =>
      targets(resource, options, { name: onlyName(namesOf.get(resourceName(resource)) ?? options.names), wide: false }).map(
        (target) => follow(target, { why: "root", isRoot: true, isContext: false }),
      ),
    ),
    ...kinds.flatMap(({ resource, why, isContext }) =>
      targets(resource, options, { name: undefined, wide }).map((target) => follow(target, { why, isRoot: false, isContext })),
    ),
    ...(events === undefined ? [] : eventTargets(events, options, roots)).map((target) =>
      follow(target, { why: "Kubernetes Events", isRoot: false, isContext: false }),
    ),
  ]);
  const deferred = related === "auto" ? deferredKinds(followed, discovery) : [];
  return { roots, selection, followed, deferred, awaited };
}

/** What may be named by the objects that are followed, and is not followed itself. */
function deferredKinds(followed: readonly Followed[], discovery: Discovery): readonly RelatedKind[] {
  const known = new Set(followed.map(({ target }) => groupKind(target.resource)));
  if (!known.has("Pod")) return [];
  const candidates = preferred(discovery.resources).filter(isRecordable);
  return NAMED_BY_OBJECTS.filter(([kind]) => !known.has(kind)).flatMap(([kind, why]) =>
    kindsNamed([kind], candidates).map((resource) => ({ resource, why, isContext: true })),
  );
}

/** The same, as `--dry-run` shows it. */
export function describePlan(
  plan: Plan,
  options: PlanOptions,
  server: { readonly url: string; readonly version: string },
): CapturePlan {
  const pods = plan.followed.some(({ target }) => groupKind(target.resource) === "Pod");
  return {
    server: server.url,
    serverVersion: server.version,
    namespaces: options.namespaces,
    scopes: [
      ...plan.followed,
      ...plan.deferred.flatMap(({ resource, why }) =>
        targets(resource, options, { name: undefined, wide: false }).map((target) =>
          follow(target, { why, isRoot: false, isContext: true }),
        ),
      ),
    ].map(describeScope),
    waitingFor: plan.awaited.map(({ text }) => text),
    logs: options.includeLogs && pods,
    logsWhy: !options.includeLogs
      ? "--include-logs=false"
      : pods
        ? "containers of the pods that belong to a root"
        : "no pods are followed",
  };
}

function describeScope({ target, scope, why }: Followed): PlannedScope {
  const { resource, namespace, name, metadataOnly } = target;
  return {
    scope,
    resourceType: describeResource(resource),
    plural: resource.plural,
    group: resource.group,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    verbs: ["list", "watch"],
    why,
    metadataOnly,
  };
}

interface ResolvedRequest {
  readonly resources: readonly ApiResource[];
  readonly name: string | undefined;
  readonly awaited: readonly Awaited[];
}

function resolveRequest(text: string, name: string | undefined, requireKinds: boolean, discovery: Discovery): ResolvedRequest {
  const resolution = resolveResource(text, discovery);
  switch (resolution.outcome) {
    case "found": {
      const listed = resolution.resources.filter((resource) => resource.verbs.includes("list"));
      const resources = listed.map((resource) => ofOneStorage(resource, discovery));
      if (resources.length === 0) {
        throw new FaroError("FARO_UNKNOWN_KIND", `cannot record ${text}: the API server does not let it be listed`, {
          hint: "choose a kind with the verbs list and watch: kubectl api-resources --verbs=list,watch",
        });
      }
      return { resources, name: name ?? resolution.name, awaited: [] };
    }
    case "ambiguous":
      throw new FaroError("FARO_AMBIGUOUS_KIND", resolution.message, {
        hint: `say which one: ${resolution.candidates.map((candidate) => `--resource=${describeResource(candidate)}`).join(" or ")}`,
        details: { candidates: resolution.candidates.map(describeResource) },
      });
    case "near":
      throw new FaroError("FARO_UNKNOWN_KIND", resolution.message, { hint: `write --resource=${resolution.suggestion}` });
    case "not-served":
      if (requireKinds) {
        throw new FaroError("FARO_UNKNOWN_KIND", resolution.message, {
          hint: "without --require-kinds Faro waits until the cluster serves it",
        });
      }
      return { resources: [], name: name ?? resolution.name, awaited: [{ text, wanted: resolution.wanted }] };
  }
}

/** Both APIs of Events read one storage (kubernetes `registry/core/event`): `v1` stands for it, so that no version comes twice. */
function ofOneStorage(resource: ApiResource, discovery: Discovery): ApiResource {
  if (resource.group !== "events.k8s.io" || resource.plural !== "events") return resource;
  return discovery.resources.find(({ group, plural }) => group === "" && plural === "events") ?? resource;
}

function resolveRelated(related: CaptureOptions["related"], discovery: Discovery): CaptureOptions["related"] {
  if (typeof related === "string") return related;
  return related.flatMap((text) => resolveRequest(text, undefined, true, discovery).resources.map(resourceName));
}

export function targets(
  resource: ApiResource,
  options: Pick<PlanOptions, "namespaces">,
  how: { readonly name: string | undefined; readonly wide: boolean },
): WatchTarget[] {
  const metadataOnly = groupKind(resource) === "Secret";
  const base = { resource, metadataOnly, ...(how.name === undefined ? {} : { name: how.name }) };
  if (!resource.namespaced || how.wide || options.namespaces.length === 0) return [base];
  return options.namespaces.map((namespace) => ({ ...base, namespace }));
}

/** Events of cluster-scoped objects are in `default`: client-go `tools/record` puts an Event without a namespace there. */
function eventTargets(events: ApiResource, options: PlanOptions, roots: readonly ApiResource[]): WatchTarget[] {
  const own = targets(events, options, { name: undefined, wide: false });
  const hasClusterScoped = roots.some((root) => !root.namespaced);
  const inDefault = { resource: events, metadataOnly: false, namespace: "default" };
  return hasClusterScoped && options.namespaces.length > 0 && !options.namespaces.includes("default") ? [...own, inDefault] : own;
}

/** One exact name can be left to the server: less to read, and enough for a Role restricted by `resourceNames`. */
function onlyName(names: readonly string[]): string | undefined {
  const [name] = names;
  return names.length === 1 && name !== undefined && !/[*?]/.test(name) ? name : undefined;
}

/** `deploy/web deploy/api sts/db`: names that were given with their kind. A kind that was also given alone means all of it. */
function namesByResource(requests: readonly ResolvedRequest[]): Map<ResourceName, string[]> {
  const names = new Map<ResourceName, string[]>();
  const whole = new Set(requests.flatMap(({ name, resources }) => (name === undefined ? resources.map(resourceName) : [])));
  for (const { name, resources } of requests) {
    for (const resource of resources.map(resourceName)) {
      if (name !== undefined && !whole.has(resource)) names.set(resource, [...(names.get(resource) ?? []), name]);
    }
  }
  return names;
}

export function follow(target: WatchTarget, how: Pick<Followed, "why" | "isRoot" | "isContext">): Followed {
  const { why, isRoot, isContext } = how;
  return { target, scope: scopeOf(target, resourceName(target.resource)), why, isRoot, isContext };
}

function distinctResources(resources: readonly ApiResource[]): ApiResource[] {
  return [...new Map(resources.map((resource) => [resourceName(resource), resource])).values()];
}

/** One watch per scope; a scope that is both root and related is a root. */
function distinctScopes(followed: readonly Followed[]): Followed[] {
  const scopes = new Map<string, Followed>();
  for (const one of followed) if (!scopes.has(one.scope)) scopes.set(one.scope, one);
  return [...scopes.values()];
}

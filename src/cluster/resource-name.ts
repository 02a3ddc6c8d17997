/**
 * From what people type to the kinds they mean: `apps/v1/Deployment`, `v1/Pod`, `deploy`, `deployments.v1.apps`,
 * `po/web`, `all`. Preference between groups is kubectl's (core, then the server's order) among Kubernetes' own groups;
 * between groups of custom resources Faro asks instead of guessing.
 */
import type { ApiResource } from "./api-resource.ts";
import type { Discovery } from "./discovery.ts";
import { isSlip, meantBy } from "./slip.ts";
import { readings, type Wanted } from "./resource-text.ts";

export type { Wanted } from "./resource-text.ts";

export type ResourceResolution =
  /** Several resources when the text is a category, else one; `name` when it was `TYPE/NAME`. */
  | { readonly outcome: "found"; readonly resources: readonly ApiResource[]; readonly name?: string }
  | { readonly outcome: "ambiguous"; readonly candidates: readonly ApiResource[]; readonly message: string }
  /** A slip: the suggestion is what to type instead. */
  | { readonly outcome: "near"; readonly suggestion: string; readonly message: string }
  /** Nothing like it is served now: it may be, once its CRD is installed. */
  | { readonly outcome: "not-served"; readonly wanted: Wanted; readonly name?: string; readonly message: string };

/** Groups that come with Kubernetes; all others belong to extensions. */
const BUILT_IN: ReadonlySet<string> = new Set([
  "",
  "apps",
  "batch",
  "autoscaling",
  "policy",
  "extensions",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "internal.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
  "storagemigration.k8s.io",
]);

/** Resolves one item of `--resource` or one `TYPE` argument. Never throws. */
export function resolveResource(text: string, discovery: Discovery): ResourceResolution {
  const candidates = readings(text.trim());
  for (const reading of candidates) {
    const matches = discovery.resources.filter((resource) => matchesWanted(reading.wanted, resource));
    if (matches.length > 0) return choose({ text, matches, discovery, name: reading.name, wanted: reading.wanted });
  }
  const [first] = candidates;
  if (first === undefined) return { outcome: "not-served", wanted: {}, message: "a resource is missing" };
  const category = inCategory(first.wanted, discovery);
  if (category.length > 0)
    return { outcome: "found", resources: category, ...(first.name === undefined ? {} : { name: first.name }) };
  // `web/v1` may be group/Kind or TYPE/NAME: a slip in any reading is better than waiting for something odd.
  for (const { wanted } of candidates) {
    const near = nearMiss(wanted, discovery);
    if (near !== undefined) return near;
  }
  return notServed(first.wanted, first.name, discovery);
}

/** `apps/v1/Deployment`: the form that always means one thing. */
export function describeResource(resource: Pick<ApiResource, "apiVersion" | "kind">): string {
  return `${resource.apiVersion}/${resource.kind}`;
}

/** True when the resource is what was asked for. For kinds that appear later. */
export function matchesWanted(wanted: Wanted, resource: ApiResource): boolean {
  if (wanted.group !== undefined && wanted.group !== resource.group) return false;
  if (wanted.version !== undefined && wanted.version !== resource.version) return false;
  if (wanted.kind !== undefined) return namesOf(resource).includes(wanted.kind.toLowerCase());
  return wanted.plural !== undefined && [...namesOf(resource), ...resource.shortNames].includes(wanted.plural);
}

function namesOf(resource: ApiResource): readonly string[] {
  return [resource.kind.toLowerCase(), resource.plural, resource.singular];
}

interface Choice {
  readonly text: string;
  readonly matches: readonly ApiResource[];
  readonly discovery: Discovery;
  readonly name: string | undefined;
  readonly wanted: Wanted;
}

function choose({ text, matches, discovery, name, wanted }: Choice): ResourceResolution {
  // A full name goes before a short name of another kind, and a kind written as the server writes it before one in another case.
  const byName = matches.filter((resource) => namesOf(resource).includes((wanted.kind ?? wanted.plural ?? "").toLowerCase()));
  const byKind = byName.filter((resource) => resource.kind === wanted.kind);
  const best = byKind.length > 0 ? byKind : byName.length > 0 ? byName : matches;
  const preferred = preferredVersions(best, discovery);
  const builtIn = preferred.filter((resource) => isBuiltIn(resource.group));
  // `extensions` held its kinds only until they moved: any other group is the better one.
  const winner =
    preferred.find((resource) => resource.group === "") ??
    builtIn.find((resource) => resource.group !== "extensions") ??
    builtIn[0];
  const [only, another] = preferred;
  if (only !== undefined && (another === undefined || winner !== undefined)) {
    return { outcome: "found", resources: [winner ?? only], ...(name === undefined ? {} : { name }) };
  }
  const list = preferred.map(describeResource).join(", ");
  return { outcome: "ambiguous", candidates: preferred, message: `"${text.trim()}" may be ${list}; name one of them` };
}

/** Of each kind of each group the version that the server prefers, in the server's order of groups. */
function preferredVersions(resources: readonly ApiResource[], discovery: Discovery): readonly ApiResource[] {
  const best = new Map<string, ApiResource>();
  const rank = (resource: ApiResource): number => {
    const index = discovery.groups.find((entry) => entry.group === resource.group)?.versions.indexOf(resource.version) ?? -1;
    return index === -1 ? Number.POSITIVE_INFINITY : index;
  };
  for (const resource of resources) {
    const key = `${resource.group}/${resource.plural}`;
    const known = best.get(key);
    if (known === undefined || rank(resource) < rank(known)) best.set(key, resource);
  }
  return [...best.values()];
}

function isBuiltIn(group: string): boolean {
  return BUILT_IN.has(group);
}

function inCategory(wanted: Wanted, discovery: Discovery): readonly ApiResource[] {
  const { plural } = wanted;
  if (plural === undefined || wanted.group !== undefined || wanted.version !== undefined) return [];
  return preferredVersions(
    discovery.resources.filter((resource) => resource.categories.includes(plural)),
    discovery,
  );
}

function nearMiss(wanted: Wanted, discovery: Discovery): ResourceResolution | undefined {
  const word = wanted.kind ?? wanted.plural;
  if (word === undefined || isWaitedFor(wanted, discovery)) return undefined;
  const reachable = discovery.resources.filter((resource) => isPlausibleGroup(wanted.group, resource.group, discovery));
  const sameName = reachable.filter((resource) => [...namesOf(resource), ...resource.shortNames].includes(word.toLowerCase()));
  const found = sameName.length > 0 ? sameName : mistyped(word, wanted, reachable);
  if (found.length === 0) return undefined;
  const ordered = preferredVersions(inSameGroup(found, wanted), discovery);
  const best =
    ordered.find((resource) => resource.group === "") ?? ordered.find((resource) => isBuiltIn(resource.group)) ?? ordered[0];
  if (best === undefined) return undefined;
  const suggestion = describeResource(best);
  return { outcome: "near", suggestion, message: `no kind ${wantedText(wanted)}; did you mean ${suggestion}?` };
}

/** A group that does not answer now may well serve it. */
function isWaitedFor(wanted: Wanted, discovery: Discovery): boolean {
  const { group, version } = wanted;
  if (group === undefined) return false;
  return discovery.staleGroups.some((stale) =>
    version === undefined ? stale.startsWith(`${group}/`) : stale === `${group}/${version}`,
  );
}

/**
 * Whether somebody who typed the one group may have meant the other. A group with a dot that nobody serves is more
 * probably an operator that is yet to be installed, whose kinds often carry the names of built-in ones.
 */
function isPlausibleGroup(typed: string | undefined, served: string, discovery: Discovery): boolean {
  if (typed === undefined || typed === served || !typed.includes(".")) return true;
  return discovery.groups.some((entry) => entry.group === typed) || isSlip(typed, served);
}

function mistyped(word: string, wanted: Wanted, resources: readonly ApiResource[]): readonly ApiResource[] {
  // With the group given, only its own kinds: `foo.io/v1/Noted` is not a slip for `v1/Node`.
  const pool =
    wanted.group === undefined
      ? resources
      : resources.filter((resource) => resource.group === wanted.group || isSlip(wanted.group ?? "", resource.group));
  const near = meantBy(word, pool.flatMap(namesOf));
  return near === undefined ? [] : pool.filter((resource) => namesOf(resource).includes(near));
}

function inSameGroup(found: readonly ApiResource[], wanted: Wanted): readonly ApiResource[] {
  const same = found.filter((resource) => resource.group === wanted.group);
  return same.length > 0 ? same : found;
}

function notServed(wanted: Wanted, name: string | undefined, discovery: Discovery): ResourceResolution {
  const why = isWaitedFor(wanted, discovery) ? "its API group does not answer now" : "the cluster does not serve it now";
  return {
    outcome: "not-served",
    wanted,
    ...(name === undefined ? {} : { name }),
    message: `no kind ${wantedText(wanted)}: ${why}`,
  };
}

/** `Service in apps/v1`, `Deploymnt`, `Rollout in argoproj.io`. */
function wantedText({ group, version, kind, plural }: Wanted): string {
  const place = [group, version].filter((part) => part !== undefined && part !== "").join("/");
  return `${kind ?? plural ?? ""}${place === "" ? "" : ` in ${place}`}`;
}

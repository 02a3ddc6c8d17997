/**
 * What the API server serves. One or two requests where it knows aggregated discovery (KEP-3352, 1.26+), the walk over
 * `/api`, `/apis` and every group version where it does not. A group whose server is down is unknown, never gone.
 */
import { errorMessage } from "../base/index.ts";
import type { ApiClient, ReadResponse } from "./api-client.ts";
import { ApiFailure } from "./api-failure.ts";
import type { ApiResource } from "./api-resource.ts";
import {
  decodeAggregated,
  decodeCoreVersions,
  decodeGroups,
  decodeResourceList,
  type GroupVersionResources,
} from "./discovery-decode.ts";

/** Parameters in the order g, v, as: client-go says that servers match the text. */
const AGGREGATED = [
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
  "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
  "application/json",
].join(",");

const ROOTS = ["/api", "/apis"] as const;
type Root = (typeof ROOTS)[number];
/** How many group versions are asked for at once in the legacy walk. */
const WALKERS = 8;

export interface Discovery {
  /** Every listable kind in every version served, in the server's order of groups, then of preference. No subresources. */
  readonly resources: readonly ApiResource[];
  /** Group versions, such as `metrics.k8s.io/v1beta1`, whose server does not answer. Their kinds are as last known. */
  readonly staleGroups: readonly string[];
  /** Every group with its versions, the preferred one first. */
  readonly groups: readonly { readonly group: string; readonly versions: readonly string[] }[];
  /** What the next refresh may use again. */
  readonly parts: readonly DiscoveryPart[];
}

/** The answer to one of the two roots. */
export interface DiscoveryPart {
  readonly root: Root;
  readonly etag?: string;
  readonly groupVersions: readonly GroupVersionResources[];
}

/** @throws ApiFailure when neither root can be read, or the server refuses the credentials. */
export function loadDiscovery(client: ApiClient, signal?: AbortSignal): Promise<Discovery> {
  return discover(client, undefined, signal);
}

/** Asks again; what has not changed (ETag, 304) is taken over, and so is what a stale group last served. */
export function refreshDiscovery(client: ApiClient, previous: Discovery, signal?: AbortSignal): Promise<Discovery> {
  return discover(client, previous, signal);
}

async function discover(client: ApiClient, previous: Discovery | undefined, signal: AbortSignal | undefined): Promise<Discovery> {
  const results = await Promise.allSettled(
    ROOTS.map((root) => readRoot({ client, root, previous: previous?.parts.find((part) => part.root === root), signal })),
  );
  const parts = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failures = results.flatMap((result): unknown[] => (result.status === "rejected" ? [result.reason] : []));
  // A server may hide one root from a user (403) or serve none of it (404); everything else is no discovery at all.
  const fatal = failures.find((failure) => parts.length === 0 || !isLimitedTo(failure, [403, 404]));
  if (fatal !== undefined) throw fatal instanceof Error ? fatal : new Error(errorMessage(fatal));
  return assemble(parts);
}

function assemble(parts: readonly DiscoveryPart[]): Discovery {
  const all = parts.flatMap((part) => part.groupVersions);
  const versions = new Map<string, string[]>();
  for (const { group, version } of all) {
    const known = versions.get(group);
    if (known === undefined) versions.set(group, [version]);
    else known.push(version);
  }
  return {
    resources: all.flatMap((groupVersion) => groupVersion.resources),
    staleGroups: all.filter((groupVersion) => groupVersion.isStale).map(nameOf),
    groups: [...versions].map(([group, list]) => ({ group, versions: list })),
    parts,
  };
}

interface RootRead {
  readonly client: ApiClient;
  readonly root: Root;
  readonly previous: DiscoveryPart | undefined;
  readonly signal: AbortSignal | undefined;
}

async function readRoot(read: RootRead): Promise<DiscoveryPart> {
  const { client, root, previous, signal } = read;
  const answer = await client.read({
    path: root,
    accept: AGGREGATED,
    ...(previous?.etag === undefined ? {} : { ifNoneMatch: previous.etag }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.status === 304 && previous !== undefined) return previous;
  const document = decodeJson(answer, root);
  // An old server ignores the parameters and answers the legacy document: only its content type tells.
  const isAggregated = /as=APIGroupDiscoveryList/i.test(answer.headers["content-type"] ?? "");
  const groupVersions = isAggregated ? decodeAggregated(document) : await walk(read, document);
  const etag = isAggregated ? answer.headers["etag"] : undefined;
  // With a stale group the ETag must not be kept: 304 would not say when its server is back.
  const isWhole = groupVersions.every((groupVersion) => !groupVersion.isStale);
  return {
    root,
    ...(etag === undefined || !isWhole ? {} : { etag }),
    groupVersions: groupVersions.map((found) => lastKnown(found, previous)),
  };
}

/** The kinds of a stale group version as they were when it last answered. */
function lastKnown(found: GroupVersionResources, previous: DiscoveryPart | undefined): GroupVersionResources {
  if (!found.isStale || found.resources.length > 0) return found;
  const known = previous?.groupVersions.find((other) => nameOf(other) === nameOf(found));
  return known === undefined ? found : { ...found, resources: known.resources };
}

/** The legacy way: each group version by itself, so that a dead one takes no other with it. */
async function walk({ client, root, signal }: RootRead, document: unknown): Promise<readonly GroupVersionResources[]> {
  const groupVersions = root === "/api" ? decodeCoreVersions(document) : decodeGroups(document);
  const found: GroupVersionResources[] = [];
  let next = 0;
  const walker = async (): Promise<void> => {
    for (let index = next++; index < groupVersions.length; index = next++) {
      const groupVersion = groupVersions[index];
      if (groupVersion !== undefined) found[index] = await readGroupVersion({ client, groupVersion, signal });
    }
  };
  await Promise.all(Array.from({ length: WALKERS }, walker));
  return found;
}

interface GroupVersionRead {
  readonly client: ApiClient;
  readonly groupVersion: { readonly group: string; readonly version: string };
  readonly signal: AbortSignal | undefined;
}

async function readGroupVersion({ client, groupVersion, signal }: GroupVersionRead): Promise<GroupVersionResources> {
  const path = groupVersion.group === "" ? `/api/${groupVersion.version}` : `/apis/${groupVersion.group}/${groupVersion.version}`;
  try {
    const answer = await client.read({ path, ...(signal === undefined ? {} : { signal }) });
    return { ...groupVersion, isStale: false, resources: decodeResourceList(decodeJson(answer, path), groupVersion) };
  } catch (error) {
    if (!(error instanceof ApiFailure) || isLimitedTo(error, [401])) throw error;
    return { ...groupVersion, isStale: true, resources: [] };
  }
}

function isLimitedTo(error: unknown, statuses: readonly number[]): boolean {
  return error instanceof ApiFailure && error.failure.kind === "http" && statuses.includes(error.failure.status);
}

function decodeJson(answer: ReadResponse, path: string): unknown {
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch {
    throw new ApiFailure(`GET ${path}`, {
      kind: "foreign",
      message: "an answer that is no JSON instead of a Kubernetes API's discovery",
    });
  }
}

function nameOf({ group, version }: GroupVersionResources): string {
  return group === "" ? version : `${group}/${version}`;
}

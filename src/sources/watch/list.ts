/**
 * One consistent list of a scope, page by page. Bytes of the items are kept; a page that is not a complete
 * list of Kubernetes is a failure, never an empty list: an empty list deletes everything that was known.
 */
import { elements, members, textField } from "../../base/index.ts";
import { type ApiClient, ApiFailure, type ApiResource, collectionPath, isExpired, type Query } from "../../cluster/index.ts";
import { parseLean } from "./lean-json.ts";
import type { WatchTarget, WireObject } from "./watch-item.ts";
import { identify } from "./watch-line.ts";

/** client-go's pager (`tools/pager`): 500 objects a page. */
const PAGE_LIMIT = 500;

export interface Page {
  readonly items: readonly WireObject[];
  readonly resourceVersion: string;
  readonly continueToken: string;
  /** Items without uid, name or resourceVersion. */
  readonly unidentified: number;
  /** Size of the body. */
  readonly bytes: number;
}

/** The consistent list could not be finished, and must be started again. */
export class ListRestart extends Error {
  override readonly name = "ListRestart";
}

/**
 * Yields the pages of one list. An expired continue token restarts once; the second time everything is
 * read in one page. The token that such a 410 carries gives an inconsistent list and is not used
 * (apiserver `etcd3/errors.go inconsistentContinue`).
 * @throws ListRestart when pages of an unfinished list were yielded and a new list begins: forget them.
 * @throws ApiFailure as the client does.
 */
export async function* listPages(
  client: ApiClient,
  target: WatchTarget,
  list: { readonly whole: boolean; readonly signal: AbortSignal; readonly limit?: number },
): AsyncGenerator<Page> {
  let continueToken = "";
  let resourceVersion: string | undefined;
  do {
    const page = await readPage(client, target, { ...list, continueToken });
    if (resourceVersion !== undefined && page.resourceVersion !== resourceVersion) {
      throw new ListRestart(`page at resourceVersion ${page.resourceVersion} of a list at ${resourceVersion}`);
    }
    resourceVersion = page.resourceVersion;
    continueToken = page.continueToken;
    yield page;
  } while (continueToken !== "");
}

interface PageRequest {
  readonly whole: boolean;
  readonly limit?: number;
  readonly continueToken: string;
  readonly signal: AbortSignal;
}

async function readPage(client: ApiClient, target: WatchTarget, page: PageRequest): Promise<Page> {
  const path = collectionPath(target.resource, target.namespace);
  const query: Query = {
    ...nameSelector(target),
    limit: page.whole ? undefined : (page.limit ?? PAGE_LIMIT),
    continue: page.continueToken === "" ? undefined : page.continueToken,
  };
  try {
    const response = await client.read({ path, query, accept: acceptFor(target, "list"), signal: page.signal });
    return parsePage(response.body, { request: `GET ${client.server}${path}`, resource: target.resource });
  } catch (error) {
    if (page.continueToken !== "" && error instanceof ApiFailure && isExpired(error.failure))
      throw new ListRestart(error.message);
    throw error;
  }
}

/** Restricts a list or watch to the one object of a target. */
export function nameSelector(target: WatchTarget): Query {
  return target.name === undefined ? {} : { fieldSelector: `metadata.name=${target.name}` };
}

/**
 * Secrets and the like are asked for without their data. A list and the objects of a watch are different types to the API server,
 * and each refuses the other's name with 406 (apiserver `endpoints/handlers/response.go`, `doTransformObject`).
 */
export function acceptFor(target: WatchTarget, of: "list" | "watch"): string {
  const type = of === "list" ? "PartialObjectMetadataList" : "PartialObjectMetadata";
  return target.metadataOnly ? `application/json;as=${type};g=meta.k8s.io;v=v1` : "application/json";
}

/** @throws ApiFailure `foreign` when the body is not a complete list of the resource. */
export function parsePage(body: Buffer, of: { readonly request: string; readonly resource: ApiResource }): Page {
  const refuse = (why: string): ApiFailure => new ApiFailure(of.request, { kind: "foreign", message: `not a list: ${why}` });
  let kind = "";
  let metadata: unknown;
  let itemSpans: { readonly start: number; readonly end: number }[] | undefined;
  try {
    for (const member of members(body, body.indexOf("{"))) {
      if (member.key === "kind") kind = String(JSON.parse(body.toString("utf8", member.start, member.end)));
      else if (member.key === "metadata") metadata = JSON.parse(body.toString("utf8", member.start, member.end));
      else if (member.key === "items") itemSpans = body[member.start] === 0x5b ? [...elements(body, member.start)] : [];
    }
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : "malformed");
  }
  if (!kind.endsWith("List")) throw refuse(`kind is ${JSON.stringify(kind)}`);
  const listMeta = listMetadata(metadata);
  if (listMeta === undefined) throw refuse("no metadata.resourceVersion");
  if (itemSpans === undefined) throw refuse("no items");
  const parsed = itemSpans.map(({ start, end }) => {
    const raw = body.subarray(start, end);
    return { raw, value: parseLean(raw) };
  });
  if (!isListOf(kind, of.resource, parsed[0]?.value))
    throw refuse(`kind is ${JSON.stringify(kind)}, not ${of.resource.kind}List`);
  const items = parsed.map(({ raw, value }) => identify(raw, value)).filter((item) => item !== undefined);
  return { ...listMeta, items, unidentified: parsed.length - items.length, bytes: body.length };
}

/**
 * A list of another kind must not pass for one of this: nothing of what is known would be in it. A custom resource may name
 * its list as it likes (`spec.names.listKind`); its items then say what they are.
 */
function isListOf(kind: string, resource: ApiResource, first: unknown): boolean {
  if (kind === `${resource.kind}List` || kind === "PartialObjectMetadataList") return true;
  if (first === undefined) return resource.group.includes(".");
  return textField(first, "kind") === resource.kind;
}

function listMetadata(metadata: unknown): { readonly resourceVersion: string; readonly continueToken: string } | undefined {
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const resourceVersion: unknown = Reflect.get(metadata, "resourceVersion");
  const token: unknown = Reflect.get(metadata, "continue");
  if (typeof resourceVersion !== "string" || resourceVersion === "") return undefined;
  return { resourceVersion, continueToken: typeof token === "string" ? token : "" };
}

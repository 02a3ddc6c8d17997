/** One consistent list of a scope, page by page. */
import { type ApiClient, ApiFailure, collectionPath, isExpired, type Query } from "../../cluster/index.ts";
import { type Page, parsePage } from "./list-page.ts";
import type { WatchTarget } from "./watch-item.ts";

/** client-go's pager (`tools/pager`): 500 objects a page. */
const PAGE_LIMIT = 500;

/** The consistent list could not be finished, and must be started again. */
export class ListRestart extends Error {
  override readonly name = "ListRestart";
}

/**
 * Yields the pages of one list. An expired continue token restarts once; the second time everything is
 * read in one page. The token that such a 410 carries gives an inconsistent list and is not used
 * (apiserver `etcd3/errors.go inconsistentContinue`). The items of a page are there until the next page is asked for.
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
  const lend = lender();
  do {
    const page = await readPage(client, target, { ...list, continueToken, lend });
    if (resourceVersion !== undefined && page.resourceVersion !== resourceVersion) {
      throw new ListRestart(`page at resourceVersion ${page.resourceVersion} of a list at ${resourceVersion}`);
    }
    resourceVersion = page.resourceVersion;
    continueToken = page.continueToken;
    yield page;
  } while (continueToken !== "");
}

/** One page after another in the same memory: each by itself, they are megabytes of garbage that V8 is slow to see. */
function lender(): (bytes: number) => Buffer {
  let room = Buffer.alloc(0);
  return (bytes) => {
    // The pages of a list are nearly of one size.
    if (room.length < bytes) room = Buffer.allocUnsafeSlow(Math.ceil(bytes * 1.25));
    return room.subarray(0, bytes);
  };
}

interface PageRequest {
  readonly whole: boolean;
  readonly limit?: number;
  readonly continueToken: string;
  readonly signal: AbortSignal;
  readonly lend: (bytes: number) => Buffer;
}

async function readPage(client: ApiClient, target: WatchTarget, page: PageRequest): Promise<Page> {
  const path = collectionPath(target.resource, target.namespace);
  const query: Query = {
    ...nameSelector(target),
    limit: page.whole ? undefined : (page.limit ?? PAGE_LIMIT),
    continue: page.continueToken === "" ? undefined : page.continueToken,
  };
  try {
    const { signal, lend } = page;
    const response = await client.read({ path, query, accept: acceptFor(target, "list"), signal, lend });
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

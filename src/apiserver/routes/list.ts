/** LIST: current, at an exact revision, not older than one, and in pages of one snapshot. */
import { reaches, type ServerContext, waitForRevision } from "../context.ts";
import type { StoredVersion } from "../history.ts";
import { isObject } from "../json-value.ts";
import { type ListOptions, readListOptions } from "../list-options.ts";
import { chooseShape, contentTypeOf, type ListFrame, renderList } from "../representation.ts";
import type { ApiRequest, Target } from "../request.ts";
import { badRequest, expired, notKnown, StatusError, tooLargeResourceVersion } from "../status.ts";
import { type Answer, json } from "./answer.ts";

type CollectionTarget = Extract<Target, { kind: "resource" }>;

/** What a list reads: where, at which revision, behind which key. */
interface Start {
  /** `cache`: as this server knows the cluster; `etcd`: exactly. */
  readonly from: "cache" | "etcd";
  readonly revision: number;
  readonly after: string;
}

/** @throws StatusError 400, 406, 410, 422, 504. */
export async function answerList(context: ServerContext, request: ApiRequest, target: CollectionTarget): Promise<Answer> {
  const shape = chooseShape(request);
  const options = readListOptions(request, target.resource);
  const start = await findStart(context, target, options);
  const all = selected(context, target, start, options);
  if (all.length === 0 && context.settings.extent?.covers(target) === false) throw notKnown(context.settings.extent.says);
  const page = paginate(all, options, start.revision);
  return json(
    renderList(page.versions, target.resource, { frame: page.frame, shape, now: context.clock.now() }),
    contentTypeOf(shape),
  );
}

async function findStart(context: ServerContext, target: CollectionTarget, options: ListOptions): Promise<Start> {
  const { resourceVersion: asked, match } = options;
  if (options.continueToken !== undefined) return startOfPage(context, options.continueToken, asked);
  // A revision with a limit and without a match reads exactly, for clients older than the match (KEP-2523).
  const isExact = match === "Exact" || (match === undefined && options.limit > 0);
  if (asked !== undefined && asked !== 0 && isExact) return startAt(context, target, options, asked);
  if (!target.resource.watchCache) return startInEtcd(context, asked ?? 0);
  if (asked === undefined) return startNow(context);
  await waitForRevision(context, asked);
  return { from: "cache", revision: context.view.revision, after: "" };
}

/** Without a revision: from the cache when it catches up in time, else from etcd (KEP-2340). */
async function startNow(context: ServerContext): Promise<Start> {
  const { history, view } = context;
  const isFresh = await reaches(context, history.revision);
  return { from: isFresh ? "cache" : "etcd", revision: isFresh ? view.revision : history.revision, after: "" };
}

async function startAt(context: ServerContext, target: CollectionTarget, options: ListOptions, asked: number): Promise<Start> {
  // One key is never read from the cache (`cacher.go ShouldDelegateExactRV`), so that nobody waits for it.
  const isOneKey = options.exactName !== undefined && (target.namespace !== undefined || !target.resource.namespaced);
  if (!target.resource.watchCache || isOneKey) checkReached(context, asked);
  else if (asked > context.history.revision) await waitForRevision(context, asked);
  return { from: "etcd", revision: asked, after: "" };
}

function startInEtcd(context: ServerContext, asked: number): Start {
  checkReached(context, asked);
  return { from: "etcd", revision: context.history.revision, after: "" };
}

function checkReached({ history }: ServerContext, asked: number): void {
  if (asked > history.revision) throw tooLargeResourceVersion(asked, history.revision);
}

function startOfPage(context: ServerContext, token: string, asked: number | undefined): Start {
  if (asked !== undefined && asked !== 0) throw badRequest("specifying resource version is not allowed when using continue");
  const { revision, after } = decodeToken(token);
  if (revision === INCONSISTENT) return { from: "etcd", revision: context.history.revision, after };
  if (revision >= context.history.compactedRevision) return { from: "etcd", revision, after };
  throw new StatusError(expired(CONTINUE_EXPIRED, encodeToken({ revision: INCONSISTENT, after })));
}

function selected(context: ServerContext, target: CollectionTarget, start: Start, options: ListOptions): StoredVersion[] {
  return versionsAt(context, target.resource.storage, start).filter(
    (version) => isIn(target, version) && options.selects(version) && version.key > start.after,
  );
}

function versionsAt(context: ServerContext, storage: string, start: Start): readonly StoredVersion[] {
  if (start.from === "cache") return context.view.read(storage);
  const snapshot = context.history.read(storage, start.revision);
  if (snapshot.kind === "state") return snapshot.versions;
  throw new StatusError(expired("The resourceVersion for the provided list is too old."));
}

/** True when the object lies in the namespace that is asked for. */
export function isIn(target: CollectionTarget, version: StoredVersion): boolean {
  return target.namespace === undefined || version.namespace === target.namespace;
}

function paginate(
  all: readonly StoredVersion[],
  options: ListOptions,
  revision: number,
): { readonly versions: readonly StoredVersion[]; readonly frame: ListFrame } {
  const resourceVersion = String(revision);
  // A list of any version comes from the watch cache, which does not page (`cacher.go shouldDelegateList`).
  const limit = options.resourceVersion === 0 ? 0 : options.limit;
  if (limit <= 0 || all.length <= limit) return { versions: all, frame: { resourceVersion } };
  const versions = all.slice(0, limit);
  const continueToken = encodeToken({ revision, after: versions.at(-1)?.key ?? "" });
  const remaining = options.isSelective ? {} : { remaining: all.length - limit };
  return { versions, frame: { resourceVersion, continueToken, ...remaining } };
}

/** Marks a token that goes on with whatever is there now (`etcd3/errors.go inconsistentContinue`). */
const INCONSISTENT = -1;

const CONTINUE_EXPIRED =
  "The provided continue parameter is too old to display a consistent list result. " +
  "You can start a new list without the continue parameter, " +
  "or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an " +
  "inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned " +
  "and now may show up in the list.";

type Place = Pick<Start, "revision" | "after">;

function encodeToken(start: Place): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: start.revision, start: `${start.after}\0` })).toString(
    "base64url",
  );
}

function decodeToken(token: string): Place {
  const value = parseJson(Buffer.from(token, "base64url").toString("utf8"));
  if (isObject(value) && typeof value["rv"] === "number" && typeof value["start"] === "string") {
    return { revision: value["rv"], after: value["start"].replace(/\0$/, "") };
  }
  throw badRequest("continue key is not valid: it was not made by this server");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

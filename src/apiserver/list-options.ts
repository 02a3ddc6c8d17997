/** The options of a list or watch request, checked as in `ValidateListOptions` (apimachinery `metainternalversion/validation`). */
import type { ApiRequest } from "./request.ts";
import type { ResourceDefinition } from "./resources.ts";
import {
  type Fields,
  type ParsedSelector,
  parseFieldSelector,
  parseLabelSelector,
  type Selector,
  selectableFields,
} from "./selectors.ts";
import { badRequest, invalidListOptions, type ListOptionProblem } from "./status.ts";
import type { StoredVersion } from "./history.ts";

export interface ListOptions {
  /** `undefined` when not given; 0 means "any". */
  readonly resourceVersion: number | undefined;
  readonly match: "Exact" | "NotOlderThan" | undefined;
  /** 0: no limit. */
  readonly limit: number;
  readonly continueToken: string | undefined;
  readonly allowBookmarks: boolean;
  readonly sendInitialEvents: boolean;
  readonly timeoutSeconds: number | undefined;
  /** True when only some objects are asked for by labels or fields. */
  readonly isSelective: boolean;
  readonly selects: (version: StoredVersion) => boolean;
  /** The value of `metadata.name` when a field selector fixes it. */
  readonly exactName: string | undefined;
}

/** @throws StatusError 400 or 422. */
export function readListOptions(request: ApiRequest, resource: ResourceDefinition): ListOptions {
  const { query } = request;
  const isWatch = request.verb === "watch";
  const problems = isWatch ? watchProblems(query) : listProblems(query);
  if (problems.length > 0) throw invalidListOptions(problems);
  const labels = selectorOf(parseLabelSelector(query.get("labelSelector") ?? ""));
  const parsedFields: ParsedSelector & { readonly exact?: Fields } = parseFieldSelector(
    query.get("fieldSelector") ?? "",
    selectableFields(resource.storage),
  );
  const fields = selectorOf(parsedFields);
  const match = query.get("resourceVersionMatch");
  const isSelective = Boolean(query.get("labelSelector")) || Boolean(query.get("fieldSelector"));
  return {
    resourceVersion: readRevision(query.get("resourceVersion")),
    match: match === "Exact" || match === "NotOlderThan" ? match : undefined,
    limit: readWhole(query, "limit") ?? 0,
    continueToken: query.get("continue") || undefined,
    allowBookmarks: readFlag(query, "allowWatchBookmarks"),
    sendInitialEvents: readFlag(query, "sendInitialEvents"),
    timeoutSeconds: readWhole(query, "timeoutSeconds"),
    isSelective,
    // The labels of a version in a large recording are read from the disk.
    selects: isSelective ? (version) => labels(version.labels) && fields(version.fields) : () => true,
    exactName: parsedFields.exact?.["metadata.name"],
  };
}

function listProblems(query: URLSearchParams): ListOptionProblem[] {
  const problems: ListOptionProblem[] = [];
  const match = query.get("resourceVersionMatch") ?? "";
  if (match !== "") {
    if (!query.get("resourceVersion"))
      problems.push(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    if (query.get("continue"))
      problems.push(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
    if (match !== "Exact" && match !== "NotOlderThan") problems.push(unsupported(match, '"Exact", "NotOlderThan", ""'));
    if (match === "Exact" && query.get("resourceVersion") === "0") {
      problems.push(forbidden("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (query.has("sendInitialEvents")) problems.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  return problems;
}

function watchProblems(query: URLSearchParams): ListOptionProblem[] {
  const problems: ListOptionProblem[] = [];
  const match = query.get("resourceVersionMatch") ?? "";
  const sendsInitialEvents = query.has("sendInitialEvents");
  if (sendsInitialEvents && match !== "NotOlderThan") {
    problems.push(forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  }
  if (match === "") return problems;
  if (!sendsInitialEvents) {
    problems.push(
      forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"),
    );
  }
  if (match !== "NotOlderThan") problems.push(unsupported(match, '"NotOlderThan"'));
  if (query.get("continue"))
    problems.push(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"));
  return problems;
}

function forbidden(field: string, why: string): ListOptionProblem {
  return { field, message: `Forbidden: ${why}`, reason: "FieldValueForbidden" };
}

function unsupported(value: string, supported: string): ListOptionProblem {
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`;
  return { field: "resourceVersionMatch", message, reason: "FieldValueNotSupported" };
}

function selectorOf(parsed: ParsedSelector): Selector {
  if ("problem" in parsed) throw badRequest(parsed.problem);
  return parsed.selector;
}

function readRevision(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (!/^[0-9]+$/.test(text))
    throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}: invalid resource version`);
  return Number(text);
}

function readWhole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^-?[0-9]+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax (${name})`);
  return Number(text);
}

/** Anything but `0` and `false` is true, even without a value (apimachinery `conversion/queryparams`, `Convert_Slice_string_To_bool`). */
function readFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)?.toLowerCase();
  return text !== undefined && text !== "false" && text !== "0";
}

/** kubectl's way of naming objects as arguments: `TYPE/NAME …`, `TYPE[,TYPE] [NAME …]` (`cli-runtime resource.Builder`). */
import { FaroError } from "../base/index.ts";
import type { ResourceRequest } from "../capture/index.ts";
import { splitItems } from "./environment.ts";

export interface ResourceArguments {
  readonly resources: readonly ResourceRequest[];
  /** Names that go with every type: `deploy web api`. */
  readonly names: readonly string[];
}

/** An API version on its own: `v1`, `v1beta2`. In `v1/Pod` it makes the slash part of a kind. */
const API_VERSION = /^v\d+((alpha|beta)\d+)?$/;

/**
 * Reads the arguments of `faro record`.
 * @throws FaroError `FARO_USAGE` when `TYPE/NAME` and `TYPE NAME` are mixed, or a part is empty.
 */
export function parseResourceArguments(args: readonly string[]): ResourceArguments {
  const [first, ...rest] = args;
  if (first === undefined) return { resources: [], names: [] };
  const pairs = args.filter(isTypeAndName);
  if (pairs.length === args.length) return { resources: args.flatMap(splitItems).map(typeAndName), names: [] };
  if (pairs.length > 0) throw mixedForms(pairs[0] ?? "");
  const resources = splitItems(first).map((text) => ({ text }));
  if (resources.length === 0) throw emptyPart(first);
  return { resources, names: rest.flatMap(splitItems) };
}

/** Tells `deploy/web` from `apps/v1/Deployment`, `v1/Pod` and `apps/Deployment`: an object's name has no capitals. */
function isTypeAndName(argument: string): boolean {
  return splitItems(argument).some((item) => {
    const [type = "", name, ...more] = item.split("/");
    if (name === undefined || more.length > 0) return false;
    return !API_VERSION.test(type) && !/^[A-Z]/.test(name);
  });
}

function typeAndName(item: string): ResourceRequest {
  const [text = "", name = ""] = item.split("/");
  if (text === "" || name === "") throw emptyPart(item);
  return { text, name };
}

function mixedForms(pair: string): FaroError {
  return new FaroError("FARO_USAGE", `"${pair}" names an object, and another argument names a type alone`, {
    hint:
      "write every object as TYPE/NAME, for example faro record deploy/web svc/web, " +
      "or one type and its names: faro record deploy web api",
  });
}

function emptyPart(argument: string): FaroError {
  return new FaroError("FARO_USAGE", `"${argument}" is neither a type nor TYPE/NAME`, {
    hint: "for example faro record deploy/my-app",
  });
}

/** The answer for an object that is not there. */
import type { ServerContext } from "../context.ts";
import type { ResourceDefinition } from "../resources.ts";
import { notFound, StatusError } from "../status.ts";

/** 404; where only a part of the cluster is known and this object lies outside, it says so. */
export function absent(
  { settings: { extent } }: ServerContext,
  resource: ResourceDefinition,
  { namespace, name }: { readonly namespace: string | undefined; readonly name: string },
): StatusError {
  const plain = notFound(resource, name);
  if (extent === undefined || extent.covers({ resource, namespace, name })) return plain;
  return new StatusError({ ...plain.document, message: `${plain.document.message}: ${extent.says}` });
}

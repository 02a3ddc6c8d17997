/** The two facts that tell one cluster from another. */
import type { ApiClient } from "./api-client.ts";
import { ApiFailure } from "./api-failure.ts";
import { isMapping } from "./fields.ts";

/** `v1.35.0`; undefined when the server does not tell. @throws ApiFailure when it cannot be reached or wants other credentials. */
export async function readServerVersion(client: ApiClient, signal?: AbortSignal): Promise<string | undefined> {
  const document = await readOrUndefined(client, "/version", signal);
  const version = isMapping(document) ? document["gitVersion"] : undefined;
  return typeof version === "string" ? version : undefined;
}

/**
 * The uid of the namespace `kube-system`, which lives exactly as long as the cluster. Undefined when reading it is
 * forbidden or there is none. @throws ApiFailure when the server cannot be reached or wants other credentials.
 */
export async function readClusterId(client: ApiClient, signal?: AbortSignal): Promise<string | undefined> {
  const document = await readOrUndefined(client, "/api/v1/namespaces/kube-system", signal);
  const metadata = isMapping(document) ? document["metadata"] : undefined;
  const uid = isMapping(metadata) ? metadata["uid"] : undefined;
  return typeof uid === "string" ? uid : undefined;
}

async function readOrUndefined(client: ApiClient, path: string, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    const answer = await client.read({ path, ...(signal === undefined ? {} : { signal }) });
    return parseJson(answer.body.toString("utf8"));
  } catch (error) {
    const isHidden = error instanceof ApiFailure && error.failure.kind === "http" && [403, 404].includes(error.failure.status);
    if (isHidden) return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's text page tells no version: the same as none
  }
}

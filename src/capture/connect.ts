/** The first words with a cluster: tried for a while when it does not answer, explained when it refuses. */
import { type Clock } from "../base/index.ts";
import {
  type ApiClient,
  ApiFailure,
  type Discovery,
  explainFailure,
  loadDiscovery,
  readClusterId,
  readServerVersion,
} from "../cluster/index.ts";

export interface Connected {
  readonly discovery: Discovery;
  readonly serverVersion: string;
  /** Uid of the namespace kube-system; `undefined` when it may not be read. */
  readonly clusterId: string | undefined;
}

const RETRY_MS = 1_000;

/**
 * Reads what the cluster serves.
 * @throws FaroError `FARO_CLUSTER_UNREACHABLE` after `timeoutMs`, `FARO_UNAUTHORIZED` or `FARO_RBAC_DENIED` at once.
 */
export async function connect(client: ApiClient, clock: Clock, timeoutMs: number): Promise<Connected> {
  const began = clock.monotonic();
  for (;;) {
    const asking = new AbortController();
    try {
      return await ask(client, asking.signal);
    } catch (error) {
      asking.abort(error);
      if (!(error instanceof ApiFailure)) throw error;
      const left = timeoutMs - (clock.monotonic() - began);
      if (!isPassing(error) || left <= 0) throw explainFailure(error, client.server);
      await clock.sleep(Math.min(RETRY_MS, left));
    }
  }
}

/** Side by side: none needs what another answers, and what follows needs a connection for each. */
async function ask(client: ApiClient, signal: AbortSignal): Promise<Connected> {
  const [serverVersion = "unknown", discovery, clusterId] = await Promise.all([
    readServerVersion(client, signal),
    loadDiscovery(client, signal),
    readClusterId(client, signal),
  ]);
  return { discovery, serverVersion, clusterId };
}

/** Worth another try: the server is not there yet, or overloaded. A refused certificate or login is not. */
function isPassing({ failure }: ApiFailure): boolean {
  if (failure.kind === "network") return !/CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO_VERIFY/.test(failure.code);
  return failure.kind === "http" && (failure.status === 429 || failure.status >= 500);
}

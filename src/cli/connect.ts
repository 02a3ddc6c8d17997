/** From connection flags to a client: what `record`, `--dry-run` and `demo` begin with. */
import { isatty } from "node:tty";
import type { Clock } from "../base/index.ts";
import { createApiClient, loadClusterConfig } from "../cluster/index.ts";
import { connectionFlags } from "./connection-flags.ts";
import type { Connection, ConnectionRequest } from "./dependencies.ts";
import { FARO_VERSION } from "./version.ts";

/**
 * Resolves the connection; opens none yet.
 * @throws FaroError `FARO_KUBECONFIG`
 */
export async function connect({ flags, env, onWarning }: ConnectionRequest, clock: Clock): Promise<Connection> {
  const config = await loadClusterConfig(connectionFlags(flags), { variables: env, isInteractive: isatty(process.stdin.fd) });
  const client = createApiClient(config, {
    clock,
    userAgent: `faro/${FARO_VERSION} (${process.platform}/${process.arch})`,
    onWarning,
  });
  return { client, namespace: config.namespace };
}

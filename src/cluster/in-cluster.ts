/** The connection of a process that runs in a pod: `rest/config.go InClusterConfig`, with the flags on top. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterConfig, ConnectionEnvironment, ConnectionFlags, ProxyConfig } from "./cluster-config.ts";
import * as message from "./config-messages.ts";
import { optional } from "./fields.ts";
import { EMPTY_KUBECONFIG, type KubeconfigUser } from "./kubeconfig.ts";
import { clientCertificateOf, impersonationOf } from "./login.ts";
import { proxyFromEnvironment } from "./proxy.ts";
import { parseServerUrl } from "./server-url.ts";

const SERVICE_ACCOUNT_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/** True in a pod that has a service account token. */
export async function isInCluster(environment: ConnectionEnvironment): Promise<boolean> {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "" } = environment.variables;
  return host !== "" && port !== "" && (await isFile(serviceAccountFile(environment, "token")));
}

/** The pod's own namespace; empty outside of a pod. */
export async function inClusterNamespace(environment: ConnectionEnvironment): Promise<string> {
  if (!(await isInCluster(environment))) return "";
  const named = environment.variables["POD_NAMESPACE"] ?? "";
  const file = serviceAccountFile(environment, "namespace");
  return named !== "" || !(await isFile(file)) ? named : (await readFile(file, "utf8")).trim();
}

interface InCluster {
  readonly flags: ConnectionFlags;
  readonly environment: ConnectionEnvironment;
  readonly namespace: string;
}

/** The pod's API server and service account. The token file is read anew while Faro runs, since it expires. */
export async function inClusterConfig({ flags, environment, namespace }: InCluster): Promise<ClusterConfig> {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "" } = environment.variables;
  const server = parseServerUrl(`https://${host.includes(":") ? `[${host}]` : host}:${port}`);
  if (server === undefined) {
    throw message.unusableConfig(
      EMPTY_KUBECONFIG,
      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no address",
      "unset them, or name a server: --server=https://HOST:6443",
    );
  }
  const user = userOf(flags);
  const insecureSkipVerify = flags.insecureSkipTlsVerify === true;
  const mounted = serviceAccountFile(environment, "ca.crt");
  const ca = flags.certificateAuthority || (!insecureSkipVerify && (await isFile(mounted)) ? mounted : undefined);
  const proxy = proxyFromEnvironment(server, environment.variables);
  return {
    server: server.url,
    namespace,
    source: "in-cluster service account",
    tls: {
      insecureSkipVerify,
      ...optional("certificateAuthority", ca ? { file: ca } : undefined),
      ...optional("serverName", flags.tlsServerName),
    },
    login: flags.token
      ? { by: "token", token: flags.token }
      : { by: "token-file", file: serviceAccountFile(environment, "token") },
    ...optional("clientCertificate", clientCertificateOf(user, EMPTY_KUBECONFIG)),
    ...optional("impersonation", impersonationOf(user, EMPTY_KUBECONFIG)),
    ...optional("proxy", proxy === undefined ? undefined : ({ url: proxy, from: "environment" } satisfies ProxyConfig)),
    ...optional("requestTimeoutMs", flags.requestTimeout),
    environment,
  };
}

function userOf(flags: ConnectionFlags): KubeconfigUser {
  return {
    ...optional("clientCertificate", flags.clientCertificate),
    ...optional("clientKey", flags.clientKey),
    ...optional("impersonate", flags.as),
    ...optional("impersonateUid", flags.asUid),
    ...optional("impersonateGroups", flags.asGroup),
  };
}

function serviceAccountFile(environment: ConnectionEnvironment, name: string): string {
  return join(environment.serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY, name);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // not there, or not for us to see: either way there is no service account
  }
}

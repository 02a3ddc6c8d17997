/**
 * From flags, kubeconfigs and environment to one `ClusterConfig`, as kubectl does it: `clientcmd/loader.go`,
 * `client_config.go`, `validation.go`. One deliberate difference: where kubectl falls back to
 * http://localhost:8080, Faro says that there is nothing to connect to.
 */
import { access, constants, readFile, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { ClusterConfig, ConnectionEnvironment, ConnectionFlags, ProxyConfig } from "./cluster-config.ts";
import * as message from "./config-messages.ts";
import { optional } from "./fields.ts";
import { inClusterConfig, inClusterNamespace, isInCluster } from "./in-cluster.ts";
import {
  type Kubeconfig,
  type KubeconfigCluster,
  type KubeconfigContext,
  type KubeconfigUser,
  mergeKubeconfigs,
} from "./kubeconfig.ts";
import { decodeKubeconfig } from "./kubeconfig-decode.ts";
import { clientCertificateOf, impersonationOf, loginOf, pluginCluster } from "./login.ts";
import { proxyFromEnvironment } from "./proxy.ts";
import { parseServerUrl, type ServerUrl } from "./server-url.ts";

/** What the flags, the context and the environment leave to be connected with. */
interface Selection {
  readonly kubeconfig: Kubeconfig;
  readonly contextName: string;
  readonly context: KubeconfigContext;
  readonly clusterName: string;
  readonly cluster: KubeconfigCluster;
  readonly user: KubeconfigUser;
}

/**
 * Resolves the connection. Reads kubeconfig and token files, opens no connection, starts no plugin.
 * @throws FaroError `FARO_KUBECONFIG`: missing, unreadable or wrong file, unknown name, nothing to connect to.
 */
export async function loadClusterConfig(flags: ConnectionFlags, environment: ConnectionEnvironment): Promise<ClusterConfig> {
  const paths = kubeconfigPaths(flags, environment.variables);
  const kubeconfig = mergeKubeconfigs(await readAll(paths, flags.kubeconfig));
  const selection = select(kubeconfig, flags, environment.variables["KUBERNETES_MASTER"] ?? "");
  const namespace = flags.namespace || selection.context.namespace || (await inClusterNamespace(environment)) || "default";
  if (selection.cluster.server === "") {
    if (hasNothingSelected(selection) && (await isInCluster(environment)))
      return inClusterConfig({ flags, environment, namespace });
    throw serverMissing(selection, paths);
  }
  return fromSelection({ selection, flags, environment, namespace });
}

function kubeconfigPaths(flags: ConnectionFlags, variables: ConnectionEnvironment["variables"]): readonly string[] {
  if (flags.kubeconfig !== undefined && flags.kubeconfig !== "") return [flags.kubeconfig];
  const list = variables["KUBECONFIG"];
  if (list !== undefined && list !== "") return [...new Set(list.split(delimiter).filter((path) => path !== ""))];
  const home = variables["HOME"] || variables["USERPROFILE"];
  return home === undefined || home === "" ? [] : [join(home, ".kube", "config")];
}

async function readAll(paths: readonly string[], explicit: string | undefined): Promise<readonly Kubeconfig[]> {
  const files: Kubeconfig[] = [];
  for (const path of paths) {
    const file = await readOne(path);
    if (file !== undefined) files.push(file);
    else if (path === explicit) throw message.missingKubeconfig(path);
  }
  return files;
}

async function readOne(path: string): Promise<Kubeconfig | undefined> {
  try {
    return decodeKubeconfig(await readFile(path, "utf8"), path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw message.badKubeconfig(path, error);
  }
}

/** Go's `os.IsNotExist`: a path through a file that is no folder is another error, as in kubectl. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** Applies `--context`, `--cluster`, `--user` and the other flags: `client_config.go getContext, getCluster, getAuthInfo`. */
function select(kubeconfig: Kubeconfig, flags: ConnectionFlags, defaultServer: string): Selection {
  const contextName = flags.context || kubeconfig.currentContext;
  const found = kubeconfig.contexts.get(contextName);
  if (contextName !== "" && found === undefined) throw message.unknownName("context", contextName, kubeconfig);
  const context = found ?? { cluster: "", user: "", namespace: "" };
  if (flags.cluster && !kubeconfig.clusters.has(flags.cluster)) throw message.unknownName("cluster", flags.cluster, kubeconfig);
  if (flags.user && !kubeconfig.users.has(flags.user)) throw message.unknownName("user", flags.user, kubeconfig);
  const clusterName = flags.cluster || context.cluster;
  const cluster = overrideCluster(kubeconfig.clusters.get(clusterName), flags, defaultServer);
  const user = overrideUser(kubeconfig.users.get(flags.user || context.user) ?? {}, flags);
  return { kubeconfig, contextName, context, clusterName, cluster, user };
}

function overrideCluster(from: KubeconfigCluster | undefined, flags: ConnectionFlags, defaultServer: string): KubeconfigCluster {
  const own = from ?? { server: "", insecureSkipTlsVerify: false, disableCompression: false };
  const { certificateAuthority, certificateAuthorityData, tlsServerName, ...rest } = own;
  // A trust flag replaces all that the kubeconfig says about trust; --server drops the kubeconfig's tls-server-name.
  const trust =
    flags.insecureSkipTlsVerify === true || flags.certificateAuthority
      ? {
          insecureSkipTlsVerify: flags.insecureSkipTlsVerify === true,
          ...optional("certificateAuthority", flags.certificateAuthority || undefined),
        }
      : {
          ...optional("certificateAuthority", certificateAuthority),
          ...optional("certificateAuthorityData", certificateAuthorityData),
        };
  const name = flags.tlsServerName || flags.server ? flags.tlsServerName || undefined : tlsServerName;
  return { ...rest, server: flags.server || own.server || defaultServer, ...trust, ...optional("tlsServerName", name) };
}

function overrideUser(own: KubeconfigUser, flags: ConnectionFlags): KubeconfigUser {
  const { clientCertificate, clientCertificateData, clientKey, clientKeyData, ...rest } = own;
  return {
    ...rest,
    ...(flags.clientCertificate
      ? { clientCertificate: flags.clientCertificate }
      : { ...optional("clientCertificate", clientCertificate), ...optional("clientCertificateData", clientCertificateData) }),
    ...(flags.clientKey
      ? { clientKey: flags.clientKey }
      : { ...optional("clientKey", clientKey), ...optional("clientKeyData", clientKeyData) }),
    ...optional("token", flags.token || own.token),
    ...optional("impersonate", flags.as || own.impersonate),
    ...optional("impersonateUid", flags.asUid || own.impersonateUid),
    ...optional("impersonateGroups", flags.asGroup?.length ? flags.asGroup : own.impersonateGroups),
  };
}

/** In-cluster is for a machine without a say: an empty kubeconfig, or one that selects nothing. */
function hasNothingSelected(selection: Selection): boolean {
  return selection.contextName === "" && selection.clusterName === "";
}

function serverMissing(selection: Selection, looked: readonly string[]): Error {
  const { kubeconfig, contextName, clusterName } = selection;
  if (kubeconfig.clusters.size === 0 && kubeconfig.contexts.size === 0) return message.nothingToConnectTo(looked);
  return contextName === "" && clusterName === ""
    ? message.noCurrentContext(kubeconfig)
    : message.noServer(contextName, clusterName, kubeconfig);
}

interface Resolving {
  readonly selection: Selection;
  readonly flags: ConnectionFlags;
  readonly environment: ConnectionEnvironment;
  readonly namespace: string;
}

async function fromSelection({ selection, flags, environment, namespace }: Resolving): Promise<ClusterConfig> {
  const { kubeconfig, cluster, user } = selection;
  const server = parseServerUrl(cluster.server);
  if (server === undefined)
    throw message.unusableConfig(kubeconfig, "the server is no http or https URL", "write it like https://HOST:6443");
  await checkFiles(selection);
  const ca = cluster.certificateAuthorityData;
  const login = loginOf({ user, server, kubeconfig, cluster: await pluginCluster(cluster, user) });
  // kubectl sends credentials over TLS only: client_config.go ClientConfig asks IsConfigTransportTLS.
  const isSecret = server.isTls;
  return {
    server: server.url,
    namespace,
    source: kubeconfig.files.length === 0 ? "--server" : kubeconfig.files.join(", "),
    tls: {
      insecureSkipVerify: cluster.insecureSkipTlsVerify,
      ...optional("serverName", cluster.tlsServerName),
      ...optional(
        "certificateAuthority",
        ca !== undefined ? { text: ca } : cluster.certificateAuthority ? { file: cluster.certificateAuthority } : undefined,
      ),
    },
    login: isSecret ? login : userInfoLogin(server),
    ...optional("context", selection.contextName || undefined),
    ...optional("clientCertificate", isSecret ? clientCertificateOf(user, kubeconfig) : undefined),
    ...optional("impersonation", impersonationOf(user, kubeconfig)),
    ...optional("proxy", proxyOf(selection, server, environment)),
    ...optional("requestTimeoutMs", flags.requestTimeout),
    environment,
  };
}

function userInfoLogin(server: ServerUrl): ClusterConfig["login"] {
  return server.userInfo === undefined ? { by: "nothing" } : { by: "password", ...server.userInfo };
}

/** What `validation.go validateClusterInfo, validateAuthInfo` refuse, and files that cannot be opened. */
async function checkFiles({ kubeconfig, cluster, user }: Selection): Promise<void> {
  const twice = (what: string): Error =>
    message.unusableConfig(kubeconfig, `${what} and ${what}-data are both given`, "keep one of the two");
  if (cluster.certificateAuthority && cluster.certificateAuthorityData) throw twice("certificate-authority");
  if (user.clientCertificate && user.clientCertificateData) throw twice("client-certificate");
  if (user.clientKey && user.clientKeyData && (user.clientCertificate || user.clientCertificateData)) throw twice("client-key");
  if (cluster.insecureSkipTlsVerify && (cluster.certificateAuthority || cluster.certificateAuthorityData)) {
    throw message.unusableConfig(
      kubeconfig,
      "insecure-skip-tls-verify contradicts a certificate-authority",
      "keep the certificate-authority",
    );
  }
  const files: readonly (readonly [string, string | undefined])[] = [
    ["certificate-authority", cluster.certificateAuthority],
    ["client-certificate", user.clientCertificate],
    ["client-key", user.clientCertificate || user.clientCertificateData ? user.clientKey : undefined],
    ["tokenFile", user.token === undefined ? user.tokenFile : undefined],
  ];
  for (const [what, file] of files) {
    if (file !== undefined) await checkReadable(kubeconfig, what, file);
  }
}

async function checkReadable(kubeconfig: Kubeconfig, what: string, file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
    if ((await stat(file)).isFile()) return;
  } catch (error) {
    const why = isMissing(error) ? "is not there" : "cannot be read";
    throw message.unusableConfig(
      kubeconfig,
      `${what} ${file} ${why}`,
      "relative paths are taken from the folder of the kubeconfig",
    );
  }
  throw message.unusableConfig(kubeconfig, `${what} ${file} is no file`, "give the path of a file");
}

function proxyOf(
  { kubeconfig, cluster }: Selection,
  server: ServerUrl,
  environment: ConnectionEnvironment,
): ProxyConfig | undefined {
  if (cluster.proxyUrl === undefined) {
    const url = proxyFromEnvironment(server, environment.variables);
    return url === undefined ? undefined : { url, from: "environment" };
  }
  if (!URL.canParse(cluster.proxyUrl) || !/^(?:https?|socks5):$/.test(new URL(cluster.proxyUrl).protocol)) {
    throw message.unusableConfig(kubeconfig, "proxy-url is no http, https or socks5 URL", "write it like http://HOST:3128");
  }
  return { url: cluster.proxyUrl, from: "kubeconfig" };
}

/** Which of a user's credentials count, by the precedence of `client_config.go` and `transport/round_trippers.go`. */
import { readFile } from "node:fs/promises";
import type { ClientCertificate, Impersonation, Login, PluginCluster } from "./cluster-config.ts";
import * as message from "./config-messages.ts";
import { optional } from "./fields.ts";
import type { ExecPlugin, Kubeconfig, KubeconfigCluster, KubeconfigUser, PemSource } from "./kubeconfig.ts";
import type { ServerUrl } from "./server-url.ts";

const PLUGIN_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

interface LoginSources {
  readonly user: KubeconfigUser;
  readonly server: ServerUrl;
  readonly kubeconfig: Kubeconfig;
  readonly cluster: PluginCluster;
}

/** @throws FaroError `FARO_KUBECONFIG` when two ways to log in are given, or one that cannot work. */
export function loginOf({ user, server, kubeconfig, cluster }: LoginSources): Login {
  const hasPassword = user.username !== undefined || user.password !== undefined;
  const hasToken = user.token !== undefined || user.tokenFile !== undefined;
  if (hasPassword && hasToken) {
    throw message.unusableConfig(kubeconfig, "the user has both a token and a username", "keep one of the two");
  }
  if (user.exec !== undefined) checkPlugin(user.exec, user, kubeconfig);
  // A token file is read again and again, and kubectl prefers what it reads there even to --token.
  if (user.tokenFile !== undefined) return { by: "token-file", file: user.tokenFile, ...optional("token", user.token) };
  if (user.token !== undefined) return { by: "token", token: user.token };
  if (hasPassword) return { by: "password", username: user.username ?? "", password: user.password ?? "" };
  if (user.authProvider !== undefined) return oidcLogin(user.authProvider, kubeconfig);
  const hasCertificate = user.clientCertificate !== undefined || user.clientCertificateData !== undefined;
  if (user.exec !== undefined && !hasCertificate) {
    return { by: "plugin", plugin: user.exec, cluster: user.exec.provideClusterInfo ? cluster : undefined };
  }
  return server.userInfo === undefined ? { by: "nothing" } : { by: "password", ...server.userInfo };
}

function oidcLogin(provider: NonNullable<KubeconfigUser["authProvider"]>, kubeconfig: Kubeconfig): Login {
  if (provider.name === "oidc") return { by: "oidc", settings: provider.config };
  throw message.unusableConfig(
    kubeconfig,
    `auth-provider "${provider.name}" no longer exists in Kubernetes`,
    "replace it by the provider's exec plugin, such as kubelogin or gke-gcloud-auth-plugin",
  );
}

function checkPlugin(plugin: ExecPlugin, user: KubeconfigUser, kubeconfig: Kubeconfig): void {
  const refuse = (problem: string, hint: string): Error => message.unusableConfig(kubeconfig, problem, hint);
  if (user.authProvider !== undefined) throw refuse("the user has both exec and auth-provider", "keep exec");
  if (plugin.command === "") throw refuse("exec has no command", "name the credential plugin in users[].user.exec.command");
  if (!PLUGIN_VERSIONS.includes(plugin.apiVersion)) {
    throw refuse(`exec has apiVersion "${plugin.apiVersion}"`, `it takes ${PLUGIN_VERSIONS.join(" or ")}`);
  }
  if (plugin.interactiveMode === undefined) throw refuse("exec has no interactiveMode", "add interactiveMode: IfAvailable");
  if (plugin.env.some((variable) => variable.name === ""))
    throw refuse("exec.env has an entry without a name", "name it or remove it");
}

/** @throws FaroError `FARO_KUBECONFIG` when there is a certificate without a key. */
export function clientCertificateOf(user: KubeconfigUser, kubeconfig: Kubeconfig): ClientCertificate | undefined {
  const certificate = pem(user.clientCertificateData, user.clientCertificate);
  if (certificate === undefined) return undefined;
  const key = pem(user.clientKeyData, user.clientKey);
  if (key === undefined)
    throw message.unusableConfig(kubeconfig, "the user has a client-certificate without a client-key", "add client-key");
  return { certificate, key };
}

function pem(text: string | undefined, file: string | undefined): PemSource | undefined {
  if (text !== undefined) return { text };
  return file === undefined ? undefined : { file };
}

/** @throws FaroError `FARO_KUBECONFIG` when groups, uid or extra are to be impersonated without a user. */
export function impersonationOf(user: KubeconfigUser, kubeconfig: Kubeconfig): Impersonation | undefined {
  const { impersonate, impersonateUid, impersonateGroups = [], impersonateExtra = {} } = user;
  if (impersonate !== undefined) {
    return { user: impersonate, ...optional("uid", impersonateUid), groups: impersonateGroups, extra: impersonateExtra };
  }
  if (impersonateUid === undefined && impersonateGroups.length === 0 && Object.keys(impersonateExtra).length === 0)
    return undefined;
  throw message.unusableConfig(kubeconfig, "it impersonates a group, uid or extra without a user", "add --as=USER");
}

/** What `rest/exec.go ConfigToExecCluster` tells a plugin that asks for cluster information. */
export async function pluginCluster(cluster: KubeconfigCluster, user: KubeconfigUser): Promise<PluginCluster> {
  const wanted = user.exec?.provideClusterInfo === true;
  const fromFile =
    wanted && cluster.certificateAuthority !== undefined ? await readFile(cluster.certificateAuthority, "utf8") : undefined;
  const ca = cluster.certificateAuthorityData ?? fromFile;
  return {
    server: cluster.server,
    ...optional("tls-server-name", cluster.tlsServerName),
    ...(cluster.insecureSkipTlsVerify ? { "insecure-skip-tls-verify": true } : {}),
    ...optional("certificate-authority-data", ca === undefined ? undefined : Buffer.from(ca).toString("base64")),
    ...optional("proxy-url", cluster.proxyUrl),
    ...(cluster.disableCompression ? { "disable-compression": true } : {}),
    config: cluster.execExtension ?? null,
  };
}

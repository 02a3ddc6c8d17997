/** Everything that is needed to reach one API server, resolved from flags, kubeconfigs and environment. */
import type { ExecPlugin, PemSource } from "./kubeconfig.ts";

/** kubectl's connection flags. An absent one leaves the kubeconfig's value; paths are relative to the working directory. */
export interface ConnectionFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly server?: string;
  readonly token?: string;
  readonly as?: string;
  readonly asGroup?: readonly string[];
  readonly asUid?: string;
  readonly certificateAuthority?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly tlsServerName?: string;
  /** For whole answers, milliseconds; 0 means no limit. */
  readonly requestTimeout?: number;
  readonly namespace?: string;
}

/** The machine as far as connecting may look at it. */
export interface ConnectionEnvironment {
  /**
   * Environment variables: `KUBECONFIG`, `HOME`, `KUBERNETES_SERVICE_HOST`, `HTTPS_PROXY`, `NO_PROXY`, …
   * Credential plugins inherit all of them.
   */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Where the token of a pod lies; the place that Kubernetes mounts it unless given. */
  readonly serviceAccountDirectory?: string;
  /** True when a credential plugin may ask a person on standard input. */
  readonly isInteractive?: boolean;
}

export interface TlsConfig {
  /** The system's roots when absent. */
  readonly certificateAuthority?: PemSource;
  readonly insecureSkipVerify: boolean;
  /** Name for SNI and verification when it is not the server's host. */
  readonly serverName?: string;
}

export interface ClientCertificate {
  readonly certificate: PemSource;
  readonly key: PemSource;
}

/** How a person or pod proves who they are. */
export type Login =
  | { readonly by: "nothing" }
  | { readonly by: "token"; readonly token: string }
  /** `token` is used as long as the file cannot be read. */
  | { readonly by: "token-file"; readonly file: string; readonly token?: string }
  | { readonly by: "password"; readonly username: string; readonly password: string }
  | { readonly by: "oidc"; readonly settings: Readonly<Record<string, string>> }
  | { readonly by: "plugin"; readonly plugin: ExecPlugin; readonly cluster: PluginCluster | undefined };

/** `spec.cluster` of the ExecCredential that a plugin with `provideClusterInfo` gets. */
export interface PluginCluster {
  readonly server: string;
  readonly "tls-server-name"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "certificate-authority-data"?: string;
  readonly "proxy-url"?: string;
  readonly "disable-compression"?: boolean;
  readonly config: unknown;
}

export interface Impersonation {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A proxy, and who asked for it. The URL may hold a password: it is for connecting, not for messages. */
export interface ProxyConfig {
  readonly url: string;
  readonly from: "kubeconfig" | "environment";
}

export interface ClusterConfig {
  /** `https://10.0.0.1:6443` or `https://gateway/prefix`, without a slash at the end, credentials or query. */
  readonly server: string;
  /** `--namespace`, else the context's, else the pod's own, else `default`. */
  readonly namespace: string;
  readonly context?: string;
  /** For messages: the kubeconfig files, `in-cluster service account` or `--server`. */
  readonly source: string;
  readonly tls: TlsConfig;
  readonly clientCertificate?: ClientCertificate;
  readonly login: Login;
  readonly impersonation?: Impersonation;
  readonly proxy?: ProxyConfig;
  readonly requestTimeoutMs?: number;
  readonly environment: ConnectionEnvironment;
}

/**
 * The content of kubeconfig files, as `k8s.io/client-go/tools/clientcmd/api/v1` defines it, with every path made
 * absolute and every base64 block decoded. What is absent in a file is absent here: the merge needs to know.
 */

/** PEM text, given in the kubeconfig itself or in a file that is read again when it is rotated. */
export type PemSource = { readonly text: string } | { readonly file: string };

export interface KubeconfigCluster {
  readonly server: string;
  readonly certificateAuthority?: string;
  readonly certificateAuthorityData?: string;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
  readonly disableCompression: boolean;
  /** The extension `client.authentication.k8s.io/exec`, handed to the credential plugin as it is. */
  readonly execExtension?: unknown;
}

export type InteractiveMode = "Never" | "IfAvailable" | "Always";

/** A credential plugin, `exec` of a user. */
export interface ExecPlugin {
  /** Absolute when the kubeconfig wrote it with a slash, else to be found on PATH. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly apiVersion: string;
  readonly installHint?: string;
  readonly provideClusterInfo: boolean;
  /** Absent in a `v1` plugin is an error, in `v1beta1` it means `IfAvailable`. */
  readonly interactiveMode?: InteractiveMode;
}

export interface AuthProvider {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
}

export interface KubeconfigUser {
  readonly clientCertificate?: string;
  readonly clientCertificateData?: string;
  readonly clientKey?: string;
  readonly clientKeyData?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly impersonate?: string;
  readonly impersonateUid?: string;
  readonly impersonateGroups?: readonly string[];
  readonly impersonateExtra?: Readonly<Record<string, readonly string[]>>;
  readonly username?: string;
  readonly password?: string;
  readonly authProvider?: AuthProvider;
  readonly exec?: ExecPlugin;
}

export interface KubeconfigContext {
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string;
}

/** One file, or several merged. */
export interface Kubeconfig {
  /** The files that were there, in their order. */
  readonly files: readonly string[];
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, KubeconfigCluster>;
  readonly users: ReadonlyMap<string, KubeconfigUser>;
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
}

export const EMPTY_KUBECONFIG: Kubeconfig = {
  files: [],
  currentContext: "",
  clusters: new Map(),
  users: new Map(),
  contexts: new Map(),
};

/**
 * Merges files as `clientcmd/loader.go Load` does: the first file that sets a name or the current context wins,
 * and an entry is never mended with keys of a later file's entry of the same name.
 */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  return {
    files: files.flatMap((file) => file.files),
    currentContext: files.find((file) => file.currentContext !== "")?.currentContext ?? "",
    clusters: firstWins(files.map((file) => file.clusters)),
    users: firstWins(files.map((file) => file.users)),
    contexts: firstWins(files.map((file) => file.contexts)),
  };
}

function firstWins<T>(maps: readonly ReadonlyMap<string, T>[]): ReadonlyMap<string, T> {
  return new Map(maps.toReversed().flatMap((map) => [...map]));
}

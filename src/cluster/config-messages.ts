/** The sentences about kubeconfigs that people read. No value of a kubeconfig other than names and paths is in them. */
import { errorMessage, FaroError } from "../base/index.ts";
import type { Kubeconfig } from "./kubeconfig.ts";
import { KubeconfigTextError } from "./kubeconfig-decode.ts";
import { meantBy } from "./slip.ts";

/** A file that was asked for by name is not there. */
export function missingKubeconfig(file: string): FaroError {
  return new FaroError("FARO_KUBECONFIG", `no kubeconfig at ${file}`, {
    hint: "give the path of an existing file: --kubeconfig=$HOME/.kube/config",
    details: { file },
  });
}

/** A file is there but cannot be read, or is no kubeconfig. */
export function badKubeconfig(file: string, cause: unknown): FaroError {
  if (cause instanceof KubeconfigTextError) {
    const where = cause.line === undefined ? file : `${file}:${cause.line}`;
    return new FaroError("FARO_KUBECONFIG", `cannot use kubeconfig ${where}: ${cause.message}`, {
      hint: `mend the file, or use another one: --kubeconfig=PATH`,
      details: { file, line: cause.line },
    });
  }
  return new FaroError("FARO_KUBECONFIG", `cannot read kubeconfig ${file}: ${errorMessage(cause)}`, {
    hint: `make it readable: chmod u+r ${file}`,
    details: { file },
  });
}

/** A name given with a flag, or as the current context, is in no kubeconfig. */
export function unknownName(what: "context" | "cluster" | "user", name: string, config: Kubeconfig): FaroError {
  const known = [...(what === "context" ? config.contexts : what === "cluster" ? config.clusters : config.users).keys()];
  const near = meantBy(name, known);
  const list = known.length === 0 ? `there are no ${what}s` : `the ${what}s are ${known.join(", ")}`;
  return new FaroError(
    "FARO_KUBECONFIG",
    `no ${what} "${name}" in ${filesText(config)}${near === undefined ? "" : `; did you mean "${near}"?`}`,
    {
      hint: `${list}${known[0] === undefined ? "" : `; for example --${what}=${near ?? known[0]}`}`,
      details: { [what]: name, known },
    },
  );
}

/** There are kubeconfigs, but none says which context is meant. */
export function noCurrentContext(config: Kubeconfig): FaroError {
  const known = [...config.contexts.keys()];
  return new FaroError("FARO_KUBECONFIG", `no current context in ${filesText(config)}`, {
    hint:
      known[0] === undefined
        ? "name a server: --server=https://HOST:6443"
        : `the contexts are ${known.join(", ")}; choose one: --context=${known[0]}`,
    details: { known },
  });
}

/** The context leads to no server. */
export function noServer(context: string, cluster: string, config: Kubeconfig): FaroError {
  const why = config.clusters.has(cluster) ? `cluster "${cluster}" has no server` : `there is no cluster "${cluster}"`;
  const known = [...config.clusters.keys()].join(", ") || "none";
  return new FaroError("FARO_KUBECONFIG", `context "${context}" of ${filesText(config)} leads to no server: ${why}`, {
    hint: `the clusters are ${known}; name one with --cluster, or give --server=https://HOST:6443`,
    details: { context, cluster },
  });
}

/** Neither a kubeconfig nor a pod's service account. `looked` are the paths that were tried. */
export function nothingToConnectTo(looked: readonly string[]): FaroError {
  const places = looked.length === 0 ? "" : ` at ${looked.join(", ")}`;
  return new FaroError(
    "FARO_KUBECONFIG",
    `no cluster to connect to: no kubeconfig${places}, and this is not a pod with a service account`,
    {
      hint: "point to a kubeconfig: --kubeconfig=PATH or KUBECONFIG=PATH; without any cluster, try: faro demo",
      details: { looked },
    },
  );
}

/** The pieces are there but contradict each other. */
export function unusableConfig(config: Kubeconfig, problem: string, hint: string): FaroError {
  return new FaroError("FARO_KUBECONFIG", `cannot use ${filesText(config)}: ${problem}`, { hint });
}

function filesText(config: Kubeconfig): string {
  return config.files.length === 0 ? "the connection flags" : `kubeconfig ${config.files.join(", ")}`;
}

/** What a person reads when the cluster cannot be used at start. */
import { FaroError, type FaroErrorCode, unreachable } from "../base/index.ts";
import { ApiFailure, describeFailure, type Failure, type HttpFailure, type NetworkFailure } from "./api-failure.ts";

/** The error for a failure that ends Faro. `server` is `ApiClient.server`. */
export function explainFailure(failure: ApiFailure | Failure, server: string): FaroError {
  const facts = failure instanceof ApiFailure ? failure.failure : failure;
  const make = (code: FaroErrorCode, message: string, hint: string): FaroError =>
    new FaroError(code, message, {
      hint,
      details: { server, ...facts },
      ...(failure instanceof ApiFailure ? { cause: failure } : {}),
    });
  switch (facts.kind) {
    case "http":
      return http(facts, server, make);
    case "network":
      return make(
        "FARO_CLUSTER_UNREACHABLE",
        `cannot reach the API server ${server}: ${describeFailure(facts)}`,
        networkHint(facts, server),
      );
    case "foreign":
      return make(
        "FARO_CLUSTER_UNREACHABLE",
        `${server} is no Kubernetes API server: it sent ${facts.message}`,
        "check the server of the kubeconfig; behind a login proxy, log in to that first",
      );
    case "credential":
      return make(
        facts.message.startsWith("credential plugin") ? "FARO_CREDENTIAL_PLUGIN" : "FARO_UNAUTHORIZED",
        `no credentials for ${server}: ${facts.message}`,
        "log in again as for kubectl; this shows the same problem: kubectl get --raw /version",
      );
    default:
      return unreachable(facts);
  }
}

type Make = (code: FaroErrorCode, message: string, hint: string) => FaroError;

function http(failure: HttpFailure, server: string, make: Make): FaroError {
  const what = describeFailure(failure);
  switch (failure.status) {
    case 401:
      return make(
        "FARO_UNAUTHORIZED",
        `${server} does not accept the credentials: ${what}`,
        "the token or certificate has expired or belongs to another cluster: log in again, or choose another context with --context",
      );
    case 403:
      return make(
        "FARO_RBAC_DENIED",
        `${server} refuses permission: ${what}`,
        "grant get, list and watch; this shows the role that is needed: faro --dry-run --resource=KIND",
      );
    case 407:
      return make(
        "FARO_CLUSTER_UNREACHABLE",
        `the proxy before ${server} wants a login: ${what}`,
        "put it into the proxy's URL: HTTPS_PROXY=http://USER:PASSWORD@HOST:3128",
      );
    default:
      return make(
        "FARO_CLUSTER_UNREACHABLE",
        `the API server ${server} cannot answer: ${what}`,
        "try again; this tells how it is: kubectl get --raw '/readyz?verbose'",
      );
  }
}

function networkHint({ code }: NetworkFailure, server: string): string {
  const host = URL.canParse(server) ? new URL(server).host : server;
  switch (code) {
    case "ECONNREFUSED":
      return `nothing listens on ${host}: is the cluster running, and is the right context chosen? See kubectl config get-contexts`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} has no address here: check the server's name, the VPN, or set HTTPS_PROXY`;
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return "renew the server's certificate (kubeadm certs renew all), and check this machine's clock";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "name the host that the certificate is for: --tls-server-name=NAME";
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "EPROTO":
      return `if the server speaks plain HTTP, write --server=http://${host}`;
    case "PROXY_REFUSED":
    case "SOCKS_REFUSED":
      return `allow ${host} in the proxy, or go past it: NO_PROXY=${host.replace(/:\d+$/, "")}`;
    default:
      return /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code)
        ? "give the authority that signed it: --certificate-authority=FILE, or take the kubeconfig from the cluster anew"
        : `check the network between here and ${host}: VPN, firewall, HTTPS_PROXY`;
  }
}

/**
 * Which proxy a request to the API server takes: the cluster's `proxy-url`, else the environment's, by the rules
 * of Go's `golang.org/x/net/http/httpproxy`, which kubectl uses.
 */
import { BlockList, isIP } from "node:net";
import type { ServerUrl } from "./server-url.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The proxy URL that the environment names for this server, or undefined. `HTTPS_PROXY` is for https and
 * `HTTP_PROXY` for http; neither is used for localhost and loopback addresses nor for what `NO_PROXY` lists.
 */
export function proxyFromEnvironment(server: ServerUrl, variables: Variables): string | undefined {
  const proxy = variable(variables, server.isTls ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy === "" || isLoopback(server.host) || isExcluded(server, variable(variables, "NO_PROXY"))) return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

function variable(variables: Variables, name: string): string {
  return variables[name] || variables[name.toLowerCase()] || "";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function isExcluded(server: ServerUrl, noProxy: string): boolean {
  const entries = noProxy.split(",").map((entry) => entry.trim().toLowerCase());
  return entries.some((entry) => entry !== "" && (entry === "*" || matches(entry, server)));
}

/** One entry of `NO_PROXY`: a network, an address, or a domain, the latter two with a port where one is wanted. */
function matches(entry: string, server: ServerUrl): boolean {
  const host = server.host.toLowerCase();
  const network = /^(.+)\/(\d+)$/.exec(entry);
  if (network !== null) return isIP(host) !== 0 && contains(network[1] ?? "", Number(network[2]), host);
  const { name, port } = splitPort(entry);
  if (name === "" || (port !== undefined && port !== String(server.port))) return false;
  if (isIP(name) !== 0) return isIP(host) === isIP(name) && contains(name, isIP(name) === 4 ? 32 : 128, host);
  if (isIP(host) !== 0) return false;
  const suffix = name.replace(/^\*\./, ".");
  return suffix.startsWith(".") ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function splitPort(entry: string): { readonly name: string; readonly port: string | undefined } {
  if (isIP(entry) !== 0) return { name: entry, port: undefined };
  const parts = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]*))(?::(?<port>\d+))?$/.exec(entry)?.groups ?? {};
  return { name: parts["v6"] ?? parts["host"] ?? "", port: parts["port"] };
}

function contains(network: string, bits: number, address: string): boolean {
  const family = isIP(network) === 4 ? "ipv4" : "ipv6";
  if (isIP(network) === 0 || isIP(network) !== isIP(address) || bits > (family === "ipv4" ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(address, family);
}

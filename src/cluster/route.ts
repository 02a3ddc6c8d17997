/** How a request gets to the API server: directly, through an HTTP proxy, or through SOCKS5. One route per TLS material. */
import type { Socket } from "node:net";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { Agent, buildConnector } from "undici";
import type { Clock } from "../base/index.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { persistentConnector } from "./connecting.ts";
import { READING } from "./connection.ts";
import { requestText, type RequestHeaders } from "./request-text.ts";
import { connectThroughSocks } from "./socks5.ts";

/** PEM texts as they were when the route was made. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/**
 * With what all connections have in common. For one of its own each connection takes 0.4 ms and 31 KB, a cold one several milliseconds.
 */
export interface UsableMaterial extends TlsMaterial {
  readonly context: SecureContext;
}

/** @throws the errors of OpenSSL, which name no secret */
export function usable(material: TlsMaterial): UsableMaterial {
  const { ca, certificate, key } = material;
  const context = createSecureContext({
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  });
  return { ...material, context };
}

export interface Route {
  /** A socket that stands. @throws Node's, undici's or the proxy's errors */
  connect(): Promise<Socket>;
  /** What is written on it to GET a path with its query. @throws an error for what no head may hold */
  request(path: string, headers: RequestHeaders): string;
  /** @throws an error when an answer of this status is the proxy's, which wants a login */
  check(status: number): void;
  close(): Promise<void>;
}

export const CONNECT_TIMEOUT_MS: number = 30_000;
/** TCP probes notice a dead link below a stream that is quiet by right. */
const PROBE_AFTER_MS = 30_000;

/** Opens nothing yet. HTTP/1.1: one connection per stream. */
export function createRoute(config: ClusterConfig, material: UsableMaterial, clock: Clock): Route {
  const server = new URL(config.server);
  const target = targetOf(server);
  const tls = tlsOptions(config, material.context);
  const direct: Omit<Route, "connect"> = {
    request: (path, headers) => requestText(server.host, path, headers),
    check: () => undefined,
    close: () => Promise.resolve(),
  };
  if (config.proxy === undefined) {
    const connector = persistentConnector({ ...tls, onread: READING }, clock);
    return { ...direct, connect: () => standing(connector, target) };
  }
  const proxy = new URL(config.proxy.url);
  if (proxy.protocol.startsWith("socks5")) return { ...direct, connect: socksConnect(proxy, target, buildConnector(tls)) };
  // Go's transport asks the proxy's certificate of the cluster's authority too; public ones are trusted besides.
  const toProxy = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    rejectUnauthorized: !config.tls.insecureSkipVerify,
    ...(material.ca === undefined ? {} : { ca: [material.ca, ...rootCertificates] }),
  });
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization = login === ":" ? {} : { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` };
  if (server.protocol === "http:" && proxy.protocol === "http:") {
    // A plain http server is asked through the proxy without a tunnel, as Go does.
    return {
      connect: () => standing(toProxy, targetOf(proxy)),
      request: (path, headers) => requestText(server.host, `${server.origin}${path}`, { ...headers, ...authorization }),
      check: (status) => {
        if (status === 407) throw new Error("Proxy Authentication Required (407)");
      },
      close: () => Promise.resolve(),
    };
  }
  const tunnels = new Agent({ connect: toProxy });
  return {
    ...direct,
    connect: () => tunnelConnect({ tunnels, proxy, target, through: buildConnector(tls), headers: authorization }),
    close: () => tunnels.destroy(),
  };
}

function tlsOptions(config: ClusterConfig, secureContext: SecureContext): buildConnector.BuildOptions {
  return {
    timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    secureContext,
    rejectUnauthorized: !config.tls.insecureSkipVerify,
    ...(config.tls.serverName === undefined ? {} : { servername: config.tls.serverName }),
  };
}

function targetOf({ protocol, host, hostname, port }: URL): buildConnector.Options {
  const defaultPort = protocol === "https:" ? "443" : "80";
  return { protocol, host, hostname: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? defaultPort : port };
}

function standing(connector: buildConnector.connector, target: buildConnector.Options): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connector(target, (...[error, socket]) => (error === null ? resolve(socket) : reject(error)));
  });
}

function socksConnect(proxy: URL, target: buildConnector.Options, through: buildConnector.connector): () => Promise<Socket> {
  return async () => {
    const { hostname: host, port, protocol } = target;
    const socket = await connectThroughSocks({ proxy, host, port: Number(port), timeoutMs: CONNECT_TIMEOUT_MS });
    return protocol === "https:" ? await standing(through, { ...target, httpSocket: socket }) : socket;
  };
}

interface Tunnel {
  readonly tunnels: Agent;
  readonly proxy: URL;
  readonly target: buildConnector.Options;
  readonly through: buildConnector.connector;
  readonly headers: Readonly<Record<string, string>>;
}

async function tunnelConnect({ tunnels, proxy, target, through, headers }: Tunnel): Promise<Socket> {
  const { hostname, port, protocol } = target;
  const path = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  // Undici's types leave the name of the proxy's certificate out; without it the server's would be asked for.
  const options = { origin: proxy.origin, path, headers: { ...headers, host: path }, servername: proxy.hostname };
  const { socket, statusCode } = await tunnels.connect(options);
  if (statusCode !== 200) {
    socket.on("error", () => undefined).destroy();
    throw new Error(`Proxy response (${statusCode}) !== 200 when HTTP Tunneling`);
  }
  return protocol === "https:" ? await standing(through, { ...target, httpSocket: socket as Socket }) : (socket as Socket);
}

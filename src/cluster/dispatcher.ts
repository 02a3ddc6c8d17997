/** Sockets to the API server: directly, through an HTTP proxy, or through SOCKS5. One dispatcher per TLS material. */
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from "undici";
import { type Clock, errorMessage } from "../base/index.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { persistentConnector } from "./connecting.ts";
import { connectThroughSocks } from "./socks5.ts";

/** PEM texts as they were when the dispatcher was made. */
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

export const CONNECT_TIMEOUT_MS: number = 30_000;
/** Below the 90 s after which Go's servers close idle connections, so that a request never meets a closed one. */
const KEEP_ALIVE_MS = 30_000;
/** TCP probes notice a dead link below a stream that is quiet by right. */
const PROBE_AFTER_MS = 30_000;

const POOL = { keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS, pipelining: 1, allowH2: false } as const;

/**
 * Opens nothing yet. HTTP/1.1: one connection per stream, since undici 7 shares none over HTTP/2.
 * `highWaterMark`: bytes that are read ahead of a stream that nobody reads; undici's own choice unless given.
 */
export function createDispatcher(
  config: ClusterConfig,
  { ca, context }: UsableMaterial,
  clock: Clock,
  highWaterMark?: number,
): Dispatcher {
  const tls = { ...tlsOptions(config, context), ...(highWaterMark === undefined ? {} : { highWaterMark }) };
  if (config.proxy === undefined) return new Agent({ ...POOL, connect: persistentConnector(tls, clock) });
  const proxy = new URL(config.proxy.url);
  if (proxy.protocol.startsWith("socks5")) return socksAgent(proxy, tls);
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return new ProxyAgent({
    ...POOL,
    uri: `${proxy.protocol}//${proxy.host}`,
    ...(login === ":" ? {} : { token: `Basic ${Buffer.from(login).toString("base64")}` }),
    requestTls: tls,
    // Go's transport asks the proxy's certificate of the cluster's authority too; public ones are trusted besides.
    proxyTls: {
      timeout: CONNECT_TIMEOUT_MS,
      rejectUnauthorized: !config.tls.insecureSkipVerify,
      ...(ca === undefined ? {} : { ca: [ca, ...rootCertificates] }),
    },
    // A plain http server is asked through the proxy without a tunnel, as Go does.
    proxyTunnel: false,
  });
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

function socksAgent(proxy: URL, tls: buildConnector.BuildOptions): Agent {
  const connect = buildConnector(tls);
  return new Agent({
    ...POOL,
    connect: (options, callback) => void connectOverSocks(options, callback),
  });

  async function connectOverSocks(options: buildConnector.Options, callback: buildConnector.Callback): Promise<void> {
    const isTls = options.protocol === "https:";
    const port = options.port === "" ? (isTls ? 443 : 80) : Number(options.port);
    const host = options.hostname.replace(/^\[|\]$/g, "");
    try {
      const socket = await connectThroughSocks({ proxy, host, port, timeoutMs: CONNECT_TIMEOUT_MS });
      if (isTls) connect({ ...options, httpSocket: socket }, callback);
      else callback(null, socket);
    } catch (error) {
      callback(error instanceof Error ? error : new Error(errorMessage(error)), null);
    }
  }
}

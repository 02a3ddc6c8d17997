/**
 * A pretended API server that remembers the request for pods that reaches it, over HTTP and HTTPS, directly or through
 * one of two proxies. What a kubeconfig means is what arrives here, whoever sends it.
 */
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** The request for pods, as far as a kubeconfig decides it. */
export interface CapturedRequest {
  readonly scheme: "http" | "https";
  /** `/prefix/api/v1/namespaces/team-a/pods`, without query. */
  readonly path: string;
  readonly authorization?: string;
  /** `impersonate-*` headers, lower case, sorted; several values joined by `|`. */
  readonly impersonate: Readonly<Record<string, string>>;
  /** Common name of the client certificate. */
  readonly certificate?: string;
  /** Server name of the TLS hello. */
  readonly serverName?: string;
  readonly via: "direct" | "http-proxy" | "socks5";
}

export interface CaptureServer {
  /** What stands for `$HTTPS`, `$HTTP`, `$PROXY`, … in the table of kubeconfigs. */
  readonly places: Readonly<Record<string, string>>;
  /** The requests for pods since the last call. */
  take(): readonly CapturedRequest[];
  close(): Promise<void>;
}

/** The text of a file of test certificates. */
export function fixture(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8");
}

export async function startCaptureServer(): Promise<CaptureServer> {
  const captured: CapturedRequest[] = [];
  const routes = new Map<number, CapturedRequest["via"]>();
  const listener: RequestListener = (request, response) => {
    const via = routes.get(request.socket.remotePort ?? 0) ?? (request.url?.startsWith("http") ? "http-proxy" : "direct");
    answer(request, via, captured, response);
  };
  const tls = {
    cert: fixture("server.crt"),
    key: fixture("server.key"),
    ca: fixture("ca.crt"),
    requestCert: true,
    rejectUnauthorized: false,
  };
  const http = createHttpServer(listener);
  const https = createHttpsServer(tls, listener);
  const sockets = new Set<Socket>();
  const reach = (host: string, port: number): number =>
    host === "api.faro.test" || host === "inner.faro.test" ? portOf(https) : port;
  const tunnel = (via: "http-proxy" | "socks5", port: number, client: Socket, then: () => void): void => {
    const upstream = connect(port, "127.0.0.1", () => {
      routes.set(upstream.localPort ?? 0, via);
      then();
      client.pipe(upstream).pipe(client);
    });
    for (const socket of [client, upstream]) socket.on("error", () => [client, upstream].map((end) => end.destroy()));
    sockets.add(upstream);
  };
  // Only the forward proxy hears absolute URLs; it plays the server itself then.
  const proxy = createHttpServer((request, response) => answer(request, "http-proxy", captured, response));
  proxy.on("connect", (request, client: Socket) => {
    const [host = "", port = ""] = (request.url ?? "").split(":");
    if (request.headers["proxy-authorization"] === `Basic ${Buffer.from("wrong:login").toString("base64")}`) {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    tunnel("http-proxy", reach(host, Number(port)), client, () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
  });
  const socks = createTcpServer((client) =>
    serveSocks(client, (host, port, then) => tunnel("socks5", reach(host, port), client, then)),
  );
  const servers: readonly (Server | TcpServer)[] = [http, https, proxy, socks];
  for (const server of servers) {
    server.on("connection", (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  return {
    places: {
      $HTTPS: `https://127.0.0.1:${portOf(https)}`,
      $HTTP: `http://127.0.0.1:${portOf(http)}`,
      $HOSTPORT: `127.0.0.1:${portOf(http)}`,
      $TLSPORT: String(portOf(https)),
      $PROXY: `http://127.0.0.1:${portOf(proxy)}`,
      $PROXYHOST: `127.0.0.1:${portOf(proxy)}`,
      $SOCKSHOST: `127.0.0.1:${portOf(socks)}`,
    },
    take: () => captured.splice(0),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

const DISCOVERY_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const PODS = {
  resource: "pods",
  responseKind: { group: "", version: "v1", kind: "Pod" },
  scope: "Namespaced",
  singularResource: "pod",
  verbs: ["get", "list", "watch"],
  shortNames: ["po"],
};

function answer(
  request: IncomingMessage,
  via: CapturedRequest["via"],
  captured: CapturedRequest[],
  response: Parameters<RequestListener>[1],
): void {
  const path = (request.url ?? "").replace(/^http:\/\/[^/]+/, "").replace(/\?.*$/, "");
  if (path.endsWith("/api") || path.endsWith("/apis")) {
    const items = path.endsWith("/api")
      ? [{ metadata: {}, versions: [{ version: "v1", freshness: "Current", resources: [PODS] }] }]
      : [];
    response.setHeader("content-type", DISCOVERY_TYPE);
    response.end(JSON.stringify({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items }));
    return;
  }
  if (path.endsWith("/pods")) captured.push(capture(request, path, via));
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "1" }, items: [] }));
}

function capture(request: IncomingMessage, path: string, via: CapturedRequest["via"]): CapturedRequest {
  const tls = request.socket instanceof TLSSocket ? request.socket : undefined;
  const { authorization } = request.headers;
  const certificate = tls?.getPeerCertificate().subject?.CN;
  const serverName = tls === undefined ? undefined : "servername" in tls ? tls.servername : undefined;
  const impersonate = Object.entries(request.headersDistinct)
    .filter(([name]) => name.startsWith("impersonate-"))
    .map(([name, values]): [string, string] => [name, (values ?? []).join("|")])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    scheme: tls === undefined ? "http" : "https",
    path,
    ...(authorization === undefined ? {} : { authorization }),
    impersonate: Object.fromEntries(impersonate),
    ...(certificate === undefined ? {} : { certificate: String(certificate) }),
    ...(typeof serverName === "string" && serverName !== "" ? { serverName } : {}),
    via,
  };
}

/** The server's half of RFC 1928, for names and IPv4, without or with the login user:secret. */
function serveSocks(client: Socket, open: (host: string, port: number, then: () => void) => void): void {
  client.once("data", (greeting) => {
    const wantsLogin = greeting.includes(2, 2);
    client.write(Buffer.from([5, wantsLogin ? 2 : 0]));
    const onRequest = (request: Buffer): void => {
      const isName = request[3] === 3;
      const end = isName ? 5 + (request[4] ?? 0) : 8;
      const host = isName ? request.toString("utf8", 5, end) : [...request.subarray(4, 8)].join(".");
      open(host, request.readUInt16BE(end), () => client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
    };
    client.once("data", (message) => {
      if (!wantsLogin) {
        onRequest(message);
        return;
      }
      const isRight = message.toString("latin1", 2).includes("user") && message.toString("latin1").includes("secret");
      client.write(Buffer.from([1, isRight ? 0 : 1]));
      if (isRight) client.once("data", onRequest);
      else client.end();
    });
  });
}

function portOf(server: Server | TcpServer): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  return address.port;
}

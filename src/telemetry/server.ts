/** The small server of `/metrics` and `/health`. It reads, it changes nothing, and it never speaks to a web page. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import { errorMessage, FaroError } from "../base/index.ts";

export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface PageServerOptions {
  readonly port: number;
  readonly address: string;
  /** Path to page, made for every request. */
  readonly pages: Readonly<Record<string, () => Page>>;
}

export interface PageServer {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  close(): Promise<void>;
}

/** A scrape is one short request: whoever holds a connection longer has forgotten it. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Listens and serves `pages`.
 * @throws FaroError `FARO_PORT_TAKEN` when the address cannot be had.
 */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const server = createServer((request, response) => answer(options, request, response));
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  await listen(server, options);
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : options.port;
  return {
    url: `http://${isIP(options.address) === 6 ? `[${options.address}]` : options.address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { port, address }: PageServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(cannotListen(port, address, cause)));
    server.listen(port, address, () => {
      server.unref();
      resolve();
    });
  });
}

function cannotListen(port: number, address: string, cause: NodeJS.ErrnoException): FaroError {
  const why = cause.code === "EADDRINUSE" ? "another program listens there" : errorMessage(cause);
  return new FaroError("FARO_PORT_TAKEN", `cannot open port ${port} on ${address} for /metrics and /health: ${why}`, {
    hint: `choose another port, for example --metrics-port=${port === 9_090 ? 9_091 : 9_090}, or turn both off with --metrics-port=0`,
    cause,
    details: { port, address },
  });
}

function answer(options: PageServerOptions, request: IncomingMessage, response: ServerResponse): void {
  const page = pageFor(options, request);
  response.writeHead(page.status, {
    "content-type": page.contentType,
    "content-length": Buffer.byteLength(page.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(page.status === 405 ? { allow: "GET, HEAD" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : page.body);
}

function pageFor(options: PageServerOptions, request: IncomingMessage): Page {
  if (!isOwnName(request.headers.host, options.address)) return plain(403, "this server answers only to its own name\n");
  if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "only GET\n");
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const page = Object.hasOwn(options.pages, path) ? options.pages[path] : undefined;
  return page?.() ?? plain(404, `no such page; there are ${Object.keys(options.pages).join(", ")}\n`);
}

/**
 * A page on the web can make a browser ask `http://some.name:8080` after pointing that name at 127.0.0.1 (DNS
 * rebinding); the `Host` header still has the foreign name. Whoever opens the port to a network names that machine
 * in ways nobody can list, and the network can read it anyway.
 */
function isOwnName(host: string | undefined, address: string): boolean {
  if (!isLoopback(address)) return true;
  return host !== undefined && isLoopback(host.replace(/:\d*$/, ""));
}

function isLoopback(name: string): boolean {
  const bare = name.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
}

function plain(status: number, body: string): Page {
  return { status, contentType: "text/plain; charset=utf-8", body };
}

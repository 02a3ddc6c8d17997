/**
 * A Kubernetes API over HTTP, read only, from a `ClusterHistory` and `ContainerLogs`. It listens on the local machine,
 * answers GET and HEAD, and refuses everything else with 405.
 */
import { createServer, type Server } from "node:http";
import type { ServerControl } from "./lifecycle.ts";
import type { ActiveStream } from "./out-stream.ts";
import { type ServedRequest, Service, type ServiceOptions } from "./service.ts";
import { SocketSink } from "./socket-sink.ts";

export interface ApiServerOptions extends ServiceOptions {
  readonly host?: "127.0.0.1";
  /** 0 (unless given): any free port. */
  readonly port?: number;
}

export interface ApiServer extends ServerControl {
  /** `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly port: number;
  /** Every request, oldest first. */
  readonly requests: readonly ServedRequest[];
  /** Watches and followed logs that are open now. */
  readonly streams: readonly ActiveStream[];
  /** Ends every stream cleanly, closes every connection, stops listening. */
  close(): Promise<void>;
}

/** Starts listening. Rejects when the port is taken. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const service: Service = new Service(options, { shut: () => listener.shut(), open: () => listener.open() });
  const listener = await listenFor(() => service, options.port ?? 0, options.host);
  return {
    url: listener.url,
    port: listener.port,
    requests: service.requests,
    get streams() {
      return [...service.context.streams];
    },
    get state() {
      return service.state;
    },
    shutDown: (drainMs) => service.shutDown(drainMs),
    kill: () => service.kill(),
    start: (initialisingMs) => service.start(initialisingMs),
    lag: (lag) => service.lag(lag),
    async close() {
      service.close();
      await listener.shut();
    },
  };
}

/** A port that is listened on, whichever service answers at the time. */
export interface Listener {
  readonly url: string;
  readonly port: number;
  /** Closes every connection and stops listening. */
  shut(): Promise<void>;
  /** Listens again, on the same port. */
  open(): Promise<void>;
}

/** `service` is asked for at each request. Rejects when the port is taken. */
export async function listenFor(service: () => Service, port: number, host: string = "127.0.0.1"): Promise<Listener> {
  const server = createServer((incoming, response) => void service().serve(incoming, new SocketSink(response)));
  const bound = await listen(server, port, host);
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    shut: () => stopListening(server),
    open: async () => void (await listen(server, bound, host)),
  };
}

async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // What has been ended goes out first.
  await new Promise((resolve) => setImmediate(resolve));
  server.closeAllConnections();
  await closed;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("the server has no port"));
      else resolve(address.port);
    });
  });
}

/**
 * The same Kubernetes API without sockets, for tests that run it thousands of times: requests are calls, bodies are
 * async iterables, and with a `VirtualClock` the same seed gives the same sequence of bytes. Nothing here waits for the
 * operating system: everything that goes on goes on in promises and in the clock's timers.
 */
import { ConnectionError, LocalSink, type LocalResponse } from "./local-sink.ts";
import type { ServerControl } from "./lifecycle.ts";
import type { ActiveStream } from "./out-stream.ts";
import { type ServedRequest, Service, type ServiceOptions } from "./service.ts";

/** One request to a server in the same process. */
export interface LocalRequest {
  /** Absolute, or only path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** GET unless given; everything but GET and HEAD is answered with 405. */
  readonly method?: string;
  /** Aborts the exchange, the body included, with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface LocalApiServer extends ServerControl {
  /** Every request, oldest first. */
  readonly requests: readonly ServedRequest[];
  /** Watches and followed logs that are open now. */
  readonly streams: readonly ActiveStream[];
  /**
   * Sends a request; resolves with the headers of the answer.
   * @throws ConnectionError when the connection breaks before that, or the server is closed.
   */
  exchange(request: LocalRequest): Promise<LocalResponse>;
  /** Ends every stream cleanly, breaks every other connection, refuses further ones. */
  close(): void;
}

/** Starts at once; there is nothing to listen on. */
export function localApiServer(options: ServiceOptions): LocalApiServer {
  let accepts = true;
  const service = new Service(options, {
    shut() {
      accepts = false;
      return Promise.resolve();
    },
    open() {
      accepts = true;
      return Promise.resolve();
    },
  });
  return {
    requests: service.requests,
    get streams() {
      return [...service.context.streams];
    },
    get state() {
      return service.state;
    },
    exchange({ url, headers = {}, method = "GET", signal }) {
      if (!accepts) return Promise.reject(new ConnectionError("ECONNREFUSED"));
      const sink = new LocalSink(signal);
      if (!sink.signal.aborted) void service.serve({ method, url: pathOf(url), headers: { host: "local", ...headers } }, sink);
      return sink.response;
    },
    shutDown: (drainMs) => service.shutDown(drainMs),
    kill: () => service.kill(),
    start: (initialisingMs) => service.start(initialisingMs),
    lag: (lag) => service.lag(lag),
    close() {
      accepts = false;
      service.close();
    },
  };
}

function pathOf(url: string): string {
  return url.startsWith("/") ? url : `/${url.split("/").slice(3).join("/")}`;
}

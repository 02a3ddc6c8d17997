/** An `ApiClient` of an API server in the same process: no sockets, and the virtual clock's time. */
import type { Clock } from "../../src/base/index.ts";
import { ConnectionError, type LocalApiServer, type LocalResponse } from "../../src/apiserver/index.ts";
import {
  type ApiClient,
  ApiFailure,
  type Failure,
  type ReadRequest,
  type ReadResponse,
  type StreamRequest,
  type StreamResponse,
} from "../../src/cluster/index.ts";
import { httpFailure } from "../../src/cluster/error-body.ts";

export class LocalClient implements ApiClient {
  readonly server = "https://local";
  readonly #api: () => LocalApiServer;
  readonly #clock: Clock;

  /** `api` is asked before each request, so that a test can put another server in its place. */
  constructor(api: () => LocalApiServer, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  async read(request: ReadRequest): Promise<ReadResponse> {
    return this.#guard(request, async () => {
      const response = await this.#open(request, request.signal);
      const chunks: Buffer[] = [];
      for await (const chunk of response.body) chunks.push(Buffer.from(chunk));
      return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) };
    });
  }

  async stream(request: StreamRequest): Promise<StreamResponse> {
    const idle = new AbortController();
    const onAbort = (): void => idle.abort(request.signal?.reason);
    request.signal?.addEventListener("abort", onAbort, { once: true });
    const response = await this.#guard(request, () => this.#open(request, idle.signal));
    return { status: response.status, headers: response.headers, body: this.#body(request, response, idle) };
  }

  async close(): Promise<void> {}

  async *#body(request: StreamRequest, response: LocalResponse, idle: AbortController): AsyncGenerator<Buffer> {
    const chunks = response.body[Symbol.asyncIterator]();
    const silence: Failure = {
      kind: "network",
      code: "IDLE_TIMEOUT",
      message: `nothing received for ${request.idleTimeoutMs} ms`,
    };
    try {
      for (;;) {
        const failure = this.#failure(request, silence);
        const cancel = this.#clock.after(request.idleTimeoutMs, () => idle.abort(failure));
        const next = await this.#guard(request, () => chunks.next()).finally(cancel);
        if (next.done === true) return;
        yield Buffer.from(next.value);
      }
    } finally {
      if (!idle.signal.aborted) idle.abort(new Error("the reader left"));
    }
  }

  async #open(request: ReadRequest | StreamRequest, signal: AbortSignal | undefined): Promise<LocalResponse> {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {})) if (value !== undefined) query.set(name, String(value));
    const response = await this.#api().exchange({
      url: `${request.path}?${query.toString()}`,
      headers: { accept: request.accept ?? "application/json" },
      ...(signal === undefined ? {} : { signal }),
    });
    const { status, headers } = response;
    if (status < 400) return response;
    const chunks: Buffer[] = [];
    for await (const chunk of response.body) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString("utf8");
    throw this.#failure(request, httpFailure({ status, headers, body, now: this.#clock.now() }));
  }

  async #guard<T>(request: ReadRequest | StreamRequest, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      throw this.#failure(request, { kind: "network", code: error.code, message: error.message });
    }
  }

  #failure(request: ReadRequest | StreamRequest, failure: Failure): ApiFailure {
    return new ApiFailure(`GET ${this.server}${request.path}`, failure);
  }
}

/**
 * The `ApiClient` of a recorder whose cluster is in the same process. It keeps the promises of `cluster/http-client.ts`: what is a
 * failure, which clock watches which wait, and that an abort throws its own reason.
 */
import { type Clock, formatDuration } from "../base/index.ts";
import {
  type ApiClient,
  ApiFailure,
  type Failure,
  httpFailure,
  isHtml,
  type Query,
  type ReadRequest,
  type ReadResponse,
  type StreamRequest,
  type StreamResponse,
} from "../cluster/index.ts";
import type { Network, Reply } from "./network.ts";

const READ_TIMEOUT_MS = 60_000;

export class LocalClient implements ApiClient {
  readonly server = "http://cluster.local";
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #open = new Set<AbortController>();
  #isKilled = false;

  constructor(network: Network, clock: Clock) {
    this.#network = network;
    this.#clock = clock;
  }

  /** The process is gone: its connections close, and nothing that waits here goes on. */
  kill(): void {
    this.#isKilled = true;
    for (const open of this.#open) open.abort(new Error("killed"));
  }

  async read(request: ReadRequest): Promise<ReadResponse> {
    const { path, query, timeoutMs = READ_TIMEOUT_MS, accept = "application/json", ifNoneMatch, signal } = request;
    const limit = new Limit(this.#clock, signal);
    this.#open.add(limit.controller);
    const late: Failure = { kind: "network", code: "TIMEOUT", message: `no complete answer within ${formatDuration(timeoutMs)}` };
    limit.start(timeoutMs, () => this.#failure(path, late));
    try {
      const headers = { accept, ...(ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch }) };
      const reply = await this.#request(path, query, { headers, limit });
      const body = await limit.race(collect(reply));
      return { status: reply.status, headers: reply.headers, body };
    } catch (error) {
      throw await this.#translate(error, path, limit);
    } finally {
      this.#end(limit);
    }
  }

  async stream(request: StreamRequest): Promise<StreamResponse> {
    const { path, query, accept = "application/json, */*", idleTimeoutMs, signal } = request;
    const limit = new Limit(this.#clock, signal);
    this.#open.add(limit.controller);
    const silent: Failure = {
      kind: "network",
      code: "IDLE_TIMEOUT",
      message: `nothing received for ${formatDuration(idleTimeoutMs)}`,
    };
    const watch = (): void => limit.start(idleTimeoutMs, () => this.#failure(path, silent));
    watch();
    try {
      const reply = await this.#request(path, query, { headers: { accept }, limit });
      limit.stop();
      return { status: reply.status, headers: reply.headers, body: this.#chunks({ reply, path, limit, watch }) };
    } catch (error) {
      const failure = await this.#translate(error, path, limit);
      this.#end(limit);
      throw failure;
    }
  }

  close(): Promise<void> {
    for (const open of this.#open) open.abort(new Error("the client is closed"));
    return Promise.resolve();
  }

  async *#chunks(reading: {
    readonly reply: Reply;
    readonly path: string;
    readonly limit: Limit;
    readonly watch: () => void;
  }): AsyncGenerator<Buffer> {
    const { reply, path, limit, watch } = reading;
    const chunks = reply.body[Symbol.asyncIterator]();
    try {
      for (;;) {
        watch();
        const next = await limit.race(chunks.next());
        limit.stop();
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      throw await this.#translate(error, path, limit);
    } finally {
      this.#end(limit);
      void chunks.return?.();
    }
  }

  async #request(
    path: string,
    query: Query | undefined,
    how: { readonly headers: Readonly<Record<string, string>>; readonly limit: Limit },
  ): Promise<Reply> {
    const { headers, limit } = how;
    const url = `${path}${queryText(query)}`;
    const reply = await limit.race(this.#network.exchange({ url, headers, signal: limit.signal }));
    if (reply.status >= 400) {
      const body = (await limit.race(collect(reply))).toString("utf8");
      throw this.#failure(path, httpFailure({ status: reply.status, headers: reply.headers, body, now: this.#clock.now() }));
    }
    if (isHtml(reply.headers)) throw this.#failure(path, { kind: "foreign", message: "an HTML page instead of an answer" });
    return reply;
  }

  #end(limit: Limit): void {
    limit.end();
    this.#open.delete(limit.controller);
  }

  #failure(path: string, failure: Failure): ApiFailure {
    return new ApiFailure(`GET ${this.server}${path}`, failure);
  }

  async #translate(error: unknown, path: string, limit: Limit): Promise<unknown> {
    // A killed process runs no catch block: what waited here waits for ever.
    if (this.#isKilled) await new Promise<void>(() => undefined);
    if (limit.signal.aborted) return limit.signal.reason;
    if (error instanceof ApiFailure) return error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
    return this.#failure(path, { kind: "network", code, message: error instanceof Error ? error.message : String(error) });
  }
}

const OVER = new Error("the request is over");

/** The caller's signal and a time limit as one signal. */
class Limit {
  readonly controller = new AbortController();
  readonly #clock: Clock;
  readonly #caller: AbortSignal | undefined;
  readonly #onAbort = (): void => this.controller.abort(this.#caller?.reason);
  #cancel: () => void = () => undefined;
  /** Rejects what is being raced; one thing at a time. */
  #fail: () => void = () => undefined;

  constructor(clock: Clock, caller: AbortSignal | undefined) {
    this.#clock = clock;
    this.#caller = caller;
    if (caller?.aborted === true) this.#onAbort();
    else caller?.addEventListener("abort", this.#onAbort, { once: true });
    this.signal.addEventListener("abort", () => this.#fail(), { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  start(ms: number, failure: () => ApiFailure): void {
    this.#cancel();
    this.#cancel = this.#clock.after(ms, () => this.controller.abort(failure()));
  }

  stop(): void {
    this.#cancel();
  }

  end(): void {
    this.stop();
    this.#caller?.removeEventListener("abort", this.#onAbort);
    this.controller.abort(OVER);
  }

  /** Rejects with the signal's reason when that aborts first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#fail = () => reject(this.signal.reason instanceof Error ? this.signal.reason : new Error("aborted"));
      promise.then(resolve, reject);
      if (this.signal.aborted) this.#fail();
    });
  }
}

async function collect(reply: Reply): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function queryText(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

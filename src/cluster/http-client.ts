/**
 * The `ApiClient` over HTTP/1.1. It sends GET and nothing else, follows no redirect, repeats a request
 * once when a 401 led to other credentials, and puts neither credentials nor query strings into errors.
 */
import { type Clock, formatDuration } from "../base/index.ts";
import type { ApiClient, Query, ReadRequest, ReadResponse, StreamRequest, StreamResponse } from "./api-client.ts";
import { ApiFailure, type Failure } from "./api-failure.ts";
import { CredentialError, type Credentials, type CredentialSource, credentialSource } from "./auth/log-in.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import type { Answer } from "./connection.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { Connections } from "./connections.ts";
import { httpFailure, isHtml } from "./error-body.ts";
import { type GatherBounds, Gathered } from "./gather.ts";
import { gunzipped } from "./gzip.ts";
import { impersonationHeaders } from "./impersonation.ts";
import { arriving } from "./inflow.ts";
import { isTrustFailure, networkFailure } from "./network-failure.ts";
import { RequestLimit } from "./request-limit.ts";
import { Rounds } from "./rounds.ts";
import { Warnings } from "./warnings.ts";

const READ_TIMEOUT_MS = 60_000;
const ERROR_BODY_BYTES_MAX = 64 * 1024;
const ERROR_BODY_TIMEOUT_MS = 10_000;

export interface ApiClientOptions {
  readonly clock: Clock;
  /** `faro/1.0.0 (linux/amd64)`. */
  readonly userAgent: string;
  /** Hears every deprecation or admission warning of the server, once per text. */
  readonly onWarning?: (text: string) => void;
  /** Default limit of `read`; the kubeconfig flag `--request-timeout` goes before it, 0 means none. */
  readonly requestTimeoutMs?: number;
}

/** Opens no connection until the first request. */
export function createApiClient(config: ClusterConfig, options: ApiClientOptions): ApiClient {
  return new HttpApiClient(config, options);
}

/** One request, on its way to being sent. */
interface Outgoing {
  readonly path: string;
  readonly query: Query | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly limit: RequestLimit;
}

/** A streaming body on its way to the consumer. */
interface Reading {
  readonly answer: Answer;
  readonly path: string;
  readonly limit: RequestLimit;
  readonly watch: () => void;
  readonly gather: GatherBounds | undefined;
}

class HttpApiClient implements ApiClient {
  readonly server: string;
  readonly #prefix: string;
  readonly #headers: Readonly<Record<string, string | string[]>>;
  readonly #credentials: CredentialSource;
  readonly #connections: Connections;
  readonly #warnings: Warnings;
  readonly #rounds: Rounds;
  readonly #clock: Clock;
  readonly #readTimeoutMs: number;

  constructor(config: ClusterConfig, options: ApiClientOptions) {
    const url = new URL(config.server);
    this.server = config.server;
    this.#prefix = url.pathname === "/" ? "" : url.pathname;
    this.#headers = { "user-agent": options.userAgent, ...impersonationHeaders(config.impersonation) };
    this.#clock = options.clock;
    this.#rounds = new Rounds(options.clock);
    this.#credentials = credentialSource(config, options.clock);
    this.#connections = new Connections(config, options.clock);
    this.#warnings = new Warnings(options.onWarning ?? (() => undefined));
    this.#readTimeoutMs = config.requestTimeoutMs ?? options.requestTimeoutMs ?? READ_TIMEOUT_MS;
  }

  async read(request: ReadRequest): Promise<ReadResponse> {
    const { path, query, accept = "application/json", timeoutMs = this.#readTimeoutMs, ifNoneMatch, signal } = request;
    const limit = new RequestLimit(signal, this.#clock);
    const headers = { accept, "accept-encoding": "gzip", ...(ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch }) };
    try {
      const answer = await this.#open({ path, query, headers, limit }, () =>
        limit.start(timeoutMs, () =>
          this.#failure(path, {
            kind: "network",
            code: "TIMEOUT",
            message: `no complete answer within ${formatDuration(timeoutMs)}`,
          }),
        ),
      );
      const chunks: Buffer[] = [];
      for await (const chunk of decoded(answer)) chunks.push(chunk);
      return { status: answer.head.status, headers: answer.head.headers, body: joined(chunks, request.lend) };
    } catch (error) {
      throw this.#translate(error, path, limit);
    } finally {
      limit.end();
    }
  }

  async stream(request: StreamRequest): Promise<StreamResponse> {
    const { path, query, accept = "application/json, */*", idleTimeoutMs, gather, signal } = request;
    const limit = new RequestLimit(signal, this.#clock);
    const headers = { accept, "accept-encoding": "identity" };
    // Made when it is needed: an error holds its stack, and a stream may be open for days.
    const failure = (): ApiFailure =>
      this.#failure(path, {
        kind: "network",
        code: "IDLE_TIMEOUT",
        message: `nothing received for ${formatDuration(idleTimeoutMs)}`,
      });
    const watch = (): void => limit.start(idleTimeoutMs, failure);
    try {
      // Some proxies hold the headers back until the first event (client-go reflector.go), so headers may take as long as data.
      const answer = await this.#open({ path, query, headers, limit }, watch);
      limit.stopClock();
      return {
        status: answer.head.status,
        headers: answer.head.headers,
        body: this.#chunks({ answer, path, limit, watch, gather }),
      };
    } catch (error) {
      limit.end();
      throw this.#translate(error, path, limit);
    }
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  /**
   * The body, chunk by chunk, read only when asked for. `watch` starts the watchdog, which runs while bytes are waited
   * for and not while the consumer is busy. Leaving the loop closes the connection.
   */
  async *#chunks({ answer, path, limit, watch, gather }: Reading): AsyncGenerator<Buffer> {
    const seat = gather === undefined || isGzip(answer) ? undefined : this.#rounds.enter();
    const whole =
      gather === undefined || seat === undefined ? decoded(answer) : new Gathered(answer.body, this.#clock, gather, seat);
    const chunks = whole[Symbol.asyncIterator]();
    try {
      for (;;) {
        watch();
        const next = await chunks.next();
        limit.stopClock();
        if (next.done === true) return;
        // What a log brought before its end is taken all the same.
        if (gather === undefined) limit.signal.throwIfAborted();
        yield next.value;
      }
    } catch (error) {
      throw this.#translate(error, path, limit);
    } finally {
      seat?.leave();
      answer.body.leave();
      limit.end();
    }
  }

  /** An answer with status 2xx or 304. `startClock` is called when credentials are there and sending begins. */
  async #open(outgoing: Outgoing, startClock: () => void): Promise<Answer> {
    const { limit, path } = outgoing;
    const credentials = await limit.race(this.#credentials.current());
    const pool = await limit.race(this.#connections.poolFor(credentials));
    startClock();
    const first = await this.#send(outgoing, pool, credentials);
    if (first.head.status !== 401) return this.#accept(first, path);
    limit.stopClock();
    this.#connections.forgetFiles();
    const others = await limit.race(this.#credentials.refresh(credentials));
    const renewed = await limit.race(this.#connections.poolFor(others));
    if (others === credentials && renewed === pool) return this.#accept(first, path);
    first.body.leave();
    startClock();
    return this.#accept(await this.#send(outgoing, renewed, others), path);
  }

  async #send(outgoing: Outgoing, pool: ConnectionPool, credentials: Credentials): Promise<Answer> {
    const { limit, path, query } = outgoing;
    const { authorization } = credentials;
    const headers = { ...this.#headers, ...outgoing.headers, ...(authorization === undefined ? {} : { authorization }) };
    const answer = await limit.race(pool.get(`${this.#prefix}${path}${queryText(query)}`, headers, limit.signal));
    this.#warnings.hear(answer.head.headers["warning"]);
    return answer;
  }

  async #accept(answer: Answer, path: string): Promise<Answer> {
    const { status, headers } = answer.head;
    if (status >= 400) {
      const body = await startOf(answer, this.#clock);
      throw this.#failure(path, httpFailure({ status, headers, body, now: this.#clock.now() }));
    }
    const isRedirect = status >= 300 && status !== 304;
    if (!isRedirect && !isHtml(headers)) return answer;
    answer.body.leave();
    const what = isRedirect ? `a redirect (${status})${originOf(headers["location"])}` : "an HTML page";
    throw this.#failure(path, { kind: "foreign", message: `${what} instead of an answer of a Kubernetes API` });
  }

  #failure(path: string, failure: Failure, cause?: unknown): ApiFailure {
    return new ApiFailure(`GET ${this.server}${path}`, failure, cause);
  }

  #translate(error: unknown, path: string, limit: RequestLimit): unknown {
    if (limit.signal.aborted) return limit.signal.reason;
    if (error instanceof ApiFailure) return error;
    if (error instanceof CredentialError) return this.#failure(path, { kind: "credential", message: error.message }, error.cause);
    if (error instanceof Error && "code" in error && error.code === "Z_DATA_ERROR") {
      return this.#failure(path, { kind: "foreign", message: "an answer with damaged compression" });
    }
    const failure = networkFailure(error);
    if (isTrustFailure(failure)) this.#connections.forgetFiles();
    return this.#failure(path, failure);
  }
}

function joined(chunks: readonly Buffer[], lend: ReadRequest["lend"]): Buffer {
  if (lend === undefined) return Buffer.concat(chunks);
  const body = lend(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let done = 0;
  for (const chunk of chunks) done += chunk.copy(body, done);
  return body;
}

function decoded(answer: Answer): AsyncIterable<Buffer> {
  return isGzip(answer) ? gunzipped(arriving(answer.body)) : arriving(answer.body);
}

function isGzip(answer: Answer): boolean {
  const encoding = (answer.head.headers["content-encoding"] ?? "identity").toLowerCase();
  return encoding === "gzip" || encoding === "x-gzip";
}

/** The start of an error's body. A body that breaks off or hangs is as good as an empty one: the status is the news. */
async function startOf(answer: Answer, clock: Clock): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const cancel = clock.after(ERROR_BODY_TIMEOUT_MS, () => answer.body.leave());
  try {
    for await (const chunk of decoded(answer)) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= ERROR_BODY_BYTES_MAX) break;
    }
  } catch {
    return ""; // see above
  } finally {
    cancel();
    answer.body.leave();
  }
  return Buffer.concat(chunks).toString("utf8");
}

function queryText(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** Where a redirect leads, without path and query, which may carry a login state. */
function originOf(location: string | undefined): string {
  return location !== undefined && URL.canParse(location) ? ` to ${new URL(location).origin}` : "";
}

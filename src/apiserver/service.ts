/** One request from its path to its answer, whatever carries it. Sockets: `server.ts`; in the process: `local-server.ts`. */
import { type Clock, systemClock } from "../base/index.ts";
import { type AccessHooks, checkAccess } from "./access.ts";
import type { ServerContext, ServerSettings } from "./context.ts";
import type { FaultHooks, RequestFault, WholeAnswer } from "./faults.ts";
import type { ClusterHistory, StoredVersion } from "./history.ts";
import { refusal, type ServerControl, type ServerState } from "./lifecycle.ts";
import { readListOptions } from "./list-options.ts";
import { ContainerLogs } from "./logs.ts";
import { OutStream } from "./out-stream.ts";
import { chooseShape } from "./representation.ts";
import { type ApiRequest, type IncomingRequest, readRequest } from "./request.ts";
import { type Answer, failure, failureOf, noSuchPath, text } from "./routes/answer.ts";
import { answerDocument } from "./routes/document.ts";
import { answerList } from "./routes/list.ts";
import { findLog, serveLog } from "./routes/log.ts";
import { answerObject } from "./routes/object.ts";
import { checkWatch, serveWatch } from "./routes/watch.ts";
import type { ResponseHeaders, ResponseSink } from "./sink.ts";
import { methodNotAllowed, notKnown, notShown } from "./status.ts";
import { withTransportFaults } from "./transport.ts";
import { type Lag, ServerView } from "./view.ts";
import { DEFAULT_WINDOW, type WindowBounds, WatchWindows } from "./watch-windows.ts";

/** What a server is made of, with or without sockets. */
export interface ServiceOptions extends AccessHooks {
  readonly history: ClusterHistory;
  readonly logs?: ContainerLogs;
  readonly clock?: Clock;
  readonly faults?: FaultHooks;
  readonly window?: WindowBounds;
  readonly settings?: Partial<ServerSettings>;
  /** How far its watch cache is behind etcd; not at all unless given. */
  readonly lag?: Lag;
  /** Changes that its watch cache misses for good (`ViewOptions.misses`). */
  readonly misses?: (version: StoredVersion) => boolean;
}

/** What carries connections to a service. */
export interface Door {
  /** Resolves when connections are refused. */
  shut(): Promise<void>;
  /** Resolves when they are accepted again. */
  open(): Promise<void>;
}

/** A request that came in. */
export interface ServedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly userAgent: string | undefined;
  /** `undefined` until answered; 200 from the start of a stream on. */
  status: number | undefined;
}

const DEFAULT_SETTINGS: ServerSettings = {
  version: "v1.35.0",
  aggregatedDiscovery: true,
  watchList: true,
  futureWatch: "silent",
  unavailableGroups: new Set(),
  bookmarkMs: 60_000,
  slowReader: { items: 10_000, bytes: 64 * 1_048_576 },
  logStreamMs: 4 * 3_600_000,
  timestampPerPiece: false,
};

/** One server without its transport. */
export class Service implements ServerControl {
  readonly context: ServerContext;
  /** Every request, oldest first. */
  readonly requests: ServedRequest[] = [];
  readonly #access: AccessHooks;
  readonly #door: Door;
  readonly #connections = new Set<ResponseSink>();
  readonly #stopHearing: readonly (() => void)[];
  #state: ServerState = { state: "ready" };
  #cancelTransition = (): void => undefined;

  constructor(options: ServiceOptions, door: Door) {
    const clock = options.clock ?? systemClock;
    const { lag, misses } = options;
    const view = new ServerView(options.history, clock, { ...(lag && { lag }), ...(misses && { misses }) });
    const windows = new WatchWindows(view, options.window ?? DEFAULT_WINDOW);
    this.#access = options;
    this.#door = door;
    this.context = {
      history: options.history,
      logs: options.logs ?? new ContainerLogs(),
      clock,
      view,
      faults: options.faults ?? {},
      windows,
      streams: new Set(),
      settings: { ...DEFAULT_SETTINGS, ...options.settings },
    };
    this.#stopHearing = [
      options.history.resources.subscribe((change) => windows.reset(change.storage)),
      options.history.onRestore(() => this.#forget()),
    ];
  }

  get state(): ServerState["state"] {
    return this.#state.state;
  }

  shutDown(drainMs: number = 0): void {
    this.#become(drainMs > 0 ? { state: "draining" } : { state: "down" });
    this.#endStreams();
    if (drainMs === 0) return void this.#door.shut();
    this.#cancelTransition = this.context.clock.after(drainMs, () => {
      this.#become({ state: "down" });
      void this.#door.shut();
    });
  }

  async kill(): Promise<void> {
    this.#become({ state: "down" });
    for (const connection of this.#connections) connection.break("reset");
    await this.#door.shut();
  }

  async start(initialisingMs: number = 0): Promise<void> {
    const { clock } = this.context;
    this.#forget();
    if (initialisingMs === 0) this.#become({ state: "ready" });
    else {
      this.#become({ state: "initialising", since: clock.now() });
      this.#cancelTransition = clock.after(initialisingMs, () => {
        this.#forget();
        this.#become({ state: "ready" });
      });
    }
    await this.#door.open();
  }

  lag(lag: Lag): void {
    this.context.view.lag(lag);
  }

  /** Answers one request. Never rejects; resolves when the answer is complete or its stream has begun. */
  async serve(incoming: IncomingRequest, connection: ResponseSink): Promise<void> {
    const { context } = this;
    const request = readRequest(incoming, context.history.resources);
    const served: ServedRequest = {
      method: request.method,
      url: request.url,
      at: context.clock.now(),
      userAgent: request.headers["user-agent"],
      status: undefined,
    };
    this.requests.push(served);
    this.#connections.add(connection);
    connection.signal.addEventListener("abort", () => this.#connections.delete(connection), { once: true });
    try {
      const transport = context.faults.onTransport?.(request) ?? [];
      const sink = withTransportFaults(connection, [transport].flat(), context.clock);
      await this.#answer(request, sink, served);
    } catch {
      // A hook that throws must look like a server that crashed, not like a quiet one.
      connection.break("reset");
    }
  }

  /** Ends every stream cleanly, breaks what else is under way, and hears of nothing any more. */
  close(): void {
    this.#become({ state: "down" });
    this.#endStreams();
    for (const connection of this.#connections) connection.break("close");
    this.context.view.close();
    for (const stop of this.#stopHearing) stop();
  }

  #become(state: ServerState): void {
    this.#cancelTransition();
    this.#state = state;
  }

  /** The watch cache is filled anew: every watch ends, and none can begin before now. */
  #forget(): void {
    this.#endStreams();
    this.context.view.refill();
    this.context.windows.restart();
  }

  #endStreams(): void {
    for (const open of this.context.streams) open.end();
  }

  async #answer(request: ApiRequest, sink: ResponseSink, served: ServedRequest): Promise<void> {
    const { clock, faults } = this.context;
    const fault = await faults.onRequest?.(request);
    switch (fault?.fault) {
      case "respond":
        served.status = fault.status;
        return send(sink, faultAnswer(fault), this.#headers());
      case "reset":
        return sink.break("reset");
      case "hang":
        return;
      case "delay":
        await clock.sleep(fault.ms);
        break;
      default:
    }
    const headers = { ...this.#headers(), ...(fault?.fault === "headers" ? fault.headers : {}) };
    const whole = await this.#answerOrFailure({ request: misread(request, fault), sink, headers });
    served.status = whole?.status ?? 200;
    if (whole === undefined) return;
    if (fault?.fault === "truncate") await truncate(sink, { ...whole, headers: { ...headers, ...whole.headers } }, fault);
    else send(sink, fault?.fault === "rewrite" ? rewritten(whole, fault.rewrite) : whole, headers);
  }

  #headers(): ResponseHeaders {
    return { "cache-control": "no-cache, private", date: new Date(this.context.clock.now()).toUTCString() };
  }

  async #answerOrFailure(exchange: Exchange): Promise<Answer | undefined> {
    const { request } = exchange;
    try {
      checkAccess(this.#access, request);
      if (request.method !== "GET" && request.method !== "HEAD") throw methodNotAllowed();
      const refused = refusal(this.#state, request, this.context.clock);
      if (refused !== undefined) return refused;
      return await answer(this.context, exchange);
    } catch (error) {
      return failureOf(error);
    }
  }
}

interface Exchange {
  readonly request: ApiRequest;
  readonly sink: ResponseSink;
  /** What every answer carries. */
  readonly headers: ResponseHeaders;
}

/** The request as a fault makes the server understand it. */
function misread(request: ApiRequest, fault: RequestFault | undefined): ApiRequest {
  if (fault?.fault === "accept") return { ...request, headers: { ...request.headers, accept: fault.accept } };
  if (fault?.fault !== "rewind") return request;
  const query = new URLSearchParams(request.query);
  const asked = Number(query.get("resourceVersion") ?? 0);
  if (asked > 0) query.set("resourceVersion", String(Math.max(1, asked - fault.revisions)));
  return { ...request, query };
}

function rewritten(whole: Answer, rewrite: (answer: WholeAnswer) => WholeAnswer): Answer {
  const headers = { "content-type": whole.contentType, ...whole.headers };
  const { status, body, headers: changed } = rewrite({ status: whole.status, headers, body: Buffer.from(whole.body) });
  return { status, body, headers: changed, contentType: whole.contentType };
}

function faultAnswer(fault: Extract<RequestFault, { fault: "respond" }>): Answer {
  const { status, headers = {}, body = "" } = fault;
  if (typeof body === "string") return { status, contentType: "text/plain; charset=utf-8", body, headers };
  if (Buffer.isBuffer(body)) return { status, contentType: "application/octet-stream", body, headers };
  return { status, contentType: "application/json", body: JSON.stringify(body), headers };
}

/** The whole answer, or `undefined` when a stream has begun. @throws StatusError */
async function answer(context: ServerContext, exchange: Exchange): Promise<Answer | undefined> {
  const { request } = exchange;
  const { target } = request;
  if (context.settings.unavailableGroups.has(groupOf(request))) return text(503, "service unavailable\n");
  if (target.kind === "nothing") return nowhere(context, request);
  if (target.kind === "document") return answerDocument(context, request);
  if (request.verb === "watch") {
    const setup = { target, options: readListOptions(request, target.resource), shape: chooseShape(request) };
    checkWatch(context, setup);
    void stream(context, "watch", exchange, (out) => serveWatch(context, setup, out));
    return undefined;
  }
  if (target.subresource === "log") {
    const setup = findLog(context, request, target);
    void stream(context, "log", exchange, (out) => serveLog(context, setup, out));
    return undefined;
  }
  return target.name === undefined ? answerList(context, request, target) : answerObject(context, request, target);
}

/** The group whose server a path leads to; empty for the core group and for documents about all groups. */
function groupOf({ target, path }: ApiRequest): string {
  if (target.kind === "resource") return target.resource.group;
  return /^\/apis\/([^/]+)\/[^/]+/.exec(path)?.[1] ?? "";
}

function nowhere({ settings: { extent } }: ServerContext, { path }: ApiRequest): Answer {
  if (extent === undefined) return noSuchPath();
  const namespace = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path)?.[1];
  const isThere = namespace !== undefined && extent.namespaces.has(namespace);
  return failure((isThere ? notShown(`namespaces "${namespace}"`, extent.says) : notKnown(extent.says)).document);
}

async function stream(
  context: ServerContext,
  kind: "watch" | "log",
  exchange: Exchange,
  serve: (out: OutStream) => Promise<void>,
): Promise<void> {
  const hook = kind === "watch" ? context.faults.onWatchEvent : context.faults.onLogChunk;
  const { request, headers } = exchange;
  const out = new OutStream(exchange.sink, { kind, request, headers, clock: context.clock, hook });
  context.streams.add(out);
  try {
    await serve(out);
  } catch {
    // A hook or a renderer that throws must look like a server that crashed, not like a quiet stream.
    out.reset();
  } finally {
    context.streams.delete(out);
  }
}

function send(sink: ResponseSink, whole: Answer, headers: ResponseHeaders): void {
  const body = Buffer.from(whole.body);
  const length = whole.status === 304 || whole.status === 204 ? {} : { "content-length": String(body.length) };
  sink.begin(whole.status, { ...headers, "content-type": whole.contentType, ...length, ...whole.headers });
  void finish(sink, body);
}

async function finish(sink: ResponseSink, body: Buffer): Promise<void> {
  await sink.write(body);
  sink.end();
}

async function truncate(sink: ResponseSink, whole: Answer, fault: Extract<RequestFault, { fault: "truncate" }>): Promise<void> {
  sink.begin(whole.status, { "content-type": whole.contentType, ...whole.headers });
  await sink.write(Buffer.from(whole.body).subarray(0, fault.bytes));
  await sink.flushed();
  if (fault.how === "reset") sink.break("reset");
  else sink.end();
}

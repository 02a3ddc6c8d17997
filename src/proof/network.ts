/**
 * The way between the recorder and the server: it may refuse, delay, cut, hold or swallow, byte by byte. It also keeps the list of
 * what was asked, which the oracles read.
 */
import type { Clock } from "../base/index.ts";

/** One request and what became of it. */
export interface Asked {
  /** Path and query. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly kind: "list" | "exact" | "watch" | "log" | "other";
  /** Virtual milliseconds. */
  readonly at: number;
  endedAt: number | undefined;
  /** Status of the answer, or the code of the failure, as the client saw it. */
  outcome: number | string | undefined;
  /** `metadata.resourceVersion` of a list, or of the mark that ends the initial events of a watch. */
  revision: number | undefined;
  /** A watch said `ERROR`: the line. */
  errors: string[];
  /** A fault changed bytes on the way, broke the answer off, or answered in the server's place. */
  isTampered: boolean;
}

/** An answer on its way. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
}

export interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The far end. */
export type Server = (request: Request) => Promise<Reply>;

/** What may happen to a request before it reaches the server. */
export type RequestFate =
  | { readonly fate: "refused"; readonly code: string }
  | { readonly fate: "delayed"; readonly ms: number }
  /** Nothing ever comes back. */
  | { readonly fate: "lost" }
  | {
      readonly fate: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

/** What may happen to a piece of an answer. */
export type ChunkFate =
  | { readonly fate: "split"; readonly bytes: number }
  | { readonly fate: "delayed"; readonly ms: number }
  | { readonly fate: "dripped"; readonly bytes: number; readonly everyMs: number; readonly isOver: () => boolean }
  /** Waits until so many bytes have come together. */
  | { readonly fate: "collected"; readonly least: number }
  /** Waits, in order, until the promise resolves. */
  | { readonly fate: "held"; readonly until: Promise<void> }
  /** Nothing of the answer arrives from here on, and nobody says so. */
  | { readonly fate: "swallowed" }
  /** Only the first bytes pass. `end` is the clean end of the body, `close` FIN, `reset` RST. */
  | { readonly fate: "cut"; readonly bytes: number; readonly how: "end" | "close" | "reset" };

/** One fault that is in force. Each hook may be missing. */
export interface NetworkRule {
  readonly onRequest?: (asked: Asked) => RequestFate | undefined;
  readonly onChunk?: (connection: Connection, chunk: Buffer) => ChunkFate | undefined;
  /** Changes the whole body of an answer that is no stream. */
  readonly onBody?: (asked: Asked, body: Buffer) => Buffer | undefined;
}

/** A connection as it breaks: the codes of Node and undici. */
export class BrokenConnection extends Error {
  override readonly name = "BrokenConnection";
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Made once: an abort without a reason makes an exception of its own each time. */
const LEFT = new Error("the connection was left");

/** One answer whose body is being read. */
export class Connection {
  readonly asked: Asked;
  #chunks: Buffer[] = [];
  #collected: Buffer[] = [];
  #state: "open" | "dead" | "ended" | BrokenConnection = "open";
  #wake: () => void = () => undefined;
  readonly #leave: AbortController;

  constructor(asked: Asked, leave: AbortController) {
    this.asked = asked;
    this.#leave = leave;
  }

  /** True while what the server sends arrives. */
  get isAlive(): boolean {
    return this.#state === "open";
  }

  get isStream(): boolean {
    return this.asked.kind === "watch" || this.asked.kind === "log";
  }

  push(chunk: Buffer): void {
    if (this.#state !== "open" || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#wake();
  }

  /** Keeps the chunk until enough have come together. */
  collect(chunk: Buffer, least: number): void {
    this.#collected.push(chunk);
    if (this.#collected.reduce((sum, { length }) => sum + length, 0) >= least) this.passCollected();
  }

  passCollected(): void {
    const together = Buffer.concat(this.#collected);
    this.#collected = [];
    this.push(together);
  }

  /** `end`: the body is complete. `close`, `reset`: the connection breaks. `dead`: nothing arrives any more, and nobody says so. */
  finish(how: "end" | "close" | "reset" | "dead"): void {
    if (this.#state !== "open") return;
    if (how !== "dead") this.passCollected();
    if (how === "end") this.#state = "ended";
    else if (how === "dead") this.#state = "dead";
    else this.#state = new BrokenConnection(how === "reset" ? "ECONNRESET" : "UND_ERR_SOCKET");
    // What the client leaves by itself, it might have read.
    this.asked.isTampered ||= how === "reset" || how === "dead";
    if (how !== "end") this.#leave.abort(LEFT);
    this.#wake();
  }

  /** What the client reads. */
  async *read(onClose: () => void): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) yield chunk;
        else if (this.#state === "ended") return;
        else if (this.#state instanceof BrokenConnection) throw this.#state;
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.#leave.abort(LEFT);
      onClose();
    }
  }
}

/** So many requests in one virtual millisecond are a storm. */
export const STORM = 300;

export class Network {
  readonly asked: Asked[] = [];
  readonly rules: Set<NetworkRule> = new Set();
  readonly connections: Set<Connection> = new Set();
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #page: number;

  /** `page`: the server answers at most so many items, whatever was asked; 0 for no such bound. */
  constructor(options: { readonly clock: Clock; readonly server: Server; readonly page: number }) {
    this.#clock = options.clock;
    this.#server = options.server;
    this.#page = options.page;
  }

  /** Sends a request. @throws BrokenConnection */
  async exchange(request: Request): Promise<Reply> {
    const asked = this.#ask(request.url);
    try {
      await this.#calm();
      for (const rule of this.rules) {
        const fate = rule.onRequest?.(asked);
        if (fate?.fate === "refused") throw new BrokenConnection(fate.code);
        if (fate?.fate === "lost") await new Promise<void>(() => undefined);
        if (fate?.fate === "delayed") await this.#clock.sleep(fate.ms);
        if (fate?.fate === "answered") return this.#answered(asked, fate);
      }
      const leave = new AbortController();
      const reply = await this.#server({ ...request, url: this.#paged(asked), signal: leave.signal });
      asked.outcome = reply.status;
      const connection = new Connection(asked, leave);
      this.connections.add(connection);
      const onAbort = (): void => {
        connection.finish("close");
        this.#closed(connection);
      };
      if (request.signal.aborted) onAbort();
      else request.signal.addEventListener("abort", onAbort, { once: true });
      void this.#carry(connection, reply);
      return { ...reply, body: connection.read(() => this.#closed(connection)) };
    } catch (error) {
      asked.endedAt = this.#clock.monotonic();
      asked.outcome = error instanceof Error && "code" in error ? String(error.code) : "ABORTED";
      throw error;
    }
  }

  /** A client that asks on and on in one moment would stop virtual time. Let it go on: the oracle of the request rate sees it. */
  async #calm(): Promise<void> {
    const before = this.asked.at(-STORM);
    if (before !== undefined && before.at === this.#clock.monotonic()) await this.#clock.sleep(1_000);
  }

  #ask(url: string): Asked {
    const { pathname, searchParams } = new URL(url, "http://cluster");
    const asked: Asked = {
      url,
      path: pathname,
      query: searchParams,
      kind: kindOf(pathname, searchParams),
      at: this.#clock.monotonic(),
      endedAt: undefined,
      outcome: undefined,
      revision: undefined,
      errors: [],
      isTampered: false,
    };
    this.asked.push(asked);
    return asked;
  }

  #paged(asked: Asked): string {
    if (this.#page === 0 || !asked.query.has("limit")) return asked.url;
    const query = new URLSearchParams(asked.query);
    query.set("limit", String(this.#page));
    return `${asked.path}?${query.toString()}`;
  }

  #answered(asked: Asked, fate: Extract<RequestFate, { fate: "answered" }>): Reply {
    asked.outcome = fate.status;
    asked.isTampered = true;
    asked.endedAt = this.#clock.monotonic();
    const body = (async function* one(): AsyncGenerator<Buffer> {
      yield Buffer.from(fate.body);
    })();
    return { status: fate.status, headers: fate.headers, body };
  }

  #closed(connection: Connection): void {
    this.connections.delete(connection);
    connection.asked.endedAt ??= this.#clock.monotonic();
  }

  async #carry(connection: Connection, reply: Reply): Promise<void> {
    try {
      if (connection.isStream) {
        for await (const chunk of reply.body) await this.#pass(connection, chunk);
      } else {
        const chunks: Buffer[] = [];
        for await (const chunk of reply.body) chunks.push(chunk);
        await this.#pass(connection, this.#whole(connection.asked, Buffer.concat(chunks)));
      }
      connection.finish("end");
    } catch (error) {
      connection.finish(error instanceof Error && "code" in error && error.code === "ECONNRESET" ? "reset" : "close");
    }
  }

  #whole(asked: Asked, body: Buffer): Buffer {
    let whole = body;
    if (asked.kind === "list" && asked.outcome === 200) asked.revision = revisionOf(body);
    for (const rule of this.rules) {
      const changed = rule.onBody?.(asked, whole);
      if (changed !== undefined) asked.isTampered = true;
      whole = changed ?? whole;
    }
    return whole;
  }

  async #pass(connection: Connection, chunk: Buffer): Promise<void> {
    if (connection.asked.kind === "watch") note(connection.asked, chunk);
    for (const rule of this.rules) {
      const fate = rule.onChunk?.(connection, chunk);
      if (fate === undefined) continue;
      connection.asked.isTampered ||= fate.fate === "cut";
      if (await this.#suffer(connection, chunk, fate)) return;
    }
    connection.push(chunk);
  }

  /** True when the chunk has been dealt with. */
  async #suffer(connection: Connection, chunk: Buffer, fate: ChunkFate): Promise<boolean> {
    switch (fate.fate) {
      case "held":
        await fate.until;
        return false;
      case "delayed":
        await this.#clock.sleep(fate.ms);
        return false;
      case "collected":
        connection.collect(chunk, fate.least);
        return true;
      case "split":
        for (let at = 0; at < chunk.length; at += fate.bytes) connection.push(chunk.subarray(at, at + fate.bytes));
        return true;
      case "swallowed":
        connection.finish("dead");
        return true;
      case "cut":
        connection.push(chunk.subarray(0, fate.bytes));
        connection.finish(fate.how);
        return true;
      case "dripped": {
        let at = 0;
        for (; at < chunk.length && connection.isAlive && !fate.isOver(); at += fate.bytes) {
          connection.push(chunk.subarray(at, at + fate.bytes));
          await this.#clock.sleep(fate.everyMs);
        }
        connection.push(chunk.subarray(at));
        return true;
      }
    }
  }
}

function kindOf(path: string, query: URLSearchParams): Asked["kind"] {
  if (path.endsWith("/log")) return "log";
  if (query.get("watch") === "true") return "watch";
  if (query.get("resourceVersionMatch") === "Exact") return "exact";
  return /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)\/(?:namespaces\/[^/]+\/)?[a-z]+$/.test(path) &&
    path !== "/api/v1/namespaces/kube-system"
    ? "list"
    : "other";
}

const END_OF_INITIAL = '"k8s.io/initial-events-end":"true"';

function note(asked: Asked, chunk: Buffer): void {
  if (chunk.includes('{"type":"ERROR"')) asked.errors.push(chunk.toString("utf8"));
  if (!asked.query.has("sendInitialEvents") || !chunk.includes(END_OF_INITIAL)) return;
  const line =
    chunk
      .toString("utf8")
      .split("\n")
      .find((text) => text.includes(END_OF_INITIAL)) ?? "";
  asked.revision = Number(/"resourceVersion":"(\d+)"/.exec(line)?.[1]);
}

/** Of the list, not of an item: items are cut out first. */
function revisionOf(body: Buffer): number | undefined {
  const parsed: unknown = JSON.parse(body.toString("utf8"));
  if (typeof parsed !== "object" || parsed === null || !("metadata" in parsed)) return undefined;
  const { metadata } = parsed;
  if (typeof metadata !== "object" || metadata === null || !("resourceVersion" in metadata)) return undefined;
  return Number(metadata.resourceVersion);
}

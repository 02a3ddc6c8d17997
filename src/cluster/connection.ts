/** One connection to the API server, or through a proxy to it: a request, its answer, and then perhaps the next. */
import type { OnReadOpts, Socket } from "node:net";
import type { AnswerHead } from "./answer-head.ts";
import { AnswerParser } from "./answer-parser.ts";
import { Inflow } from "./inflow.ts";

export interface Answer {
  readonly head: AnswerHead;
  readonly body: Inflow;
}

/** Who keeps the connection. */
export interface Keeper {
  /** An answer is whole, and the next request may be sent for so many ms. */
  idle(connection: Connection, ms: number): void;
  gone(connection: Connection): void;
}

interface Exchange {
  readonly parser: AnswerParser;
  readonly body: Inflow;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
  /** No longer listens to the signal. */
  readonly release: () => void;
}

const connections = new WeakMap<object, Connection>();
const shared = Buffer.allocUnsafeSlow(64 << 10);

/**
 * For sockets that are opened directly: all of them read into one buffer, which is parsed before the next read. Without it each read
 * has 64 KB of its own, and goes through a stream of Node (`bench/streams.mjs`).
 */
export const READING: OnReadOpts = {
  buffer: shared,
  callback(this: unknown, length) {
    connections.get(this as object)?.receive(shared.subarray(0, length));
    return true;
  },
};

/** Below the 90 s after which Go's servers close idle connections, so that a request never meets a closed one. */
const KEEP_MS = 30_000;
/** A server that says how long it keeps a connection may be that much early. */
const EARLY_MS = 1_000;

export class Connection {
  readonly #socket: Socket;
  readonly #keeper: Keeper;
  #exchange: Exchange | undefined;

  /** `socket` is connected. */
  constructor(socket: Socket, keeper: Keeper) {
    this.#socket = socket;
    this.#keeper = keeper;
    connections.set(socket, this);
    // Sockets through a proxy do not read into the shared buffer.
    socket.on("data", (bytes) => this.receive(bytes));
    socket.on("end", () => this.#ended());
    socket.on("error", (error) => {
      // They may have read something before it that was not told yet.
      for (let rest: unknown = socket.read(); Buffer.isBuffer(rest); rest = socket.read()) this.receive(rest);
      this.#broke(error);
    });
    socket.on("close", () => this.#ended());
  }

  /**
   * Aborting ends the answer with the signal's reason, as long as it is not whole.
   * @throws what the connection broke with, or was destroyed with, before the head of the answer was there
   */
  send(request: string, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.destroy(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      const release = (): void => signal.removeEventListener("abort", onAbort);
      const body = new Inflow({
        pause: () => this.#socket.pause(),
        resume: () => this.#socket.resume(),
        leave: () => this.destroy(new Error("nobody reads on")),
      });
      this.#exchange = { parser: new AnswerParser(), body, resolve, reject, release };
      this.#socket.ref();
      this.#socket.write(request, "latin1");
    });
  }

  /** What is on its way ends with this error. */
  destroy(error: unknown): void {
    this.#broke(error);
  }

  /** `bytes` are read at once: they may be overwritten afterwards. */
  receive(bytes: Buffer): void {
    const exchange = this.#exchange;
    // Nobody has asked for anything.
    if (exchange === undefined) return void this.#socket.destroy();
    const { parser, body, resolve } = exchange;
    const isFirst = parser.head === undefined;
    body.push(parser.push(bytes));
    if (isFirst && parser.head !== undefined) resolve({ head: parser.head, body });
    if (parser.failure !== undefined) this.#broke(parser.failure);
    else if (parser.isOver) this.#answered(exchange, parser.head);
  }

  #answered({ body, release }: Exchange, head: AnswerHead | undefined): void {
    this.#exchange = undefined;
    release();
    body.finish();
    const ms = Math.min(KEEP_MS, keptMs(head?.headers["keep-alive"]));
    if (head?.isKept !== true || ms <= 0 || this.#socket.destroyed) return void this.#socket.destroy();
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#socket.unref();
    this.#keeper.idle(this, ms);
  }

  /** The other side has closed it, or this side has. */
  #ended(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return this.#broke(undefined);
    exchange.parser.close();
    if (exchange.parser.failure === undefined) this.#answered(exchange, undefined);
    else this.#broke(exchange.parser.failure);
  }

  #broke(error: unknown): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.release();
    exchange?.reject(error);
    exchange?.body.finish(error);
    this.#socket.destroy();
    this.#keeper.gone(this);
  }
}

/** From `timeout=5` of a `keep-alive` header. */
function keptMs(header: string | undefined): number {
  const [, seconds] = /(?:^|[,\s])timeout=(\d+)/i.exec(header ?? "") ?? [];
  return seconds === undefined ? KEEP_MS : Number(seconds) * 1_000 - EARLY_MS;
}

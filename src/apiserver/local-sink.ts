/** An answer that is read in the same process: no socket, no timer, and the same order every time. */
import type { Break, ResponseHeaders, ResponseSink } from "./sink.ts";

/** What a client in the same process gets. */
export interface LocalResponse {
  readonly status: number;
  /** Names in lower case; several headers of one name are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be read once. Leaving the loop closes the connection. Throws a `ConnectionError` when it breaks. */
  readonly body: AsyncIterable<Buffer>;
}

/** A broken connection, with the codes that Node and undici give to one over sockets. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly code: "ECONNREFUSED" | "ECONNRESET" | "UND_ERR_SOCKET";

  constructor(code: ConnectionError["code"]) {
    super({ ECONNREFUSED: "connect ECONNREFUSED", ECONNRESET: "read ECONNRESET", UND_ERR_SOCKET: "other side closed" }[code]);
    this.code = code;
  }
}

/** So much may wait for the reader, like in the buffers of a socket. */
const BUFFER_BYTES = 65_536;

type End = { readonly end: "complete" } | { readonly end: "broken"; readonly error: unknown };

export class LocalSink implements ResponseSink {
  /** Resolves with the first byte of the answer, rejects when the connection breaks before. */
  readonly response: Promise<LocalResponse>;
  readonly #over = new AbortController();
  readonly #chunks: Buffer[] = [];
  readonly #settle: { readonly resolve: (response: LocalResponse) => void; readonly reject: (error: unknown) => void };
  #bytes = 0;
  #end: End | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(client?: AbortSignal) {
    const { promise, resolve, reject } = withResolvers<LocalResponse>();
    this.response = promise;
    this.#settle = { resolve, reject };
    const leave = (): void => this.#leave(client?.reason);
    if (client?.aborted === true) leave();
    else client?.addEventListener("abort", leave, { once: true });
    this.signal.addEventListener("abort", () => client?.removeEventListener("abort", leave), { once: true });
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  begin(status: number, headers: ResponseHeaders): void {
    const flat = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")] as const);
    this.#settle.resolve({ status, headers: Object.fromEntries(flat), body: this.#read() });
  }

  write(data: Buffer): Promise<void> | undefined {
    if (this.#end !== undefined || data.length === 0) return undefined;
    this.#chunks.push(data);
    this.#bytes += data.length;
    this.#wakeReader?.();
    if (this.#bytes < BUFFER_BYTES) return undefined;
    const { promise, resolve } = withResolvers<void>();
    this.#wakeWriter = resolve;
    return promise;
  }

  end(): void {
    this.#finish({ end: "complete" });
  }

  break(how: Break): void {
    const error = new ConnectionError(how === "reset" ? "ECONNRESET" : "UND_ERR_SOCKET");
    this.#finish({ end: "broken", error });
  }

  flushed(): undefined {
    return undefined;
  }

  /** What was sent before the end still arrives, as from the buffers of a kernel. */
  async *#read(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const chunk = this.#take();
        if (chunk !== undefined) yield chunk;
        else if (this.#end?.end === "complete") return;
        else if (this.#end?.end === "broken") throw this.#end.error;
        else await this.#more();
      }
    } finally {
      this.#leave(new ConnectionError("UND_ERR_SOCKET"));
    }
  }

  #take(): Buffer | undefined {
    const chunk = this.#chunks.shift();
    this.#bytes -= chunk?.length ?? 0;
    if (this.#bytes < BUFFER_BYTES) this.#wakeWriter?.();
    return chunk;
  }

  #more(): Promise<void> {
    const { promise, resolve } = withResolvers<void>();
    this.#wakeReader = resolve;
    return promise;
  }

  /** The client has gone: what waits for it is of no use any more. */
  #leave(reason: unknown): void {
    this.#chunks.length = 0;
    this.#bytes = 0;
    this.#finish({ end: "broken", error: reason });
  }

  #finish(end: End): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    if (end.end === "broken") this.#settle.reject(end.error);
    this.#wakeReader?.();
    this.#wakeWriter?.();
    this.#over.abort();
  }
}

function withResolvers<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

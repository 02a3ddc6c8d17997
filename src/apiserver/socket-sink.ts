/** An answer that goes out over HTTP. */
import type { ServerResponse } from "node:http";
import { type Break, type ResponseHeaders, type ResponseSink, untilAborted } from "./sink.ts";

export class SocketSink implements ResponseSink {
  readonly #response: ServerResponse;
  readonly #over = new AbortController();
  #unsent = 0;
  #onFlush: (() => void) | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on("close", () => this.#over.abort());
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  begin(status: number, headers: ResponseHeaders): void {
    if (this.#response.destroyed) return;
    const flat = Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one]));
    this.#response.writeHead(status, flat);
    this.#response.flushHeaders();
  }

  write(data: Buffer): Promise<void> | undefined {
    if (this.signal.aborted || data.length === 0) return undefined;
    this.#unsent++;
    const takesMore = this.#response.write(data, () => {
      if (--this.#unsent === 0) this.#onFlush?.();
    });
    return takesMore ? undefined : this.#drained();
  }

  end(): void {
    if (!this.#response.writableEnded) this.#response.end();
    this.#over.abort();
  }

  break(how: Break): void {
    if (how === "reset") this.#response.socket?.resetAndDestroy();
    else this.#response.socket?.destroySoon();
    this.#over.abort();
  }

  flushed(): Promise<void> | undefined {
    if (this.#unsent === 0 || this.signal.aborted) return undefined;
    const sent = new Promise<void>((resolve) => {
      this.#onFlush = resolve;
    });
    return Promise.race([sent, untilAborted(this.signal)]);
  }

  #drained(): Promise<void> {
    return new Promise<void>((resolve) => {
      const go = (): void => {
        this.#response.off("drain", go);
        this.signal.removeEventListener("abort", go);
        resolve();
      };
      this.#response.once("drain", go);
      this.signal.addEventListener("abort", go, { once: true });
    });
  }
}

/** One streaming answer: writes with back-pressure, and the place where faults of streams happen. */
import { type Clock, unreachable } from "../base/index.ts";
import type { FaultHooks, StreamFault } from "./faults.ts";
import type { ApiRequest } from "./request.ts";
import { pause, type ResponseHeaders, type ResponseSink, untilAborted } from "./sink.ts";
import { status, type StatusDocument } from "./status.ts";

/** A stream that is open now, for tests that end it from outside. */
export interface ActiveStream {
  readonly kind: "watch" | "log";
  readonly request: ApiRequest;
  /** Ends it cleanly, as a server that shuts down does. */
  end(): void;
  /** Closes its connection with RST. */
  reset(): void;
  /** Sends nothing on it any more. */
  stall(): void;
}

export interface StreamSetup {
  readonly kind: "watch" | "log";
  readonly request: ApiRequest;
  readonly headers: ResponseHeaders;
  readonly clock: Clock;
  readonly hook: FaultHooks["onWatchEvent"];
}

export class OutStream implements ActiveStream {
  readonly kind: "watch" | "log";
  readonly request: ApiRequest;
  readonly #sink: ResponseSink;
  readonly #setup: StreamSetup;
  #isStalled = false;
  #index = 0;
  #deferred: Buffer | undefined;

  constructor(sink: ResponseSink, setup: StreamSetup) {
    this.kind = setup.kind;
    this.request = setup.request;
    this.#sink = sink;
    this.#setup = setup;
  }

  /** Aborts when nothing more can be sent: the client went away, or the stream was ended. */
  get signal(): AbortSignal {
    return this.#sink.signal;
  }

  open(contentType: string): void {
    this.#sink.begin(200, { ...this.#setup.headers, "content-type": contentType });
  }

  /** Sends one line or chunk and waits until the socket takes more. */
  async send(data: Buffer, type?: string): Promise<void> {
    if (this.signal.aborted) return;
    const item = { request: this.request, index: this.#index++, data, ...(type === undefined ? {} : { type }) };
    const answer = this.#setup.hook?.(item);
    const fault = answer instanceof Promise ? await answer : answer;
    if (this.#isStalled) await untilAborted(this.signal);
    if (fault === undefined) await this.#write(data);
    else await this.#suffer(fault, data);
  }

  end(): void {
    this.#sink.end();
  }

  reset(): void {
    this.#sink.break("reset");
  }

  stall(): void {
    this.#isStalled = true;
  }

  async #suffer(fault: StreamFault, data: Buffer): Promise<void> {
    switch (fault.fault) {
      case "end":
        return this.end();
      case "reset":
        return this.reset();
      case "cut":
        await this.#write(data.subarray(0, fault.bytes ?? Math.floor(data.length / 2)));
        await this.#sink.flushed();
        return fault.how === "reset" ? this.reset() : this.end();
      case "drop":
        return;
      case "defer":
        return this.#defer(data);
      case "duplicate":
        await this.#write(data);
        return this.#write(data);
      case "delay":
        await pause(this.#setup.clock, fault.ms, this.signal);
        return this.#write(data);
      case "stall":
        this.stall();
        return untilAborted(this.signal);
      case "replace":
        return this.#write(Buffer.from(fault.data));
      case "insert":
        await this.#write(Buffer.from(fault.data));
        return this.#write(data);
      case "last":
        await this.#write(Buffer.from(fault.data));
        return this.end();
      case "error":
        await this.#write(errorLine(status(fault.code, fault.reason, fault.message)));
        return this.end();
      default:
        return unreachable(fault);
    }
  }

  /** Two in a row come in their own order: the first is sent before the second waits. */
  async #defer(data: Buffer): Promise<void> {
    const earlier = this.#deferred;
    this.#deferred = undefined;
    if (earlier !== undefined) await this.#write(earlier);
    this.#deferred = data;
  }

  async #write(data: Buffer): Promise<void> {
    const deferred = this.#deferred;
    this.#deferred = undefined;
    if (!this.signal.aborted) await this.#sink.write(data);
    if (deferred !== undefined && !this.signal.aborted) await this.#sink.write(deferred);
  }
}

/** The line of an in-stream error. */
export function errorLine(document: StatusDocument): Buffer {
  return Buffer.from(`${JSON.stringify({ type: "ERROR", object: document })}\n`);
}

/** The layers that `transport.ts` lays around a sink, one per fault. */
import { gzipSync } from "node:zlib";
import type { Clock } from "../base/index.ts";
import { type Break, pause, type ResponseHeaders, type ResponseSink, untilAborted } from "./sink.ts";

/** A layer that changes nothing. */
class Layer implements ResponseSink {
  protected readonly inner: ResponseSink;

  constructor(inner: ResponseSink) {
    this.inner = inner;
  }

  get signal(): AbortSignal {
    return this.inner.signal;
  }

  begin(status: number, headers: ResponseHeaders): void {
    this.inner.begin(status, headers);
  }

  write(data: Buffer): Promise<void> | undefined {
    return this.inner.write(data);
  }

  end(): void {
    this.inner.end();
  }

  break(how: Break): void {
    this.inner.break(how);
  }

  flushed(): Promise<void> | undefined {
    return this.inner.flushed();
  }
}

/** Ends the body after so many bytes. */
export class Cut extends Layer {
  readonly #how: "end" | Break | "stall";
  #left: number;
  #isCut = false;

  constructor(inner: ResponseSink, bytes: number, how: "end" | Break | "stall") {
    super(inner);
    this.#left = bytes;
    this.#how = how;
  }

  /** Without its length, for a shorter body would contradict it. */
  override begin(status: number, headers: ResponseHeaders): void {
    this.inner.begin(status, Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "content-length")));
    if (this.#left === 0) void this.#cut();
  }

  override write(data: Buffer): Promise<void> | undefined {
    if (this.#isCut) return untilAborted(this.signal);
    const part = data.subarray(0, this.#left);
    this.#left -= part.length;
    const taken = this.inner.write(part);
    return this.#left > 0 ? taken : this.#cut();
  }

  override end(): void {
    if (!this.#isCut) this.inner.end();
  }

  async #cut(): Promise<void> {
    this.#isCut = true;
    await this.inner.flushed();
    if (this.#how === "stall") await untilAborted(this.signal);
    else if (this.#how === "end") this.inner.end();
    else this.inner.break(this.#how);
  }
}

/** Everything later, in the same order and spacing. */
export class Latency extends Layer {
  readonly #clock: Clock;
  readonly #ms: number;

  constructor(inner: ResponseSink, ms: number, clock: Clock) {
    super(inner);
    this.#ms = ms;
    this.#clock = clock;
  }

  override begin(status: number, headers: ResponseHeaders): void {
    this.#later(() => this.inner.begin(status, headers));
  }

  override write(data: Buffer): undefined {
    this.#later(() => void this.inner.write(data));
  }

  override end(): void {
    this.#later(() => this.inner.end());
  }

  #later(act: () => void): void {
    this.#clock.after(this.#ms, act);
  }
}

/** Smaller pieces, with a rest behind each or without. */
export class Pieces extends Layer {
  readonly #size: () => number;
  readonly #rest: { readonly clock: Clock; readonly everyMs: number } | undefined;
  #work: Promise<void> | undefined;

  constructor(inner: ResponseSink, size: () => number, rest?: { readonly clock: Clock; readonly everyMs: number }) {
    super(inner);
    this.#size = size;
    this.#rest = rest;
  }

  override write(data: Buffer): Promise<void> {
    const work = this.#send(data);
    this.#work = work;
    return work;
  }

  /** What has been taken still goes out first. */
  override end(): void {
    if (this.#work === undefined) this.inner.end();
    else void this.#work.then(() => this.inner.end());
  }

  async #send(data: Buffer): Promise<void> {
    for (let at = 0; at < data.length && !this.signal.aborted;) {
      const size = Math.max(1, this.#size());
      await this.inner.write(data.subarray(at, at + size));
      at += size;
      if (this.#rest !== undefined) await pause(this.#rest.clock, this.#rest.everyMs, this.signal);
    }
  }
}

/** Passes on full buffers only, and the remainder at the end. */
export class Buffering extends Layer {
  readonly #bytes: number;
  #held: Buffer = Buffer.alloc(0);

  constructor(inner: ResponseSink, bytes: number) {
    super(inner);
    this.#bytes = bytes;
  }

  override write(data: Buffer): Promise<void> | undefined {
    this.#held = Buffer.concat([this.#held, data]);
    if (this.#held.length < this.#bytes) return undefined;
    const whole = this.#held.length - (this.#held.length % this.#bytes);
    const full = this.#held.subarray(0, whole);
    this.#held = this.#held.subarray(whole);
    return this.inner.write(full);
  }

  override end(): void {
    void this.inner.write(this.#held);
    this.inner.end();
  }
}

/** Says nothing any more after a silence. */
export class IdleCut extends Layer {
  readonly #clock: Clock;
  readonly #ms: number;
  #isForgotten = false;
  #cancel = (): void => undefined;

  constructor(inner: ResponseSink, ms: number, clock: Clock) {
    super(inner);
    this.#ms = ms;
    this.#clock = clock;
    inner.signal.addEventListener("abort", () => this.#cancel(), { once: true });
  }

  override begin(status: number, headers: ResponseHeaders): void {
    super.begin(status, headers);
    this.#wind();
  }

  override write(data: Buffer): Promise<void> | undefined {
    if (this.#isForgotten) return untilAborted(this.signal);
    this.#wind();
    return super.write(data);
  }

  override end(): void {
    if (!this.#isForgotten) super.end();
  }

  #wind(): void {
    this.#cancel();
    if (this.signal.aborted) return;
    this.#cancel = this.#clock.after(this.#ms, () => {
      this.#isForgotten = true;
    });
  }
}

/** Compresses, one gzip member per write; `corruptAt` is the first compressed byte that is wrong. */
export class Gzip extends Layer {
  readonly #corruptAt: number;
  #sent = 0;

  constructor(inner: ResponseSink, corruptAt: number = Number.POSITIVE_INFINITY) {
    super(inner);
    this.#corruptAt = corruptAt;
  }

  override begin(status: number, headers: ResponseHeaders): void {
    const kept = Object.entries(headers).filter(([name]) => name !== "content-length");
    super.begin(status, { ...Object.fromEntries(kept), "content-encoding": "gzip" });
  }

  override write(data: Buffer): Promise<void> | undefined {
    if (data.length === 0) return undefined;
    const member = gzipSync(data);
    const at = this.#corruptAt - this.#sent;
    this.#sent += member.length;
    if (at < member.length) member.fill(0x55, Math.max(0, at));
    return super.write(member);
  }
}

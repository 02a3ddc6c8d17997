/** A capture whose statuses, gauges and conditions a test sets by hand. */
import type { CaptureCondition, CaptureGauges, CaptureStatus } from "../capture/index.ts";
import type { ObservedCapture } from "./telemetry.ts";

export const SOME_GAUGES: CaptureGauges = {
  activeCorrelations: 2,
  workers: 5,
  logStreams: 3,
  logStreamsWaiting: 1,
  watches: 4,
  openGaps: 1,
  queuedItems: 10,
  queuedBytes: 2_048,
  unwrittenBytes: 512,
  recordingBytes: 9_000,
};

export class FakeCapture implements ObservedCapture {
  conditionList: readonly CaptureCondition[] = [];
  readonly #queue: CaptureStatus[] = [];
  #wake: () => void = () => undefined;
  #failure: Error | undefined;
  #ended = false;

  gauges(): CaptureGauges {
    return SOME_GAUGES;
  }

  conditions(): readonly CaptureCondition[] {
    return this.conditionList;
  }

  async *status(): AsyncGenerator<CaptureStatus> {
    for (;;) {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) yield next;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  say(...statuses: readonly CaptureStatus[]): void {
    this.#queue.push(...statuses);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#wake();
  }
}

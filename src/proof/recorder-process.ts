/**
 * Faro as a process on a machine: it is started, stopped, killed and started again; its disk and its clock stay. The capture is the
 * real one, with everything below it.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openRecordingSource, recordingDirectory } from "../archive/index.ts";
import type { VirtualClock } from "../base/index.ts";
import { type Capture, checkState, startCapture } from "../capture/index.ts";
import type { Chance } from "./chance.ts";
import type { ProofCluster } from "./clusters.ts";
import { ProofDisk } from "./disk.ts";
import { LocalClient } from "./local-client.ts";
import type { Network } from "./network.ts";
import { ProcessClock } from "./process-clock.ts";
import { filesUntil } from "./real-files.ts";
import type { Opening } from "./recorder-time.ts";

/** One life of the process, virtual milliseconds. */
export interface Life {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly how: "stopped" | "killed" | "failed";
}

interface Running {
  readonly startedAt: number;
  readonly clock: ProcessClock;
  readonly client: LocalClient;
  readonly output: string;
  /** The latest time in the recording that it found. */
  readonly earlier: number | undefined;
  capture: Capture | undefined;
  /** Set when the capture ended by itself. */
  failure: unknown;
}

export interface RecorderOptions {
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly cluster: ProofCluster;
  /** For what does not go through the disk in memory: locks and story files. */
  readonly directory: string;
  readonly chance: Chance;
}

const FARO_VERSION = "0.0.0";
/** A recording here has some hundred kilobytes. */
const STATE_EVERY_BYTES = 20_000;
/** Some hundred rows are known: what comes while they are put together comes between any two. */
const STATE_ROWS_IN_PIECE = 8;
const SEGMENT_BYTES_MAX = 40_000;
/** Every finished segment, and at once: what Node's pool does takes real time. */
const PACKING = { bytesMin: 0, gzip: (block: Buffer) => Promise.resolve(gzipSync(block, { level: 1 })) };
const CONNECT_TIMEOUT_MS = 24 * 3_600_000;

export class RecorderProcess {
  disk: ProofDisk = new ProofDisk();
  readonly lives: Life[] = [];
  /** Runs that got as far as opening their recording. */
  readonly openings: Opening[] = [];
  /** Of each start that found a state kept, what differs between going on from it and reading everything. */
  readonly states: (readonly string[])[] = [];
  /** Errors with which a capture ended; a refusal by the server among them. */
  readonly failures: unknown[] = [];
  readonly #options: RecorderOptions;
  #running: Running | undefined;
  #stopping: Running | undefined;
  #number = 0;
  #clock: ProcessClock;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#clock = new ProcessClock(options.clock, options.chance);
  }

  get clock(): ProcessClock {
    return this.#clock;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get capture(): Capture | undefined {
    return this.#running?.capture;
  }

  get output(): string {
    return join(this.#options.directory, `life-${this.#number}`);
  }

  /** Starts the process; its first request goes out without virtual time passing. */
  async start(): Promise<void> {
    const { clock, network, chance } = this.#options;
    const before = this.output;
    this.#number++;
    mkdirSync(this.output, { recursive: true });
    this.disk = this.disk.moved(before, this.output);
    const state = await checkState({ output: this.output, files: this.disk, faroVersion: FARO_VERSION });
    if (state !== undefined) this.states.push(state);
    this.#clock = new ProcessClock(clock, chance, this.#clock);
    const running: Running = {
      startedAt: clock.monotonic(),
      clock: this.#clock,
      client: new LocalClient(network, this.#clock),
      output: this.output,
      earlier: await this.#latestTime(),
      capture: undefined,
      failure: undefined,
    };
    this.#running = running;
    const asked = network.asked.length;
    void this.#run(running);
    await filesUntil(() => network.asked.length > asked || this.#running !== running);
  }

  /** `kill -9`, or a power cut: what was not synced may be lost. */
  kill(): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.clock.kill();
    running.client.kill();
    this.disk = this.disk.afterCrash(this.#options.chance, running.output, running.output);
    this.#ended(running, "killed");
  }

  /** The orderly end, as SIGTERM begins it. A process that has not connected yet ends at once. */
  askToStop(): void {
    const running = this.#running;
    if (running === undefined) return;
    if (running.capture === undefined) return this.kill();
    running.capture.stop("asked to");
    this.#stopping = running;
  }

  /** Lets a process that is ending get on with its story files, which are on a real disk, before virtual time goes on. */
  async settle(): Promise<void> {
    const stopping = this.#stopping;
    if (stopping === undefined) return;
    await filesUntil(() => this.#running !== stopping);
    if (this.#running !== stopping) this.#stopping = undefined;
  }

  /** The orderly end. Gives up after `patience` virtual milliseconds. */
  async stop(patience: number = 120_000): Promise<boolean> {
    const running = this.#running;
    if (running === undefined) return true;
    while (running.capture === undefined && this.#running === running) await this.#options.clock.advance(1_000);
    running.capture?.stop("asked to");
    const isOver = (): boolean => this.#running !== running;
    await filesUntil(isOver);
    for (let waited = 0; !isOver() && waited < patience; waited += 1_000) {
      await this.#options.clock.advance(1_000);
      await filesUntil(isOver);
    }
    return isOver();
  }

  async #run(running: Running): Promise<void> {
    const { cluster } = this.#options;
    try {
      running.capture = await startCapture({
        client: running.client,
        clock: running.clock,
        files: this.disk,
        resources: cluster.resources.map((text) => ({ text })),
        names: cluster.names,
        namespaces: cluster.namespaces,
        selector: "",
        related: cluster.related,
        requireKinds: false,
        output: running.output,
        workers: 2,
        bufferSize: 50,
        correlationTimeoutMs: 300_000,
        includeLogs: true,
        maxLogStreams: 3,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        faroVersion: FARO_VERSION,
        stateEveryBytes: STATE_EVERY_BYTES,
        stateRowsInPiece: STATE_ROWS_IN_PIECE,
        segmentBytesMax: SEGMENT_BYTES_MAX,
        packing: PACKING,
      });
      this.openings.push({ at: this.#options.clock.monotonic(), earlier: running.earlier });
      await running.capture.done;
      if (this.#running === running) this.#ended(running, "stopped");
    } catch (error) {
      if (this.#running !== running) return;
      this.failures.push(error);
      this.#ended(running, "failed");
    }
  }

  /** Only a clock that was set can be behind what an earlier run wrote. */
  async #latestTime(): Promise<number | undefined> {
    if (this.#clock.steps.length === 1 && this.#clock.offset === this.#clock.steps[0]?.offset) return undefined;
    const source = await openRecordingSource(recordingDirectory(this.output), { layer: this.disk });
    let latest: number | undefined;
    for await (const { record } of source.scan()) latest = Math.max(latest ?? 0, Date.parse(record.at));
    await source.close();
    return latest;
  }

  #ended(running: Running, how: Life["how"]): void {
    this.#running = undefined;
    this.lives.push({ startedAt: running.startedAt, endedAt: this.#options.clock.monotonic(), how });
  }
}

/**
 * Folds a capture's status stream into log lines, metrics and health. It only listens: if any of it breaks, the log
 * says so and the recording goes on.
 */
import { type Clock, errorMessage, FaroError, Scope } from "../base/index.ts";
import type { Capture, CaptureGauges, CaptureStatus } from "../capture/index.ts";
import { type Counts, foldStatus, NO_COUNTS } from "./counts.ts";
import { EXPOSITION_CONTENT_TYPE, renderExposition } from "./exposition.ts";
import { healthDocument, healthStatusCode } from "./health.ts";
import type { Log } from "./log.ts";
import { logStatus } from "./log-status.ts";
import { type MemoryReading, metricFamilies } from "./metrics.ts";
import { type Page, type PageServer, startPageServer } from "./server.ts";
import { logStatistics } from "./statistics.ts";

export interface TelemetryOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** 0 turns the server off. */
  readonly port: number;
  readonly address: string;
  /** True when somebody asked for the port: then it is an error when it is taken. */
  readonly portIsExplicit: boolean;
  /** One line a minute; off where a live status line says the same. */
  readonly statistics: boolean;
  readonly memory?: () => MemoryReading;
}

/** The part of a capture that telemetry looks at. */
export type ObservedCapture = Pick<Capture, "status" | "gauges" | "conditions">;

const NOTHING_YET: CaptureGauges = {
  activeCorrelations: 0,
  workers: 0,
  logStreams: 0,
  logStreamsWaiting: 0,
  watches: 0,
  openGaps: 0,
  queuedItems: 0,
  queuedBytes: 0,
  unwrittenBytes: 0,
  recordingBytes: 0,
};

/** How long a status stream that outlives its capture is waited for. */
const LAST_WORDS_MS = 1_000;

const INDEX = "Faro records Kubernetes workloads.\n\n/metrics  Prometheus text\n/health   state of this recorder, as JSON\n";

export class Telemetry {
  readonly #options: TelemetryOptions;
  readonly #scope: Scope;
  readonly #startedAt: number;
  readonly #startedMonotonic: number;
  #capture: ObservedCapture | undefined;
  #counts: Counts = NO_COUNTS;
  #server: PageServer | undefined;
  #folded: Promise<void> = Promise.resolve();

  private constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#scope = new Scope((error, task) => this.#failed(task, error));
    this.#startedAt = options.clock.now();
    this.#startedMonotonic = options.clock.monotonic();
  }

  /**
   * Opens the server, if one is wanted and can be had.
   * @throws FaroError `FARO_PORT_TAKEN` when the port was asked for and cannot be had.
   */
  static async start(options: TelemetryOptions): Promise<Telemetry> {
    const telemetry = new Telemetry(options);
    await telemetry.#listen();
    if (options.statistics) {
      telemetry.#scope.start("statistics", (signal) =>
        logStatistics(options.clock, options.log, () => telemetry.#statistics(), signal),
      );
    }
    return telemetry;
  }

  /** Where the pages are, if they are. */
  get url(): string | undefined {
    return this.#server?.url;
  }

  /** What the status stream added up to so far. */
  get counts(): Counts {
    return this.#counts;
  }

  /** Follows `capture` until its status stream ends. */
  observe(capture: ObservedCapture): void {
    this.#capture = capture;
    // Taken now, not when the task first runs: each stream shows what comes after it was asked for.
    const statuses = capture.status();
    this.#folded = this.#fold(statuses);
  }

  /** Ends last of all: when what the capture said is told, or a moment later if its stream does not end. */
  async close(): Promise<void> {
    const enough = new AbortController();
    const giveUp = this.#options.clock.sleep(LAST_WORDS_MS, enough.signal).catch(() => undefined);
    await Promise.race([this.#folded, giveUp]);
    enough.abort();
    await this.#server?.close();
    await this.#scope.close("telemetry ends");
  }

  async #fold(statuses: AsyncIterable<CaptureStatus>): Promise<void> {
    try {
      for await (const status of statuses) {
        this.#counts = foldStatus(this.#counts, status);
        logStatus(this.#options.log, status);
      }
    } catch (error) {
      this.#failed("status", error);
    }
  }

  #failed(task: string, error: unknown): void {
    this.#options.log.error("telemetry failed; the recording goes on", { task, why: errorMessage(error) });
  }

  async #listen(): Promise<void> {
    const { port, address, portIsExplicit, log } = this.#options;
    if (port === 0) return;
    try {
      this.#server = await startPageServer({
        port,
        address,
        pages: { "/": index, "/metrics": () => this.#metrics(), "/health": () => this.#health() },
      });
      log.debug("serving /metrics and /health", { url: this.#server.url });
    } catch (error) {
      if (portIsExplicit || !(error instanceof FaroError)) throw error;
      log.warn(`${error.message}; recording without them`, { hint: error.hint });
    }
  }

  #metrics(): Page {
    const families = metricFamilies({
      counts: this.#counts,
      gauges: this.#gauges(),
      memory: this.#memory(),
      startedAt: this.#startedAt,
      version: this.#options.version,
      nodeVersion: process.version,
    });
    return { status: 200, contentType: EXPOSITION_CONTENT_TYPE, body: renderExposition(families) };
  }

  #health(): Page {
    const { clock } = this.#options;
    const uptimeMs = clock.monotonic() - this.#startedMonotonic;
    const document = healthDocument({
      now: clock.now(),
      uptimeMs,
      gauges: this.#gauges(),
      conditions: this.#capture?.conditions() ?? [],
    });
    return { status: healthStatusCode(document), contentType: "application/json", body: `${JSON.stringify(document)}\n` };
  }

  #statistics(): { readonly events: number; readonly activeCorrelations: number; readonly memoryBytes: number } {
    return {
      events: this.#counts.events,
      activeCorrelations: this.#gauges().activeCorrelations,
      memoryBytes: this.#memory().rss,
    };
  }

  #gauges(): CaptureGauges {
    return this.#capture?.gauges() ?? NOTHING_YET;
  }

  #memory(): MemoryReading {
    return this.#options.memory?.() ?? process.memoryUsage();
  }
}

function index(): Page {
  return { status: 200, contentType: "text/plain; charset=utf-8", body: INDEX };
}

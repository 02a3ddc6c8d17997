/** One recording from connecting to the last line on standard output; `record` and `demo` share it. */
import { Scope } from "../base/index.ts";
import type { Capture, CaptureOptions, CaptureResult } from "../capture/index.ts";
import type { ClusterValues, Environment, ResolvedOptions } from "../config/index.ts";
import { Telemetry } from "../telemetry/index.ts";
import type { Console } from "./console.ts";
import type { CliDependencies, Connection, EndSignal } from "./dependencies.ts";
import type { RunEnd } from "./exit-code.ts";
import { renderLiveStatus } from "./render/live-status.ts";
import { renderOutcome } from "./render/stories.ts";
import { type SignalWatch, watchSignals } from "./signals.ts";

export interface CaptureRun {
  readonly dependencies: CliDependencies;
  readonly console: Console;
  readonly resolved: ResolvedOptions;
  /** Whom to reach; the demo reaches its own cluster. */
  readonly cluster: { readonly flags: ClusterValues; readonly env: Environment };
  /** Everything but what this function knows itself. */
  readonly toCaptureOptions: (connection: Connection) => CaptureOptions;
  /** Called once the capture runs: the demo lets its story happen. */
  readonly onStarted?: (capture: Capture) => void;
}

export interface CaptureEnd {
  readonly end: RunEnd;
  /** Absent when a signal came before anything was written. */
  readonly result?: CaptureResult;
}

/** How long a start that a signal interrupted may take to let go of what it holds. */
const START_CANCEL_MS = 2_000;
/** A start that takes longer than this is explained. */
const WAITING_NOTICE_MS = 2_000;
const LIVE_REFRESH_MS = 500;

/** @throws FaroError when nothing could be recorded. */
export async function runCapture(run: CaptureRun): Promise<CaptureEnd> {
  const signals = watchSignals((listener) => run.dependencies.onSignal(listener));
  try {
    const telemetry = await startTelemetry(run);
    const ended = await recordWith(run, signals, telemetry);
    // After an abort nothing is waited for, least of all telemetry.
    if (ended.end.how !== "aborted") await telemetry.close();
    return ended;
  } finally {
    signals.release();
  }
}

function startTelemetry({ dependencies, console, resolved }: CaptureRun): Promise<Telemetry> {
  const { values, origins } = resolved;
  return Telemetry.start({
    clock: dependencies.clock,
    log: console.log,
    version: dependencies.version,
    port: values.metricsPort,
    address: values.metricsAddress,
    portIsExplicit: origins.metricsPort.source !== "default",
    statistics: !console.isLive,
  });
}

async function recordWith(run: CaptureRun, signals: SignalWatch, telemetry: Telemetry): Promise<CaptureEnd> {
  const { flags, env } = run.cluster;
  const onWarning = (text: string): void => run.console.log.warn("the API server warns", { warning: text });
  const connection = await run.dependencies.connect({ flags, env, onWarning });
  try {
    const started = await startOrSignal(run, connection, signals);
    if (typeof started === "string") return { end: { how: "aborted", signal: started } };
    telemetry.observe(started);
    run.onStarted?.(started);
    return await followToEnd(run, started, signals, telemetry);
  } finally {
    await connection.client.close();
  }
}

/** The running capture, or the signal that came first. */
async function startOrSignal(run: CaptureRun, connection: Connection, signals: SignalWatch): Promise<Capture | EndSignal> {
  const { clock } = run.dependencies;
  const starting = run.dependencies.startCapture(run.toCaptureOptions(connection));
  const cancelNotice = clock.after(WAITING_NOTICE_MS, () =>
    run.console.log.info("waiting for the API server", { server: connection.client.server }),
  );
  const winner = await Promise.race([starting, signals.first]).finally(cancelNotice);
  if (typeof winner !== "string") return winner;
  // The start fails once its connections are gone; if it had just succeeded, its recording is closed properly.
  await connection.client.close();
  const letGo = starting.then(stopAtOnce, () => undefined);
  await Promise.race([letGo, signals.second, clock.sleep(START_CANCEL_MS)]);
  return winner;
}

async function stopAtOnce(capture: Capture): Promise<void> {
  capture.stop("a signal came while the recording started");
  await capture.done.catch(() => undefined);
}

async function followToEnd(run: CaptureRun, capture: Capture, signals: SignalWatch, telemetry: Telemetry): Promise<CaptureEnd> {
  const live = new Scope((error) => run.console.log.debug("the live line failed", { why: error.message }));
  let stoppedBy: EndSignal | undefined;
  void signals.first.then((signal) => {
    stoppedBy = signal;
    run.console.toPerson(
      `stopping: writing what has arrived, ${capture.gauges().activeCorrelations} open; press again to abort\n`,
    );
    capture.stop(`${signal} received`);
  });
  if (run.console.isLive)
    live.start("live line", (signal) => showLive(run, { capture, telemetry, isStopping: () => stoppedBy !== undefined }, signal));
  try {
    const winner = await Promise.race([capture.done, signals.second]);
    if (typeof winner === "string") return { end: { how: "aborted", signal: winner } };
    return { end: toEnd(run, winner, stoppedBy), result: winner };
  } finally {
    await live.close();
    run.console.endLive();
  }
}

/** What the live line is made of. */
interface LiveSource {
  readonly capture: Capture;
  readonly telemetry: Telemetry;
  readonly isStopping: () => boolean;
}

async function showLive(run: CaptureRun, { capture, telemetry, isStopping }: LiveSource, signal: AbortSignal): Promise<void> {
  const { clock, stderr } = run.dependencies;
  const region = await run.dependencies.openLiveRegion();
  const since = clock.monotonic();
  while (!signal.aborted) {
    const text = renderLiveStatus({
      elapsedMs: clock.monotonic() - since,
      events: telemetry.counts.events,
      gauges: capture.gauges(),
      conditions: capture.conditions(),
      stopping: isStopping(),
      columns: stderr.columns,
    });
    run.console.live(region, text);
    await clock.sleep(LIVE_REFRESH_MS, signal);
  }
}

function toEnd(run: CaptureRun, { outcome }: CaptureResult, stoppedBy: EndSignal | undefined): RunEnd {
  const { duration, until } = run.resolved.values;
  if (stoppedBy === undefined) return { how: "finished", outcome };
  return { how: "interrupted", outcome, signal: stoppedBy, wasExpected: duration === undefined && until === undefined };
}

/** Prints what a finished recording leaves. */
export function reportEnd(run: Pick<CaptureRun, "dependencies" | "console">, ended: CaptureEnd, stories: string): void {
  if (ended.result !== undefined) {
    run.console.notice(renderOutcome(ended.result));
    if (stories !== "") run.dependencies.stdout.write(stories);
  } else if (ended.end.how === "aborted") {
    run.console.notice("aborted: the recording can be read up to here, see faro rebuild\n");
  }
}

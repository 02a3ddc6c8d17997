/** Programs side by side: a server of its own for each run, what each used, and the cost of the bytes between a short and a long run. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkRecording } from "./check-recording.mjs";
import { versionOf } from "./corpus.mjs";
import { clientGoProgram } from "./peers/client-go.mjs";
import { inFolder, kubeconfigFor, programFile, startFaro, startMeasured, startServer } from "./processes.mjs";
import { endOfRecording } from "./recording-end.mjs";

const CA = fileURLToPath(new URL("../test/cluster-config/fixtures/ca.crt", import.meta.url));

/** One run of one program against a server of its own: CPU and wall milliseconds, peak memory, and what was sent. */
export function measure(program, kind, mb) {
  return measureWith(program, { BENCH_KIND: kind, BENCH_MB: String(mb) });
}

/** The same, with the server's settings as `server.mjs` describes them. */
export function measureWith(program, settings) {
  return inFolder(async (folder) => {
    const { said } = startServer("server.mjs", settings);
    const { port, kind, events, bytes, items } = await said();
    const server = `https://127.0.0.1:${port}`;
    const kubeconfig = kubeconfigFor(folder, server, CA);
    const started = performance.now();
    const usage = await program({ folder, kind, events, bytes, items, kubeconfig, server, ca: CA, said });
    return { wallMs: performance.now() - started, ...usage, mb: bytes / 1e6, events };
  });
}

/** Faro as it is shipped. Its roots are ConfigMaps, of which there are none: what is measured is recording, not writing stories. */
export async function faro({ folder, kind, events, kubeconfig, ...options }) {
  const recording = join(folder, "output/recording");
  const started = performance.now();
  const flags = ["--resource=v1/ConfigMap", `--related=${kind}`, "--no-include-logs", "--log-level=error"];
  const { child, usage } = startFaro({ folder, kubeconfig, flags, ...options });
  await endOfRecording(recording, versionOf(events - 1), child);
  const wallMs = performance.now() - started;
  child.kill("SIGINT");
  const used = await usage;
  await checkRecording(recording, kind, events);
  return { ...used, wallMs };
}

export function clientNode(run) {
  return startMeasured(programFile("peers", "client-node.mjs"), [], { env: recorderEnv(run) }).usage;
}

/** `undefined` where it cannot be built; what is missing is said once. */
export function clientGo() {
  const program = clientGoProgram();
  // A watch-list begins with a bookmark that the benchmark's server does not send.
  const env = { KUBE_FEATURE_WatchListClient: "false" };
  return program === undefined ? undefined : (run) => startMeasured(program, [], { env: { ...env, ...recorderEnv(run) } }).usage;
}

export function bareRead({ kind, bytes, server }) {
  const BENCH_SERVER = JSON.stringify({ server, ca: CA });
  const env = { BENCH_SERVER, BENCH_KIND: kind, BENCH_BYTES: String(bytes) };
  return startMeasured(programFile("peers", "bare-read.mjs"), [], { env }).usage;
}

export function recorderEnv({ folder, kind, events, kubeconfig }) {
  return { BENCH_KUBECONFIG: kubeconfig, BENCH_KIND: kind, BENCH_EVENTS: String(events), BENCH_FILE: join(folder, "out.jsonl") };
}

/** What one more megabyte and one more change cost: the long run minus the short one, so that starting up counts for nothing. */
export function slope(short, long) {
  const cpuMs = long.cpuMs - short.cpuMs;
  const wallMs = long.wallMs - short.wallMs;
  const events = long.events - short.events;
  return {
    msPerMb: cpuMs / (long.mb - short.mb),
    usPerEvent: (cpuMs * 1000) / events,
    eventsPerSecond: (events * 1000) / wallMs,
  };
}

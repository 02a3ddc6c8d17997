/** Programs side by side: a server of its own for each run, what each used, and the cost of the bytes between a short and a long run. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkRecording } from "./check-recording.mjs";
import { namespaceOf, versionOf } from "./corpus.mjs";
import { clientGoProgram } from "./peers/client-go.mjs";
import { inFolder, kubeconfigFor, programFile, runPeer, startFaro, startServer } from "./processes.mjs";
import { endOfObjects, endOfRecording, inStep } from "./recording-end.mjs";

/** A peer that lists a hundred thousand objects takes its time. */
const PEER_MS_MAX = 20 * 60_000;
const CA = fileURLToPath(new URL("../test/cluster-config/fixtures/ca.crt", import.meta.url));

/**
 * One run of one program against a server of its own with these settings (`server.mjs`): CPU and wall milliseconds, peak memory, and what
 * was sent.
 */
export function measureWith(program, settings) {
  return inFolder(async (folder) => {
    const { said } = startServer("server.mjs", settings);
    const { port, ...sent } = await said();
    const isPlain = settings.BENCH_PLAIN !== undefined;
    const server = `http${isPlain ? "" : "s"}://127.0.0.1:${port}`;
    const kubeconfig = kubeconfigFor(folder, server, isPlain ? undefined : CA);
    const started = performance.now();
    const usage = await program({ folder, sent, ...sent, kubeconfig, server, ca: CA, said });
    return { wallMs: performance.now() - started, ...usage, mb: sent.bytes / 1e6, events: sent.events };
  });
}

/** Faro as it is shipped. Its roots are ConfigMaps, of which there are none: what is measured is recording, not writing stories. */
export async function faro({ folder, sent, kubeconfig, ...options }) {
  const recording = join(folder, "output/recording");
  const started = performance.now();
  const { kind, watches, items, events, bytes } = sent;
  const flags = ["--resource=v1/ConfigMap", `--related=${kind}`, "--no-include-logs", "--metrics-port=0", "--log-level=error"];
  if (watches > 1) flags.push(`--namespace=${Array.from({ length: watches }, (_, watch) => namespaceOf(watch)).join(",")}`);
  const program = startFaro({ folder, kubeconfig, flags, ...options });
  const { child, usage } = program;
  if (items + events === 0) await inStep(recording, 2 * watches, program);
  else if (watches > 1) await endOfObjects(recording, { objects: events, bytes }, child);
  else await endOfRecording(recording, versionOf(items + events - 1), child, options.limitMs);
  const wallMs = performance.now() - started;
  child.kill("SIGINT");
  const used = await usage;
  await checkRecording(recording, sent);
  return { ...used, wallMs };
}

export function clientNode(run) {
  return runPeer(programFile("peers", "client-node.mjs"), recorderEnv(run));
}

export function clientNodeInformer(run) {
  const env = { ...recorderEnv(run), NODE_EXTRA_CA_CERTS: run.ca };
  return runPeer(programFile("peers", "client-node-informer.mjs"), env, { limitMs: PEER_MS_MAX });
}

/** `undefined` where it cannot be built; what is missing is said once. */
export function clientGo() {
  const program = clientGoProgram();
  // A watch-list begins with a bookmark that the benchmark's server does not send.
  const env = { KUBE_FEATURE_WatchListClient: "false" };
  return program === undefined ? undefined : (run) => runPeer(program, { ...env, ...recorderEnv(run) }, { limitMs: PEER_MS_MAX });
}

export function bareRead({ kind, bytes, server }) {
  const BENCH_SERVER = JSON.stringify({ server, ca: CA });
  const env = { BENCH_SERVER, BENCH_KIND: kind, BENCH_BYTES: String(bytes) };
  return runPeer(programFile("peers", "bare-read.mjs"), env);
}

export function recorderEnv({ folder, kind, events, items = 0, watches = 1, kubeconfig }) {
  const BENCH_NAMESPACES = watches > 1 ? Array.from({ length: watches }, (_, watch) => namespaceOf(watch)).join(",") : "bench";
  const BENCH_EVENTS = String(items + events);
  return {
    BENCH_KUBECONFIG: kubeconfig,
    BENCH_KIND: kind,
    BENCH_EVENTS,
    BENCH_NAMESPACES,
    BENCH_FILE: join(folder, "out.jsonl"),
  };
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

/** Programs side by side: a server of its own for each run, what each used, and the cost of the bytes between a short and a long run. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkRecording } from "./check-recording.mjs";
import { versionOf } from "./corpus.mjs";
import { clientGoProgram } from "./peers/client-go.mjs";
import { spawnMeasured, spawnServer } from "./processes.mjs";
import { endOfRecording } from "./recording-end.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const CA = join(HERE, "../test/cluster-config/fixtures/ca.crt");

/** One run of one program against a server of its own: CPU and wall milliseconds, peak memory, and what was sent. */
export async function measure(program, kind, mb) {
  const folder = mkdtempSync(join(tmpdir(), "faro-bench-"));
  const server = spawnServer(join(HERE, "server.mjs"), { BENCH_KIND: kind, BENCH_MB: String(mb) });
  try {
    const [line] = await once(server.stdout, "data");
    const { port, events, bytes } = JSON.parse(line);
    const started = performance.now();
    const usage = await program({
      folder,
      kind,
      events,
      bytes,
      kubeconfig: kubeconfigFor(folder, port),
      server: addressOf(port),
    });
    return { wallMs: performance.now() - started, ...usage, mb: bytes / 1e6, events };
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Faro as it is shipped. Its roots are ConfigMaps, of which there are none: what is measured is recording, not writing stories. */
export async function faro({ folder, kind, events, kubeconfig }) {
  const output = join(folder, "output");
  const args = ["--resource=v1/ConfigMap", `--related=${kind}`, "--no-include-logs", `--output=${output}`];
  const started = performance.now();
  const program = spawnMeasured(join(HERE, "../dist/cli/bin.js"), [...args, `--kubeconfig=${kubeconfig}`, "--log-level=error"]);
  try {
    await endOfRecording(join(output, "recording"), versionOf(events - 1), program.child);
    const wallMs = performance.now() - started;
    program.child.kill("SIGINT");
    const usage = await program.usage;
    await checkRecording(join(output, "recording"), kind, events);
    return { ...usage, wallMs };
  } finally {
    program.child.kill("SIGKILL");
  }
}

export function clientNode(run) {
  return spawnMeasured(join(HERE, "peers/client-node.mjs"), [], recorderEnv(run)).usage;
}

/** `undefined` where it cannot be built; what is missing is said once. */
export function clientGo() {
  const program = clientGoProgram();
  // A watch-list begins with a bookmark that the benchmark's server does not send.
  const env = { KUBE_FEATURE_WatchListClient: "false" };
  return program === undefined ? undefined : (run) => spawnMeasured(program, [], { ...env, ...recorderEnv(run) }).usage;
}

export function bareRead({ kind, bytes, server }) {
  const BENCH_SERVER = JSON.stringify({ server, ca: CA });
  return spawnMeasured(join(HERE, "peers/bare-read.mjs"), [], { BENCH_SERVER, BENCH_KIND: kind, BENCH_BYTES: String(bytes) })
    .usage;
}

function recorderEnv({ folder, kind, events, kubeconfig }) {
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

function addressOf(port) {
  return `https://127.0.0.1:${port}`;
}

function kubeconfigFor(folder, port) {
  const path = join(folder, "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "bench",
    contexts: [{ name: "bench", context: { cluster: "bench", user: "bench", namespace: "bench" } }],
    clusters: [{ name: "bench", cluster: { server: addressOf(port), "certificate-authority": CA } }],
    users: [{ name: "bench", user: {} }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

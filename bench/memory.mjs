/**
 * How much memory a rollout takes: the greatest resident memory of Faro while all pods of a Deployment are replaced and deleted, and
 * until its story is written.
 *
 *   node bench/memory.mjs [--pods=1000] [--rate=300]
 *
 * Prints a line of JSON. Needs Linux (`/proc`).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const option = (name, fallback) =>
  process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? String(fallback);
const SAMPLE_MS = 50;
const QUIET_MS = 2_000;
const NOTES_MB = 0.05;

const folder = mkdtempSync(join(tmpdir(), "faro-memory-"));
const output = join(folder, "output");
const server = spawn(process.execPath, [join(HERE, "memory-server.mjs")], {
  env: { ...process.env, BENCH_PODS: option("pods", 1000), BENCH_RATE: option("rate", 300) },
  stdio: ["ignore", "pipe", "inherit", "ipc"],
});
const said = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
let faro;
try {
  const { port } = JSON.parse((await said.next()).value);
  faro = startFaro(port);
  const ended = once(faro, "close");
  let peak = 0;
  const timer = setInterval(() => {
    if (faro.exitCode === null) peak = peakMegabytes(faro.pid) ?? peak;
  }, SAMPLE_MS);
  const done = JSON.parse((await said.next()).value);
  await allTaken();
  const recording = peak;
  faro.kill("SIGINT");
  const [code] = await ended;
  clearInterval(timer);
  if (code !== 0) throw new Error(`faro ended with ${code}`);
  const story = readdirSync(output).find((name) => name.startsWith("deployment-") && name.endsWith(".json"));
  console.log(
    JSON.stringify({
      ...done,
      recording_mb: Math.round(recordingMegabytes()),
      story_mb: Math.round(megabytes(story)),
      peak_while_recording_mb: recording,
      peak_mb: peak,
    }),
  );
} finally {
  faro?.kill("SIGKILL");
  server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

function startFaro(port) {
  const kubeconfig = join(folder, "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "bench",
    contexts: [{ name: "bench", context: { cluster: "bench", user: "bench", namespace: "bench" } }],
    clusters: [{ name: "bench", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "bench", user: {} }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const flags = ["--resource=apps/v1/Deployment", "--name=many", "--no-include-logs", "--metrics-port=0", "--log-level=error"];
  const extra = process.env.BENCH_NODE_OPTIONS?.split(" ") ?? [];
  const words = [...extra, join(HERE, "../dist/cli/bin.js"), ...flags, `--output=${output}`, `--kubeconfig=${kubeconfig}`];
  return spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
}

/** As the kernel counts it, in 10^6 bytes; undefined for a process that has ended. */
function peakMegabytes(pid) {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return peak === undefined ? undefined : Math.round((Number(peak) * 1_024) / 1e6);
}

/** Resolves when no more came to the recording for a while than Faro's own notes. */
async function allTaken() {
  for (let before = -1, now = recordingMegabytes(); now - before > NOTES_MB; now = recordingMegabytes()) {
    before = now;
    await sleep(QUIET_MS);
  }
}

function recordingMegabytes() {
  return readdirSync(join(output, "recording")).reduce((sum, name) => sum + megabytes("recording", name), 0);
}

function megabytes(...path) {
  return statSync(join(output, ...path)).size / 1e6;
}

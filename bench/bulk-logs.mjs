/**
 * Logs as fast as they can be had: lines that were written before anybody asked, of so many containers, followed by Faro, by client-node's
 * `Log` that writes lines of JSON, by a program that throws the bytes away and, of one container, copied by kubectl.
 *
 *   node bench/bulk-logs.mjs [--streams=1,10,100] [--sizes=5,45] [--rounds=3]
 *
 * Over plain HTTP. Each runs with a short and with a long log, in megabytes; the difference is the cost of the bytes between. Prints a line
 * of JSON for each number of streams. A run of Faro counts only when each line stands in its recording once and in order. Needs Linux.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { linesRecorded } from "./numbered-lines.mjs";
import { kubectlProgram, kubectlUntil } from "./peers/kubectl.mjs";
import { cpuMs, inFolder, kubeconfigFor, memoryMb, option, programFile, startFaro, runPeer, startServer } from "./processes.mjs";
import { recordedBytes } from "./recording-lines.mjs";
import { byTurns, compare, exponent, print } from "./turns.mjs";

const [SHORT, LONG] = option("sizes", "5,45").split(",");
const ROUNDS = Number(option("rounds", 3));
const LIMIT_MS = 10 * 60_000;
const POLL_MS = 100;

const kubectl = kubectlProgram();
const costs = [];
for (const streams of option("streams", "1,10,100").split(",").map(Number)) {
  const programs = { faro, client_node: clientNode, bare, ...(streams === 1 && kubectl && { kubectl: copied }) };
  const both = Object.entries(programs).map(([name, run]) => [name, () => slope(run, streams)]);
  const taken = await byTurns(Object.fromEntries(both), ROUNDS);
  const cpu = compare(taken, (run) => run.msPerMb);
  costs.push([streams, cpu.faro.median]);
  print("bulk-logs", { streams, cpu_ms_per_mb: cpu, peak_mb: compare(taken, ({ peakMb }) => peakMb) });
}
if (costs.length > 1) print("bulk-logs", { cpu_exponent: exponent(costs) });

async function slope(run, streams) {
  const short = await measured(run, streams, SHORT);
  const long = await measured(run, streams, LONG);
  return { msPerMb: (long.cpuMs - short.cpuMs) / (long.mb - short.mb), peakMb: long.peakMb };
}

function measured(run, streams, mb) {
  return inFolder(async (folder) => {
    const { port, lines, bytes } = await startServer("log-server.mjs", {
      BENCH_CONTAINERS: String(streams),
      BENCH_MB: mb,
    }).said();
    const server = `http://127.0.0.1:${port}`;
    const used = await run({ folder, server, kubeconfig: kubeconfigFor(folder, server), streams, lines, bytes });
    return { ...used, mb: bytes / 1e6 };
  });
}

/** Until all is in the recording; the stories are not told. */
async function faro({ folder, kubeconfig, streams, lines, bytes }) {
  const recording = join(folder, "output/recording");
  const flags = ["--resource=v1/Pod", "--related=none", `--max-log-streams=${streams}`, "--metrics-port=0", "--log-level=error"];
  const { child, usage, said } = startFaro({ folder, kubeconfig, flags, limitMs: LIMIT_MS });
  for (let found = 0; found < lines; await sleep(POLL_MS)) {
    if (child.exitCode !== null) throw new Error(`faro ended with ${child.exitCode} and said: ${said()}`);
    if (recordedBytes(recording) > bytes) found = await linesRecorded(recording, streams);
  }
  const used = { cpuMs: cpuMs(child.pid), peakMb: memoryMb(child.pid).peak };
  child.kill("SIGKILL");
  await usage.catch(() => undefined);
  const found = await linesRecorded(recording, streams);
  if (found !== lines) throw new Error(`${found} of ${lines} lines are recorded`);
  return used;
}

function clientNode({ folder, kubeconfig, streams, lines }) {
  const BENCH_FILE = join(folder, "out.jsonl");
  const env = { BENCH_KUBECONFIG: kubeconfig, BENCH_STREAMS: String(streams), BENCH_LINES: String(lines), BENCH_FILE };
  return runPeer(programFile("peers", "client-node-log.mjs"), env);
}

function bare({ server, streams, bytes }) {
  const env = { BENCH_SERVER: server, BENCH_STREAMS: String(streams), BENCH_BYTES: String(bytes) };
  return runPeer(programFile("peers", "hold-logs.mjs"), env);
}

function copied({ bytes, ...run }) {
  const log = "/api/v1/namespaces/bench/pods/pod-0/log?container=app&follow=true&timestamps=true";
  return kubectlUntil(kubectl, run, ["get", "--raw", log], ({ size }) => size >= bytes);
}

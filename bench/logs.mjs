/**
 * What logs cost that are written while they are followed: CPU for each megabyte of lines, recorded and told, beside client-node's `Log`
 * that writes lines of JSON. See README.md. A run counts only when each line stands once and in order in what was written of it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inOrder, linesRecorded } from "./numbered-lines.mjs";
import {
  cpuMs,
  inFolder,
  kubeconfigFor,
  memoryMb,
  option,
  programFile,
  startFaro,
  startMeasured,
  startServer,
} from "./processes.mjs";
import { byTurns, compare, print, rounded } from "./turns.mjs";

const SECONDS = Number(option("seconds", 10));
const ROUNDS = Number(option("rounds", 3));
const LOADS = option("load", "50x40,50x200,1x7500")
  .split(",")
  .map((load) => load.split("x").map(Number));
const FLAGS = ["--resource=v1/Pod", "--related=none", "--metrics-port=0", "--log-level=error"];
const LIMIT_MS = 10 * 60_000;
const POLL_MS = 100;

for (const [containers, rate] of LOADS) {
  const programs = { faro, client_node: clientNode };
  const runs = Object.entries(programs).map(([name, start]) => [name, () => measured(start, containers, rate)]);
  const taken = await byTurns(Object.fromEntries(runs), ROUNDS);
  const [{ mb, lines, chunks, records, recordingBytes }] = taken.faro;
  print("logs", {
    containers,
    lines_per_second: rate,
    mb: rounded(mb),
    recording_ms_per_mb: compare(taken, (run) => run.recordingMs / run.mb),
    telling_ms_per_mb: compare({ faro: taken.faro }, (run) => run.tellingMs / run.mb).faro,
    peak_mb: compare(taken, ({ peakMb }) => peakMb),
    lines,
    chunks,
    records,
    recording_bytes_per_byte: rounded(recordingBytes / (mb * 1e6)),
  });
}

/** `start` gives the process, waits until so many lines are written, and ends it. */
function measured(start, containers, rate) {
  return inFolder(async (folder) => {
    const env = { BENCH_CONTAINERS: String(containers), BENCH_RATE: String(rate), BENCH_SECONDS: String(SECONDS) };
    const server = startServer("log-server.mjs", env);
    const { port } = await server.said();
    const { child, written, end } = start({ folder, kubeconfig: kubeconfigFor(folder, `http://127.0.0.1:${port}`), containers });
    server.tell("open?");
    await server.said();
    const before = cpuMs(child.pid);
    server.tell("go");
    const { lines, bytes, chunks } = await server.said();
    await written(lines);
    const recordingMs = cpuMs(child.pid) - before;
    return { recordingMs, lines, chunks, mb: bytes / 1e6, ...(await end(lines, before + recordingMs)) };
  });
}

function faro({ folder, kubeconfig, containers }) {
  const output = join(folder, "output");
  const recording = join(output, "recording");
  const { child, usage } = startFaro({ folder, kubeconfig, flags: FLAGS, limitMs: LIMIT_MS });
  return {
    child,
    written: (lines) => until(async () => (await linesRecorded(recording, containers)) === lines),
    end: async (lines, recordedMs) => {
      child.kill("SIGINT");
      const { cpuMs: all, peakMb } = await usage;
      const told = readdirSync(output)
        .filter((name) => name.endsWith(".json"))
        .reduce((sum, name) => sum + occurrences(join(output, name), /"event_type":"CONTAINER_LOG"/g), 0);
      if (told !== lines) throw new Error(`${told} of ${lines} lines are told`);
      const files = readdirSync(recording).map((name) => join(recording, name));
      const records = files.reduce((sum, file) => sum + occurrences(file, /"type":"log"/g), 0);
      const recordingBytes = files.reduce((sum, file) => sum + readFileSync(file).length, 0);
      return { tellingMs: all - recordedMs, peakMb, records, recordingBytes };
    },
  };
}

function clientNode({ folder, kubeconfig, containers }) {
  const BENCH_FILE = join(folder, "out.jsonl");
  const env = { BENCH_KUBECONFIG: kubeconfig, BENCH_STREAMS: String(containers), BENCH_LINES: "Infinity", BENCH_FILE };
  const { child } = startMeasured(programFile("peers", "client-node-log.mjs"), [], { env, limitMs: LIMIT_MS });
  return {
    child,
    written: (lines) =>
      until(() => {
        const order = inOrder(containers);
        const whole = readFileSync(BENCH_FILE, "utf8").split("\n").slice(0, -1);
        for (const { pod, line } of whole.map((text) => JSON.parse(text))) order.take(pod, line);
        return order.count === lines;
      }),
    end: async () => {
      const { peak } = memoryMb(child.pid);
      child.kill("SIGKILL");
      return { peakMb: peak };
    },
  };
}

async function until(holds) {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > LIMIT_MS) throw new Error("the lines were not all written");
    await sleep(POLL_MS);
  }
}

function occurrences(file, pattern) {
  return readFileSync(file, "latin1").match(pattern)?.length ?? 0;
}

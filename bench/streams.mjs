/**
 * What open log streams take: Faro following so many containers that write one line a second each, beside a program that holds the same
 * streams by `node:http` and throws the lines away.
 *
 *   node bench/streams.mjs [--streams=10,100,1000] [--seconds=10]
 *
 * Prints a line of JSON for each number: memory, CPU while the streams are opened, and CPU of a core once they are open. A run of Faro
 * counts only when each line stands in its stories once. Needs Linux (`/proc`).
 */
import { readdirSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuMs, inFolder, memoryMb, option, programFile, startFaro, startMeasured, startServer } from "./processes.mjs";

const NUMBERS = option("streams", "10,100,1000").split(",").map(Number);
const SECONDS = Number(option("seconds", 10));
const LIMIT_MS = 10 * 60_000;

for (const streams of NUMBERS) {
  const faro = await measure(streams, startRecorder);
  const peer = await measure(streams, startPeer);
  console.log(JSON.stringify({ streams, load: loadavg()[0], faro, peer }));
}

function measure(streams, start) {
  return inFolder(async (folder) => {
    const server = startServer("log-server.mjs", {
      BENCH_CONTAINERS: String(streams),
      BENCH_RATE: "1",
      BENCH_SECONDS: String(SECONDS),
      BENCH_WRITER_MS: "50",
    });
    const { port } = await server.said();
    const { child, usage } = start({ folder, server: `http://127.0.0.1:${port}`, streams });
    server.tell("open?");
    await server.said();
    const opened = cpuMs(child.pid);
    server.tell("go");
    const { lines } = await server.said();
    const taken = { open_cpu_ms: opened, cpu_percent: (cpuMs(child.pid) - opened) / (SECONDS * 10), mb: memoryMb(child.pid).now };
    await sleep(1_000);
    child.kill("SIGINT");
    await usage;
    const told = toldIn(folder);
    if (start === startRecorder && told !== lines) throw new Error(`${told} of ${lines} lines are told`);
    return { ...taken, mb: Math.round(taken.mb) };
  });
}

function startRecorder({ folder, server, streams }) {
  const flags = ["--resource=v1/Pod", "--related=none", `--max-log-streams=${streams}`, "--metrics-port=0", "--log-level=error"];
  return startFaro({ folder, server, flags, limitMs: LIMIT_MS });
}

function startPeer({ server, streams }) {
  const env = { BENCH_SERVER: server, BENCH_STREAMS: String(streams) };
  return startMeasured(programFile("peers", "hold-logs.mjs"), [], { env, limitMs: LIMIT_MS });
}

/** Lines in all stories. */
function toldIn(folder) {
  const output = join(folder, "output");
  const files = readdirSync(folder).includes("output") ? readdirSync(output).filter((name) => name.endsWith(".json")) : [];
  return files.reduce(
    (sum, name) => sum + (readFileSync(join(output, name), "latin1").match(/"event_type":"CONTAINER_LOG"/g)?.length ?? 0),
    0,
  );
}

/** What recording logs costs: CPU for each megabyte of lines, recorded and told. See README.md. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuMs, inFolder, option, startFaro, startServer } from "./processes.mjs";

const SECONDS = Number(option("seconds", 10));
const LOADS = option("load", "50x40,50x200,1x7500")
  .split(",")
  .map((load) => load.split("x").map(Number));
const FLAGS = ["--resource=v1/Pod", "--related=none", "--metrics-port=0", "--log-level=error"];

for (const [containers, rate] of LOADS) {
  const busy = await measure(containers, rate);
  const mb = busy.bytes / 1e6;
  console.log(
    JSON.stringify({
      containers,
      lines_per_second: rate,
      mb: round(mb),
      recording_ms_per_mb: round(busy.recordingMs / mb),
      telling_ms_per_mb: round(busy.tellingMs / mb),
      chunks: busy.chunks,
      records: busy.records,
      recording_bytes_per_byte: round(busy.recordingBytes / busy.bytes),
      lines: busy.lines,
      lines_told: busy.told,
      peak_mb: Math.round(busy.peakMb),
    }),
  );
}

function measure(containers, rate) {
  return inFolder(async (folder) => {
    const env = { BENCH_CONTAINERS: String(containers), BENCH_RATE: String(rate), BENCH_SECONDS: String(SECONDS) };
    const server = startServer("log-server.mjs", env);
    const { port } = await server.said();
    const { child, usage } = startFaro({ folder, server: `http://127.0.0.1:${port}`, flags: FLAGS });
    await sleep(3_000);
    const before = cpuMs(child.pid);
    server.tell("go");
    const { lines, bytes, chunks } = await server.said();
    await sleep(1_500);
    const after = cpuMs(child.pid);
    child.kill("SIGINT");
    const { cpuMs: all, peakMb } = await usage;
    return {
      recordingMs: after - before,
      tellingMs: all - after,
      peakMb,
      lines,
      bytes,
      chunks,
      ...recorded(join(folder, "output")),
    };
  });
}

/** Records of lines, bytes of the recording, and lines in the stories. */
function recorded(output) {
  let records = 0;
  let recordingBytes = 0;
  for (const file of readdirSync(join(output, "recording"))) {
    const text = readFileSync(join(output, "recording", file), "latin1");
    recordingBytes += text.length;
    records += text.match(/"type":"log"/g)?.length ?? 0;
  }
  let told = 0;
  for (const file of readdirSync(output).filter((name) => name.endsWith(".json"))) {
    told += readFileSync(join(output, file), "latin1").match(/"event_type":"CONTAINER_LOG"/g)?.length ?? 0;
  }
  return { records, recordingBytes, told };
}

function round(value) {
  return Math.round(value * 100) / 100;
}

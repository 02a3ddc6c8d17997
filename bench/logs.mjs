/** What recording logs costs: CPU for each megabyte of lines, recorded and told. See README.md. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const option = (name, fallback) =>
  process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? String(fallback);
const SECONDS = Number(option("seconds", 10));
const LOADS = option("load", "50x40,50x200,1x7500")
  .split(",")
  .map((load) => load.split("x").map(Number));
/** A CPU profile of Faro goes here. */
const PROFILE = option("cpu-prof", "");

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
    }),
  );
}

async function measure(containers, rate) {
  const folder = mkdtempSync(join(tmpdir(), "faro-bench-"));
  const env = { ...process.env, BENCH_CONTAINERS: String(containers), BENCH_RATE: String(rate), BENCH_SECONDS: String(SECONDS) };
  const server = spawn(process.execPath, [join(HERE, "log-server.mjs")], { env, stdio: ["pipe", "pipe", "inherit"] });
  const said = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  try {
    const { port } = JSON.parse((await said.next()).value);
    const faro = startFaro(folder, port);
    await sleep(3_000);
    const before = cpuMs(faro.child.pid);
    server.stdin.write("go\n");
    const { lines, bytes, chunks } = JSON.parse((await said.next()).value);
    await sleep(1_500);
    const after = cpuMs(faro.child.pid);
    faro.child.kill("SIGINT");
    const all = (await faro.usage).cpuMs;
    return { recordingMs: after - before, tellingMs: all - after, lines, bytes, chunks, ...recorded(join(folder, "output")) };
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** User and system time of a process, by the kernel's account: whole hundredths of a second. */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function startFaro(folder, port) {
  const kubeconfig = join(folder, "kubeconfig");
  const context = { cluster: "bench", user: "bench", namespace: "bench" };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "bench",
    contexts: [{ name: "bench", context }],
    clusters: [{ name: "bench", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "bench", user: {} }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const profile = PROFILE !== "" ? ["--cpu-prof", `--cpu-prof-dir=${PROFILE}`] : [];
  const args = ["--resource=v1/Pod", "--related=none", `--output=${join(folder, "output")}`, "--metrics-port=0"];
  const words = [...profile, "--import", join(HERE, "report-cpu.mjs"), join(HERE, "../dist/cli/bin.js"), ...args];
  const child = spawn(process.execPath, [...words, `--kubeconfig=${kubeconfig}`, "--log-level=error"], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  let report = "";
  child.stdio[3].on("data", (text) => (report += text));
  return { child, usage: once(child, "close").then(() => JSON.parse(report)) };
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

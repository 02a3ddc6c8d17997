/**
 * The programs that a benchmark starts, and what they take. None outlives it: each is stopped when the run that started it fails, when
 * the benchmark is interrupted, and, by the end of a channel that it listens to, when the benchmark is killed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
export const FARO = programFile("../dist/program/bin.cjs");
/** No run of a program takes so long, not even on a machine with five other things to do. */
const RUN_MS_MAX = 180_000;
const running = new Set();

process.once("exit", stopAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => process.exit(1));
}

/** Path of a program of this folder. */
export function programFile(...path) {
  return join(HERE, ...path);
}

/** The value of `--name=value` on the command line of the benchmark, as text. */
export function option(name, otherwise) {
  return process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? String(otherwise);
}

/**
 * Runs it in a temporary folder that is gone afterwards, with all that it started stopped, however it ends. With `keepFailed` the folder
 * of a run that threw or set an exit code stays.
 */
export async function inFolder(run, { keepFailed = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "faro-bench-"));
  let isGood = false;
  const end = () => {
    stopAll();
    if (isGood || !keepFailed) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    else console.error(`what there is to look at: ${folder}`);
  };
  process.once("exit", end);
  try {
    const result = await run(folder);
    isGood = (process.exitCode ?? 0) === 0;
    return result;
  } finally {
    process.off("exit", end);
    end();
  }
}

/** Stops every program that still runs. */
export function stopAll() {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts a server of ours. `said()` is the next line that it prints, as JSON; `tell` sends it a line. */
export function startServer(file, env = {}) {
  const words = { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit", "ipc"] };
  const child = remember(spawn(process.execPath, [programFile(file)], words));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    said: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${file} ended before it had said all`);
      return JSON.parse(value);
    },
    tell: (line) => child.stdin.write(`${line}\n`),
  };
}

/**
 * Starts a program that tells what it used when it ends: a Node program, or one that does so by itself. `usage` rejects when it did not;
 * `said` is what it wrote to stderr. `limitMs` is how long it may run.
 */
export function startMeasured(file, args, { env = {}, limitMs = RUN_MS_MAX, node = [] } = {}) {
  const extra = process.env.BENCH_NODE_OPTIONS?.split(" ") ?? [];
  const isNode = file.endsWith("js");
  const words = isNode ? [...extra, ...node, "--import", programFile("report-cpu.mjs"), file, ...args] : args;
  const stdio = ["ignore", "ignore", "pipe", "pipe", ...(isNode ? ["ipc"] : [])];
  const child = remember(spawn(isNode ? process.execPath : file, words, { env: { ...process.env, ...env }, stdio }));
  let report = "";
  let said = "";
  child.stdio[3].on("data", (text) => (report += text));
  child.stderr.on("data", (text) => (said = (said + text).slice(-1_000_000)));
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const usage = once(child, "close").then(([code, signal]) => {
    clearTimeout(timer);
    if (report === "") throw new Error(`${file} ended with ${code ?? signal} and said: ${said}`);
    return { ...JSON.parse(report), code };
  });
  // Whoever waits for something else first hears of a failure there.
  usage.catch(() => undefined);
  return { child, usage, said: () => said };
}

/** Runs a program that Faro is compared with, and returns what it used. One that fails has done less than it had to. */
export async function runPeer(file, env, options = {}) {
  const { usage, said } = startMeasured(file, [], { env, ...options });
  const used = await usage;
  if (used.code !== undefined && used.code !== 0) throw new Error(`${file} ended with ${used.code} and said: ${said()}`);
  return used;
}

/** Starts a program that tells nothing of itself, with its output in the file `into`: who asks for its CPU must do so while it runs. */
export function startPlain(file, args, { into, env = {} }) {
  const output = openSync(into, "w");
  const child = remember(spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", output, "inherit"] }));
  closeSync(output);
  return child;
}

/** Faro as it is shipped, recording into `folder/output` from the server at this address or, with `kubeconfig`, from what that names. */
export function startFaro({ folder, server, kubeconfig = kubeconfigFor(folder, server), flags, ...options }) {
  const always = [`--output=${join(folder, "output")}`, `--kubeconfig=${kubeconfig}`];
  return startMeasured(FARO, [...flags, ...always], options);
}

/** Writes a kubeconfig for a server that asks for no credentials, and returns its path. */
export function kubeconfigFor(folder, server, ca) {
  const path = join(folder, "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "bench",
    contexts: [{ name: "bench", context: { cluster: "bench", user: "bench", namespace: "bench" } }],
    clusters: [{ name: "bench", cluster: { server, ...(ca === undefined ? {} : { "certificate-authority": ca }) } }],
    users: [{ name: "bench", user: {} }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** User and system time of a process so far, in milliseconds by the kernel's account: whole hundredths of a second. */
export function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory of a process, in MB of 2^20 bytes: now, and the most that it had. */
export function memoryMb(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1_024;
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

function remember(child) {
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

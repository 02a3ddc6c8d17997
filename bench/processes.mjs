/**
 * The programs that a benchmark starts. None outlives it: each is stopped when the run that started it fails, when the benchmark is
 * interrupted, and, by the end of a channel that it listens to, when the benchmark is killed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
/** No run of a program takes so long, not even on a machine with five other things to do. */
const RUN_MS_MAX = 180_000;
const running = new Set();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => {
    stopAll();
    process.exit(1);
  });
}

/** Stops every program that still runs. */
export function stopAll() {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts a server of ours. What it prints is read from `stdout`. */
export function spawnServer(file, env) {
  return remember(
    spawn(process.execPath, [file], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit", "ipc"] }),
  );
}

/** Starts a program that tells what it used when it ends: a Node program, or one that does so by itself. */
export function spawnMeasured(file, args, env = {}) {
  const extra = process.env.BENCH_NODE_OPTIONS?.split(" ") ?? [];
  const isNode = file.endsWith("js");
  const words = isNode ? [...extra, "--import", join(HERE, "report-cpu.mjs"), file, ...args] : args;
  const stdio = ["ignore", "ignore", "pipe", "pipe", ...(isNode ? ["ipc"] : [])];
  const child = remember(spawn(isNode ? process.execPath : file, words, { env: { ...process.env, ...env }, stdio }));
  let report = "";
  let said = "";
  child.stdio[3].on("data", (text) => (report += text));
  child.stderr.on("data", (text) => (said += text));
  const timer = setTimeout(() => child.kill("SIGKILL"), RUN_MS_MAX);
  const usage = once(child, "close").then(([code, signal]) => {
    clearTimeout(timer);
    if (report === "") throw new Error(`${file} ended with ${code ?? signal} and said: ${said}`);
    return JSON.parse(report);
  });
  // Whoever waits for something else first hears of a failure there.
  usage.catch(() => undefined);
  return { child, usage };
}

function remember(child) {
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

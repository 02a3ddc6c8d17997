/** kubectl as it is built for the test bed (`test/cluster`), where that was done, else the one on the path. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuMs, memoryMb, startPlain } from "../processes.mjs";

const POLL_MS = 20;
const TAIL_BYTES = 64 << 10;
const BUILT = join(homedir(), ".cache/faro-testbed");

/** The program's path; `undefined`, and a line that says so, where there is none. */
export function kubectlProgram() {
  const built = (existsSync(BUILT) ? readdirSync(BUILT) : []).map((name) => join(BUILT, name, "kubectl")).find(existsSync);
  if (built !== undefined) return built;
  if (spawnSync("kubectl", ["version", "--client"]).status === 0) return "kubectl";
  console.error("without kubectl: there is none");
  return undefined;
}

/** Runs it with its output in a file until `isDone` says of the file's `size` and `tail` that all is there. What it used until then. */
export async function kubectlUntil(program, { folder, kubeconfig }, args, isDone) {
  const into = join(folder, "out");
  const began = performance.now();
  const always = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${join(folder, "cache")}`];
  const child = startPlain(program, [...args, ...always], { into });
  for (let done = false; !done; done = isDone(await endOf(into))) {
    if (child.exitCode !== null) throw new Error(`kubectl ended with ${child.exitCode}`);
    await sleep(POLL_MS);
  }
  const used = { wallMs: performance.now() - began, cpuMs: cpuMs(child.pid), peakMb: memoryMb(child.pid).peak };
  child.kill("SIGKILL");
  return used;
}

async function endOf(path) {
  const { size } = statSync(path);
  const file = await open(path);
  const tail = Buffer.alloc(Math.min(TAIL_BYTES, size));
  await file.read(tail, 0, tail.length, size - tail.length);
  await file.close();
  return { size, tail };
}

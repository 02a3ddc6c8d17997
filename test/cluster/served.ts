/** `faro serve` as its users run it: a process, the kubeconfig that it writes, and its controls. */
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { inject } from "vitest";
import { until } from "./waiting.ts";

const PROGRAM = join(import.meta.dirname, "../../dist/program/bin.cjs");

export interface Served {
  /** `http://127.0.0.1:…`. */
  readonly url: string;
  readonly kubeconfig: string;
  /** Goes to a moment, and tells the revision there. */
  seek(at: Date): Promise<number>;
  end(): Promise<void>;
}

/** Serves the recording below `output`; `args` such as `--at=…`. */
export async function startServe(output: string, args: readonly string[]): Promise<Served> {
  const child = spawn(process.execPath, [PROGRAM, "serve", output, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const found = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? "";
  await until("what faro serve says", 30_000, () => {
    if (child.exitCode !== null) throw new Error(`faro serve ended with ${child.exitCode}: ${text}`);
    return text.includes("export KUBECONFIG=");
  });
  const control = found(/curl -X POST '([^/]+\/\/[^/]+)\//);
  return {
    url: found(/is served at (\S+)/),
    kubeconfig: found(/export KUBECONFIG=(\S+)/),
    async seek(at) {
      const answer = await fetch(`${control}/?at=${at.toISOString()}`, { method: "POST" });
      const state: { readonly revision: number } = JSON.parse(await answer.text());
      return state.revision;
    },
    async end() {
      child.kill("SIGINT");
      await ended;
    },
  };
}

/** What a command printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** kubectl with this kubeconfig and nothing else; one that goes on by itself is ended after `limitMs`. */
export function ask(kubeconfig: string, args: readonly string[], limitMs?: number): Promise<Printed> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 64 << 20, ...(limitMs === undefined ? {} : { timeout: limitMs }) };
    execFile(inject("cluster").kubectl, ["--kubeconfig", kubeconfig, ...args], options, (error, stdout, stderr) => {
      const code = error === null || limitMs !== undefined ? 0 : Number(error.code ?? 1);
      resolve({ stdout, stderr, code });
    });
  });
}

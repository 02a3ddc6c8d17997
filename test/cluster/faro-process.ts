/** Faro as its users run it: a process with arguments, a log, signals and an exit code. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { until } from "./waiting.ts";

/** One line of Faro's own log. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly message: string;
  readonly source?: string;
  readonly correlation_id?: string;
  readonly following?: readonly string[];
  readonly why?: string;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PROGRAM = join(import.meta.dirname, "../../dist/program/bin.cjs");

/** A list was taken, and the watch goes on from there. */
const IN_STEP = /^(watch is in step|listed again)/;

/** A temporary folder for story files and the recording below it. */
export class OutputFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "faro-output-"));

  /** Paths of the story files that begin with `prefix`, such as `deployment-web`. */
  stories(prefix = ""): readonly string[] {
    return storiesIn(this.path, prefix);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Paths of the story files in `folder` that begin with `prefix`. */
export function storiesIn(folder: string, prefix: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json") && name.startsWith(prefix))
    .map((name) => join(folder, name));
}

/** Starts Faro with `args`. Its log is at `debug`, the metrics server off, the kubeconfig the cluster's admin. */
export function startFaro(args: readonly string[], environment: Readonly<Record<string, string>> = {}): FaroProcess {
  const settings = { KUBECONFIG: inject("cluster").kubeconfig, FARO_LOG_LEVEL: "debug", FARO_METRICS_PORT: "0", NO_COLOR: "1" };
  return new FaroProcess(
    spawn(process.execPath, [PROGRAM, ...args], { env: { ...process.env, ...settings, ...environment }, stdio: "pipe" }),
  );
}

export class FaroProcess {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #stdout = "";
  #stderr = "";
  #ending: Ending | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        this.#ending = { code, signal, stdout: this.#stdout, stderr: this.#stderr };
        resolve(this.#ending);
      });
    });
  }

  /** The lines of its log so far. What is not JSON, such as an error for people, is left out. */
  log(): readonly LogLine[] {
    return this.#stderr
      .split("\n")
      .flatMap((line): readonly LogLine[] => (line.startsWith("{") && line.endsWith("}") ? [JSON.parse(line)] : []));
  }

  /** Waits for a line of the log. Throws with the whole log when the process ends without it. */
  async logged(what: string, limitMs: number, matches: (line: LogLine) => boolean): Promise<LogLine> {
    return await until(`faro logs ${what}`, limitMs, () => {
      const found = this.log().find(matches);
      if (found === undefined && this.#ending !== undefined) {
        throw new Error(`faro ended with ${this.#ending.code} before it logged ${what}:\n${this.#stderr.slice(-4000)}`);
      }
      return found;
    });
  }

  /** Waits until each scope that it says it follows is in step: from here on nothing may be missed. */
  async watching(): Promise<void> {
    const started = await this.logged("that it records", 60_000, (line) => line.message === "recording");
    for (const followed of started.following ?? []) await this.inStep(followed.split(" ")[0] ?? "");
  }

  /** Waits until the scope that begins with this is watched from a list on. */
  async inStep(scope: string): Promise<void> {
    await this.logged(
      `that ${scope} is in step`,
      60_000,
      (line) => IN_STEP.test(line.message) && (line.source ?? "").startsWith(scope),
    );
  }

  /** Highest resident memory so far, in bytes, by the kernel's account. */
  peakMemory(): number {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"));
    return Number(line?.[1] ?? Number.NaN) * 1024;
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals = "SIGINT"): Promise<Ending> {
    if (this.#ending === undefined) this.#child.kill(signal);
    return await this.ended;
  }
}

/** The real world: streams, signals and files of the process, and the other rooms, each loaded when it is needed. */
import { homedir } from "node:os";
import { basename } from "node:path";
import { isatty } from "node:tty";
import { systemClock } from "../base/index.ts";
import type { CliDependencies, EndSignal, LiveRegion, Output } from "./dependencies.ts";
import { FARO_VERSION } from "./version.ts";

const DEFAULT_COLUMNS = 100;
/** How somebody in a checkout calls the program. */
const NPM_START = "npm start --";
const END_SIGNALS: readonly EndSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export function processDependencies(process: NodeJS.Process): CliDependencies {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", endQuietly);
  return {
    clock: systemClock,
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    version: FARO_VERSION,
    program: process.env["npm_lifecycle_event"] === "start" ? NPM_START : programName(process.argv[1]),
    stdout: toOutput(process.stdout),
    stderr: toOutput(process.stderr),
    openLiveRegion: () => openLiveRegion(process.stderr),
    onSignal: (listener) => onSignal(process, listener),
    connect: async (request) => (await import("./connect.ts")).connect(request, systemClock),
    startCapture: async (options) => (await import("../capture/index.ts")).startCapture(options),
    planCapture: async (options) => (await import("../capture/index.ts")).planCapture(options),
    startDemoCluster: async () => (await import("./demo-cluster.ts")).startDemoCluster(systemClock),
    rebuildStories: async (output, into) =>
      (await import("../capture/index.ts")).rebuildStories({ output, ...(into === undefined ? {} : { into }) }),
    verifyRecording: async (output) => (await import("../capture/index.ts")).verifyRecording(output),
    readRecording: async (output) => (await import("./recording.ts")).readRecording(output),
    readStory: async (path) => (await import("../views/index.ts")).readStory(path),
  };
}

/** kubectl runs its plugin `kubectl-faro` for `kubectl faro`; help then has to say what the user typed. */
export function programName(script: string | undefined): string {
  return basename(script ?? "").replace(/\.(c?js|exe|cmd)$/, "") === "kubectl-faro" ? "kubectl faro" : "faro";
}

function toOutput(stream: NodeJS.WriteStream & { readonly fd: number }): Output {
  return {
    write: (text) => stream.write(text),
    drained: () => new Promise((resolve) => (stream.writableNeedDrain ? stream.once("drain", resolve) : resolve())),
    isTTY: isatty(stream.fd),
    get columns() {
      // A pipe has none, and a pseudo-terminal that nobody gave a size says 0.
      return stream.columns > 0 ? stream.columns : DEFAULT_COLUMNS;
    },
  };
}

/** Whoever reads has gone (`faro … | head`): that is no error of ours, and there is nobody left to tell. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

function onSignal(process: NodeJS.Process, listener: (signal: EndSignal) => void): () => void {
  const handlers = END_SIGNALS.map((signal) => [signal, () => listener(signal)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

async function openLiveRegion(stream: NodeJS.WriteStream): Promise<LiveRegion> {
  const { createLogUpdate } = await import("log-update");
  // The cursor stays: hiding it means to put it back on every way out, and kill -9 is one of them.
  const update = createLogUpdate(stream, { showCursor: true });
  return { show: (text) => update(text), clear: () => update.clear() };
}

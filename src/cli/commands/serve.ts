/** `faro serve DIR|FILE`: a recording, or a story, as a read-only Kubernetes API, so that kubectl can be asked about yesterday. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Playback, type RecordedCluster, startControlServer, startPlayback } from "../../apiserver/index.ts";
import { FaroError, formatDuration, isoTime } from "../../base/index.ts";
import type { Invocation } from "../command-line.ts";
import type { CliDependencies } from "../dependencies.ts";
import { EXIT_OK } from "../exit-code.ts";
import { withComments } from "../examples.ts";
import { parseMoment, resolveMoment } from "../reading/moment.ts";
import { wrap } from "../render/story/paint.ts";
import { clockTime } from "../render/story/times.ts";

/** @returns the exit code, after a signal */
export async function serve(invocation: Invocation, dependencies: CliDependencies): Promise<number> {
  const { stdout, stderr, clock, cwd, program } = dependencies;
  const path = invocation.words[0] ?? join(cwd, "output");
  const options = readOptions(invocation);
  const cluster = await dependencies.readRecording(path);
  if (cluster.steps.length === 0 && cluster.windows === undefined) {
    throw new FaroError("FARO_USAGE", `${path} holds no object`, {
      hint: `${program} record makes one, ${program} demo too`,
    });
  }
  const bounds = { start_time: isoTime(cluster.start), end_time: isoTime(cluster.end) };
  const at = options.at === undefined ? (options.speed === 0 ? cluster.end : cluster.start) : resolveMoment(options.at, bounds);
  const playback = await startPlayback({ cluster, clock, at, speed: options.speed, port: options.port }).catch(
    (error: unknown) => {
      throw portTaken(options.port, error);
    },
  );
  const control = await startControlServer(playback);
  const home = await mkdtemp(join(tmpdir(), "faro-serve-"));
  try {
    const kubeconfig = join(home, "kubeconfig");
    await writeFile(kubeconfig, kubeconfigFor(playback.url), { mode: 0o600 });
    stderr.write(introduction({ playback, control: control.url, kubeconfig, cluster }, stderr.columns));
    stdout.write(`export KUBECONFIG=${kubeconfig}\n`);
    await new Promise<void>((resolve) => {
      const stop = dependencies.onSignal(() => {
        stop();
        resolve();
      });
    });
  } finally {
    await control.close();
    await playback.close();
    await rm(home, { recursive: true, force: true });
  }
  return EXIT_OK;
}

function readOptions({ reading }: Invocation): {
  readonly at: ReturnType<typeof parseMoment> | undefined;
  readonly speed: number;
  readonly port: number;
} {
  const [at, speed = "0", port = "0"] = [reading.get("at")?.at(-1), reading.get("speed")?.at(-1), reading.get("port")?.at(-1)];
  if (!/^\d+(\.\d+)?$/.test(speed))
    throw new FaroError("FARO_USAGE", `--speed ${speed}: not a number of 0 or more`, {
      hint: "for example --speed=10; 0 stands still",
    });
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new FaroError("FARO_USAGE", `--port ${port}: not a port`, { hint: "for example --port=8001; 0 takes any free one" });
  return { at: at === undefined ? undefined : parseMoment("at", at), speed: Number(speed), port: Number(port) };
}

function portTaken(port: number, error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) return error;
  return new FaroError("FARO_PORT_TAKEN", `port ${port} is taken: another program listens on it`, {
    hint: "leave --port away for any free one",
    cause: error,
  });
}

interface Introduction {
  readonly playback: Playback;
  readonly control: string;
  readonly kubeconfig: string;
  readonly cluster: RecordedCluster;
}

function introduction({ playback, control, kubeconfig, cluster }: Introduction, columns: number): string {
  const { at, speed, start, end } = playback.state();
  const { what, definitions, missing = [] } = cluster;
  const kinds = definitions.map(({ plural }) => plural);
  const shown = kinds.includes("pods") ? "pods" : (kinds[0] ?? "all");
  const half = formatDuration(Math.ceil((end - start) / 2_000) * 1_000);
  const [from, to] = [start, end].map((time) => clockTime(isoTime(time)));
  const how = speed === 0 ? "It stands still." : `It plays at ${speed} times its speed.`;
  const commands = [
    [`kubectl --kubeconfig=${kubeconfig} get ${shown} -A`, "what was there"],
    [`curl -X POST '${control}/?at=%2B${half}'`, `go to ${half} after its start; at=5m is before its end`],
    [`curl -X POST '${control}/?speed=10'`, "play it; 0 stands still"],
    [`curl ${control}`, "where it stands"],
  ] as const;
  return [
    `${what.charAt(0).toUpperCase()}${what.slice(1)}, ${formatDuration(end - start)} from ${from} to ${to} UTC,`,
    `is served at ${playback.url}`,
    ...wrap(`as it was at ${isoTime(at)}. ${how} It holds ${kinds.join(", ")}.`, columns),
    ...missing.slice(0, MISSING_MAX).flatMap((sentence) => wrap(`Something is missing: ${sentence}.`, columns)),
    ...(missing.length > MISSING_MAX ? [`And ${missing.length - MISSING_MAX} more such things.`] : []),
    "",
    ...withComments(commands, columns),
    "",
    "Ctrl-C ends it.",
    "",
  ].join("\n");
}

const MISSING_MAX = 3;

function kubeconfigFor(server: string): string {
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "recording",
      clusters: [{ name: "recording", cluster: { server } }],
      users: [{ name: "reader", user: {} }],
      contexts: [{ name: "recording", context: { cluster: "recording", user: "reader" } }],
    },
    null,
    2,
  )}\n`;
}

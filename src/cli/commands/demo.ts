/** `faro demo`: an incident in an embedded cluster, recorded through the ordinary path, for somebody who has never heard of Faro. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { recordingDirectory } from "../../archive/index.ts";
import type { Capture, WrittenStory } from "../../capture/index.ts";
import { errorMessage, Scope } from "../../base/index.ts";
import type { ClusterValues, ResolvedOptions } from "../../config/index.ts";
import { overviewOf } from "../../views/index.ts";
import type { Invocation } from "../command-line.ts";
import { Console } from "../console.ts";
import type { CliDependencies, DemoCluster } from "../dependencies.ts";
import { withComments } from "../examples.ts";
import { exitCodeOfEnd } from "../exit-code.ts";
import { digestStory } from "../render/digest.ts";
import { renderStories } from "../render/stories.ts";
import { wrap } from "../render/story/paint.ts";
import { renderFinding } from "../render/story/screen.ts";
import { type CaptureRun, reportEnd, runCapture } from "../run-capture.ts";
import { captureOptions, resolveFor } from "./record.ts";

/** @returns the exit code */
export async function demo(invocation: Invocation, dependencies: CliDependencies): Promise<number> {
  const resolved = demoOptions(await resolveFor(invocation, dependencies), dependencies);
  const console = new Console(dependencies, resolved.values);
  const cluster = await dependencies.startDemoCluster();
  const scope = new Scope((error) => console.notice(`the demo's story broke off: ${errorMessage(error)}\n`));
  try {
    console.notice(introduction(cluster, dependencies.stderr.columns));
    const parts: DemoParts = { resolved, cluster, console, dependencies };
    const run = demoRun(parts, (capture) => scope.start("story", (signal) => playAndStop(parts, capture, signal)));
    const ended = await runCapture(run);
    const stories = ended.result?.stories ?? [];
    reportEnd(run, ended, renderStories(stories));
    await printDigest(stories, dependencies);
    return exitCodeOfEnd(ended.end);
  } finally {
    await scope.close("the demo is over");
    await cluster.close();
  }
}

interface DemoParts {
  readonly resolved: ResolvedOptions;
  readonly cluster: DemoCluster;
  readonly console: Console;
  readonly dependencies: CliDependencies;
}

/** The ordinary run, pointed at the embedded cluster by an ordinary connection flag and nothing else of this machine. */
function demoRun({ resolved, cluster, console, dependencies }: DemoParts, onStarted: (capture: Capture) => void): CaptureRun {
  const flags: ClusterValues = { ...NO_CONNECTION_FLAGS, server: cluster.server };
  // What is recorded is stamped with the cluster's time, as it is when recorder and cluster live at the same time.
  const inItsTime: CliDependencies = { ...dependencies, clock: cluster.clock };
  return {
    dependencies,
    console,
    resolved,
    cluster: { flags, env: {} },
    toCaptureOptions: (connection) =>
      captureOptions(
        { resources: [{ text: cluster.resource }], names: [cluster.name] },
        resolved,
        { ...connection, namespace: cluster.namespace },
        inItsTime,
      ),
    onStarted,
  };
}

const NO_CONNECTION_FLAGS: ClusterValues = {
  kubeconfig: undefined,
  context: undefined,
  cluster: undefined,
  user: undefined,
  server: undefined,
  token: undefined,
  as: undefined,
  asGroup: [],
  asUid: undefined,
  certificateAuthority: undefined,
  clientCertificate: undefined,
  clientKey: undefined,
  insecureSkipTlsVerify: false,
  tlsServerName: undefined,
  requestTimeout: undefined,
};

/** Whatever a file or a variable says about other clusters and their objects is not meant for the demo. */
function demoOptions(resolved: ResolvedOptions, { cwd }: CliDependencies): ResolvedOptions {
  const { logLevel, metricsPort, output } = resolved.values;
  const forDemo = {
    // The story is to be followed, not the recorder.
    output: resolved.origins.output.source === "default" ? unusedOutput(output, cwd) : output,
    logLevel: resolved.origins.logLevel.source === "default" ? "warn" : logLevel,
    // Nobody scrapes a demo, and whether the port is free is no part of its story.
    metricsPort: resolved.origins.metricsPort.source === "default" ? 0 : metricsPort,
    allNamespaces: false,
    namespace: [],
    selector: "",
    related: "auto",
    dryRun: false,
    duration: undefined,
    until: undefined,
    timeout: undefined,
  } as const;
  return { ...resolved, values: { ...resolved.values, ...forDemo } };
}

/** The same incident twice in one recording would be a cluster whose time ran backwards. */
function unusedOutput(output: string, cwd: string): string {
  for (let run = 1; ; run++) {
    const candidate = run === 1 ? output : join(output, `demo-${run}`);
    if (!existsSync(recordingDirectory(resolve(cwd, candidate)))) return candidate;
  }
}

/** Time for the first lists, so that the recording shows the Deployment's creation instead of finding it there. */
const CURTAIN_MS = 1_000;

async function playAndStop({ cluster, console, dependencies }: DemoParts, capture: Capture, signal: AbortSignal): Promise<void> {
  await dependencies.clock.sleep(CURTAIN_MS, signal);
  const tell = (sentence: string): void =>
    console.notice(`  » ${wrap(sentence, dependencies.stderr.columns - 4).join("\n    ")}\n`);
  await cluster.play(tell, signal);
  console.notice("\n");
  capture.stop("the demo's story is over");
}

function introduction({ what, server, name }: DemoCluster, columns: number): string {
  const paragraphs = [
    "Faro is a flight recorder for Kubernetes. It keeps every version of a workload's objects, every Event and every log line, " +
      "and tells them as one story, long after the pods are gone.",
    `Here is ${what}, at ${server}. Faro records Deployment/${name} there as it would in your cluster:`,
  ];
  return paragraphs.map((paragraph) => `${wrap(paragraph, columns).join("\n")}\n\n`).join("");
}

async function printDigest(stories: readonly WrittenStory[], dependencies: CliDependencies): Promise<void> {
  const { stdout, stderr, program } = dependencies;
  const [story] = stories;
  if (story === undefined) return;
  const told = await dependencies.readStory(story.file);
  const lines = digestStory(told, await overviewOf(told));
  const look = { hasColor: false, columns: stdout.isTTY ? stdout.columns : undefined };
  const shown = lines.map((line, at) => (at === lines.length - 1 ? `${line}\n` : renderFinding(line, look)));
  stdout.write(`\nWhat happened, in ten lines:\n\n${shown.join("")}\nThe whole story: ${story.file}\n`);
  stderr.write(whatNext(program, story.file, stderr.columns));
}

function whatNext(program: string, file: string, columns: number): string {
  const output = dirname(file);
  const next = [
    [`story show ${output}`, "all of it on one screen"],
    [`story timeline ${output} --errors`, "what looked like trouble, line by line"],
    [`story logs ${output} --grep fatal`, "what the containers said, also those gone"],
    [`serve ${output} --at=+20s`, "the cluster as it was then, for kubectl"],
    ["--resource=apps/v1/Deployment --name=my-app", "record yours: it only reads"],
  ].map(([line = "", why = ""]) => [`${program} ${line}`, why] as const);
  return ["", "Ask it:", ...withComments(next, columns), ""].join("\n");
}

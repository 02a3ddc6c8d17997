/**
 * Containers that write numbered lines on a real kubelet, while connections are cut, the API server and the kubelet are
 * restarted, containers crash, and pods are deleted and come again under the same name. The judges are the node's own log
 * files: every line is in the story once, or lies in a gap of its container's log.
 *
 * `FARO_LOG_SECONDS`, `FARO_LOG_PODS` and `FARO_LOG_RATE` make the run longer, wider and denser, `FARO_LOG_FAULT_SECONDS` sets the
 * faults so far apart, and `FARO_LOG_QUIET` leaves them out. With `FARO_STERN`, the path of stern's binary
 * (`go install github.com/stern/stern@v1.34.0`), stern reads the same containers, and its lost and repeated lines are printed
 * beside Faro's.
 */
import { spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterEach, expect, inject, it } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { Recorded } from "./recorded.ts";
import type { StoryFile } from "./story.ts";
import { deployment, statefulSet } from "./workloads.ts";
import { ctl } from "./ctl.ts";

const SECONDS = Number(process.env["FARO_LOG_SECONDS"] ?? 40);
const PODS = Number(process.env["FARO_LOG_PODS"] ?? 6);
const FAULT_MS = Number(process.env["FARO_LOG_FAULT_SECONDS"] ?? 3) * 1_000;
const RATE = process.env["FARO_LOG_RATE"] ?? "100";
const KINDS = ["deployment", "statefulset"] as const;

let recorded: Recorded | undefined;
afterEach(async () => {
  await ctl("start", "kube-apiserver");
  await ctl("start", "kubelet-1");
  await recorded?.remove();
  recorded = undefined;
});

/** A line by pod, container and text; the text bears a number and the moment of writing, so it is unique. */
type Lines = Map<string, number>;

interface Judged {
  readonly written: number;
  /** Neither read nor in a gap. */
  readonly lost: readonly string[];
  readonly inGaps: number;
  readonly repeated: readonly string[];
  readonly invented: readonly string[];
}

it(
  "every line of every container is in the story once, or in a gap of its log",
  async () => {
    recorded = await Recorded.start(["logs"], ["--resource=apps/v1/Deployment,apps/v1/StatefulSet", "-n", "{0}"]);
    const { namespace } = recorded;
    const stern = process.env["FARO_STERN"] === undefined ? undefined : new Stern(process.env["FARO_STERN"], namespace.name);
    const writing = ["workload", "log", `--rate=${RATE}`, "--size=120", "--stderr-every=7"];
    await namespace.apply(deployment("steady", { replicas: PODS, command: writing }));
    await namespace.apply(statefulSet("named", { replicas: 2, command: writing }));
    await namespace.apply(
      deployment("crashing", { replicas: 2, command: ["workload", "log", "--rate=0", "--count=300", "--exit=1"] }),
    );
    await systemClock.sleep(8_000);
    if (process.env["FARO_LOG_QUIET"] === undefined) await disturb(recorded, systemClock.monotonic() + SECONDS * 1_000);
    else await systemClock.sleep(SECONDS * 1_000);
    for (const kind of KINDS) await namespace.run("delete", kind, "--all", "--timeout=90s");
    await namespace.gone("pods");
    await systemClock.sleep(5_000);
    const cpu = cpuSeconds(recorded.faro.pid);
    const ending = await recorded.end();
    const sternRead = await stern?.stop();

    const stories = ["deployment-steady", "deployment-crashing", "statefulset-named"].map((prefix) => recorded?.story(prefix));
    const told = stories.filter((story) => story !== undefined);
    const node = nodeLines(recorded);
    const faro = judge(node, linesOf(told), (line) => isInGap(line, told));
    printLostRuns(node, new Set(faro.lost), told);
    let bytes = 0;
    for (const line of node.keys()) bytes += line.length - line.indexOf(" ");
    print("faro", faro, cpu, bytes);
    if (sternRead !== undefined)
      print(
        "stern",
        judge(node, sternRead.lines, () => false),
        sternRead.cpuSeconds,
        bytes,
      );
    for (const gap of told.flatMap((story) => story.coverage.gaps)) {
      if (gap.scope.startsWith("log:")) console.log(JSON.stringify(gap));
    }
    expect([0, 3]).toContain(ending.code);
    const { lost, repeated, invented } = faro;
    expect([lost, repeated, invented].map((lines) => lines.slice(0, 5))).toEqual([[], [], []]);
  },
  (SECONDS + 240) * 1_000,
);

async function disturb({ namespace }: Recorded, until: number): Promise<void> {
  const pods = async (app: string): Promise<string> => (await namespace.list("pods", `app=${app}`))[0]?.metadata.name ?? "none";
  const faults: (() => unknown)[] = [
    () => ctl("cut"),
    () => ctl("restart", "kubelet-1"),
    async () => namespace.run("delete", "pod", await pods("steady"), "--grace-period=0", "--force"),
    () => ctl("cut"),
    async () => namespace.run("delete", "pod", await pods("steady"), "--grace-period=30", "--wait=false"),
    () => ctl("restart", "kube-apiserver"),
    async () => namespace.run("delete", "pod", await pods("named"), "--wait=false"),
  ];
  for (let turn = 0; systemClock.monotonic() < until; turn++) {
    try {
      await faults[turn % faults.length]?.();
    } catch (error) {
      // What cannot be disturbed just now, because something else is, is left alone.
      console.log(`fault ${turn % faults.length}: ${String(error).slice(0, 200)}`);
    }
    await systemClock.sleep(FAULT_MS);
  }
}

function nodeLines(run: Recorded): Lines {
  const lines: Lines = new Map();
  for (const { pod, container, lines: written } of run.containers()) {
    for (const { text } of written) {
      const key = `${pod}/${container} ${text}`;
      lines.set(key, (lines.get(key) ?? 0) + 1);
    }
  }
  return lines;
}

function linesOf(stories: readonly StoryFile[]): Lines {
  const lines: Lines = new Map();
  for (const { events } of stories) {
    for (const { event_type, data } of events) {
      if (event_type !== "CONTAINER_LOG") continue;
      const key = `${data.pod ?? ""}/${data.container ?? ""} ${data.message ?? ""}`;
      lines.set(key, (lines.get(key) ?? 0) + 1);
    }
  }
  return lines;
}

function judge(node: Lines, read: Lines, isExcused: (line: string) => boolean): Judged {
  const missing = [...node.keys()].filter((line) => !read.has(line));
  const lost = missing.filter((line) => !isExcused(line));
  return {
    written: node.size,
    lost,
    inGaps: missing.length - lost.length,
    repeated: [...read].flatMap(([line, count]) => (count > (node.get(line) ?? 1) ? [`${count} × ${line}`] : [])),
    invented: [...read.keys()].filter((line) => !node.has(line)),
  };
}

/** In a gap of the log of the line's container: the line says when it was written. */
function isInGap(line: string, stories: readonly StoryFile[]): boolean {
  const [place = "", , written = ""] = line.split(" ");
  const [pod = "", container = ""] = place.split("/");
  const at = Date.parse(written);
  return stories.some(({ objects, coverage }) => {
    const uids = objects.filter((object) => object.resource_type === "v1/Pod" && object.name === pod).map(({ uid }) => uid);
    return coverage.gaps.some(
      (gap) =>
        gap.possible_loss &&
        uids.some((uid) => gap.scope === `log:${uid}/${container}`) &&
        at >= Date.parse(gap.from) - 1_000 &&
        (at <= (gap.to === null ? Number.POSITIVE_INFINITY : Date.parse(gap.to)) + 1_000 || hasLostItsPod(gap)),
    );
  });
}

/** A pod that is deleted by force while its node does not answer runs on, and nobody can ask for what it writes then. */
function hasLostItsPod({ cause, detail }: StoryFile["coverage"]["gaps"][number]): boolean {
  return cause === "log-unavailable" && detail?.includes("not found") === true;
}

function print(name: string, judged: Judged, cpu: number, bytes: number): void {
  const { written, lost, inGaps, repeated, invented } = judged;
  const perMb = (cpu * 1_000) / (bytes / 1e6);
  console.log(
    `${name}: ${written} lines written, ${lost.length} lost, ${inGaps} in gaps, ${repeated.length} repeated, ` +
      `${invented.length} invented (lost of steady ${countOf(lost, "steady")}, named ${countOf(lost, "named")}, ` +
      `crashing ${countOf(lost, "crashing")}); ${cpu.toFixed(1)} s of CPU, ${perMb.toFixed(0)} ms per MB`,
  );
}

/** Where lines are missing, as runs of what one container wrote, with the arrival of the line before and of the one behind. */
function printLostRuns(node: Lines, lost: ReadonlySet<string>, stories: readonly StoryFile[]): void {
  const arrivals = new Map<string, string>();
  for (const event of stories.flatMap(({ events }) => events)) {
    const { pod, container, message } = event.data;
    if (event.event_type === "CONTAINER_LOG") arrivals.set(`${pod ?? ""}/${container ?? ""} ${message ?? ""}`, event.received_at);
  }
  let run: string[] = [];
  let before = "";
  const brief = (line: string): string => line.split(" ").slice(0, 3).join(" ");
  for (const line of node.keys()) {
    if (lost.has(line)) {
      run.push(line);
      continue;
    }
    if (run.length > 0) {
      const [first = "", last = ""] = [run[0], run.at(-1)];
      const around = [before, line].map((each) => `${brief(each)} came ${arrivals.get(each)}`);
      console.log(`lost ${run.length}: ${brief(first)} to ${brief(last)}; around it ${around.join(", ")}`);
    }
    run = [];
    before = line;
  }
  if (run.length > 0) console.log(`lost ${run.length} to the end: ${brief(run[0] ?? "")} to ${brief(run.at(-1) ?? "")}`);
}

function countOf(lines: readonly string[], workload: string): number {
  return lines.filter((line) => line.startsWith(workload)).length;
}

/** User and system time of a process, by the kernel's account. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

class Stern {
  readonly #child;
  readonly #folder = mkdtempSync(join(tmpdir(), "faro-stern-"));
  readonly #file = join(this.#folder, "lines");

  constructor(program: string, namespace: string) {
    const template = '{{.PodName}}/{{.ContainerName}} {{.Message}}{{"\\n"}}';
    const args = [
      "-n",
      namespace,
      ".",
      "--template",
      template,
      "--max-log-requests=500",
      "--kubeconfig",
      inject("cluster").kubeconfig,
    ];
    this.#child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child.stdout.pipe(createWriteStream(this.#file));
  }

  async stop(): Promise<{ readonly lines: Lines; readonly cpuSeconds: number }> {
    const cpu = cpuSeconds(this.#child.pid ?? 0);
    const ended = once(this.#child, "close");
    this.#child.kill("SIGINT");
    await ended;
    const lines: Lines = new Map();
    for (const line of readFileSync(this.#file, "utf8").split("\n")) {
      if (line !== "") lines.set(line, (lines.get(line) ?? 0) + 1);
    }
    rmSync(this.#folder, { recursive: true, force: true });
    return { lines, cpuSeconds: cpu };
  }
}

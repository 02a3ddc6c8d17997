/**
 * Containers that write numbered lines on a real kubelet, while connections are cut, the API server and the kubelet are
 * restarted, containers crash, and pods are deleted and come again under the same name. The judges are the node's own log
 * files: every line is in the story once, or lies in a gap of its container's log. Nothing is held as text, so that a run may be as
 * long as the disk has room for.
 *
 * `FARO_LOG_SECONDS`, `FARO_LOG_PODS` and `FARO_LOG_RATE` make the run longer, wider and denser, `FARO_LOG_FAULT_SECONDS` sets the
 * faults so far apart, and `FARO_LOG_QUIET` leaves them out. With `FARO_STERN`, the path of stern's binary
 * (`go install github.com/stern/stern@v1.34.0`), stern reads the same containers, and its lost and repeated lines are printed
 * beside Faro's.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterEach, expect, inject, it } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { type Judged, linesOfFile, type MissingLine, ReadLines, WrittenLines } from "./numbered-lines.ts";
import { Recorded } from "./recorded.ts";
import type { StoryEvent, StoryGap } from "./story.ts";
import { deployment, statefulSet } from "./workloads.ts";
import { ctl } from "./ctl.ts";

const SECONDS = Number(process.env["FARO_LOG_SECONDS"] ?? 40);
const PODS = Number(process.env["FARO_LOG_PODS"] ?? 6);
const FAULT_MS = Number(process.env["FARO_LOG_FAULT_SECONDS"] ?? 3) * 1_000;
const RATE = process.env["FARO_LOG_RATE"] ?? "100";
/** A write for each line costs the node more than all readers of it. */
const EVERY = "200ms";
const SETTLING_MS = 20_000;
/** Enough for instances that have ended and are still read: polling in turn is another test's. */
const STREAMS = "200";
const KINDS = ["deployment", "statefulset"] as const;

let recorded: Recorded | undefined;
afterEach(async () => {
  await ctl("start", "kube-apiserver");
  await ctl("start", "kubelet-1");
  await recorded?.remove();
  recorded = undefined;
});

it(
  "every line of every container is in the story once, or in a gap of its log",
  async () => {
    recorded = await Recorded.start(
      ["logs"],
      ["--resource=apps/v1/Deployment,apps/v1/StatefulSet", "-n", "{0}", `--max-log-streams=${STREAMS}`],
    );
    const { namespace } = recorded;
    const stern = process.env["FARO_STERN"] === undefined ? undefined : new Stern(process.env["FARO_STERN"], namespace.name);
    const writing = ["workload", "log", `--rate=${RATE}`, `--every=${EVERY}`, "--size=120", "--stderr-every=7"];
    await namespace.apply(deployment("steady", { replicas: PODS, command: writing }));
    await namespace.apply(statefulSet("named", { replicas: 2, command: writing }));
    await namespace.apply(
      deployment("crashing", { replicas: 2, command: ["workload", "log", "--rate=0", "--count=300", "--exit=1"] }),
    );
    // A kubelet that is restarted while it starts many containers answers for none of them for minutes.
    for (const name of ["deployment/steady", "statefulset/named"]) await namespace.rolledOut(name);
    await systemClock.sleep(8_000);
    if (process.env["FARO_LOG_QUIET"] === undefined) await disturb(recorded, systemClock.monotonic() + SECONDS * 1_000);
    else await systemClock.sleep(SECONDS * 1_000);
    // Who is behind because of the last fault would lose what all pods take along.
    await systemClock.sleep(SETTLING_MS);
    for (const kind of KINDS) await namespace.run("delete", kind, "--all", "--timeout=90s");
    await namespace.gone("pods");
    await systemClock.sleep(5_000);
    const cpu = cpuSeconds(recorded.faro.pid);
    const ending = await recorded.end();
    const sternCpu = await stern?.stop();

    const [written, bytes] = writtenLines(recorded);
    const faroRead = new ReadLines(written);
    const gaps: StoryGap[] = [];
    for (const path of recorded.output.stories()) gaps.push(...(await readStory(path, faroRead)));
    const faro = faroRead.judge((line) => gapOf(line, gaps));
    print("faro", faro, cpu, bytes);
    if (stern !== undefined && sternCpu !== undefined) print("stern", (await stern.read(written)).judge(NEVER), sternCpu, bytes);
    for (const [cause, count] of countsOf(gaps)) console.log(`${count} gaps of logs: ${cause}`);
    expect([0, 3]).toContain(ending.code);
    const { written: lines, lost, repeated, invented } = faro;
    expect(lines).toBeGreaterThan(0);
    expect({ lost, repeated, invented }).toEqual({ lost: [], repeated: 0, invented: [] });
  },
  (SECONDS * 2 + 600) * 1_000,
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

const NEVER = (): undefined => undefined;

/** What the containers wrote, and its bytes. */
function writtenLines(run: Recorded): readonly [WrittenLines, number] {
  const written = new WrittenLines();
  let bytes = 0;
  for (const { instance, lines } of run.containerLines()) {
    for (const { text } of lines) {
      written.wrote(instance, text);
      bytes += text.length + 1;
    }
  }
  return [written, bytes];
}

/** Takes the lines of a story as it is read, event by event (docs/output-format.md); returns the gaps of its logs. */
async function readStory(path: string, read: ReadLines): Promise<readonly StoryGap[]> {
  let gaps: readonly StoryGap[] = [];
  let isInEvents = false;
  for await (const line of linesOfFile(path)) {
    if (line.startsWith('"coverage": ')) {
      const coverage: { readonly gaps: readonly StoryGap[] } = JSON.parse(line.slice('"coverage": '.length, -1));
      gaps = coverage.gaps.filter(({ scope }) => scope.startsWith("log:"));
    }
    isInEvents ||= line.startsWith('"events"');
    if (!isInEvents || !line.includes('"event_type":"CONTAINER_LOG"')) continue;
    const { data }: StoryEvent = JSON.parse(line.endsWith(",") ? line.slice(0, -1) : line);
    read.read(data.pod ?? "", data.container ?? "", data.message ?? "");
  }
  return gaps;
}

/** Workload and cause of the gap of its container's log in which a line lies: the line says when it was written. */
function gapOf({ instance, written }: MissingLine, gaps: readonly StoryGap[]): string | undefined {
  const scope = `log:${instance.podUid}/${instance.container}`;
  const found = gaps.find(
    (gap) =>
      gap.possible_loss &&
      gap.scope === scope &&
      written >= Date.parse(gap.from) - 1_000 &&
      written <= (gap.to === null ? Number.POSITIVE_INFINITY : Date.parse(gap.to)) + 1_000,
  );
  return found === undefined ? undefined : `${instance.pod.split("-")[0]}: ${found.cause}`;
}

function countsOf(gaps: readonly StoryGap[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { cause, possible_loss: isLoss } of gaps) {
    const name = `${cause}${isLoss ? "" : ", made up for"}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function print(name: string, judged: Judged, cpu: number, bytes: number): void {
  const { written, lost, lostLines, excused, repeated, invented } = judged;
  const inGaps = [...excused.values()].reduce((sum, count) => sum + count, 0);
  const perMb = (cpu * 1_000) / (bytes / 1e6);
  const share = ((100 * inGaps) / written).toFixed(2);
  console.log(
    `${name}: ${written} lines written, ${lostLines} lost, ${inGaps} in gaps (${share} %), ${repeated} repeated, ` +
      `${invented.length} invented; ${cpu.toFixed(1)} s of CPU, ${perMb.toFixed(1)} ms per MB`,
  );
  for (const [gap, count] of excused) console.log(`${name}: ${count} lines in gaps of ${gap}`);
  for (const run of lost.slice(0, 5)) console.log(`${name} lost ${run}`);
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
    const args = ["-n", namespace, ".", "--template", template, `--max-log-requests=${STREAMS}`];
    const config = ["--kubeconfig", inject("cluster").kubeconfig];
    this.#child = spawn(program, [...args, ...config], { stdio: ["ignore", openSync(this.#file, "w"), "inherit"] });
  }

  /** Returns its seconds of CPU. */
  async stop(): Promise<number> {
    const cpu = cpuSeconds(this.#child.pid ?? 0);
    const ended = once(this.#child, "close");
    this.#child.kill("SIGINT");
    await ended;
    return cpu;
  }

  async read(written: WrittenLines): Promise<ReadLines> {
    const read = new ReadLines(written);
    for await (const line of linesOfFile(this.#file)) {
      const [place = ""] = line.split(" ", 1);
      const [pod = "", container = ""] = place.split("/");
      read.read(pod, container, line.slice(place.length + 1));
    }
    rmSync(this.#folder, { recursive: true, force: true });
    return read;
  }
}

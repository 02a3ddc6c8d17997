/**
 * One trial of a running Faro: a Deployment with real pods that write, a load without a pause, faults that the test makes and
 * measures, and all judges at the end. What the tests of outages share.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { compareKubeEvents, compareLogs, compareObjects, linesLostWithoutGap, lostWithoutGap } from "./comparison.ts";
import { countLost, judge, type Judged, NOTHING_WRONG, type Outage, type Trial, type Verdict } from "./coverage-judge.ts";
import { type Ending, type FaroProcess, OutputFolder, startFaro, storiesIn } from "./faro-process.ts";
import { HistoryFollower } from "./history-follower.ts";
import { COLLECTED_MS, TestNamespace } from "./kubectl.ts";
import { Load } from "./load.ts";
import { NodeLogs } from "./node-logs.ts";
import { readRecording } from "./recording.ts";
import { readStory } from "./story.ts";
import { until } from "./waiting.ts";
import { deployment } from "./workloads.ts";

export interface OrdealOptions {
  /** Begins the namespace's name. */
  readonly name: string;
  /** Replaces the admin's kubeconfig. */
  readonly kubeconfig?: string;
  /** Where Faro writes; a temporary folder, unless given. */
  readonly output?: string;
  /** Changes a second; 60, unless given. */
  readonly perSecond?: number;
  /** False: the pods are left alone. */
  readonly rollouts?: boolean;
}

/** What the judges found. `judged` and the rest are figures, for reports. */
export interface Findings {
  readonly recording: Verdict;
  readonly story: StoryFindings;
  /** The story's verdict and Faro's exit code say the same, and neither says more than is true. */
  readonly disagreement: readonly string[];
  readonly judged: Judged;
  readonly ending: Ending;
  readonly changesPerSecond: number;
}

interface StoryFindings {
  readonly lost: readonly string[];
  readonly linesLost: readonly string[];
  /** Invented, repeated or out of order: objects, Events and log lines. */
  readonly wrong: readonly string[];
}

export const UNSCATHED: Pick<Findings, "recording" | "story" | "disagreement"> = {
  recording: NOTHING_WRONG,
  story: { lost: [], linesLost: [], wrong: [] },
  disagreement: [],
};

const WATCHED = ["--resource=apps/v1/Deployment", "--name=web", "--related=replicasets,pods,events,configmaps"] as const;

/** Longer than any pause that Faro makes between two tries. */
const SETTLING_MS = 60_000;

export class Ordeal {
  readonly namespace: TestNamespace;
  readonly output: string;
  readonly #options: OrdealOptions;
  readonly #folder: OutputFolder;
  readonly #history: HistoryFollower;
  readonly #nodeLogs: NodeLogs;
  readonly #outages: Outage[] = [];
  #faro: FaroProcess;
  #load: Load | undefined;
  #after = 0;
  /** When the Faro was killed that has not come up again. */
  #downSince: number | undefined;
  #upSince: number | undefined;
  #sizeWhenDown = 0;
  #growth: Promise<void> = Promise.resolve();

  private constructor(options: OrdealOptions, namespace: TestNamespace, history: HistoryFollower) {
    this.#options = options;
    this.namespace = namespace;
    this.#history = history;
    this.#folder = new OutputFolder();
    this.output = options.output ?? this.#folder.path;
    this.#nodeLogs = new NodeLogs(inject("cluster").folder, namespace.name);
    this.#faro = this.#spawn();
  }

  /** Returns when Faro watches, the Deployment's pods run and the load is on. */
  static async start(options: OrdealOptions): Promise<Ordeal> {
    const history = await HistoryFollower.start(inject("cluster").etcd);
    const ordeal = new Ordeal(options, await TestNamespace.create(options.name), history);
    try {
      await ordeal.#faro.watching();
      ordeal.#after = await history.caughtUp();
      await ordeal.namespace.apply(deployment("web", { replicas: 2 }));
      await ordeal.namespace.rolledOut("deployment/web");
      ordeal.#load = await Load.start({
        namespace: ordeal.namespace.name,
        deployment: "web",
        uid: await ordeal.namespace.uid("deployment", "web"),
        perSecond: options.perSecond ?? 60,
        ...(options.rollouts === false ? {} : { rolloutEvery: 600 }),
      });
    } catch (error) {
      await ordeal.remove();
      throw error;
    }
    return ordeal;
  }

  get faro(): FaroProcess {
    return this.#faro;
  }

  /** Runs a fault and notes how long it kept Faro from watching: from `from` (before the call, unless given) to its end. */
  async outage(fault: () => Promise<void>): Promise<Outage> {
    const from = systemClock.now();
    await fault();
    const outage = { from, to: systemClock.now() };
    this.#outages.push(outage);
    return outage;
  }

  /** Waits until no gap is open: an outage that begins before the last one is made good would only make its gap longer. */
  async isMadeGood(): Promise<void> {
    await until("every gap to be closed", SETTLING_MS, () => {
      return readRecording(this.output).gaps.every((gap) => gap.state === "closed");
    });
  }

  /** Kills Faro and starts it again on the same output at once. The outage lasts until it records again, over further kills too. */
  async killFaro(): Promise<void> {
    this.#endDowntime();
    this.#downSince ??= systemClock.now();
    await this.#faro.end("SIGKILL");
    this.#sizeWhenDown = recordedBytes(this.output);
    this.#faro = this.#spawn();
    this.#growth = this.#watchGrowth(this.#faro.pid);
  }

  /** Waits until Faro records again. */
  async isUp(): Promise<void> {
    await until("the recording to grow", 60_000, () => this.#downSince === undefined || this.#upSince !== undefined);
    this.#endDowntime();
  }

  /** The disk says when Faro is back, not Faro. */
  async #watchGrowth(pid: number): Promise<void> {
    while (this.#faro.pid === pid && this.#downSince !== undefined && this.#upSince === undefined) {
      if (recordedBytes(this.output) > this.#sizeWhenDown) this.#upSince = systemClock.now();
      else await systemClock.sleep(50);
    }
  }

  #endDowntime(): void {
    if (this.#downSince === undefined || this.#upSince === undefined) return;
    this.#outages.push({ from: this.#downSince, to: this.#upSince });
    this.#downSince = undefined;
    this.#upSince = undefined;
  }

  /** Ends the load, lets Faro catch up, deletes the Deployment, ends Faro, and asks all judges. */
  async finish(): Promise<Findings> {
    const changesPerSecond = (await this.#load?.stop()) ?? 0;
    await this.#settled();
    await this.namespace.run("delete", "deployment", "web");
    await this.namespace.gone("pods");
    await until(
      "the collection of what it owned",
      COLLECTED_MS,
      async () => (await this.namespace.list("configmaps")).length <= 1,
    );
    const upTo = await this.#settled();
    await this.#storyIsWritten();
    const ending = await this.#faro.end();
    const { verdict, judged } = judge(this.#trial(upTo));
    return { recording: verdict, ...this.#judgeStory(upTo, ending), judged, ending, changesPerSecond };
  }

  async remove(): Promise<void> {
    await this.#load?.stop();
    await this.#faro.end("SIGKILL");
    this.#downSince = undefined;
    await this.#growth;
    await this.#nodeLogs.stop();
    await this.#history.stop();
    await this.namespace.remove();
    this.#folder.remove();
  }

  #spawn(): FaroProcess {
    const { kubeconfig } = this.#options;
    return startFaro(
      [...WATCHED, "-n", this.namespace.name, `--output=${this.output}`],
      kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig },
    );
  }

  #trial(upTo: number): Trial {
    return {
      recording: readRecording(this.output),
      history: this.#history.versions,
      after: this.#after,
      upTo,
      outages: this.#outages,
    };
  }

  /** Waits until Faro has all that is stored now, and returns its revision. What never comes is for the judges to say. */
  async #settled(): Promise<number> {
    const upTo = await this.#history.caughtUp();
    const end = systemClock.monotonic() + SETTLING_MS;
    while (countLost(this.#trial(upTo)) > 0 && systemClock.monotonic() < end) await systemClock.sleep(500);
    return upTo;
  }

  async #storyIsWritten(): Promise<void> {
    await until("the story of the deletion", SETTLING_MS, () => {
      const [path] = this.#stories();
      return path !== undefined && readStory(path).metadata.completed_because === "deleted";
    });
  }

  #stories(): readonly string[] {
    return storiesIn(this.output, "deployment-web");
  }

  #judgeStory(upTo: number, ending: Ending): Pick<Findings, "story" | "disagreement"> {
    const [path = ""] = this.#stories();
    const story = readStory(path);
    const history = this.#history.versions.filter((version) => version.revision > this.#after && version.revision <= upTo);
    const instances = this.#nodeLogs.instances();
    const lost = lostWithoutGap(story, history);
    const linesLost = linesLostWithoutGap(story, instances);
    const differences = [
      compareObjects(story, this.#history.versions),
      compareKubeEvents(story, this.#history.versions),
      compareLogs(story, instances),
    ];
    const wrong = differences.flatMap(({ invented, repeated, disordered }) => [
      ...invented.map((what) => `invented: ${what}`),
      ...repeated.map((what) => `repeated: ${what}`),
      ...disordered.map((what) => `out of order: ${what}`),
    ]);
    const { verdict } = story.coverage;
    const disagreement = [
      ...(ending.code === (verdict === "complete" ? 0 : 3) ? [] : [`exit code ${ending.code}, the story is ${verdict}`]),
      ...(verdict === "complete" && differences.some(({ missing }) => missing.length > 0)
        ? ["complete, and something is missing"]
        : []),
    ];
    return { story: { lost: lost.slice(0, 10), linesLost: linesLost.slice(0, 10), wrong: wrong.slice(0, 20) }, disagreement };
  }
}

/** A torn tail that a new run cuts off is smaller than what the run writes first. */
function recordedBytes(output: string): number {
  const folder = join(output, "recording");
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

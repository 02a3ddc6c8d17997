/**
 * What most tests of the lane share: a namespace, a Faro that watches it from before the first object, and the
 * judges' view at the end.
 */
import { inject } from "vitest";
import { compareKubeEvents, compareLogs, compareObjects, type Difference, NO_DIFFERENCE } from "./comparison.ts";
import { currentRevision, readHistory, type StoredVersion } from "./etcd-history.ts";
import { type Ending, type FaroProcess, OutputFolder, startFaro } from "./faro-process.ts";
import { TestNamespace } from "./kubectl.ts";
import { type InstanceLog, NodeLogs } from "./node-logs.ts";
import { readStory, type StoryFile } from "./story.ts";
import { until } from "./waiting.ts";

/** The three judges' findings about one story. */
export interface Judgement {
  readonly objects: Difference;
  readonly kubeEvents: Difference;
  readonly logs: Difference;
}

export const FLAWLESS: Judgement = { objects: NO_DIFFERENCE, kubeEvents: NO_DIFFERENCE, logs: NO_DIFFERENCE };

/** A recording under way on a cluster. `remove` ends all that it started, also after a failure. */
export class Recorded {
  readonly namespaces: readonly TestNamespace[];
  readonly output: OutputFolder = new OutputFolder();
  readonly #from: number;
  readonly #nodeLogs: readonly NodeLogs[];
  #faro: FaroProcess | undefined;

  private constructor(namespaces: readonly TestNamespace[], from: number) {
    this.namespaces = namespaces;
    this.#from = from;
    this.#nodeLogs = namespaces.map((namespace) => new NodeLogs(inject("cluster").folder, namespace.name));
  }

  /** Makes the namespaces; `args` may hold `{0}`, `{1}`, … for their names. Returns when Faro watches. */
  static async start(names: readonly string[], args: readonly string[]): Promise<Recorded> {
    const from = await currentRevision(inject("cluster").etcd);
    const namespaces: TestNamespace[] = [];
    for (const name of names) namespaces.push(await TestNamespace.create(name));
    const recorded = new Recorded(namespaces, from);
    try {
      recorded.startFaro(args);
      await recorded.faro.watching();
    } catch (error) {
      await recorded.remove();
      throw error;
    }
    return recorded;
  }

  /** The first namespace. */
  get namespace(): TestNamespace {
    const [first] = this.namespaces;
    if (first === undefined) throw new Error("a recording has at least one namespace");
    return first;
  }

  get faro(): FaroProcess {
    if (this.#faro === undefined) throw new Error("Faro was not started");
    return this.#faro;
  }

  /** Starts Faro (again) on the same output. */
  startFaro(args: readonly string[]): void {
    const filled = args.map((arg) => arg.replace(/\{(\d)\}/g, (_, index: string) => this.namespaces[Number(index)]?.name ?? ""));
    this.#faro = startFaro([...filled, `--output=${this.output.path}`]);
  }

  /** Waits until Faro has written a story of its own accord. */
  async written(prefix: string): Promise<string> {
    return await until(`a story ${prefix}*.json`, 60_000, () => this.output.stories(prefix)[0]);
  }

  /** Asks Faro to end and waits for it. */
  async end(): Promise<Ending> {
    return await this.faro.end();
  }

  /** The one story whose file begins with `prefix`. */
  story(prefix: string): StoryFile {
    const found = this.output.stories(prefix);
    const [path] = found;
    if (path === undefined || found.length > 1) {
      throw new Error(`one story ${prefix}*.json was expected, there are: ${this.output.stories().join(", ")}`);
    }
    return readStory(path);
  }

  async history(): Promise<readonly StoredVersion[]> {
    return await readHistory(inject("cluster").etcd, this.#from);
  }

  /** Every container instance that ran on the real node in these namespaces. */
  containers(): readonly InstanceLog[] {
    return this.#nodeLogs.flatMap((logs) => logs.instances());
  }

  /** Their lines, block by block. */
  *containerLines(): Generator<ReturnType<NodeLogs["lines"]> extends Generator<infer Block> ? Block : never> {
    for (const logs of this.#nodeLogs) yield* logs.lines();
  }

  async judge(story: StoryFile): Promise<Judgement> {
    const history = await this.history();
    return {
      objects: compareObjects(story, history),
      kubeEvents: compareKubeEvents(story, history),
      logs: compareLogs(story, this.containers()),
    };
  }

  async remove(): Promise<void> {
    if (this.#faro !== undefined) await this.#faro.end("SIGKILL");
    for (const logs of this.#nodeLogs) await logs.stop();
    for (const namespace of this.namespaces) await namespace.remove();
    this.output.remove();
  }
}

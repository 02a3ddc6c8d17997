/** A world for `main`: everything it touches is here, so a test sees the whole of what a user would. */
import { systemClock, type Clock } from "../../src/base/index.ts";
import type {
  Capture,
  CaptureCondition,
  CaptureGauges,
  CaptureOptions,
  CapturePlan,
  CaptureResult,
  CaptureStatus,
  WrittenStory,
} from "../../src/capture/index.ts";
import type { ApiClient } from "../../src/cluster/index.ts";
import type { CliDependencies, ConnectionRequest, DemoCluster, EndSignal, LiveRegion } from "../../src/cli/dependencies.ts";
import { main } from "../../src/cli/main.ts";

export const NO_GAUGES: CaptureGauges = {
  activeCorrelations: 1,
  workers: 5,
  logStreams: 2,
  logStreamsWaiting: 0,
  watches: 3,
  openGaps: 0,
  queuedItems: 0,
  queuedBytes: 0,
  unwrittenBytes: 0,
  recordingBytes: 0,
};

export const STORY: WrittenStory = {
  correlationId: "deployment-1",
  title: "Deployment/web",
  file: "output/deployment-web-1.json",
  events: 150,
  verdict: "complete",
};
export const COMPLETE: CaptureResult = { outcome: "complete", reasons: [], stories: [STORY] };

/** A capture that a test ends. */
export class FakeCapture implements Capture {
  readonly done: Promise<CaptureResult>;
  readonly stops: string[] = [];
  conditionList: readonly CaptureCondition[] = [];
  statuses: readonly CaptureStatus[] = [];
  /** What `stop` settles the capture with; nothing: it hangs, as one that cannot flush would. */
  stopsWith: CaptureResult | undefined = COMPLETE;
  readonly #settle: { readonly resolve: (result: CaptureResult) => void; readonly reject: (error: Error) => void };

  constructor() {
    let settle: { resolve: (result: CaptureResult) => void; reject: (error: Error) => void } = {
      resolve: () => undefined,
      reject: () => undefined,
    };
    this.done = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#settle = settle;
    // A test may fail the capture before anybody waits for it.
    this.done.catch(() => undefined);
  }

  async *status(): AsyncGenerator<CaptureStatus> {
    yield* this.statuses;
    await this.done.catch(() => undefined);
  }

  gauges(): CaptureGauges {
    return NO_GAUGES;
  }

  conditions(): readonly CaptureCondition[] {
    return this.conditionList;
  }

  stop(why: string): void {
    this.stops.push(why);
    if (this.stopsWith !== undefined) this.end(this.stopsWith);
  }

  end(result: CaptureResult): void {
    this.#settle.resolve(result);
  }

  fail(error: Error): void {
    this.#settle.reject(error);
  }
}

export interface Given extends Partial<Omit<CliDependencies, "stdout" | "stderr" | "onSignal">> {
  /** Both streams are terminals. */
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly capture?: FakeCapture;
}

/** What happened, from outside and from inside. */
export interface World {
  readonly dependencies: CliDependencies;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** What the recorder was asked for. */
  readonly captures: readonly CaptureOptions[];
  readonly connections: readonly ConnectionRequest[];
  readonly live: readonly string[];
  readonly closed: () => number;
  readonly listeners: () => number;
  signal(signal: EndSignal): void;
}

export function makeWorld(given: Given = {}): World {
  const out: string[] = [];
  const error: string[] = [];
  const captures: CaptureOptions[] = [];
  const connections: ConnectionRequest[] = [];
  const live: string[] = [];
  const listeners = new Set<(signal: EndSignal) => void>();
  let closed = 0;
  const client: ApiClient = {
    server: "https://10.0.0.1:6443",
    read: () => Promise.reject(new Error("no server in this test")),
    stream: () => Promise.reject(new Error("no server in this test")),
    close: async () => {
      closed += 1;
    },
  };
  const { isTTY = false, columns = 100, capture = new FakeCapture(), ...own } = given;
  const output = (lines: string[]): CliDependencies["stdout"] => ({
    write: (text) => void lines.push(text),
    drained: async () => undefined,
    isTTY,
    columns,
  });
  const region: LiveRegion = { show: (text) => void live.push(text), clear: () => void live.push("(cleared)") };
  const dependencies: CliDependencies = {
    clock: systemClock,
    env: { FARO_METRICS_PORT: "0" },
    cwd: "/nowhere",
    home: "/nowhere",
    version: "1.0.0",
    program: "faro",
    stdout: output(out),
    stderr: output(error),
    openLiveRegion: async () => region,
    onSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    connect: async (request) => {
      connections.push(request);
      return { client, namespace: "from-context" };
    },
    startCapture: async (options) => {
      captures.push(options);
      return capture;
    },
    planCapture: async (options) => {
      captures.push(options);
      return PLAN;
    },
    startDemoCluster: () => Promise.reject(new Error("no demo in this test")),
    verifyRecording: () => Promise.reject(new Error("no recording in this test")),
    rebuildStories: () => Promise.reject(new Error("no recording in this test")),
    readRecording: () => Promise.reject(new Error("no recording in this test")),
    readStory: () => Promise.reject(new Error("no file in this test")),
    ...own,
  };
  return {
    dependencies,
    stdout: () => out.join(""),
    stderr: () => error.join(""),
    captures,
    connections,
    live,
    closed: () => closed,
    listeners: () => listeners.size,
    signal: (signal) => listeners.forEach((listener) => listener(signal)),
  };
}

export interface Ran extends World {
  readonly exitCode: number;
}

/** Runs a command line in a world; a recording ends at once, complete, unless the test brought a capture of its own. */
export async function faro(argv: readonly string[], given: Given = {}): Promise<Ran> {
  const capture = given.capture ?? new FakeCapture();
  if (given.capture === undefined) capture.end(COMPLETE);
  const world = makeWorld({ ...given, capture });
  return { ...world, exitCode: await main(argv, world.dependencies) };
}

/** Words as a shell would part them. */
export function words(line: string): readonly string[] {
  return line === "" ? [] : line.split(" ");
}

/** Drives a virtual clock, and whatever real I/O is under way, until `work` settles. */
export async function untilSettled<T>(clock: Clock & { advance(ms: number): Promise<void> }, work: Promise<T>): Promise<T> {
  const state = { isSettled: false };
  const watched = work.finally(() => {
    state.isSettled = true;
  });
  watched.catch(() => undefined);
  while (!state.isSettled) await clock.advance(100);
  return watched;
}

export const PLAN: CapturePlan = {
  server: "https://10.0.0.1:6443",
  serverVersion: "v1.35.0",
  namespaces: ["prod"],
  scopes: [
    {
      scope: "deployments.v1.apps/prod/web",
      resourceType: "apps/v1/Deployment",
      plural: "deployments",
      group: "apps",
      namespace: "prod",
      name: "web",
      verbs: ["list", "watch"],
      why: "root",
      metadataOnly: false,
    },
    {
      scope: "replicasets.v1.apps/prod",
      resourceType: "apps/v1/ReplicaSet",
      plural: "replicasets",
      group: "apps",
      namespace: "prod",
      verbs: ["list", "watch"],
      why: "owned by Deployment",
      metadataOnly: false,
    },
    {
      scope: "pods.v1/prod",
      resourceType: "v1/Pod",
      plural: "pods",
      group: "",
      namespace: "prod",
      verbs: ["list", "watch"],
      why: "owned by ReplicaSet",
      metadataOnly: false,
    },
    {
      scope: "secrets.v1/prod",
      resourceType: "v1/Secret",
      plural: "secrets",
      group: "",
      namespace: "prod",
      verbs: ["list", "watch"],
      why: "used by Pod",
      metadataOnly: true,
    },
    {
      scope: "nodes.v1/*",
      resourceType: "v1/Node",
      plural: "nodes",
      group: "",
      verbs: ["get", "list", "watch"],
      why: "runs Pod",
      metadataOnly: false,
    },
  ],
  waitingFor: ["example.com/v1/Widget"],
  logs: true,
  logsWhy: "pods can belong to a story",
};

/** A cluster in which nothing happens but what a test tells. */
export function fakeDemoCluster(steps: readonly string[]): DemoCluster & { readonly closed: () => boolean } {
  let closed = false;
  return {
    server: "http://127.0.0.1:40000",
    namespace: "default",
    resource: "apps/v1/Deployment",
    name: "my-app",
    what: "a rollout that nobody made",
    clock: systemClock,
    async play(tell) {
      for (const step of steps) tell(step);
    },
    close: async () => {
      closed = true;
    },
    closed: () => closed,
  };
}

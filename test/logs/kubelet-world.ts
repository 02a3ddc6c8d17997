/** One pod on an embedded cluster in virtual time, its containers' log files, and a follower for each container. */
import {
  ClusterHistory,
  ContainerLogs,
  type FaultHooks,
  localApiServer,
  type LocalApiServer,
  type LogFile,
} from "../../src/apiserver/index.ts";
import { VirtualClock } from "../../src/base/index.ts";
import { ContainerLog, type ContainerLogOptions, containersOf, type LogItem, LogSlots } from "../../src/sources/index.ts";
import { LocalClient } from "../support/local-client.ts";

const KINDS = {
  init: { spec: "initContainers", status: "initContainerStatuses" },
  sidecar: { spec: "initContainers", status: "initContainerStatuses" },
  app: { spec: "containers", status: "containerStatuses" },
  ephemeral: { spec: "ephemeralContainers", status: "ephemeralContainerStatuses" },
} as const;

interface ContainerState {
  readonly kind: keyof typeof KINDS;
  restartCount: number;
  state: object;
  lastState: object;
  containerId: string;
  startedAt: string;
  file: LogFile | undefined;
}

export interface WorldOptions {
  readonly faults?: FaultHooks;
  readonly slots?: number;
  readonly clock?: VirtualClock;
  readonly follower?: Partial<ContainerLogOptions>;
}

/** A pod `web-0` of which every change is seen at once, or when `see` is called, with `isWatched` false. */
export class KubeletWorld {
  readonly clock: VirtualClock;
  readonly history: ClusterHistory;
  readonly logs: ContainerLogs = new ContainerLogs();
  readonly server: LocalApiServer;
  readonly slots: LogSlots;
  readonly items: LogItem[] = [];
  isWatched = true;
  uid = "pod-1";
  readonly #options: WorldOptions;
  readonly #containers = new Map<string, ContainerState>();
  readonly #followers = new Map<string, ContainerLog>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  #exists = false;
  #isDeleting = false;
  #started = 0;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.clock = options.clock ?? new VirtualClock(Date.UTC(2026, 0, 1, 12));
    this.history = new ClusterHistory({ clock: this.clock });
    const faults = options.faults;
    this.server = localApiServer({
      history: this.history,
      logs: this.logs,
      clock: this.clock,
      ...(faults === undefined ? {} : { faults }),
    });
    this.slots = new LogSlots(options.slots ?? 50, () => this.clock.monotonic());
  }

  // --- what happens on the node -------------------------------------------------------------------

  /** A new instance of a container begins, with a file of its own. */
  start(container: string = "app", kind: ContainerState["kind"] = "app"): LogFile {
    const before = this.#containers.get(container);
    const restartCount = before === undefined ? 0 : before.restartCount + 1;
    const containerId = `containerd://${container}-${this.#started++}`;
    const file = this.logs.start({ podUid: this.uid, container, restartCount, containerId });
    const startedAt = this.#seconds();
    this.#containers.set(container, {
      kind,
      restartCount,
      state: { running: { startedAt } },
      lastState: before === undefined ? {} : before.state,
      containerId,
      startedAt,
      file,
    });
    // The runtime keeps the last dead container's log and no other (`MaxPerPodContainer` is 1).
    for (const old of this.logs.files()) {
      const { instance } = old;
      if (instance.container === container && instance.restartCount < restartCount - 1) this.logs.remove(instance.containerId);
    }
    this.#changed();
    return file;
  }

  /** The instance ends; its file stays. */
  exit(container: string = "app", exitCode: number = 1): void {
    const state = this.#containers.get(container);
    if (state === undefined) throw new Error(`no container ${container}`);
    const terminated = { exitCode, containerID: state.containerId, startedAt: state.startedAt, finishedAt: this.#seconds() };
    this.#containers.set(container, { ...state, state: { terminated } });
    state.file?.end();
    this.#changed();
  }

  /** It waits to be restarted; the log API still shows the dead instance. */
  backOff(container: string = "app"): void {
    const state = this.#containers.get(container);
    if (state === undefined) throw new Error(`no container ${container}`);
    this.#containers.set(container, { ...state, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: state.state });
    this.#changed();
  }

  deletionRequested(): void {
    this.#isDeleting = true;
    this.#changed();
  }

  /** The object goes; `see` tells the followers. */
  remove(): void {
    this.history.remove({ apiVersion: "v1", kind: "Pod", namespace: "shop", name: "web-0" });
    this.#exists = false;
    if (this.isWatched) this.gone();
  }

  /** Another pod of the same name. */
  recreate(uid: string): void {
    this.uid = uid;
    this.#containers.clear();
    this.#isDeleting = false;
    this.isWatched = false;
  }

  // --- what Faro sees -----------------------------------------------------------------------------

  /** The current version of the pod reaches the followers. */
  see(): void {
    for (const sight of containersOf(this.#pod())) {
      let follower = this.#followers.get(sight.container);
      if (follower === undefined) {
        follower = this.#follower(sight.container, sight.kind);
        this.#followers.set(sight.container, follower);
        this.#running.push(follower.follow(this.#stop.signal));
      }
      follower.see(sight, this.#isDeleting);
    }
  }

  gone(): void {
    for (const follower of this.#followers.values()) follower.podGone();
  }

  async end(): Promise<void> {
    this.#stop.abort(new Error("the test is over"));
    // Time for a last look at the files.
    await this.clock.advance(5_000);
    await Promise.all(this.#running);
    this.server.close();
  }

  /** Lines by the container instance that their stream is bound to at the end; without their timestamps. */
  byInstance(): Record<string, string[]> {
    const bound = new Map<string, string>();
    for (const item of this.items) if (item.item === "stream-bound") bound.set(item.stream, item.instance.containerId);
    const lines: Record<string, string[]> = {};
    for (const item of this.items) {
      if (item.item !== "lines") continue;
      const name = (bound.get(item.stream) ?? "unbound").replace("containerd://", "");
      (lines[name] ??= []).push(...[...item.lines].map((line) => line.toString("latin1").replace(/^\S+Z /, "")));
    }
    return lines;
  }

  ends(): string[] {
    return this.items.flatMap((item) =>
      item.item === "stream-ended" ? [`${item.stream} ${item.outcome}: ${item.reason} (${item.lines})`] : [],
    );
  }

  gaps(): Extract<LogItem, { item: "log-gap" }>[] {
    return this.items.filter((item) => item.item === "log-gap");
  }

  behind(): Extract<LogItem, { item: "log-behind" }>[] {
    return this.items.filter((item) => item.item === "log-behind");
  }

  #follower(container: string, kind: ContainerState["kind"]): ContainerLog {
    const { clock, slots, uid } = this;
    const place = { namespace: "shop", pod: "web-0", podUid: uid, container, kind };
    const client = new LocalClient(() => this.server, clock);
    const options = { client, clock, slots, ...place, recorded: new Map(), ...this.#options.follower };
    return new ContainerLog(options, (item) => void this.items.push(item));
  }

  /** Several changes as one version. */
  together<T>(changes: () => T): T {
    this.#isTogether = true;
    const result = changes();
    this.#isTogether = false;
    this.#changed();
    return result;
  }
  #isTogether = false;

  #changed(): void {
    if (this.#isTogether) return;
    const pod = this.#pod();
    if (this.#exists) this.history.modify({ apiVersion: "v1", kind: "Pod", namespace: "shop", name: "web-0" }, () => pod);
    else this.history.create(pod);
    this.#exists = true;
    if (this.isWatched) this.see();
  }

  #pod() {
    const entries = [...this.#containers];
    const of = (list: string, part: "spec" | "status") => entries.filter(([, { kind }]) => KINDS[kind][part] === list);
    const spec = Object.fromEntries(
      ["initContainers", "containers", "ephemeralContainers"].map((list) => [
        list,
        of(list, "spec").map(([name, { kind }]) => ({ name, ...(kind === "sidecar" ? { restartPolicy: "Always" } : {}) })),
      ]),
    );
    const status = Object.fromEntries(
      ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"].map((list) => [
        list,
        of(list, "status").map(([name, { state, lastState, containerId, restartCount }]) => ({
          name,
          state,
          lastState,
          restartCount,
          containerID: containerId,
        })),
      ]),
    );
    const deletion = this.#isDeleting ? { deletionTimestamp: this.#seconds() } : {};
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web-0", namespace: "shop", uid: this.uid, ...deletion },
      spec: { nodeName: "node-1", ...spec },
      status,
    };
  }

  #seconds(): string {
    return `${new Date(this.clock.now()).toISOString().slice(0, 19)}Z`;
  }
}

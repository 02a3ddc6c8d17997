/**
 * One pod on its node: images, init container, application, crashes with back-off, and the end after a deletion.
 * Everything it does shows as a version of the pod, an Event or a log line, in the order of a real kubelet.
 */
import { listAt, numberAt, textAt } from "../json-value.ts";
import type { KubeObject } from "../kube-object.ts";
import type { LogFile } from "../logs.ts";
import { configurationError, draining, isBroken, listening, migration, type PrintedLine, requestLine, startup } from "./app.ts";
import { refOf, type SimulatedCluster } from "./cluster.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { NodeTime } from "./node-time.ts";
import { type ContainerRecord, podStatus } from "./pod-status.ts";

export interface Node {
  readonly name: string;
  readonly number: number;
  /** Images that were pulled. */
  readonly images: Set<string>;
  pods: number;
}

export interface PodHost {
  readonly cluster: SimulatedCluster;
  readonly events: EventRecorder;
  readonly node: Node;
}

/** The first restart is immediate, then 10 s, doubled each time up to 5 min (kubelet `MaxContainerBackOff`). */
const BACK_OFF_S = [0, 10, 20, 40, 80, 160, 300];

export class PodRunner {
  readonly #host: PodHost;
  readonly #pod: KubeObject;
  readonly #deletion = new AbortController();
  readonly #signal: AbortSignal;
  readonly #startTime: string;
  readonly #time: NodeTime;
  #podIP: string | undefined;
  #init: ContainerRecord;
  #app: ContainerRecord;
  #log: LogFile | undefined;
  readonly #dead: string[] = [];

  constructor(host: PodHost, pod: KubeObject) {
    this.#host = host;
    this.#pod = pod;
    this.#signal = AbortSignal.any([this.#deletion.signal, host.cluster.signal]);
    this.#startTime = host.cluster.now();
    this.#time = new NodeTime(host.cluster.clock, host.cluster.chance);
    this.#init = unstarted(listAt(pod, "spec", "initContainers")[0]);
    this.#app = unstarted(listAt(pod, "spec", "containers")[0]);
  }

  /** The pod is to be deleted: end its containers, then let it go. */
  stop(): void {
    this.#deletion.abort(new Error("the pod is being deleted"));
  }

  /** Runs until the pod is gone. */
  async live(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      if (!this.#deletion.signal.aborted) throw error;
    }
    await this.#terminate();
  }

  async #run(): Promise<void> {
    this.#publish();
    await this.#pause(180, 320);
    await this.#pull(this.#init);
    this.#host.node.pods++;
    this.#podIP = `10.244.${this.#host.node.number}.${this.#host.node.pods + 3}`;
    await this.#runInit();
    for (;;) {
      await this.#startApp();
      if (!isBroken(versionOf(this.#app.image))) return this.#serve();
      await this.#crash();
      await this.#backOff();
    }
  }

  async #runInit(): Promise<void> {
    const log = this.#start("init");
    this.#publish();
    await this.#print(log, migration(versionOf(this.#init.image)));
    await this.#pause(40, 90);
    this.#init = { ...finished(this.#init, { exitCode: 0, finishedAt: this.#now() }), ready: true };
    log.end();
    this.#publish();
    await this.#pause(160, 300);
  }

  async #startApp(): Promise<void> {
    await this.#pull(this.#app);
    this.#log = this.#start("app");
    // Beside the running instance the node keeps one dead one (kubelet `MaxPerPodContainerCount`).
    for (const containerId of this.#dead.splice(0, this.#dead.length - 1)) this.#host.cluster.logs.remove(containerId);
    this.#publish();
    await this.#print(this.#log, startup(versionOf(this.#app.image)));
  }

  async #serve(): Promise<never> {
    const log = this.#log;
    await this.#print(log, listening());
    await this.#pause(1_200, 2_000);
    this.#app = { ...this.#app, ready: true };
    this.#publish();
    for (;;) await this.#print(log, [requestLine(this.#host.cluster.chance)]);
  }

  async #crash(): Promise<void> {
    await this.#print(this.#log, configurationError());
    await this.#pause(30, 70);
    this.#app = finished(this.#app, { exitCode: 1, finishedAt: this.#now() });
    this.#log?.end();
    this.#dead.push(this.#app.containerId ?? "");
    this.#publish();
    await this.#pause(250, 450);
  }

  async #backOff(): Promise<void> {
    const seconds = BACK_OFF_S[Math.min(this.#app.restartCount, BACK_OFF_S.length - 1)] ?? 0;
    if (seconds === 0) return;
    const { name, namespace, uid } = this.#pod.metadata;
    const place = `pod=${name}_${namespace}(${uid})`;
    const message = `back-off ${seconds}s restarting failed container=${this.#app.name} ${place}`;
    this.#app = { ...this.#app, state: { waiting: { reason: "CrashLoopBackOff", message } }, lastState: this.#app.state };
    this.#publish();
    const warning = `Back-off restarting failed container ${this.#app.name} in pod ${name}_${namespace}(${uid})`;
    // The kubelet looks again every ten seconds or so and repeats itself: the Event's count rises.
    for (let left = seconds; left > 0; left -= 10) {
      this.#event("app", "BackOff", warning, "Warning");
      await this.#pause(Math.min(left, 10) * 1_000, Math.min(left, 10) * 1_000 + 1);
    }
  }

  async #terminate(): Promise<void> {
    const { cluster } = this.#host;
    if ("running" in this.#app.state) {
      this.#event("app", "Killing", `Stopping container ${this.#app.name}`);
      for (const line of draining()) {
        await cluster.pause(line.after);
        this.#log?.append(line.text, this.#time.next());
      }
      this.#app = finished(this.#app, { exitCode: 0, finishedAt: this.#now() });
      this.#log?.end();
    } else {
      await cluster.pause(120);
    }
    this.#publish();
    await cluster.pause(150);
    cluster.history.remove(refOf(this.#pod));
  }

  async #pull(container: ContainerRecord): Promise<void> {
    const { cluster, node } = this.#host;
    const which = container === this.#init ? "init" : "app";
    if (node.images.has(container.image)) {
      this.#event(which, "Pulled", `Container image "${container.image}" already present on machine`);
      return;
    }
    this.#event(which, "Pulling", `Pulling image "${container.image}"`);
    const ms = cluster.chance.between(700, 1_100);
    await cluster.pause(ms, this.#signal);
    node.images.add(container.image);
    const took = `${ms}ms (${ms}ms including waiting). Image size: 48213377 bytes.`;
    this.#event(which, "Pulled", `Successfully pulled image "${container.image}" in ${took}`);
  }

  /** Starts the next instance of a container, with its log file. */
  #start(which: "init" | "app"): LogFile {
    const { cluster } = this.#host;
    const before = which === "init" ? this.#init : this.#app;
    const containerId = `containerd://${cluster.chance.hex(64)}`;
    const ended = "terminated" in before.state ? before.state : before.lastState;
    const restartCount = before.containerId === undefined ? 0 : before.restartCount + 1;
    const record: ContainerRecord = {
      ...before,
      state: { running: { startedAt: this.#now() } },
      lastState: ended,
      containerId,
      restartCount,
      started: true,
    };
    if (which === "init") this.#init = record;
    else this.#app = record;
    this.#event(which, "Created", `Created container: ${record.name}`);
    this.#event(which, "Started", `Started container ${record.name}`);
    return cluster.logs.start({ podUid: this.#pod.metadata.uid ?? "", container: record.name, restartCount, containerId });
  }

  async #print(log: LogFile | undefined, lines: readonly PrintedLine[]): Promise<void> {
    for (const line of lines) {
      if (line.after > 0) await this.#host.cluster.pause(line.after, this.#signal);
      log?.append(line.text, this.#time.next(), { stream: line.stream ?? "stdout" });
    }
  }

  #publish(): void {
    const { cluster, node } = this.#host;
    const pod = cluster.read(refOf(this.#pod));
    if (pod === undefined || pod.metadata.uid !== this.#pod.metadata.uid) return;
    const before = listAt(pod, "status", "conditions");
    const picture = {
      podIP: this.#podIP,
      startTime: this.#startTime,
      init: this.#init,
      app: this.#app,
      before,
      now: this.#now(),
    };
    cluster.writeStatus(refOf(pod), "kubelet", podStatus({ hostIP: `10.0.0.1${node.number}`, ...picture }));
  }

  #event(which: "init" | "app", reason: string, message: string, type: "Normal" | "Warning" = "Normal"): void {
    const { cluster, events, node } = this.#host;
    const about = cluster.read(refOf(this.#pod)) ?? this.#pod;
    const fieldPath = which === "init" ? `spec.initContainers{${this.#init.name}}` : `spec.containers{${this.#app.name}}`;
    events.record({ about, type, reason, message, fieldPath, component: "kubelet", host: node.name });
  }

  #pause(least: number, most: number): Promise<void> {
    return this.#host.cluster.pause(this.#host.cluster.chance.between(least, most), this.#signal);
  }

  #now(): string {
    return this.#host.cluster.now();
  }
}

function unstarted(container: unknown): ContainerRecord {
  return {
    name: textAt(container, "name") ?? "",
    image: textAt(container, "image") ?? "",
    state: { waiting: { reason: "PodInitializing" } },
    lastState: undefined,
    ready: false,
    started: false,
    restartCount: numberAt(container, "restartCount") ?? 0,
    containerId: undefined,
  };
}

function finished(container: ContainerRecord, how: { readonly exitCode: number; readonly finishedAt: string }): ContainerRecord {
  const startedAt = "running" in container.state ? container.state.running.startedAt : how.finishedAt;
  const reason = how.exitCode === 0 ? "Completed" : "Error";
  const terminated = {
    exitCode: how.exitCode,
    reason,
    startedAt,
    finishedAt: how.finishedAt,
    containerID: container.containerId ?? "",
  };
  return { ...container, state: { terminated }, ready: false, started: false };
}

function versionOf(image: string): string {
  return image.slice(image.lastIndexOf(":") + 1);
}

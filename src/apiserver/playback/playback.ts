/**
 * A recorded cluster, served as a Kubernetes API: as it was at a moment, or played. Only what was recorded is served; the
 * rest is a 404 that says so.
 */
import type { Clock } from "../../base/index.ts";
import { ClusterHistory } from "../history.ts";
import { listAt, textAt } from "../json-value.ts";
import { ContainerLogs, type LogFile } from "../logs.ts";
import { ResourceRegistry } from "../resources.ts";
import { type Listener, listenFor } from "../server.ts";
import { Service } from "../service.ts";
import { PlaybackClock } from "./playback-clock.ts";
import type { PlaybackStep, PlaybackWindow, RecordedCluster } from "./recorded-cluster.ts";
import { recordedExtent } from "./recorded-extent.ts";
import { PlayedLogs } from "./recorded-log.ts";

export interface PlaybackOptions {
  readonly cluster: RecordedCluster;
  readonly clock: Clock;
  /** Where to begin, milliseconds; the start of the recording unless given. */
  readonly at: number;
  /** 0 stands still. */
  readonly speed: number;
  /** 0 for any free port. */
  readonly port: number;
}

export interface PlaybackState {
  /** The recording's time, milliseconds. */
  readonly at: number;
  readonly speed: number;
  readonly start: number;
  readonly end: number;
  readonly revision: number;
}

export interface Playback {
  /** `http://127.0.0.1:40123`; stays the same when seeking. */
  readonly url: string;
  /** The recording's time, as the server has it; waiting goes by real time. */
  readonly clock: Clock;
  state(): PlaybackState;
  /** Goes to a moment. Backwards, every open watch and log ends, and clients list anew. */
  seek(at: number): void;
  setSpeed(speed: number): void;
  close(): Promise<void>;
}

/** Of a recording that is read by windows, a seek over more than this begins anew there. */
const STEPS_ON_THE_WAY_MAX = 2_000;
/** Longest time to the next look at what is due: speed may change meanwhile. */
const TICK_MS = 200;

/** Starts to serve. Rejects when the port is taken. */
export async function startPlayback(options: PlaybackOptions): Promise<Playback> {
  const player = new Player(options);
  await player.listen(options.port);
  return player;
}

/** The port stays open whichever service answers. */
const NO_DOOR = { shut: async (): Promise<void> => undefined, open: async (): Promise<void> => undefined };

class Player implements Playback {
  readonly #cluster: RecordedCluster;
  readonly #clock: PlaybackClock;
  #service: Service;
  #steps: readonly PlaybackStep[] | undefined = [];
  #next = 0;
  /** Everything up to then was played. */
  #at = Number.NEGATIVE_INFINITY;
  #window: PlaybackWindow | undefined;
  #listener: Listener | undefined;
  #cancel: () => void = () => undefined;

  constructor({ cluster, clock, at, speed }: PlaybackOptions) {
    this.#cluster = cluster;
    this.#clock = new PlaybackClock(clock, at, speed);
    this.#service = this.#fresh();
  }

  get url(): string {
    return this.#listener?.url ?? "";
  }

  get clock(): Clock {
    return this.#clock;
  }

  state(): PlaybackState {
    const { start, end } = this.#cluster;
    const at = Math.min(this.#clock.now(), Math.max(end, start));
    return { at, speed: this.#clock.speed, start, end, revision: this.#service.context.history.revision };
  }

  async listen(port: number): Promise<void> {
    this.#listener = await listenFor(() => this.#service, port);
    this.#tick();
  }

  seek(at: number): void {
    const isElsewhere = at < this.#clock.now() || this.#isFar(at);
    this.#clock.set(at, this.#clock.speed);
    if (isElsewhere) {
      const left = this.#service;
      this.#service = this.#fresh();
      left.close();
    }
    this.#tick();
  }

  setSpeed(speed: number): void {
    this.#clock.set(this.#clock.now(), speed);
    this.#tick();
  }

  async close(): Promise<void> {
    this.#cancel();
    this.#service.close();
    await this.#listener?.shut();
  }

  /** The cluster from its first record up to now. */
  #fresh(): Service {
    const { definitions, serverVersion: version } = this.#cluster;
    const history = new ClusterHistory({ clock: this.#clock, resources: new ResourceRegistry(definitions) });
    const { windows, steps } = this.#cluster;
    const logs =
      windows === undefined
        ? new ContainerLogs()
        : new PlayedLogs(
            (id) => windows.log(id),
            () => this.#clock.now(),
          );
    const now = this.#clock.now();
    this.#window = windows?.at(now);
    if (this.#window !== undefined) history.seed(this.#window.state, this.#window.revision);
    this.#at = this.#window === undefined ? Number.NEGATIVE_INFINITY : now;
    // Of a window they are worked out when somebody plays it.
    this.#steps = this.#window === undefined ? steps : undefined;
    this.#next = 0;
    this.#catchUp(history, logs);
    const settings = { version, extent: recordedExtent(this.#cluster) };
    return new Service({ history, logs, clock: this.#clock, settings }, NO_DOOR);
  }

  #tick(): void {
    this.#cancel();
    this.#catchUp(this.#service.context.history, this.#service.context.logs);
    if (this.#clock.speed === 0) return;
    const due = this.#stepsNow()[this.#next]?.at ?? this.#window?.until ?? Number.POSITIVE_INFINITY;
    if (due === Number.POSITIVE_INFINITY && this.#window === undefined) return;
    const dueMs = (due - this.#clock.now()) / this.#clock.speed;
    this.#cancel = this.#clock.after(Math.max(1, Math.min(TICK_MS, dueMs)), () => this.#tick());
  }

  #catchUp(history: ClusterHistory, logs: ContainerLogs): void {
    const now = this.#clock.now();
    while (this.#at < now) {
      const steps = this.#stepsNow();
      for (let step = steps[this.#next]; step !== undefined && step.at <= now; step = steps[++this.#next])
        play(step, history, logs);
      const next = this.#window?.next;
      if (next === undefined || this.#next < steps.length || (this.#window?.until ?? now) > now) break;
      this.#window = next();
      [this.#steps, this.#next] = [undefined, 0];
    }
    this.#at = now;
    if (logs instanceof PlayedLogs) logs.catchUp();
  }

  #stepsNow(): readonly PlaybackStep[] {
    return (this.#steps ??= this.#window?.steps() ?? []);
  }

  /** True when so much happens up to then that nobody wants to see it on the way, and only the state there is wanted. */
  #isFar(at: number): boolean {
    if (this.#window === undefined) return false;
    if (this.#service.context.streams.size === 0) return true;
    const step = this.#stepsNow()[this.#next + STEPS_ON_THE_WAY_MAX];
    return at >= this.#window.until || (step !== undefined && step.at <= at);
  }
}

function play(step: PlaybackStep, history: ClusterHistory, logs: ContainerLogs): void {
  switch (step.step) {
    case "object":
      history.replay(step.storage, step.text, step.isDeleted);
      if (step.storage === POD_STORAGE) for (const id of endedContainers(step.text, step.isDeleted)) fileIn(logs, id)?.end();
      break;
    case "log-start":
      if (logs.file(step.instance.containerId) === undefined) logs.start(step.instance);
      break;
    case "log-lines":
      for (const { content, timestamp } of step.lines) logs.file(step.containerId)?.append(content, timestamp);
      break;
    case "log-end":
      logs.file(step.containerId)?.end();
      break;
  }
}

/** Of logs that are read when they are asked for, one that nobody asked for need not end. */
function fileIn(logs: ContainerLogs, containerId: string): LogFile | undefined {
  return logs instanceof PlayedLogs ? logs.known(containerId) : logs.file(containerId);
}

const POD_STORAGE = "/pods";

/** Containers that this version of a pod shows dead; all of them when it is gone. Most versions show none, and are not parsed. */
function endedContainers(text: string, isDeleted: boolean): readonly string[] {
  if (!isDeleted && !text.includes('"terminated"')) return [];
  const pod: unknown = JSON.parse(text);
  const statuses = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"].flatMap((list) =>
    listAt(pod, "status", list),
  );
  return statuses.flatMap((status) => {
    const dead = [textAt(status, "state", "terminated", "containerID"), textAt(status, "lastState", "terminated", "containerID")];
    const all = isDeleted ? [...dead, textAt(status, "containerID")] : dead;
    return all.filter((id) => id !== undefined);
  });
}

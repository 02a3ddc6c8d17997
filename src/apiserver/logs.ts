/**
 * The log files of containers as a kubelet keeps them: one file per container instance, lines with the time at which
 * the runtime read them, rotation that readers of the API cannot look behind.
 */

/** One run of a container. */
export interface InstanceLog {
  readonly podUid: string;
  readonly container: string;
  readonly restartCount: number;
  /** As in the pod's status: `containerd://4f…`. The log API finds the file by it. */
  readonly containerId: string;
}

/** One line of the file (CRI: `<time> <stream> <F|P> <content>`). */
export interface LogEntry {
  /** RFC 3339 with nanoseconds, as the node wrote it. */
  readonly timestamp: string;
  /** The same instant, milliseconds. */
  readonly at: number;
  readonly stream: "stdout" | "stderr";
  /** True for a piece of a long line that goes on in the next entry. */
  readonly partial: boolean;
  readonly content: Buffer;
}

export interface AppendOptions {
  readonly stream?: "stdout" | "stderr";
  readonly partial?: boolean;
}

/** A reading that fails: the API server has said 200 by then, so that the reason is in the body. */
export interface LogFailure {
  readonly text: string;
  /** Instead of the lines, or behind them. */
  readonly where: "instead" | "behind";
}

/** Why a node does not answer: nobody listens there, it is silent, or something in between says so. */
export type NodeFailure = "refused" | "timeout" | "bad-gateway" | "gateway-timeout";

/** The file of one instance. */
export class LogFile {
  readonly instance: InstanceLog;
  #entries: LogEntry[] = [];
  readonly #written: LogEntry[] = [];
  #isRenamed = false;
  #failure: LogFailure | undefined;
  #generation = 0;
  #ended = false;
  readonly #waiting = new Set<() => void>();

  constructor(instance: InstanceLog) {
    this.instance = instance;
  }

  /** Lines since the last rotation. */
  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Every line since the container started, rotated away or not: what a complete recording holds. */
  get written(): readonly LogEntry[] {
    return this.#written;
  }

  /** True from `rename` to `reopen`: there is no file of that name, only those who have it open read on. */
  get isRenamed(): boolean {
    return this.#isRenamed;
  }

  /** What every reading ends in, if anything. */
  get failure(): LogFailure | undefined {
    return this.#failure;
  }

  /** Rises with every rotation. */
  get generation(): number {
    return this.#generation;
  }

  /** True when the container has stopped: a follower reads to the end and is done. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Writes one line. `time` is milliseconds, or the text that stands in the file (any zone, up to nine digits). */
  append(line: string | Buffer, time: number | string, options: AppendOptions = {}): void {
    const entry = entryOf(line, time, options);
    this.#entries.push(entry);
    this.#written.push(entry);
    this.#wake();
  }

  /**
   * Writes a line as the runtime may do after `reopen`: to the old file, which it leaves a moment after it has made the new one
   * (containerd `container_log.go ReopenContainerLog`). A follower has gone over by then, so nobody ever reads it.
   */
  appendBehind(line: string | Buffer, time: number | string, options: AppendOptions = {}): void {
    this.#written.push(entryOf(line, time, options));
  }

  /** The kubelet has renamed the file, and the runtime still writes to it: followers read on, others find no file. */
  rename(): void {
    this.#isRenamed = true;
  }

  /**
   * The runtime opens a new file of the old name. A follower reads the old one to its end first, others find the new one
   * (`cri-client logs.go ReadLogs`).
   */
  reopen(): void {
    this.#isRenamed = false;
    this.#entries = [];
    this.#generation++;
    this.#wake();
  }

  /** Both steps of a rotation at once. */
  rotate(): void {
    this.rename();
    this.reopen();
  }

  /** From now on every reading fails so; without a failure it does not any more. */
  fail(failure?: LogFailure): void {
    this.#failure = failure;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Resolves at the next line, rotation or end, and at once when `signal` aborts. */
  async changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        resolve();
      };
      signal.addEventListener("abort", wake, { once: true });
      this.#waiting.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}

function entryOf(line: string | Buffer, time: number | string, options: AppendOptions): LogEntry {
  const timestamp = typeof time === "string" ? time : new Date(time).toISOString().replace("Z", "000000Z");
  return {
    timestamp,
    at: typeof time === "number" ? time : Date.parse(timestamp),
    stream: options.stream ?? "stdout",
    partial: options.partial ?? false,
    content: Buffer.isBuffer(line) ? line : Buffer.from(line),
  };
}

/** How a node writes a time. */
export interface LogTimeFormat {
  /** Minutes east of UTC; UTC (as `Z`) unless given. */
  readonly offsetMinutes?: number;
  /** Digits of the second's fraction, 0 to 9; 9 unless given. */
  readonly digits?: number;
  /** Leaves zeros at the end of the fraction out, as Go's RFC3339Nano does and old kubelets did. */
  readonly trimsZeros?: boolean;
}

/** The text that stands in a log file for an instant. `nanos` are those below the millisecond, 0 to 999 999. */
export function logTime(ms: number, format: LogTimeFormat = {}, nanos: number = 0): string {
  const { offsetMinutes, digits = 9, trimsZeros = false } = format;
  const local = new Date(ms + (offsetMinutes ?? 0) * 60_000).toISOString();
  const whole = `${local.slice(20, 23)}${String(nanos).padStart(6, "0")}`.slice(0, digits);
  const fraction = trimsZeros ? whole.replace(/0+$/, "") : whole;
  return `${local.slice(0, 19)}${fraction === "" ? "" : `.${fraction}`}${zoneText(offsetMinutes)}`;
}

function zoneText(offsetMinutes: number | undefined): string {
  if (offsetMinutes === undefined) return "Z";
  const minutes = Math.abs(offsetMinutes);
  const clock = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
  return `${offsetMinutes < 0 ? "-" : "+"}${clock}`;
}

/** All log files of a cluster, found by container id. */
export class ContainerLogs {
  readonly #files = new Map<string, LogFile>();
  readonly #nodes = new Map<string, NodeFailure>();
  readonly #onNodeGone = new Set<(node: string) => void>();
  #followersMax = Number.POSITIVE_INFINITY;
  #followers = 0;

  /** A node does not answer any more: its followed logs end (cleanly, as the API server does it), others are refused. */
  loseNode(node: string, failure: NodeFailure = "refused"): void {
    this.#nodes.set(node, failure);
    for (const listener of this.#onNodeGone) listener(node);
  }

  /** The node answers again. */
  findNode(node: string): void {
    this.#nodes.delete(node);
  }

  /** Why the node does not answer, or `undefined` when it does. */
  nodeFailure(node: string): NodeFailure | undefined {
    return this.#nodes.get(node);
  }

  /** Hears of nodes that are lost; the returned function ends it. */
  onNodeGone(listener: (node: string) => void): () => void {
    this.#onNodeGone.add(listener);
    return () => this.#onNodeGone.delete(listener);
  }

  /** So many logs can be followed at a time: a node has a limited number of inotify instances. */
  limitFollowers(count: number): void {
    this.#followersMax = count;
  }

  /** Takes a place among the followers; `undefined` when there is none. The returned function gives it back. */
  takeFollower(): (() => void) | undefined {
    if (this.#followers >= this.#followersMax) return undefined;
    this.#followers++;
    return () => {
      this.#followers--;
    };
  }

  /** Opens the file of a container instance that starts. */
  start(instance: InstanceLog): LogFile {
    const file = new LogFile(instance);
    this.#files.set(instance.containerId, file);
    return file;
  }

  file(containerId: string): LogFile | undefined {
    return this.#files.get(containerId);
  }

  /** Every file, oldest first. */
  files(): readonly LogFile[] {
    return [...this.#files.values()];
  }

  /** Deletes a file, as the runtime does with the one before the last dead instance. */
  remove(containerId: string): void {
    this.#files.get(containerId)?.end();
    this.#files.delete(containerId);
  }
}

/** What the commands use of the world and of the other rooms: the process puts the real ones in, a test its own. */
import type { RecordedCluster } from "../apiserver/index.ts";
import type { Clock } from "../base/index.ts";
import type { Capture, CaptureOptions, CapturePlan, VerifyReport, WrittenStory } from "../capture/index.ts";
import type { ApiClient } from "../cluster/index.ts";
import type { ClusterValues, Environment } from "../config/index.ts";
import type { StoryReader } from "../views/index.ts";

/** Standard output or standard error. */
export interface Output {
  write(text: string): void;
  /** Resolves when what was written has been taken, so that a slow reader does not fill the memory. */
  drained(): Promise<void>;
  readonly isTTY: boolean;
  /** Width of the terminal. */
  readonly columns: number;
}

/** A line at the bottom of a terminal that is written over. */
export interface LiveRegion {
  show(text: string): void;
  clear(): void;
}

/** Signals that ask a program to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

export interface ConnectionRequest {
  readonly flags: ClusterValues;
  readonly env: Environment;
  /** Hears of every `Warning` header, once. */
  readonly onWarning: (text: string) => void;
}

export interface Connection {
  readonly client: ApiClient;
  /** The context's namespace, else `default`. */
  readonly namespace: string;
}

/** An embedded cluster in which a story happens. */
export interface DemoCluster {
  /** `http://127.0.0.1:…`. */
  readonly server: string;
  readonly namespace: string;
  /** What to record there: `apps/v1/Deployment`, and the name. */
  readonly resource: string;
  readonly name: string;
  /** What happens there, as the end of "Here is …". */
  readonly what: string;
  /** The time of the cluster: what is recorded there is stamped with it. */
  readonly clock: Clock;
  /** Lets the story happen, telling each step as it begins. Settles when it is over. */
  play(tell: (sentence: string) => void, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface CliDependencies {
  readonly clock: Clock;
  readonly env: Environment;
  readonly cwd: string;
  readonly home: string;
  readonly version: string;
  /** `faro`, or `kubectl faro` when it runs as kubectl's plugin. */
  readonly program: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** A live region on standard error. */
  openLiveRegion(): Promise<LiveRegion>;
  /** Calls `listener` on every signal until the returned function is called. */
  onSignal(listener: (signal: EndSignal) => void): () => void;
  connect(request: ConnectionRequest): Promise<Connection>;
  startCapture(options: CaptureOptions): Promise<Capture>;
  planCapture(options: CaptureOptions): Promise<CapturePlan>;
  startDemoCluster(): Promise<DemoCluster>;
  /** Derives the story files again from the recording below `output`, into it or elsewhere. */
  rebuildStories(output: string, into?: string): Promise<readonly WrittenStory[]>;
  /** Checks the recording below `output`. */
  verifyRecording(output: string): Promise<VerifyReport>;
  /** The cluster that the recording below `output` shows. */
  readRecording(output: string): Promise<RecordedCluster>;
  /** Of a story file. @throws FaroError as `readStory` */
  readStory(path: string): Promise<StoryReader>;
}

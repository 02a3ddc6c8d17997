/** What every route of one server works with. */
import type { Clock } from "../base/index.ts";
import type { FaultHooks } from "./faults.ts";
import type { ClusterHistory } from "./history.ts";
import type { ContainerLogs } from "./logs.ts";
import type { OutStream } from "./out-stream.ts";
import type { ResourceDefinition } from "./resources.ts";
import { tooLargeResourceVersion } from "./status.ts";
import type { ServerView } from "./view.ts";
import type { WatchWindows } from "./watch-windows.ts";

export interface ServerContext {
  /** etcd: what every server reads exactly. */
  readonly history: ClusterHistory;
  /** This server's watch cache. */
  readonly view: ServerView;
  readonly logs: ContainerLogs;
  readonly clock: Clock;
  readonly faults: FaultHooks;
  readonly windows: WatchWindows;
  readonly streams: Set<OutStream>;
  readonly settings: ServerSettings;
}

export interface ServerSettings {
  /** `gitVersion` of `/version`. */
  readonly version: string;
  /** False: only the older discovery documents, as before Kubernetes 1.26. */
  readonly aggregatedDiscovery: boolean;
  /** False: `sendInitialEvents` is refused with 422, as in Kubernetes 1.33. */
  readonly watchList: boolean;
  /**
   * What a watch from a revision that has not come yet gets, as after a restored backup: `silent` (what the API server
   * does): nothing until the counter is past it, bookmarks neither. `forwards`: every change from now on.
   */
  readonly futureWatch: "silent" | "forwards";
  /**
   * Groups whose own server is away, as of an aggregated API: requests get a 503, and aggregated discovery says `Stale`.
   * The set may be changed while the server runs.
   */
  readonly unavailableGroups: ReadonlySet<string>;
  readonly bookmarkMs: number;
  /** Changes and bytes that wait for a slow reader of a watch before its stream is ended. */
  readonly slowReader: { readonly items: number; readonly bytes: number };
  /** After so long the kubelet cuts a followed log: four hours (`pkg/kubelet/server`). */
  readonly logStreamMs: number;
  /** True: a log has a time before every piece of a long line, in the middle of it, as of old kubelets. */
  readonly timestampPerPiece: boolean;
  /** For a cluster of which only a part is known. */
  readonly extent?: Extent;
}

/** Which part of a cluster is known. */
export interface Extent {
  /** The answer to who asks for anything else. */
  readonly says: string;
  /** Namespaces that something is known of. */
  readonly namespaces: ReadonlySet<string>;
  /** True when the absence of such an object says that there was none. Without a name: of any. */
  covers(asked: {
    readonly resource: ResourceDefinition;
    readonly namespace?: string | undefined;
    readonly name?: string | undefined;
  }): boolean;
}

const FRESHNESS_WAIT_MS = 3_000;

/**
 * Waits until this server has seen a revision (`cacher.go waitUntilFreshAndBlock`).
 * @throws StatusError 504 after 3 s.
 */
export async function waitForRevision(context: ServerContext, revision: number): Promise<void> {
  if (await reaches(context, revision)) return;
  throw tooLargeResourceVersion(revision, context.view.revision, 1);
}

/** True as soon as this server has seen the revision, false after 3 s. */
export async function reaches({ view, clock }: ServerContext, revision: number): Promise<boolean> {
  if (view.revision >= revision) return true;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      cancel();
      unsubscribe();
      resolve();
    };
    const unsubscribe = view.subscribe(() => view.revision >= revision && done());
    const cancel = clock.after(FRESHNESS_WAIT_MS, done);
  });
  return view.revision >= revision;
}

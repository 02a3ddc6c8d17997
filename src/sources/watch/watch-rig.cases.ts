/** A watch of ConfigMaps or Events of an API server in the same process, on virtual time, and words for what it tells. */
import { onTestFinished } from "vitest";
import {
  ClusterHistory,
  compose,
  type FaultHooks,
  type HistoryRef,
  type KubeObject,
  type LocalApiServer,
  localApiServer,
  type ServiceOptions,
} from "../../apiserver/index.ts";
import { VirtualClock } from "../../base/index.ts";
import type { ApiResource } from "../../cluster/index.ts";
import { LocalClient } from "../../../test/support/local-client.ts";
import type { KnownVersions, WatchItem, WatchTarget } from "./watch-item.ts";
import { watchResource, type WatchOptions } from "./watcher.ts";

export interface Rig {
  readonly clock: VirtualClock;
  readonly history: ClusterHistory;
  readonly known: KnownVersions;
  readonly items: WatchItem[];
  /** The words of what was told since the last call. */
  told(): string[];
  /** Requests whose query contains the text. */
  asked(text: string): number;
  api(): LocalApiServer;
  /** Ends the server; another takes its place over the same history or another, its watch cache empty. */
  restart(history?: ClusterHistory): void;
  /** What breaks from now on. */
  faults: FaultHooks;
  stop(): Promise<void>;
}

export interface RigOptions extends Partial<ServiceOptions> {
  readonly target?: Partial<WatchTarget> & { readonly kind?: keyof typeof RESOURCES };
  readonly watch?: Partial<WatchOptions>;
  readonly seed?: number;
}

const base = { group: "", version: "v1", apiVersion: "v1", namespaced: true, shortNames: [], categories: [] } as const;
const verbs = ["get", "list", "watch"];
export const RESOURCES: Readonly<Record<"configmaps" | "events" | "pods", ApiResource>> = {
  configmaps: { ...base, verbs, plural: "configmaps", singular: "configmap", kind: "ConfigMap" },
  events: { ...base, verbs, plural: "events", singular: "event", kind: "Event" },
  pods: { ...base, verbs, plural: "pods", singular: "pod", kind: "Pod" },
};

/** Starts watching; virtual time stands until a test moves it. */
export function startRig(options: RigOptions = {}, prepare: (history: ClusterHistory) => void = () => undefined): Rig {
  const clock = new VirtualClock(undefined, options.seed ?? 1);
  const stop = new AbortController();
  let history = new ClusterHistory({ clock });
  prepare(history);
  const serve = (): LocalApiServer =>
    localApiServer({
      clock,
      ...options,
      history,
      faults: compose({
        onRequest: (request) => rig.faults.onRequest?.(request),
        onWatchEvent: (item) => rig.faults.onWatchEvent?.(item),
      }),
    });
  let past: LocalApiServer["requests"] = [];
  let shown = 0;
  const { kind = "configmaps", ...target } = options.target ?? {};
  const rig: Rig = {
    clock,
    get history() {
      return history;
    },
    known: new Map(),
    items: [],
    told() {
      const words = rig.items.slice(shown).map(brief);
      shown = rig.items.length;
      return words;
    },
    asked: (text) => [...past, ...api.requests].filter(({ url }) => decodeURIComponent(url).includes(text)).length,
    api: () => api,
    restart(other = history) {
      past = [...past, ...api.requests];
      api.close();
      history = other;
      api = serve();
    },
    faults: {},
    async stop() {
      stop.abort(new Error("the test is over"));
      await done;
    },
  };
  let api = serve();
  const watch = watchResource(
    {
      client: new LocalClient(() => api, clock),
      clock,
      target: { resource: RESOURCES[kind], namespace: "default", metadataOnly: false, ...target },
      known: rig.known,
      ...options.watch,
    },
    stop.signal,
  );
  const done = (async () => {
    for await (const item of watch) rig.items.push(item);
  })();
  onTestFinished(() => rig.stop());
  return rig;
}

export function brief(item: WatchItem): string {
  switch (item.item) {
    case "object":
      return `${item.change} ${item.object.name}@${item.object.resourceVersion} by ${item.observedBy}${item.isLate ? ", late" : ""}`;
    case "vanished":
      return `vanished ${item.known.name} by ${item.observedBy}, ${item.isFinalState ? `deleted at ${item.by}` : "end unknown"}`;
    case "listed":
      return `listed@${item.resourceVersion} ${item.changes}/${item.objects}${item.relist ? ` relist, repaired ${item.repaired}` : ""}`;
    case "connected":
      return `connected@${item.resourceVersion}`;
    case "reached":
      return `reached@${item.resourceVersion}`;
    case "disconnected":
      return `disconnected: ${item.why}`;
    case "lost":
      return `lost ${item.cause}@${item.resourceVersion}`;
    case "missed":
      return `missed ${item.changes} in ${item.fromVersion}-${item.toVersion}`;
    case "epoch":
      return "epoch";
    case "degraded":
      return `degraded ${item.cause}`;
    case "incident":
      return `incident ${item.what}`;
  }
}

/** The changes among words: what a recording will show. */
export function changes(told: readonly string[]): string[] {
  return told.filter((text) => /^(?:ADDED|MODIFIED|DELETED|LISTED|vanished) /.test(text));
}

/** A ConfigMap: the smallest object there is. */
export function configMap(name: string, value: string = "1"): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: { value } };
}

/** A reference to it. */
export function configMapRef(name: string): HistoryRef {
  return { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name };
}

/** Everything that a fault can touch: the cluster, its server, the way to it, and the recorder's own machine. */
import { compose, DEFAULT_WINDOW, type FaultHooks, type LocalApiServer, localApiServer } from "../apiserver/index.ts";
import { VirtualClock } from "../base/index.ts";
import { Chance } from "./chance.ts";
import { CLUSTERS, type ProofCluster } from "./clusters.ts";
import { Network } from "./network.ts";
import { settleFiles } from "./real-files.ts";
import { RecorderProcess } from "./recorder-process.ts";
import type { Schedule, Setting } from "./schedule.ts";
import { Workload } from "./workload.ts";

export class World {
  readonly clock: VirtualClock;
  readonly cluster: ProofCluster;
  readonly work: Workload;
  readonly network: Network;
  readonly recorder: RecorderProcess;
  /** Faults of the server that are in force. */
  readonly hooks: Set<FaultHooks> = new Set();
  readonly setting: Setting;
  readonly #isOldKubelet: boolean;
  /** What the run does next, before virtual time goes on. */
  readonly wishes: ("start" | "stop")[] = [];
  /** Faults in force that want the recorder down. */
  downs = 0;
  /** Names of users that the server does not know now, and of what may not be read. */
  readonly access: { isUnknown: () => boolean; isDenied: (plural: string) => boolean } = {
    isUnknown: () => false,
    isDenied: () => false,
  };
  #server: LocalApiServer;

  constructor({ seed, setting, faults }: Schedule, directory: string) {
    this.setting = setting;
    // What a file shows must not change while it is read, so its kubelet is an old one from the beginning.
    this.#isOldKubelet = faults.some(({ fault }) => fault === "F64");
    this.clock = new VirtualClock(Date.UTC(2026, 0, 1), seed, settleFiles);
    const cluster = CLUSTERS[setting.cluster % CLUSTERS.length];
    if (cluster === undefined) throw new RangeError("no such cluster");
    this.cluster = cluster;
    this.work = new Workload(cluster, this.clock);
    this.#server = this.#open();
    this.network = new Network({
      clock: this.clock,
      server: (request) => this.#server.exchange(request),
      page: setting.page,
    });
    this.recorder = new RecorderProcess({
      clock: this.clock,
      network: this.network,
      cluster,
      directory,
      chance: new Chance(seed),
    });
  }

  /** Another server in the place of this one, over the same etcd: its watch caches begin now. */
  replaceServer(how: "clean" | "abrupt"): void {
    if (how === "abrupt") for (const connection of this.network.connections) connection.finish("reset");
    this.#server.close();
    this.#server = this.#open();
  }

  close(): void {
    this.#server.close();
  }

  #open(): LocalApiServer {
    const { window, watchList, bookmarkMs } = this.setting;
    const bounds = window === 0 ? DEFAULT_WINDOW : { minEvents: window, maxEvents: window, freshMs: 0 };
    return localApiServer({
      history: this.work.history,
      logs: this.work.logs,
      clock: this.clock,
      window: bounds,
      settings: { watchList, bookmarkMs, timestampPerPiece: this.#isOldKubelet },
      faults: this.#hooks(),
      authenticate: () => (this.access.isUnknown() ? undefined : "faro"),
      authorize: ({ resource }) => resource === undefined || !this.access.isDenied(resource.plural),
    });
  }

  #hooks(): FaultHooks {
    const all = (): FaultHooks => compose(...this.hooks);
    const none = (): boolean => this.hooks.size === 0;
    return {
      onRequest: (request) => (none() ? undefined : all().onRequest?.(request)),
      onWatchEvent: (item) => (none() ? undefined : all().onWatchEvent?.(item)),
      onLogChunk: (item) => (none() ? undefined : all().onLogChunk?.(item)),
    };
  }
}

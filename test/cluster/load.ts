/**
 * Changes without a pause, so that there is something to lose at every moment: versions of ConfigMaps that a Deployment owns,
 * ConfigMaps that come and go, Events about the Deployment and their repetitions, and rollouts of it.
 */
import { isoTime, systemClock } from "../../src/base/index.ts";
import { Api, type ApiAnswer } from "./api.ts";
import { configMap } from "./workloads.ts";

export interface LoadOptions {
  readonly namespace: string;
  /** Name and uid of the Deployment that owns everything, so that all of it is one story. */
  readonly deployment: string;
  readonly uid: string;
  /** Changes a second that are aimed at; a server that is away takes none. */
  readonly perSecond: number;
  /** Pods are replaced after so many changes; never, unless given. */
  readonly rolloutEvery?: number;
}

const WRITERS = 6;
const CONFIG_MAPS = 20;
/** Events are repeated (`count`) so often before a new one is made. */
const REPETITIONS = 8;

/** A load under way. */
export class Load {
  readonly #options: LoadOptions;
  readonly #api = new Api();
  readonly #writers: readonly Promise<void>[];
  readonly #since = systemClock.monotonic();
  #isRunning = true;
  #next = 0;
  #done = 0;
  #failed = 0;

  private constructor(options: LoadOptions) {
    this.#options = options;
    this.#writers = Array.from({ length: WRITERS }, () => this.#write());
  }

  /** Makes the ConfigMaps and begins. */
  static async start(options: LoadOptions): Promise<Load> {
    const api = new Api();
    for (let index = 0; index < CONFIG_MAPS; index++) {
      await api.create(`/api/v1/namespaces/${options.namespace}/configmaps`, owned(options, `load-${index}`));
    }
    api.close();
    return new Load(options);
  }

  /** Changes made so far, and tries that failed. */
  get counts(): { readonly done: number; readonly failed: number } {
    return { done: this.#done, failed: this.#failed };
  }

  /** Ends it. Returns how many changes a second there were over the whole time, outages included. */
  async stop(): Promise<number> {
    this.#isRunning = false;
    await Promise.all(this.#writers);
    this.#api.close();
    return this.#done / ((systemClock.monotonic() - this.#since) / 1_000);
  }

  async #write(): Promise<void> {
    const pauseMs = (WRITERS * 1_000) / this.#options.perSecond;
    while (this.#isRunning) {
      const began = systemClock.monotonic();
      const answer = await this.#change(this.#next++).catch(() => undefined);
      if (answer !== undefined && answer.status < 300) this.#done++;
      else this.#failed++;
      const left = pauseMs - (systemClock.monotonic() - began);
      if (left > 1) await systemClock.sleep(left);
    }
  }

  async #change(index: number): Promise<ApiAnswer> {
    const { namespace, deployment, rolloutEvery } = this.#options;
    const maps = `/api/v1/namespaces/${namespace}/configmaps`;
    if (rolloutEvery !== undefined && index % rolloutEvery === rolloutEvery - 1) return await this.#roll(index);
    if (index % 40 === 0)
      return await this.#api.patch(`/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`, annotation("at", index));
    if (index % 10 === 3) return await this.#tell(Math.floor(index / 10));
    if (index % 20 === 5) return await this.#api.create(maps, owned(this.#options, `brief-${index}`));
    if (index % 20 === 15) return await this.#api.remove(`${maps}/brief-${index - 10}`);
    return await this.#api.patch(`${maps}/load-${index % CONFIG_MAPS}`, { data: { at: String(index) } });
  }

  /** What `kubectl rollout restart` does. */
  async #roll(index: number): Promise<ApiAnswer> {
    const { namespace, deployment } = this.#options;
    const template = annotation("restarted", index);
    return await this.#api.patch(`/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`, { spec: { template } });
  }

  /** An Event, or another count of it, as client-go's recorder writes them (`tools/record/event.go`). */
  async #tell(index: number): Promise<ApiAnswer> {
    const { namespace, deployment, uid } = this.#options;
    const path = `/api/v1/namespaces/${namespace}/events`;
    const name = `${deployment}.${Math.floor(index / REPETITIONS)}`;
    const count = (index % REPETITIONS) + 1;
    const now = `${isoTime(systemClock.now()).slice(0, 19)}Z`;
    if (count > 1) return await this.#api.patch(`${path}/${name}`, { count, lastTimestamp: now });
    return await this.#api.create(path, {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name },
      involvedObject: { apiVersion: "apps/v1", kind: "Deployment", namespace, name: deployment, uid },
      type: "Normal",
      reason: "Loaded",
      message: "another change",
      source: { component: "load" },
      firstTimestamp: now,
      lastTimestamp: now,
      count,
    });
  }
}

function owned({ deployment, uid }: LoadOptions, name: string): unknown {
  return configMap(name, { at: "0" }, { apiVersion: "apps/v1", kind: "Deployment", name: deployment, uid });
}

function annotation(name: string, value: number): object {
  return { metadata: { annotations: { [`load/${name}`]: String(value) } } };
}

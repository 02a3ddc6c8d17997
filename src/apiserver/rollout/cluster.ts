/**
 * What the parts of the simulated cluster share: the history they read and write, time at the speed of the play,
 * chance, and Events. Every part reacts to changes in the history and to nothing else, like the real ones.
 */
import { type Clock, Scope } from "../../base/index.ts";
import { type ClusterHistory, type HistoryRef, keyOf, secondsTime, type StoredVersion } from "../history.ts";
import { listAt, textAt, valueAt } from "../json-value.ts";
import { decodeKubeObject, type KubeObject } from "../kube-object.ts";
import type { ContainerLogs } from "../logs.ts";
import { withWriter } from "./managed-fields.ts";
import { Seeded } from "./seeded.ts";

export interface ClusterOptions {
  readonly history: ClusterHistory;
  readonly logs: ContainerLogs;
  readonly clock: Clock;
  /** 2 plays twice as fast; timestamps follow the clock. */
  readonly speed: number;
  readonly signal?: AbortSignal;
}

export class SimulatedCluster {
  readonly history: ClusterHistory;
  readonly logs: ContainerLogs;
  readonly clock: Clock;
  readonly chance: Seeded = new Seeded(20_26);
  readonly scope: Scope;
  readonly #speed: number;
  readonly #unsubscribe: (() => void)[] = [];
  #failure: Error | undefined;

  constructor(options: ClusterOptions) {
    this.history = options.history;
    this.logs = options.logs;
    this.clock = options.clock;
    this.#speed = options.speed;
    this.scope = new Scope((error) => {
      this.#failure ??= error;
    }, options.signal);
    this.signal.addEventListener("abort", () => this.#unsubscribe.forEach((stop) => stop()), { once: true });
  }

  /** The first error of any part; a bug of the simulation. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** Waits in the time of the play. */
  pause(ms: number, signal: AbortSignal = this.signal): Promise<void> {
    return this.clock.sleep(ms / this.#speed, signal);
  }

  /** Now, as `metav1.Time`. */
  now(): string {
    return secondsTime(this.clock.now());
  }

  /** Resolves as soon as `holds` after some change; at once when it does already. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        unsubscribe();
        reject(new Error("the play was stopped"));
      };
      const unsubscribe = this.history.subscribe(() => {
        if (!holds()) return;
        unsubscribe();
        this.signal.removeEventListener("abort", onAbort);
        resolve();
      });
      this.signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** The object as it is now. */
  read(ref: HistoryRef): KubeObject | undefined {
    const storage = this.history.resources.byKind(ref.apiVersion, ref.kind)?.storage ?? "";
    const version = this.history.get(storage, keyOf(ref.namespace, ref.name));
    return version === undefined ? undefined : decodeKubeObject(version.text);
  }

  /** All objects of a storage that have this owner. */
  ownedBy(storage: string, uid: string): readonly KubeObject[] {
    const snapshot = this.history.read(storage);
    const objects = snapshot.kind === "state" ? snapshot.versions.map((version) => decodeKubeObject(version.text)) : [];
    return objects.filter((object) =>
      listAt(object, "metadata", "ownerReferences").some((owner) => textAt(owner, "uid") === uid),
    );
  }

  /** Creates an object in the name of a component. */
  create(object: KubeObject, manager: string): StoredVersion {
    const { metadata } = object;
    const body = Object.fromEntries(Object.entries(object).filter(([key]) => !["apiVersion", "kind", "metadata"].includes(key)));
    const written = { metadata: { labels: metadata.labels, ownerReferences: metadata["ownerReferences"] }, ...body };
    const withUid = {
      ...object,
      metadata: { ...metadata, uid: metadata.uid ?? this.chance.uid(), creationTimestamp: this.now() },
    };
    return this.history.create(withWriter(withUid, { manager, time: this.now(), fields: JSON.parse(JSON.stringify(written)) }));
  }

  /** Replaces `status` in the name of a component. Nothing happens when it stays the same or the object is gone. */
  writeStatus(ref: HistoryRef, manager: string, status: Readonly<Record<string, unknown>>): void {
    const object = this.read(ref);
    if (object === undefined || JSON.stringify(valueAt(object, "status")) === JSON.stringify(status)) return;
    const written = { manager, subresource: "status", time: this.now(), fields: { status } } as const;
    this.history.update(withWriter({ ...object, status }, written));
  }

  /** Changes anything but `status` in the name of a component. */
  write(ref: HistoryRef, manager: string, change: (object: KubeObject) => KubeObject): void {
    const object = this.read(ref);
    if (object === undefined) return;
    const changed = change(object);
    this.history.update(withWriter(changed, { manager, time: this.now(), fields: { spec: valueAt(changed, "spec") } }));
  }

  /** Runs `react` in the background a moment after each change that `concerns` it. */
  react(name: string, concerns: (version: StoredVersion) => boolean, react: (version: StoredVersion) => Promise<void>): void {
    const unsubscribe = this.history.subscribe((version) => {
      if (concerns(version)) this.scope.start(name, () => react(version));
    });
    this.#unsubscribe.push(unsubscribe);
  }

  /** A work queue with one key: changes that come while a sync is due are served by that sync (client-go `workqueue`). */
  reconcile(name: string, concerns: (version: StoredVersion) => boolean, sync: () => void): void {
    let isDue = false;
    this.react(
      name,
      (version) => !isDue && concerns(version),
      async () => {
        isDue = true;
        await this.pause(this.chance.between(12, 45));
        isDue = false;
        sync();
      },
    );
  }
}

/** How to name an object that was read. */
export function refOf(object: KubeObject): HistoryRef {
  const { namespace, name } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** An owner reference to a controller. */
export function controlledBy(owner: KubeObject): readonly unknown[] {
  const { apiVersion, kind, metadata } = owner;
  return [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }];
}

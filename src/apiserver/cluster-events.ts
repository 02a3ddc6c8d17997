/** What happens to a cluster as a whole: compaction, the end of leases, namespaces that go, tokens that expire. */
import type { Clock } from "../base/index.ts";
import type { AccessHooks } from "./access.ts";
import { type ClusterHistory, randomUid, secondsTime, type StoredVersion } from "./history.ts";
import { decodeKubeObject } from "./kube-object.ts";

/**
 * Compacts again and again, each time to where the history stood the time before, as the API server does every five
 * minutes (`etcd3/compact.go`). `keep: "nothing"`: to the newest revision. The returned function ends it.
 */
export function compactPeriodically(
  history: ClusterHistory,
  clock: Clock,
  options: { readonly everyMs: number; readonly keep?: "one period" | "nothing" },
): () => void {
  let before = history.revision;
  let cancel = (): void => undefined;
  const wait = (): void => {
    cancel = clock.after(options.everyMs, () => {
      history.compact(options.keep === "nothing" ? history.revision : before);
      before = history.revision;
      wait();
    });
  };
  wait();
  return () => cancel();
}

/** Compacts after every change, as soon as the clock moves. The returned function ends it. */
export function compactAtOnce(history: ClusterHistory, clock: Clock): () => void {
  return history.subscribe(() => void clock.after(0, () => history.compact(history.revision)));
}

/**
 * Removes the Events of `ttlMs` ago or earlier (one hour unless given), all at one revision: etcd revokes their leases,
 * and a lease is shared by up to 1000 keys (`etcd3/lease_manager.go`).
 */
export function expireEvents(history: ClusterHistory, clock: Clock, ttlMs: number = 3_600_000): readonly StoredVersion[] {
  const kept = history.read("/events");
  const old = kept.kind === "state" ? kept.versions.filter((version) => version.at + ttlMs <= clock.now()) : [];
  if (old.length === 0) return [];
  return history.remove(...old.map((version) => refOf(version)));
}

/** Marks a namespace as terminating; the returned function empties it, object by object, and removes it. */
export function terminateNamespace(history: ClusterHistory, clock: Clock, name: string): () => void {
  const ref = { apiVersion: "v1", kind: "Namespace", name };
  const deletionTimestamp = secondsTime(clock.now());
  history.modify(ref, (namespace) => ({
    ...namespace,
    metadata: { ...namespace.metadata, deletionTimestamp },
    status: { phase: "Terminating" },
  }));
  return () => {
    const storages = new Set(
      history.resources.all().flatMap((definition) => (definition.namespaced ? [definition.storage] : [])),
    );
    for (const storage of storages) {
      const objects = history.read(storage);
      if (objects.kind !== "state") continue;
      for (const version of objects.versions) if (version.namespace === name) history.remove(refOf(version));
    }
    history.remove(ref);
  };
}

/** Bearer tokens that expire and can be revoked. `authenticate` goes into the options of a server. */
export class Tokens implements AccessHooks {
  readonly #clock: Clock;
  readonly #tokens = new Map<string, { readonly user: string; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new token that is good for `ttlMs`. */
  issue(user: string, ttlMs: number = Number.POSITIVE_INFINITY): string {
    const token = randomUid(this.#clock);
    this.#tokens.set(token, { user, until: this.#clock.now() + ttlMs });
    return token;
  }

  revoke(token: string): void {
    this.#tokens.delete(token);
  }

  readonly authenticate: NonNullable<AccessHooks["authenticate"]> = ({ headers }) => {
    const entry = this.#tokens.get((headers["authorization"] ?? "").replace(/^Bearer /, ""));
    return entry !== undefined && entry.until > this.#clock.now() ? entry.user : undefined;
  };
}

function refOf(version: StoredVersion): {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
} {
  const { apiVersion, kind } = decodeKubeObject(version.text);
  return { apiVersion, kind, name: version.name, ...(version.namespace !== undefined && { namespace: version.namespace }) };
}

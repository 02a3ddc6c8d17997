/**
 * The judge while etcd is compacted: it watches etcd's history from the beginning of a test on, so that no compaction can take
 * anything from it. For each change it also keeps the moment at which it heard of it, to hold gaps to their times.
 */
import { systemClock } from "../../src/base/index.ts";
import { currentRevision, decodeChange, putMarker, type StoredChange, type StoredVersion, watchHistory } from "./etcd-history.ts";
import { until } from "./waiting.ts";

/** A version, and when the judge heard of it. */
export interface FollowedVersion extends StoredVersion {
  readonly storedAt: number;
}

/** Follows everything that is stored from `start` on, until `stop`. */
export class HistoryFollower {
  readonly versions: FollowedVersion[] = [];
  readonly #etcd: string;
  readonly #ending = new AbortController();
  readonly #following: Promise<void>;
  /** Values by key. A deletion carries none, and the one before it may be compacted by the time etcd looks for it. */
  readonly #values = new Map<string, string>();
  #revision = 0;
  #failure: unknown;

  private constructor(etcd: string, from: number) {
    this.#etcd = etcd;
    this.#following = this.#follow(from).catch((error: unknown) => {
      if (!this.#ending.signal.aborted) this.#failure = error;
    });
  }

  static async start(etcd: string): Promise<HistoryFollower> {
    return new HistoryFollower(etcd, (await currentRevision(etcd)) + 1);
  }

  /** Waits until everything that is stored now has been heard of, and returns the revision of now. */
  async caughtUp(): Promise<number> {
    const revision = await putMarker(this.#etcd);
    await until(`etcd's history up to ${revision}`, 60_000, () => {
      if (this.#failure !== undefined) throw new Error("the judge lost etcd's history", { cause: this.#failure });
      return this.#revision >= revision;
    });
    return revision;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#following;
  }

  async #follow(from: number): Promise<void> {
    for await (const changes of watchHistory(this.#etcd, { from, signal: this.#ending.signal })) {
      for (const change of changes) this.#take(change);
    }
  }

  #take({ type, kv, prev_kv: before }: StoredChange): void {
    const deleted = type === "DELETE";
    const value = deleted ? (this.#values.get(kv.key) ?? before?.value ?? "") : (kv.value ?? "");
    if (deleted) this.#values.delete(kv.key);
    else this.#values.set(kv.key, value);
    this.#revision = Number(kv.mod_revision);
    const version = decodeChange(this.#revision, value, deleted);
    if (version !== undefined) this.versions.push({ ...version, storedAt: systemClock.now() });
  }
}

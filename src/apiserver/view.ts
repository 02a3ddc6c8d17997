/**
 * What one API server has seen of the history: its watch cache follows etcd, some time or some revisions behind it.
 * Several servers over one history have a view each. Kinds without a watch cache are read from the history itself.
 */
import type { Clock } from "../base/index.ts";
import { type ClusterHistory, compareKeys, type StoredVersion } from "./history.ts";

/** A change with the state before it, which decides whether the object starts or stops to match a selection. */
export interface Transition {
  readonly version: StoredVersion;
  readonly before: StoredVersion | undefined;
}

/** How far behind etcd a server is: both bounds hold. Nothing: not at all. */
export interface Lag {
  /** A change is seen so long after it was made. */
  readonly ms?: number;
  /** The newest so many revisions are not seen yet. */
  readonly revisions?: number;
}

export interface ViewOptions {
  readonly lag?: Lag;
  /**
   * True for a change that the cache misses for good, such as the deletions of kubernetes #123072: the server goes on
   * showing the object as it was, until it changes again or the server is restarted.
   */
  readonly misses?: (version: StoredVersion) => boolean;
}

export class ServerView {
  readonly #history: ClusterHistory;
  readonly #clock: Clock;
  readonly #misses: (version: StoredVersion) => boolean;
  readonly #listeners = new Set<(transition: Transition) => void>();
  /** Changes that are stored and not seen yet, oldest first. */
  #pending: Transition[] = [];
  /** What the cache holds of objects whose last change it missed. */
  readonly #missed = new Map<
    string,
    { readonly storage: string; readonly key: string; readonly held: StoredVersion | undefined }
  >();
  #lag: Lag;
  readonly #unsubscribe: () => void;

  constructor(history: ClusterHistory, clock: Clock, options: ViewOptions = {}) {
    this.#history = history;
    this.#clock = clock;
    this.#lag = options.lag ?? {};
    this.#misses = options.misses ?? (() => false);
    this.#unsubscribe = history.subscribe((version) => this.#arrive(version));
  }

  /** The newest revision that this server has seen. */
  get revision(): number {
    const next = this.#pending[0];
    return next === undefined ? this.#history.revision : next.version.revision - 1;
  }

  /** From now on so far behind. */
  lag(lag: Lag): void {
    this.#lag = lag;
    this.#catchUp();
  }

  /** All objects of a storage as this server knows them, in the order of their keys. */
  read(storage: string): readonly StoredVersion[] {
    const now = this.#history.read(storage);
    const versions = now.kind === "state" ? now.versions : [];
    const unseen = this.#pending.filter(({ version }) => version.storage === storage).reverse();
    const missed = [...this.#missed.values()].filter((entry) => entry.storage === storage);
    if (unseen.length === 0 && missed.length === 0) return versions;
    const state = new Map(versions.map((version) => [version.key, version]));
    for (const { version, before } of unseen) put(state, version.key, before);
    for (const { key, held } of missed) put(state, key, held);
    return [...state.values()].sort((a, b) => compareKeys(a.key, b.key));
  }

  /** Hears of every change as this server sees it; the returned function ends it. */
  subscribe(listener: (transition: Transition) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The cache is filled anew from etcd: it holds everything, and forgets what it missed. */
  refill(): void {
    this.#pending = [];
    this.#missed.clear();
  }

  close(): void {
    this.#unsubscribe();
    this.#listeners.clear();
  }

  #arrive(version: StoredVersion): void {
    const transition = { version, before: this.#history.previousOf(version) };
    this.#pending.push(transition);
    const { ms = 0 } = this.#lag;
    if (ms > 0) this.#clock.after(ms, () => this.#catchUp());
    this.#catchUp();
  }

  #catchUp(): void {
    for (let next = this.#pending[0]; next !== undefined && this.#isDue(next.version); next = this.#pending[0]) {
      this.#pending.shift();
      this.#see(next);
    }
  }

  #isDue(version: StoredVersion): boolean {
    const { ms = 0, revisions = 0 } = this.#lag;
    return version.at + ms <= this.#clock.now() && version.revision + revisions <= this.#history.revision;
  }

  #see({ version, before }: Transition): void {
    const id = `${version.storage} ${version.key}`;
    const missed = this.#missed.get(id);
    const held = missed === undefined ? before : missed.held;
    if (this.#misses(version)) {
      this.#missed.set(id, { storage: version.storage, key: version.key, held });
      return;
    }
    this.#missed.delete(id);
    for (const listener of this.#listeners) listener({ version, before: held });
  }
}

function put(state: Map<string, StoredVersion>, key: string, version: StoredVersion | undefined): void {
  if (version === undefined || version.change === "DELETED") state.delete(key);
  else state.set(key, version);
}

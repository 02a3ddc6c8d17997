/**
 * How far back a watch may begin: the API server's watch cache keeps a bounded number of recent changes per resource
 * (`storage/cacher/watch_cache.go`). It starts at the revision at which the server listed the resource, holds 100
 * changes, and grows while the oldest of them is younger than 75 s (`DefaultEventFreshDuration`), up to 102 400.
 */
import type { ServerView, Transition } from "./view.ts";

export interface WindowBounds {
  readonly minEvents: number;
  readonly maxEvents: number;
  readonly freshMs: number;
}

/** Kubernetes' own figures (`defaultLowerBoundCapacity`, `defaultUpperBoundCapacity`). */
export const DEFAULT_WINDOW: WindowBounds = { minEvents: 100, maxEvents: 102_400, freshMs: 75_000 };

interface Window {
  capacity: number;
  /** The oldest revision from which a watch may begin. */
  floor: number;
  events: Transition[];
}

/** The windows of one server. A second server over the same history has its own. */
export class WatchWindows {
  readonly #view: ServerView;
  readonly #bounds: WindowBounds;
  #startedAt: number;
  readonly #windows = new Map<string, Window>();

  constructor(view: ServerView, bounds: WindowBounds = DEFAULT_WINDOW) {
    this.#view = view;
    this.#bounds = bounds;
    this.#startedAt = view.revision;
    view.subscribe((transition) => this.#add(transition));
  }

  /** The oldest revision that a watch of this storage may name without a 410. */
  floorOf(storage: string): number {
    return this.#windows.get(storage)?.floor ?? this.#startedAt;
  }

  /**
   * The changes after a revision, oldest first. They are this server's own: a compaction of the history does not
   * touch them, so that a watch may begin where an exact read no longer can.
   */
  since(storage: string, revision: number): readonly Transition[] {
    return this.#windows.get(storage)?.events.filter(({ version }) => version.revision > revision) ?? [];
  }

  /** Forgets the past of a storage: its cache was built anew, as after an edit of a CustomResourceDefinition. */
  reset(storage: string): void {
    this.#windows.set(storage, { capacity: this.#bounds.minEvents, floor: this.#view.revision, events: [] });
  }

  /** Forgets everything: the server was started again. */
  restart(): void {
    this.#windows.clear();
    this.#startedAt = this.#view.revision;
  }

  #add(transition: Transition): void {
    const { version } = transition;
    const window = this.#windows.get(version.storage) ?? { capacity: this.#bounds.minEvents, floor: this.#startedAt, events: [] };
    this.#windows.set(version.storage, window);
    const oldest = window.events[0]?.version;
    if (window.events.length >= window.capacity && oldest !== undefined) {
      const isFresh = version.at - oldest.at < this.#bounds.freshMs;
      if (isFresh) window.capacity = Math.min(window.capacity * 2, this.#bounds.maxEvents);
    }
    window.events.push(transition);
    if (window.events.length <= window.capacity) return;
    window.events.shift();
    window.floor = (window.events[0]?.version.revision ?? version.revision) - 1;
  }
}

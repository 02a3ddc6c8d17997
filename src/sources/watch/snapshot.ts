/**
 * A list of identities that is taken while the watch goes on, and what it says of the watch. The two never stand at the same
 * version, so nothing is compared but what both must know: changes up to the list's version, once the watch is past it.
 */
import { type Clock, compareResourceVersions } from "../../base/index.ts";
import type { ApiClient } from "../../cluster/index.ts";
import { listPages } from "./list.ts";
import type { KnownVersion, KnownVersions, WatchTarget } from "./watch-item.ts";

/** Where list and watch disagree. */
export interface Difference {
  readonly uid: string;
  /** What the watch says; absent for an object it never showed. */
  readonly known: KnownVersion | undefined;
  /** What the list says; absent for an object that is gone. */
  readonly listed: KnownVersion | undefined;
}

export interface SnapshotSource {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly target: WatchTarget;
  readonly signal: AbortSignal;
}

export class Snapshot {
  readonly #listed = new Map<string, KnownVersion>();
  readonly #deletedMeanwhile = new Set<string>();
  #resourceVersion = "";
  #at = 0;

  /** Version of the list; empty until it is complete. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** Wall clock in ms since 1970 at which it was complete. */
  get at(): number {
    return this.#at;
  }

  /** Reads the list, without the objects' data. @throws what `listPages` throws. */
  async take(of: SnapshotSource): Promise<void> {
    const { client, clock, target, signal } = of;
    let resourceVersion = "";
    for await (const page of listPages(client, { ...target, metadataOnly: true }, { whole: false, signal })) {
      for (const { uid, resourceVersion: version, name, namespace } of page.items)
        this.#listed.set(uid, { resourceVersion: version, name, namespace });
      resourceVersion = page.resourceVersion;
    }
    this.#resourceVersion = resourceVersion;
    this.#at = clock.now();
  }

  /** To be called for each deletion that the watch tells from the moment the list is asked for. */
  noteDeletion(uid: string): void {
    this.#deletedMeanwhile.add(uid);
  }

  /** What the watch, being past the list's version, should know and does not. */
  differences(known: KnownVersions): readonly Difference[] {
    const differences: Difference[] = [];
    for (const [uid, listed] of this.#listed) {
      const version = known.get(uid);
      const isBehind = version === undefined ? !this.#deletedMeanwhile.has(uid) : order(version, listed.resourceVersion) < 0;
      if (isBehind) differences.push({ uid, known: version, listed });
    }
    for (const [uid, version] of known) {
      if (this.#listed.has(uid) || order(version, this.#resourceVersion) > 0) continue;
      differences.push({ uid, known: version, listed: undefined });
    }
    return differences;
  }
}

function order(version: KnownVersion, other: string): number {
  return compareResourceVersions(version.resourceVersion, other) ?? 0;
}

/**
 * What really happened: every version that the cluster had, with its moment, and every line that was written to a log. The oracles
 * hold a recording against this, so it is kept beside the server and not read through it.
 */
import type { ClusterHistory, StoredVersion } from "../apiserver/index.ts";
import type { Clock } from "../base/index.ts";

/** One version of one object, as etcd had it. */
export interface TrueVersion {
  /** Rises when the cluster's revisions begin again: a restored backup. */
  readonly epoch: number;
  readonly revision: number;
  readonly change: "ADDED" | "MODIFIED" | "DELETED";
  readonly storage: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
  readonly text: string;
  /** Virtual milliseconds. */
  readonly at: number;
}

/** The log of one container instance, whatever of it the node still has. */
export interface TrueLog {
  readonly containerId: string;
  readonly podUid: string;
  readonly container: string;
  /** As the API sends them with timestamps. */
  readonly lines: string[];
  /** When each of them was written, virtual milliseconds. */
  readonly moments: number[];
  /** Its first file was rotated away. */
  isRotated: boolean;
}

export class Truth {
  readonly versions: TrueVersion[] = [];
  /** Every version of one object, oldest first. */
  readonly byUid: Map<string, TrueVersion[]> = new Map();
  readonly logs: Map<string, TrueLog> = new Map();
  /** Revisions that etcd forgot, and when. */
  readonly compactions: { readonly at: number; readonly revision: number }[] = [];
  epoch = 1;
  readonly #clock: Clock;

  constructor(history: ClusterHistory, clock: Clock) {
    this.#clock = clock;
    history.subscribe((version) => this.#add(version));
  }

  #add(version: StoredVersion): void {
    const { revision, change, storage, namespace, name, uid, text } = version;
    const at = this.#clock.monotonic();
    const kept: TrueVersion = { epoch: this.epoch, revision, change, storage, namespace, name, uid, text, at };
    this.versions.push(kept);
    const versions = this.byUid.get(uid);
    if (versions === undefined) this.byUid.set(uid, [kept]);
    else versions.push(kept);
  }

  /** The oldest revision that could still be read at a moment. */
  compactedAt(at: number): number {
    return this.compactions.reduce((most, compaction) => (compaction.at <= at ? Math.max(most, compaction.revision) : most), 0);
  }
}

/** What comes out of a watch: every version that was seen, and every moment at which one may have been missed. */
import type { ApiResource } from "../../cluster/index.ts";
import type { Stencil } from "./repeats.ts";
import type { PlacedSlice } from "./slices.ts";

/** What is watched: one kind, in all namespaces or one, or a single object by name. */
export interface WatchTarget {
  readonly resource: ApiResource;
  readonly namespace?: string;
  readonly name?: string;
  /** Read as `PartialObjectMetadata`, so that data never enters the process: Secrets. */
  readonly metadataOnly: boolean;
}

/** One object as it came off the wire. `parsed` is what `raw` says, `managedFields` left out, for facts only: `raw` is the evidence. */
export interface WireObject {
  readonly raw: Buffer;
  readonly parsed: unknown;
  readonly uid: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly resourceVersion: string;
  /** Parts of `raw` that may be those of an earlier version, in their order; they do not overlap. */
  readonly slices?: readonly PlacedSlice[];
  /** What `raw` has in common with an earlier version, all but digits. */
  readonly stencil?: Stencil;
}

/** The last version of an object that a scope has seen. */
export interface KnownVersion {
  readonly resourceVersion: string;
  readonly name: string;
  readonly namespace: string | undefined;
}

/** Last version seen of each live object of a scope, by uid. Kept by the watcher, started by its owner. */
export type KnownVersions = Map<string, KnownVersion>;

/**
 * Names one version of one object: a deletion is a version of its own, and many deletions share one resourceVersion
 * (etcd revokes a lease in one transaction), so the uid belongs to it.
 */
export function versionKey(uid: string, resourceVersion: string, isDeleted: boolean): string {
  return `${uid}@${resourceVersion}${isDeleted ? " deleted" : ""}`;
}

/** The version that a key names. */
export function versionOfKey(key: string): string {
  const [version = ""] = key.slice(key.lastIndexOf("@") + 1).split(" ");
  return version;
}

export type DegradedCause = "forbidden" | "unauthorized" | "not-served" | "unreachable";

/** How a version came to be seen: `repair` read it back from etcd's history, `audit` found what the watch had left out. */
export type WatchObserver = "watch" | "list" | "relist" | "repair" | "audit";

/** Why a deletion that no server told is believed. */
export type VanishedBecause =
  /** A complete list no longer shows the object. */
  | "not-listed"
  /** The kind itself is gone from the cluster. */
  | "resource-removed"
  /** The cluster's history went back: the object is not in the one that is told now. */
  | "history-replaced";

/** Why changes may be missing. */
export type LostCause =
  | "history-expired"
  | "undecodable"
  /** The server says that an object it could not read was taken out of its store. */
  | "store-damaged"
  /** Versions went back, as after a restore of etcd. */
  | "history-replaced"
  | "resource-removed"
  /** The kind may be listed but not watched. */
  | "forbidden"
  /** The kind has no watch, so it is listed again and again. */
  | "polled";

export type WatchItem =
  | {
      readonly item: "object";
      readonly change: "ADDED" | "MODIFIED" | "DELETED" | "LISTED";
      readonly observedBy: WatchObserver;
      readonly object: WireObject;
      /** A newer version of the object came before this one. */
      readonly isLate?: true;
    }
  /** The object is gone, and no server told its deletion. */
  | {
      readonly item: "vanished";
      readonly uid: string;
      readonly known: KnownVersion;
      readonly because: VanishedBecause;
      readonly observedBy: "relist" | "repair" | "audit";
      /** True when the version that came out last is proven to be the one that was deleted. */
      readonly isFinalState: boolean;
      /** It still existed at `after`, and no longer at `by`, as far as that is known. Next to each other, `by` deleted it. */
      readonly after?: string;
      readonly by?: string;
    }
  /** A complete list: the state of the scope at `resourceVersion` is recorded. `changes` counts what differed from the known state. */
  | {
      readonly item: "listed";
      readonly resourceVersion: string;
      /** Wall clock in ms since 1970 at which the list was here: what comes later, the watch from its version tells. */
      readonly at: number;
      readonly objects: number;
      readonly changes: number;
      readonly relist: boolean;
      /** `full`: it is proven that nothing between the known state and this one is missing. */
      readonly repaired: RepairOutcome;
      /** True when every version of each listed object was found, so that only objects which came and went can be missing. */
      readonly isWhole: boolean;
      /** With `partial`: nothing after this version is missing. */
      readonly provenAfter?: string;
    }
  /** A watch from `resourceVersion` was accepted. That the history since is still there shows only by what it sends. */
  | {
      readonly item: "connected";
      readonly resourceVersion: string;
      /** How long that took, when it was asked for just now. */
      readonly tookMs?: number;
    }
  /** A bookmark: everything up to `resourceVersion` has come out. */
  | { readonly item: "reached"; readonly resourceVersion: string }
  /** The watch ended; it is resumed without loss unless a `lost` follows. */
  | {
      readonly item: "disconnected";
      readonly why: string;
      /** How long nothing had come, when that is why it ended: it may have been dead all the while. */
      readonly silentMs?: number;
    }
  /** History after `resourceVersion` is gone, or cannot be read: changes may be missing until the next `listed`. */
  | {
      readonly item: "lost";
      readonly cause: LostCause;
      readonly resourceVersion: string;
      readonly detail: string;
    }
  /** An audit found that the watch, although it stood all the time, left changes out between two versions. */
  | {
      readonly item: "missed";
      /** Wall clock in ms since 1970 of the last audit or list that agreed with the watch. */
      readonly since: number;
      /** When the audit's list was here. */
      readonly at: number;
      readonly fromVersion: string;
      readonly toVersion: string;
      readonly changes: number;
      readonly detail: string;
    }
  /** From here on versions belong to another history: one that was seen before may come again and mean something else. */
  | { readonly item: "epoch"; readonly detail: string }
  | { readonly item: "degraded"; readonly cause: DegradedCause; readonly detail: string; readonly failure: unknown }
  | { readonly item: "incident"; readonly what: string; readonly detail: string };

export type RepairOutcome = "none" | "partial" | "full";

/** Id of a scope: `<resource>/<namespace or *>`, with `/<name>` behind it for one object. */
export function scopeOf(target: WatchTarget, resourceName: string): string {
  const namespace = target.resource.namespaced ? (target.namespace ?? "*") : "*";
  return `${resourceName}/${namespace}${target.name === undefined ? "" : `/${target.name}`}`;
}

/**
 * How far one scope has got: the version at which a watch could go on without missing anything, were the recorder to start
 * again. Pure. A version counts once nothing of it can be outstanding: after a deletion only when a later version comes,
 * for etcd revokes a lease in one transaction and the stream may break between two deletions of one version.
 */
import { compareResourceVersions } from "../base/index.ts";
import type { WatchItem } from "../sources/index.ts";

/** Everything that the scope showed up to `resourceVersion` has a `seq` up to `upTo`. */
export interface Mark {
  readonly resourceVersion: string;
  readonly upTo: number;
}

export interface Progress {
  /** Where a watch can go on; `undefined` before the first list and after history was lost. */
  readonly safe: Mark | undefined;
  /** The newest version seen, perhaps in the middle of a batch of deletions. */
  readonly last: Mark | undefined;
}

export const NO_PROGRESS: Progress = { safe: undefined, last: undefined };

/** The progress of a watch that goes on at `mark`. */
export function resumedProgress(mark: Mark): Progress {
  return { safe: mark, last: mark };
}

/** Folds one item; `seq` is the last one given out, this item's own included. */
export function stepProgress(progress: Progress, item: WatchItem, seq: number): Progress {
  switch (item.item) {
    case "listed":
      return resumedProgress({ resourceVersion: item.resourceVersion, upTo: seq });
    case "lost":
      return NO_PROGRESS;
    case "reached":
      return reached(progress, { resourceVersion: item.resourceVersion, upTo: seq });
    case "connected":
      // After a quiet session of Events the watch stands at a younger version than the last one seen.
      return item.resourceVersion === progress.last?.resourceVersion
        ? progress
        : reached(progress, { resourceVersion: item.resourceVersion, upTo: seq });
    case "object":
      if (item.observedBy !== "watch") return progress;
      return changed(progress, { resourceVersion: item.object.resourceVersion, upTo: seq }, item.change === "DELETED");
    default:
      return progress;
  }
}

/** A bookmark may be old; it never moves the place back. */
function reached(progress: Progress, mark: Mark): Progress {
  return progress.last === undefined || isBehind(mark, progress.last) ? progress : resumedProgress(mark);
}

function changed({ safe, last }: Progress, mark: Mark, isDeletion: boolean): Progress {
  if (last === undefined || isBehind(mark, last)) return { safe, last };
  if (!isDeletion) return resumedProgress(mark);
  return { safe: mark.resourceVersion === last.resourceVersion ? safe : last, last: mark };
}

function isBehind(mark: Mark, than: Mark): boolean {
  return (compareResourceVersions(mark.resourceVersion, than.resourceVersion) ?? 1) < 0;
}

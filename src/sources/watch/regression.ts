/**
 * Whether the server tells another history than before. After a restore of etcd versions go back, and a watch from a version of
 * the old history is accepted and stays mute until the new one has passed it (apiserver `cache_watcher.go process` forwards only
 * newer versions; k/k #107457). Only a consistent list tells: its version is etcd's own.
 */
import { compareResourceVersions } from "../../base/index.ts";
import { type ApiClient, ApiFailure } from "../../cluster/index.ts";
import { ListRestart, listPages } from "./list.ts";
import type { WatchTarget } from "./watch-item.ts";

/** Says in what the server's history went back behind `seen`; `undefined` when it did not, or when it cannot be known now. */
export async function findRegression(
  of: { readonly client: ApiClient; readonly target: WatchTarget; readonly signal: AbortSignal },
  seen: string,
): Promise<string | undefined> {
  try {
    const pages = listPages(of.client, { ...of.target, metadataOnly: true }, { whole: false, limit: 1, signal: of.signal });
    for await (const { resourceVersion } of pages) return wentBack(resourceVersion, seen);
  } catch (error) {
    if (!(error instanceof ApiFailure) && !(error instanceof ListRestart)) throw error;
  }
  return undefined;
}

/** The words for a newest version behind what was seen; versions without an order prove nothing. */
export function wentBack(newest: string, seen: string): string | undefined {
  const order = compareResourceVersions(newest, seen) ?? 0;
  return order < 0 ? `the newest version is ${newest}, and ${seen} was seen before` : undefined;
}

/**
 * What the server's history holds between two versions, asked on a connection of its own. A watch that tells nothing may be idle, or
 * may be cut off without a word; what came and went meanwhile is in no list. A short watch from the older version is told everything
 * since, and its clean end shows that the connection stood until then.
 */
import { compareResourceVersions, LineSplitter } from "../../base/index.ts";
import type { ApiClient } from "../../cluster/index.ts";
import { OVERLAP_MS } from "./limits.ts";
import { openBriefly } from "./open-watch.ts";
import type { WatchTarget } from "./watch-item.ts";
import { parseWatchLine } from "./watch-line.ts";

export type Witness =
  /** The newest version of a change behind `from`, up to `to`; `undefined` when there was none. */
  { readonly witness: "heard"; readonly newest: string | undefined } | { readonly witness: "unsure" };

/** @throws ApiFailure as `ApiClient.stream`. */
export async function witnessBetween(
  of: { readonly client: ApiClient; readonly target: WatchTarget; readonly signal: AbortSignal },
  from: string,
  to: string,
): Promise<Witness> {
  const response = await openBriefly(of, from, OVERLAP_MS / 1_000);
  const lines = new LineSplitter();
  let newest: string | undefined;
  for await (const chunk of response.body) {
    for (const text of lines.push(chunk)) {
      const line = text.length === 0 ? undefined : parseWatchLine(text);
      if (line === undefined || line.type === "BOOKMARK") continue;
      if (line.type !== "ADDED" && line.type !== "MODIFIED" && line.type !== "DELETED") return { witness: "unsure" };
      const { resourceVersion } = line.object;
      if ((compareResourceVersions(resourceVersion, to) ?? 1) <= 0) newest = resourceVersion;
    }
  }
  return lines.pendingBytes > 0 ? { witness: "unsure" } : { witness: "heard", newest };
}

/** How long, how much, how often: the figures of the watch, each with its reason. */

/** Sessions of kinds with a watch cache: long enough to be cheap, short enough for load balancers, spread to avoid a rush. */
export const SESSION_S = { least: 240, most: 420 } as const;
/**
 * Sessions of Events. They are served from etcd without bookmarks (apiserver `DefaultWatchCacheSizes`, k/k #96052, #120348), so an
 * idle one is silent, and its resourceVersion ages towards etcd's compaction after five minutes.
 */
export const EVENT_SESSION_S = { least: 120, most: 180 } as const;
/** Bookmarks come about every 60 s (apiserver `cache_watcher.go nextBookmarkTime`); this long without a byte is not silence. */
export const BOOKMARKED_IDLE_MS = 90_000;
export const IDLE_MARGIN_MS = 10_000;
/** A session that told nothing for so long, not even a bookmark, may be one of a server whose history went back (k/k #107457). */
export const SILENT_MS = 90_000;
/** A server in disorder is asked for its newest version this often at most. */
export const PROBE_EVERY_MS = 60_000;
/** A resume point of this age is renewed while the watch still listens: etcd is compacted every five minutes. */
export const RESUME_AGE_MS = 100_000;
/** A younger one is not worth a list at the end of a session. */
export const RESUME_FRESH_MS = 10_000;
/** So long before a session's end its successor is opened. */
export const HANDOVER_MS = 10_000;
/** Lists closer to each other than this wait longer each time: the version of the one before was refused as too old. */
export const RELIST_CALM_MS = 10_000;
/** And no less than this, whatever the dice say: client-go waits so long, and nothing costs a server more than a list. */
export const RELIST_LEAST_MS = 800;
/** So long both are kept: what was committed before the list is delivered by then. */
export const OVERLAP_MS = 3_000;
/** Audits (k/k #123072): seldom enough to be cheap, spread so that scopes do not list at once. */
export const AUDIT_MS = { least: 600_000, most: 1_800_000 } as const;
export const POLL_MS = 15_000;
export const FORBIDDEN_RETRY_MS = 30_000;
export const NOT_SERVED_RETRY_MS = 3_000;
/** A kind that is not served for so long is gone: discovery has been asked again meanwhile, whether another version of it is. */
export const REMOVED_MS = 90_000;
/** etcd takes objects up to 1.5 MiB; a line far above that is a server gone wrong, and must not fill the memory. */
export const LINE_BYTES_MAX: number = 16 << 20;
/** A watch that ends within a second without an event is a hot loop in the making (client-go `VeryShortWatchError`). */
export const VERY_SHORT_MS = 1_000;
/** So many watches in a row may be as short and still tell something; then what ends them is asked less often. */
export const SHORT_WATCHES = 3;
export const UNDECODABLE_RETRIES = 2;
/** Refusals of a watch after which the scope is listed, should that be allowed. */
export const FORBIDDEN_WATCHES = 2;
/** What one relist may cost a server that has just come back. */
export const REPAIR: { readonly reads: number; readonly bytes: number } = { reads: 2_000, bytes: 64 << 20 };
/** So long after the last object of a streamed state its end must be told (k/k #122805). */
export const INITIAL_EVENTS_MS = 30_000;

/**
 * A watch that is behind is read so long at a stretch. A socket gives up to 2 MB in one turn of the event loop, for which nothing else, not
 * the answer of the disk either, would have its turn.
 */
export const TURN_MS = 5;

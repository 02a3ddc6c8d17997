/** O9: nothing is left open, nothing failed that must not, the run came to rest, and the server was asked well and not stormed. */
import type { Evidence, Violation } from "../evidence.ts";

/** Requests that start a list or a watch, per path. A server that is away is asked about every second, now and then twice. */
const PER_SECOND = 12;
const PER_MINUTE = 130;

export function bounded(evidence: Evidence): readonly Violation[] {
  const { left, failures, quietAt, restless, damaged } = evidence;
  return [
    ...(left.timers > 0 ? [wrong(`${left.timers} timers are left after the orderly end`)] : []),
    ...(left.connections > 0 ? [wrong(`${left.connections} connections are left after the orderly end`)] : []),
    ...failures.filter((text) => !isRefusal(text)).map((text) => wrong(`the capture ended by itself: ${text}`)),
    ...(quietAt === undefined ? [wrong(`the capture did not come to rest after the last fault: ${restless.join("; ")}`)] : []),
    ...damaged.filter((text) => evidence.lives.every(({ how }) => how !== "killed") && text !== "").map((text) => wrong(text)),
    ...storms(evidence),
    ...careless(evidence),
  ];
}

/** A capture may end when its only roots may not be read: that is told, and a supervisor starts it again. */
function isRefusal(text: string): boolean {
  return text.startsWith("FaroError");
}

function storms(evidence: Evidence): readonly Violation[] {
  const moments = new Map<string, number[]>();
  for (const { kind, path, at } of evidence.asked) {
    if (kind === "watch" || kind === "list") moments.set(path, [...(moments.get(path) ?? []), at]);
  }
  return [...moments].flatMap(([path, at]) => {
    const pages = evidence.asked.filter((asked) => asked.path === path && asked.query.has("continue")).length;
    const [second, minute] = [mostWithin(at, 1_000) - pages, mostWithin(at, 60_000) - pages];
    if (second > PER_SECOND) return [wrong(`${path} was asked ${second} times within a second`)];
    return minute > PER_MINUTE ? [wrong(`${path} was asked ${minute} times within a minute`)] : [];
  });
}

/**
 * A watch that names no version to go on from begins wherever the server is now, and a list that names one is content with
 * an older state: what lies between would be missing, and nobody would know. So would bookmarks that were not asked for.
 */
function careless(evidence: Evidence): readonly Violation[] {
  return evidence.asked.flatMap(({ kind, query, url }) => {
    const from = query.get("resourceVersion");
    if (kind === "list") return from === null ? [] : [wrong(`${url} may be answered with an older state`)];
    if (kind !== "watch") return [];
    const isPlaced = query.get("sendInitialEvents") === "true" ? from === null : from !== null && /^[1-9]/.test(from);
    // Nothing goes on from a watch of a few seconds: it is a look at what another one left out.
    const isMarked = query.get("allowWatchBookmarks") === "true" || Number(query.get("timeoutSeconds") ?? 0) < 10;
    return isPlaced && isMarked ? [] : [wrong(`${url} does not say where it goes on, and how`)];
  });
}

function mostWithin(moments: readonly number[], ms: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < moments.length; last++) {
    while ((moments[last] ?? 0) - (moments[first] ?? 0) > ms) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

function wrong(what: string): Violation {
  return { oracle: "O9", what };
}

/**
 * Where a watch stands, and where each ending and each failure leads. Pure: the table in the test is the specification, and the
 * driver (`watcher.ts`) does what a `Decision` says.
 */
import { describeFailure, type ApiFailure, type Failure, isExpired } from "../../cluster/index.ts";
import {
  FORBIDDEN_RETRY_MS,
  FORBIDDEN_WATCHES,
  NOT_SERVED_RETRY_MS,
  REMOVED_MS,
  SHORT_WATCHES,
  UNDECODABLE_RETRIES,
} from "./limits.ts";
import type { OpenWatch } from "./open-watch.ts";
import type { SessionEnd } from "./session.ts";
import type { DegradedCause, LostCause, WatchItem } from "./watch-item.ts";
import type { ResumePoint } from "./watch-line.ts";

/** Where the watcher stands. Every field a phase needs is in the phase; there are no flags beside it. */
export type WatchState =
  /** A list is to be read. `whole`: in one page. */
  | { readonly phase: "listing"; readonly whole: boolean; readonly before: Before }
  /** Lists are refused, but a watch that begins with the state may be allowed (KEP-3157). */
  | { readonly phase: "streaming"; readonly before: Before; readonly refusal: ApiFailure }
  | {
      readonly phase: "watching";
      readonly resume: ResumePoint;
      readonly opened?: OpenWatch;
      /** Why it could not be opened, when it was asked for behind the list. */
      readonly refused?: ApiFailure;
    }
  /** The watch was silent: is the server's history still the one that was seen? */
  | { readonly phase: "probing"; readonly resume: ResumePoint }
  /** The kind cannot be watched: list it again and again. */
  | { readonly phase: "polling"; readonly before: Before };

/** What a list is compared with. */
export type Before =
  /** Nothing was seen yet: the list is where the recording begins. */
  | { readonly before: "nothing" }
  /** The known state, which is exact at `since` where that is set. */
  | { readonly before: "state"; readonly since?: ResumePoint }
  /** Another history, whose versions say nothing about the known state. */
  | { readonly before: "other-history"; readonly why: string }
  /** The kind was gone, and all its objects with it. */
  | { readonly before: "removed" };

/** What is to be told, how long to wait, and where to go on. */
export interface Decision {
  readonly items: readonly WatchItem[];
  /** Milliseconds that the server wishes, at least; the back-off may say more. `undefined`: at once. */
  readonly waitMs: number | undefined;
  readonly next: WatchState;
  /** Nobody could serve the request, or not for long: the wait stays short, for every moment of it may be a gap. */
  readonly isAway?: true;
  /** Every known object ended with its kind. */
  readonly isRemoved?: true;
}

/** What happened in a row, as far as it matters. */
export interface Streaks {
  readonly undecodable: number;
  /** Watches that ended as soon as they stood. */
  readonly shortWatches: number;
  /** How long the kind has not been served, when it is not. */
  readonly notServedMs: number;
  readonly forbiddenWatches: number;
  /** The server does not begin watches with the state. */
  readonly isStreamingRefused: boolean;
}

export function listAgain(since: ResumePoint): WatchState {
  return { phase: "listing", whole: false, before: { before: "state", since } };
}

/** Where the end of a session leads. */
export function afterSession(end: SessionEnd, streaks: Streaks): Decision {
  const { resume } = end;
  const resumed: WatchState = { phase: "watching", resume };
  switch (end.end) {
    case "ended":
      // Each told something; asked again at once, whoever ends them would be asked as fast as the network allows.
      if (streaks.shortWatches > SHORT_WATCHES && !end.isVeryShort)
        return { items: [disconnected(end.why)], waitMs: 0, isAway: true, next: resumed };
      return { items: [disconnected(end.why)], waitMs: end.isVeryShort ? 0 : undefined, next: resumed };
    case "silent":
      return { items: [disconnected(end.why, end.silentMs)], waitMs: undefined, next: { phase: "probing", resume } };
    case "went-back":
      return otherHistory(resume, end.why);
    case "failed": {
      const decision = afterFailure(resumed, end.error, streaks);
      return { ...decision, items: [disconnected(end.error.message, end.silentMs), ...decision.items] };
    }
    case "expired":
      return afterExpiry(resume, end.why);
    case "damaged":
      return { items: [lost("store-damaged", resume, end.why)], waitMs: undefined, next: listAgain(resume) };
    case "refused":
      return { items: [disconnected(end.why)], waitMs: end.afterMs, next: resumed };
    case "undecodable":
      return afterUndecodable(resume, end.why, streaks);
    case "handed-over":
      return { items: [], waitMs: undefined, next: { phase: "watching", resume: end.next.from, opened: end.next } };
  }
}

/** Where a request that failed leads. History is kept unless the server says that it is gone. */
export function afterFailure(state: WatchState, error: ApiFailure, streaks: Streaks): Decision {
  const { failure } = error;
  const detail = describeFailure(failure);
  const status = failure.kind === "http" ? failure.status : 0;
  const { cause, waitMs } = judge(failure);
  const degraded: WatchItem[] = cause === undefined ? [] : [{ item: "degraded", cause, detail, failure: error }];
  if (isWatching(state)) {
    const { resume } = state;
    if (isExpired(failure)) return afterExpiry(resume, detail);
    if (status === 405) {
      const before: Before = { before: "state", since: resume };
      return { items: [lost("polled", resume, POLLED)], waitMs: undefined, next: { phase: "polling", before } };
    }
    if (isTooLarge(failure)) return { items: degraded, waitMs, next: { phase: "probing", resume } };
    if (status === 403 && streaks.forbiddenWatches >= FORBIDDEN_WATCHES)
      return { items: [...degraded, lost("forbidden", resume, detail)], waitMs, next: listAgain(resume) };
  }
  if (status === 404 && streaks.notServedMs >= REMOVED_MS && !isRemoved(state)) return removed(degraded, state, waitMs);
  if (state.phase === "listing" && (status === 403 || status === 405) && !streaks.isStreamingRefused)
    return { items: [], waitMs: undefined, next: { phase: "streaming", before: state.before, refusal: error } };
  if (state.phase === "streaming") return afterStreaming(state, error, degraded);
  return { items: degraded, waitMs, next: withoutOpened(state), ...awayIf(failure) };
}

export const POLLED = "the kind cannot be watched: it is listed, and versions between two lists may not be seen";

/** Of a batch of deletions that was cut in two some may be missing, so its own version is not known whole: the one before it is. */
export function lost(cause: LostCause, resume: ResumePoint, detail: string): WatchItem {
  return { item: "lost", cause, resourceVersion: resume.batchStart ?? resume.resourceVersion, detail };
}

export function otherHistory(resume: ResumePoint, why: string): Decision {
  return {
    items: [lost("history-replaced", resume, why)],
    waitMs: undefined,
    next: { phase: "listing", whole: false, before: { before: "other-history", why } },
  };
}

function afterExpiry(resume: ResumePoint, detail: string): Decision {
  if (resume.batchStart === undefined)
    return { items: [lost("history-expired", resume, detail)], waitMs: undefined, next: listAgain(resume) };
  // The version before a batch of deletions is gone, but the batch's own may still be there.
  return {
    items: [
      {
        item: "incident",
        what: "deletions of one version may be incomplete",
        detail: `history before ${resume.resourceVersion} is gone: ${detail}`,
      },
      lost("history-expired", resume, `deletions of version ${resume.resourceVersion} may be missing: ${detail}`),
    ],
    waitMs: undefined,
    next: listAgain(resume),
  };
}

function afterUndecodable(resume: ResumePoint, why: string, streaks: Streaks): Decision {
  const items: WatchItem[] = [disconnected(why), { item: "incident", what: "undecodable watch line", detail: why }];
  return streaks.undecodable > UNDECODABLE_RETRIES
    ? { items: [...items, lost("undecodable", resume, why)], waitMs: undefined, next: listAgain(resume) }
    : { items, waitMs: 0, next: { phase: "watching", resume } };
}

function removed(items: readonly WatchItem[], state: WatchState, waitMs: number): Decision {
  const resume = isWatching(state) ? state.resume : { resourceVersion: "" };
  return {
    items: [...items, lost("resource-removed", resume, "the cluster does not serve the kind any more")],
    waitMs,
    next: { phase: "listing", whole: false, before: { before: "removed" } },
    isRemoved: true,
  };
}

function isRemoved(state: WatchState): boolean {
  return !isWatching(state) && (state.before.before === "removed" || state.before.before === "nothing");
}

function isWatching(state: WatchState): state is Extract<WatchState, { resume: ResumePoint }> {
  return state.phase === "watching" || state.phase === "probing";
}

function withoutOpened(state: WatchState): WatchState {
  return state.phase === "watching" ? { phase: "watching", resume: state.resume } : state;
}

/** The other way in failed too. A refusal of the list is what has to be told; anything else is a failure of its own. */
function afterStreaming(
  state: Extract<WatchState, { phase: "streaming" }>,
  error: ApiFailure,
  degraded: readonly WatchItem[],
): Decision {
  const next: WatchState = { phase: "listing", whole: false, before: state.before };
  const isRefused = error.failure.kind === "http" && error.failure.status < 500 && error.failure.status !== 429;
  if (!isRefused) return { items: degraded, waitMs: judge(error.failure).waitMs, next, ...awayIf(error.failure) };
  const { cause = "forbidden", waitMs } = judge(state.refusal.failure);
  const detail = describeFailure(state.refusal.failure);
  return {
    items: [{ item: "degraded", cause, detail, failure: state.refusal }],
    waitMs: Math.max(waitMs, FORBIDDEN_RETRY_MS),
    next,
  };
}

function disconnected(why: string, silentMs: number = 0): WatchItem {
  return { item: "disconnected", why, ...(silentMs === 0 ? {} : { silentMs }) };
}

/** No answer, or one that says that there is none now: a server that starts, stops, or has lost its etcd. */
function awayIf(failure: Failure): { readonly isAway?: true } {
  if (failure.kind === "credential") return {};
  return failure.kind !== "http" || failure.status >= 500 || failure.status === 429 ? { isAway: true } : {};
}

function isTooLarge(failure: Failure): boolean {
  return failure.kind === "http" && failure.causes.includes("ResourceVersionTooLarge");
}

/** What a failure means for the scope, and the least time to wait. An overloaded server (429) degrades nothing. */
function judge(failure: Failure): { readonly cause: DegradedCause | undefined; readonly waitMs: number } {
  if (failure.kind !== "http") return { cause: failure.kind === "credential" ? "unauthorized" : "unreachable", waitMs: 0 };
  const waitMs = failure.retryAfterMs ?? 0;
  switch (failure.status) {
    case 401:
      return { cause: "unauthorized", waitMs };
    case 403:
      return { cause: "forbidden", waitMs: Math.max(waitMs, FORBIDDEN_RETRY_MS) };
    case 404:
      return { cause: "not-served", waitMs: Math.max(waitMs, NOT_SERVED_RETRY_MS) };
    case 429:
      return { cause: undefined, waitMs };
    default:
      return { cause: "unreachable", waitMs };
  }
}

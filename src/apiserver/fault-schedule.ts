/** When faults happen: by chance, for a time, again and again, from some line of a stream on. All of it from the clock. */
import type { Clock } from "../base/index.ts";
import type { FaultHooks, StreamItem } from "./faults.ts";
import type { ApiRequest } from "./request.ts";

/** Asks `hooks` only in this share of cases (0 to 1), by the clock's numbers. */
export function randomly(clock: Clock, share: number, hooks: FaultHooks): FaultHooks {
  return limited(hooks, { request: () => clock.random() < share, item: () => clock.random() < share });
}

/** Asks `hooks` from `fromMs` to `toMs` after now. */
export function during(clock: Clock, span: { readonly fromMs: number; readonly toMs: number }, hooks: FaultHooks): FaultHooks {
  const start = clock.monotonic();
  const isIn = (): boolean => clock.monotonic() - start >= span.fromMs && clock.monotonic() - start < span.toMs;
  return limited(hooks, { request: isIn, item: isIn });
}

/** True for `onMs`, false for `offMs`, and so on, from now. */
export function alternating(clock: Clock, phases: { readonly onMs: number; readonly offMs: number }): () => boolean {
  const start = clock.monotonic();
  return () => (clock.monotonic() - start) % (phases.onMs + phases.offMs) < phases.onMs;
}

/** Asks `hooks` for `onMs`, not for `offMs`, and so on. */
export function toggling(clock: Clock, phases: { readonly onMs: number; readonly offMs: number }, hooks: FaultHooks): FaultHooks {
  const isOn = alternating(clock, phases);
  return limited(hooks, { request: isOn, item: isOn });
}

/** Asks the hooks of streams from the line or chunk with this index on; those of requests always. */
export function fromLine(index: number, hooks: FaultHooks): FaultHooks {
  return limited(hooks, { request: () => true, item: (item) => item.index >= index });
}

interface Limit {
  readonly request: (request: ApiRequest) => boolean;
  readonly item: (item: StreamItem) => boolean;
}

/** Chance is asked only where there is a hook, so that one that is not there costs no number. */
function limited(hooks: FaultHooks, limit: Limit): FaultHooks {
  const { onRequest, onTransport, onWatchEvent, onLogChunk, onLogInstance } = hooks;
  return {
    ...(onRequest && { onRequest: (request) => (limit.request(request) ? onRequest(request) : undefined) }),
    ...(onTransport && { onTransport: (request) => (limit.request(request) ? onTransport(request) : undefined) }),
    ...(onWatchEvent && { onWatchEvent: (item) => (limit.item(item) ? onWatchEvent(item) : undefined) }),
    ...(onLogInstance && { onLogInstance: (request, id) => (limit.request(request) ? onLogInstance(request, id) : undefined) }),
    ...(onLogChunk && { onLogChunk: (item) => (limit.item(item) ? onLogChunk(item) : undefined) }),
  };
}

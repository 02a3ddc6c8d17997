/**
 * Aborting a part without leaving anything on the whole. `AbortSignal.any` keeps a weak reference on each of its sources until these
 * are gone (Node 20: `kDependantSignals`), so a signal that lives as long as the program gathers one for every request ever made.
 */

/** A controller that aborts with `parent`, too. Once it has aborted it holds nothing on `parent`, so abort it when its part is over. */
export function abortWith(parent: AbortSignal): AbortController {
  const child = new AbortController();
  const pass = (): void => child.abort(parent.reason);
  if (parent.aborted) pass();
  else {
    parent.addEventListener("abort", pass, { once: true });
    child.signal.addEventListener("abort", () => parent.removeEventListener("abort", pass), { once: true });
  }
  return child;
}

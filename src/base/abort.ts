/**
 * Aborting a part without leaving anything on the whole. `AbortSignal.any` keeps a weak reference on each of its sources until these
 * are gone (Node 20: `kDependantSignals`), so a signal that lives as long as the program gathers one for every request ever made.
 */

/**
 * What aborts with a signal. One listener for all of it: Node goes through every listener for each that comes or goes (`streams.mjs`
 * in `bench/`).
 */
const parts = new WeakMap<AbortSignal, Set<AbortController>>();

/** A controller that aborts with `parent`, too. Once it has aborted it holds nothing on `parent`, so abort it when its part is over. */
export function abortWith(parent: AbortSignal): AbortController {
  const child = new AbortController();
  if (parent.aborted) {
    child.abort(parent.reason);
    return child;
  }
  const siblings = partsOf(parent);
  siblings.add(child);
  child.signal.addEventListener("abort", () => siblings.delete(child), { once: true });
  return child;
}

function partsOf(whole: AbortSignal): Set<AbortController> {
  const known = parts.get(whole);
  if (known !== undefined) return known;
  const found = new Set<AbortController>();
  parts.set(whole, found);
  whole.addEventListener(
    "abort",
    () => {
      for (const part of found) part.abort(whole.reason);
    },
    { once: true },
  );
  return found;
}

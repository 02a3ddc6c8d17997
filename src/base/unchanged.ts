/**
 * What is remembered of an object mostly is what was remembered of its version before. Kept anew for each version, it outlives the
 * collections of young garbage and becomes garbage of the old generation, for which other threads mark the whole heap: a seventh of
 * recording a version of a pod (`watch-pods` in `bench/`).
 */

/** `before` where it has the same members, or elements, as `now`. */
export function unchanged<T extends object>(before: T | undefined, now: T): T {
  return before !== undefined && (Array.isArray(now) ? areElements(before, now) : areMembers(before, now)) ? before : now;
}

function areElements(before: unknown, now: readonly unknown[]): boolean {
  return Array.isArray(before) && before.length === now.length && now.every((element, at) => element === before[at]);
}

function areMembers(before: object, now: object): boolean {
  const [earlier, later] = [before, now] as readonly Readonly<Record<string, unknown>>[];
  let more = 0;
  for (const key in later) {
    if (later[key] !== earlier?.[key]) return false;
    more++;
  }
  for (const _ in earlier) more--;
  return more === 0;
}

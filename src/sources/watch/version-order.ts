/** Words for the order of versions, as far as they have one: without it none is older than another, and each is up to any. */
import { compareResourceVersions } from "../../base/index.ts";

/** The version just before. */
export function before(resourceVersion: string): string {
  return String(BigInt(resourceVersion) - 1n);
}

export function isOlder(version: string, than: string): boolean {
  return (compareResourceVersions(version, than) ?? 0) < 0;
}

/** True when `version` is not newer than `bound`. */
export function isUpTo(version: string, bound: string): boolean {
  return (compareResourceVersions(version, bound) ?? 0) <= 0;
}

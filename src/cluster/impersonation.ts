/** `Impersonate-*` headers: `transport/round_trippers.go impersonatingRoundTripper`. */
import type { Impersonation } from "./cluster-config.ts";

const ILLEGAL_IN_NAME = /[^!#$&'*+\-.^_`|~0-9A-Za-z]/g;

export function impersonationHeaders(impersonation: Impersonation | undefined): Readonly<Record<string, string | string[]>> {
  if (impersonation === undefined) return {};
  const { user, uid, groups, extra } = impersonation;
  return {
    "Impersonate-User": user,
    ...(uid === undefined ? {} : { "Impersonate-Uid": uid }),
    ...(groups.length === 0 ? {} : { "Impersonate-Group": [...groups] }),
    ...Object.fromEntries(Object.entries(extra).map(([key, values]) => [`Impersonate-Extra-${escaped(key)}`, [...values]])),
  };
}

/** Percent-encodes what a header name cannot hold; `%` itself too. */
function escaped(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => String.fromCharCode(byte))
    .join("")
    .replace(ILLEGAL_IN_NAME, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

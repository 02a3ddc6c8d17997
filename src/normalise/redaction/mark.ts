/**
 * What stands in place of a secret value. A tag is a keyed hash with a key that lives as long as one run: equal
 * values have equal tags, so a change stays visible, and nobody can guess the value offline from the recording.
 */
import { createHmac } from "node:crypto";

const TAG_DIGITS = 8;

/** First eight hex digits of the value's HMAC-SHA-256. */
export function tag(value: string | Buffer, key: Buffer): string {
  return createHmac("sha256", key).update(value).digest("hex").slice(0, TAG_DIGITS);
}

/** Marker with a tag, for values in objects: `[REDACTED:env:12:0a1b2c3d]`, the length in bytes. */
export function taggedMark(what: string, value: string, key: Buffer): string {
  return `[REDACTED:${what}:${Buffer.byteLength(value)}:${tag(value, key)}]`;
}

/** Marker without a tag, for logs and messages: `[REDACTED:jwt:180]`, the length in characters. */
export function plainMark(what: string, value: string): string {
  return `[REDACTED:${what}:${value.length}]`;
}

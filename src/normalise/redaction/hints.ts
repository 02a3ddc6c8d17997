/**
 * The cheapest question of all: whether a rule or a pattern of redaction has anything to look at in some bytes. Held to the answers
 * of the rules and patterns themselves by the test beside this file.
 */
import { COPY_KEYS } from "./names.ts";
import { HELM_RELEASE, PLACE_NAMES, SECRET_KIND } from "./object-rules.ts";
import { SHAPE_HINTS } from "./patterns.ts";
import { LiteralScan } from "./literal-scan.ts";

const SCHEME = "://";
const SCAN: LiteralScan = new LiteralScan([
  ...SHAPE_HINTS,
  ...COPY_KEYS,
  ...PLACE_NAMES.map((name) => `"${name}"`),
  SECRET_KIND,
  HELM_RELEASE,
  SCHEME,
]);

const SHAPES: LiteralScan = new LiteralScan([...SHAPE_HINTS, SCHEME]);

const AT = 0x40;
const COLON = 0x3a;
const SLASH = 0x2f;
const QUOTE = 0x22;
/** Of what begins with a quote all else are names of places. */
const FIRST_OF_SECRET = 0x53;

/** What there is to look at: `places` are the members in which variables and command lines stand. */
export type Hints = "none" | "places" | "any";

/**
 * What in the bytes from `start` to `end` may be a secret by its shape or by the name of its place; an object that is a
 * Secret itself has others. The bytes begin and end between values of JSON.
 */
export function hintsIn(bytes: Uint8Array, start: number, end: number): Hints {
  let found: Hints = "none";
  for (let at = nextHint(SCAN, bytes, start, end); at !== -1; at = nextHint(SCAN, bytes, at + 1, end)) {
    if (bytes[at] !== QUOTE || bytes[at + 1] === FIRST_OF_SECRET) return "any";
    found = "places";
  }
  return found;
}

/** False when in the bytes of a text nothing is a secret by its shape, nor the beginning of a private key. */
export function mayHoldShapesIn(bytes: Uint8Array): boolean {
  return nextHint(SHAPES, bytes, 0, bytes.length) !== -1;
}

/** Where the next literal begins; -1 for none. Nearly every pod holds `containerd://…`, which is no address of a user. */
function nextHint(scan: LiteralScan, bytes: Uint8Array, start: number, end: number): number {
  for (let at = scan.find(bytes, start, end); at !== -1; at = scan.find(bytes, at + 1, end))
    if (bytes[at] !== COLON || isUserinfo(bytes, at + SCHEME.length, end)) return at;
  return -1;
}

/** Whether an `@` stands before the next quote, slash or white space. */
function isUserinfo(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === AT) return true;
    if (byte === QUOTE || byte === SLASH || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return false;
  }
  return false;
}

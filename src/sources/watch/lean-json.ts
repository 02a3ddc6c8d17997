/**
 * `JSON.parse` of an object or of a watch line, without the value of `managedFields`: two fifths of a pod, and the dearest part to
 * build. Nothing that looks at an object while it is recorded reads it; whoever does (`story/changes`) parses the recorded bytes.
 * The value left out is checked by the same grammar, so the same texts are refused. Measured by `watch-pods` in `bench/`.
 */
import { endOfValue } from "../../base/index.ts";

/** A quote inside a JSON string is escaped, so this is the end of a key; whichever it is, it is none that is read. */
const MEMBER = Buffer.from('"managedFields":[');

/** To find and check what is left out of so short a text, an Event mostly, takes longer than to build it (`watch-events` in `bench/`). */
export const SHORT_BYTES = 2_048;

/** The value, without `managedFields` where that is cheaper. @throws SyntaxError as `JSON.parse` */
export function parseObject(text: Buffer): unknown {
  return text.length < SHORT_BYTES ? JSON.parse(text.toString("utf8")) : parseLean(text);
}

/** The value, with an empty `managedFields` in place of the first. @throws SyntaxError as `JSON.parse` */
export function parseLean(text: Buffer): unknown {
  const at = text.indexOf(MEMBER);
  const end = at === -1 ? -1 : endOfValue(text, at + MEMBER.length - 1);
  // Without a sound end the parser says what is wrong.
  if (end === -1) return JSON.parse(text.toString("utf8"));
  return JSON.parse(`${text.toString("utf8", 0, at)}"managedFields":[]${text.toString("utf8", end)}`);
}

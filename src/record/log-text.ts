/**
 * The text of one log line as the kubelet sends it with `timestamps=true`: an RFC 3339 time with up to nine
 * digits, one space, the message (kubernetes `cri-client/pkg/logs`, `logWriter.write`). Lines written by older
 * kubelets or glued together by the runtime may lack the time; they are messages from their first byte.
 */

/** A line taken apart. `timestamp` keeps the digits the node wrote; it is absent when the line begins with none. */
export interface LogLine<Text extends string | Buffer = string> {
  readonly timestamp?: string;
  readonly message: Text;
}

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
/** `2025-08-07T10:00:00Z`; nothing shorter is a time. */
const SHORTEST = 20;
/** `2025-08-07T10:00:00.123456789+01:00` has 35; a few more digits are allowed for. */
const LONGEST = 48;
const SPACE = 0x20;

/** Takes one line, without its newline, apart at the first space. A message of a Buffer is a view of it. */
export function splitLogLine(line: string): LogLine;
export function splitLogLine(line: Buffer): LogLine<Buffer>;
export function splitLogLine(line: string | Buffer): LogLine<string | Buffer> {
  const at = typeof line === "string" ? line.indexOf(" ") : line.indexOf(SPACE);
  if (at < SHORTEST || at > LONGEST) return { message: line };
  const timestamp = typeof line === "string" ? line.slice(0, at) : line.toString("latin1", 0, at);
  if (plainInstant(timestamp, 0, at) === undefined && !TIMESTAMP.test(timestamp)) return { message: line };
  return { timestamp, message: typeof line === "string" ? line.slice(at + 1) : line.subarray(at + 1) };
}

/** What a message says, for patterns: bytes that are no UTF-8 as a whole may hold text that is. */
export function textOfLine(message: string, encoding: "utf8" | "latin1"): string {
  return encoding === "utf8" ? message : Buffer.from(message, "latin1").toString("utf8");
}

/**
 * Milliseconds since 1970 of an RFC 3339 time, with microseconds as a fraction; finer digits are cut, a double cannot
 * hold them. `undefined` when the text is no such time. `Date.parse` would stop at milliseconds.
 */
export function parseTimestamp(text: string): number | undefined {
  const plain = plainInstant(text, 0, text.length);
  if (plain !== undefined) return plain;
  const parts = TIMESTAMP.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, digits, sign, offsetHours, offsetMinutes] = parts;
  const startOfMinute = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
  if (text.endsWith("Z") && text[10] === "T") lastMinute = { text: text.slice(0, MINUTE_END), startMs: startOfMinute };
  const whole = startOfMinute + Number(second) * 1_000;
  // Cut at microseconds: a double would round .999999999 up into the next second.
  const fraction = digits === undefined ? 0 : Number(digits.slice(0, 6).padEnd(6, "0")) / 1000;
  const offset = sign === undefined ? 0 : (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return whole + fraction + (sign === "-" ? offset : -offset);
}

/**
 * `parseTimestamp` of the timestamp that `splitLogLine` finds in the line from `start` to `end`; `undefined` when it finds none. Without
 * a text for each line, of which a log in bulk has thousands in a block (`bench/bulk-logs.mjs`).
 */
export function lineInstantAt(text: string, start: number, end: number): number | undefined {
  const until = Math.min(end, start + LONGEST + 1);
  let at = start + SHORTEST;
  while (at < until && text.charCodeAt(at) !== SPACE) at++;
  if (at >= until) return undefined;
  const plain = plainInstant(text, start, at);
  if (plain !== undefined) return plain;
  const { timestamp } = splitLogLine(text.slice(start, at + 1));
  return timestamp === undefined ? undefined : parseTimestamp(timestamp);
}

/** Length of `2025-08-07T10:00:`. */
const MINUTE_END = 17;
/** Lines of one minute follow one another: its beginning is worked out once. What is told does not depend on it. */
let lastMinute: { readonly text: string; readonly startMs: number } = { text: "\0", startMs: 0 };
const [ZERO, POINT, ZULU] = [0x30, 0x2e, 0x5a];
const MICROSECOND_DIGITS = 6;

/** As `parseTimestamp`, for the form `…:SS.fffZ` of a minute that was met last; `undefined` says nothing. */
function plainInstant(text: string, start: number, end: number): number | undefined {
  const last = end - 1;
  if (text.charCodeAt(last) !== ZULU || !text.startsWith(lastMinute.text, start)) return undefined;
  const point = start + MINUTE_END + 2;
  const seconds = digitAt(text, point - 2) * 10 + digitAt(text, point - 1);
  if (point > last || (point < last && (text.charCodeAt(point) !== POINT || point + 1 === last))) return undefined;
  let micros = 0;
  for (let at = point + 1; at < last; at++) {
    const digit = digitAt(text, at);
    if (Number.isNaN(digit)) return undefined;
    if (at <= point + MICROSECOND_DIGITS) micros = micros * 10 + digit;
  }
  for (let at = Math.max(last, point + 1); at <= point + MICROSECOND_DIGITS; at++) micros *= 10;
  const ms = lastMinute.startMs + seconds * 1_000 + micros / 1_000;
  return Number.isNaN(ms) ? undefined : ms;
}

function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : Number.NaN;
}

/** The head of one line of a container's log: `2026-01-02T03:04:05.123456789Z text`, as the kubelet writes it. */

import type { LineBlock } from "./line-block.ts";

/** Two streams of a container, stamped by two goroutines, are apart by less. */
export const STREAMS_APART_MS = 50;

/** `logs.go timeFormatOut` is fixed-width; older kubelets trim zeros, and the node's zone may stand instead of `Z`. */
const STAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})(?: |$)/;
const HEAD_BYTES = 36;

/** Seconds since 1970 of a line's timestamp, with microseconds as a fraction; `undefined` when it has none. */
export function lineInstant(line: Buffer): number | undefined {
  const found = STAMP.exec(line.toString("latin1", 0, HEAD_BYTES));
  if (found === null) return undefined;
  const ms = Date.parse(`${found[1] ?? ""}${found[3] ?? ""}`);
  return Number.isNaN(ms) ? undefined : ms / 1_000 + Number(`0.${(found[2] ?? "0").slice(0, 6)}`);
}

/** Whole seconds since 1970 of a line's timestamp, or `undefined` when it has none. */
export function lineSecond(line: Buffer): number | undefined {
  const instant = lineInstant(line);
  return instant === undefined ? undefined : Math.floor(instant);
}

/** Length of `2026-01-02T03:04:05` and of its date with hour and minute. */
const SECOND_BYTES = 19;
const MINUTE_BYTES = 17;

/** `lineSecond` for many lines of one log: a line of the same minute as the one before costs two digits. */
export class SecondReader {
  readonly #minute: Buffer = Buffer.alloc(MINUTE_BYTES);
  #zone = 0;
  #base: number | undefined;

  read(line: Buffer): number | undefined {
    return this.readAt(line, 0, line.length);
  }

  /** The same for a line that stands from `start` to `end`. */
  readAt(bytes: Buffer, start: number, end: number): number | undefined {
    if (this.#base !== undefined && end - start > SECOND_BYTES + 1 && this.#isSame(bytes, start, end))
      return this.#base + digit(bytes, start + 17) * 10 + digit(bytes, start + 18);
    return this.#readAnew(bytes.subarray(start, end));
  }

  #readAnew(line: Buffer): number | undefined {
    const second = lineSecond(line);
    this.#base = undefined;
    // Only the plain form `…SS.` or `…SSZ` with the zone Z is worth remembering: every current kubelet in UTC writes it.
    if (second === undefined || zoneByte(line) !== Z) return second;
    line.copy(this.#minute, 0, 0, MINUTE_BYTES);
    this.#zone = line.indexOf(SPACE);
    this.#base = second - digit(line, 17) * 10 - digit(line, 18);
    return second;
  }

  #isSame(bytes: Buffer, start: number, end: number): boolean {
    const zone = start + this.#zone;
    if (zone >= end || bytes[zone] !== SPACE || bytes[zone - 1] !== Z) return false;
    if (!isDigit(bytes[start + 17]) || !isDigit(bytes[start + 18])) return false;
    const minute = this.#minute;
    for (let at = MINUTE_BYTES - 1; at >= 0; at--) if (bytes[start + at] !== minute[at]) return false;
    return true;
  }
}

/** Milliseconds within its second of a line that has a timestamp and begins at `start`. */
export function millisecondsOf(bytes: Buffer, start: number): number {
  const point = start + SECOND_BYTES;
  if (bytes[point] !== POINT) return 0;
  let ms = 0;
  for (let at = point + 1, weight = 100; weight >= 1 && isDigit(bytes[at]); at++, weight /= 10) ms += digit(bytes, at) * weight;
  return ms;
}

const POINT = 0x2e;
const Z = 0x5a;
const SPACE = 0x20;

function zoneByte(line: Buffer): number | undefined {
  const space = line.indexOf(SPACE);
  return space <= 0 ? undefined : line[space - 1];
}

function digit(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) - 0x30;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/**
 * Texts that the kubelet writes into the body of an answer with status 200 when it fails after the first byte
 * (`GetKubeletContainerLogs`, `ReadLogs`; k/k #98236, k9s #1399). A real log line with such a text has a timestamp.
 */
const IN_BAND = [
  "unable to retrieve container logs for ",
  "failed to create fsnotify watcher",
  "failed to try resolving symlinks",
  "failed to open log file",
  "failed to read log file",
  "rpc error: code = ",
  'an error on the server ("unknown") has prevented the request from succeeding',
];

const IN_BAND_LETTERS: ReadonlySet<number> = new Set(IN_BAND.map((text) => text.charCodeAt(0)));

/** The first line that is the kubelet's error and not the container's output; -1 for none. */
export function inBandLineOf(lines: LineBlock): number {
  for (let at = 0; at < lines.length; at++) {
    // The first letter settles it for every line that has a time.
    if (!IN_BAND_LETTERS.has(lines.bytes[lines.startOf(at)] ?? 0)) continue;
    const line = lines.at(at);
    if (line !== undefined && isInBandError(line)) return at;
  }
  return -1;
}

function isInBandError(line: Buffer): boolean {
  const head = line.toString("latin1", 0, 80);
  return IN_BAND.some((text) => head.startsWith(text));
}

/**
 * Where the kubelet's error begins in what came after the last newline: it may stand behind the beginning of a line, and the body may have
 * ended within the error. A line has a time in front of it, so what is nothing but the beginning of an error is one, however short.
 */
export function inBandErrorAt(fragment: Buffer): number {
  const tail = Math.max(0, fragment.length - 4_096);
  const text = fragment.toString("latin1", tail);
  const found = IN_BAND.map((error) => text.indexOf(error)).filter((at) => at !== -1);
  if (found.length > 0) return tail + Math.min(...found);
  const begins = IN_BAND.map((error) => beginningAtEnd(text, error)).filter((at) => at !== -1);
  const at = begins.length === 0 ? -1 : tail + Math.min(...begins);
  return at > 0 && fragment.length - at < BEGINNING_BYTES_MIN ? -1 : at;
}

/** Less of an error behind a line is the end of a word. */
const BEGINNING_BYTES_MIN = 12;

/** Where `text` ends with the beginning of `error`, the longest that there is. */
function beginningAtEnd(text: string, error: string): number {
  for (let at = Math.max(0, text.length - error.length); at < text.length; at++) if (error.startsWith(text.slice(at))) return at;
  return -1;
}

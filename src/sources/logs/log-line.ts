/** The head of one line of a container's log: `2026-01-02T03:04:05.123456789Z text`, as the kubelet writes it. */

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
    const isSameMinute = this.#base !== undefined && line.length > SECOND_BYTES + 1 && this.#isSame(line);
    if (isSameMinute && this.#base !== undefined) return this.#base + digit(line, 17) * 10 + digit(line, 18);
    const second = lineSecond(line);
    this.#base = undefined;
    // Only the plain form `…SS.` or `…SSZ` with the zone Z is worth remembering: every current kubelet in UTC writes it.
    if (second === undefined || zoneByte(line) !== Z) return second;
    line.copy(this.#minute, 0, 0, MINUTE_BYTES);
    this.#zone = line.indexOf(SPACE);
    this.#base = second - digit(line, 17) * 10 - digit(line, 18);
    return second;
  }

  #isSame(line: Buffer): boolean {
    if (line[this.#zone] !== SPACE || line[this.#zone - 1] !== Z || !isDigit(line[17]) || !isDigit(line[18])) return false;
    for (let at = MINUTE_BYTES - 1; at >= 0; at--) if (line[at] !== this.#minute[at]) return false;
    return true;
  }
}

/** Milliseconds within its second of a line that has a timestamp. */
export function millisecondsOf(line: Buffer): number {
  if (line[SECOND_BYTES] !== POINT) return 0;
  let ms = 0;
  for (let at = SECOND_BYTES + 1, weight = 100; weight >= 1 && isDigit(line[at]); at++, weight /= 10)
    ms += digit(line, at) * weight;
  return ms;
}

const POINT = 0x2e;
const Z = 0x5a;
const SPACE = 0x20;

function zoneByte(line: Buffer): number | undefined {
  const space = line.indexOf(SPACE);
  return space <= 0 ? undefined : line[space - 1];
}

function digit(line: Buffer, at: number): number {
  return (line[at] ?? 0) - 0x30;
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

/** True for a line that is the kubelet's error and not the container's output. */
export function isInBandError(line: Buffer): boolean {
  // The first letter settles it for every line that has a time.
  if (!IN_BAND_LETTERS.has(line[0] ?? 0)) return false;
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

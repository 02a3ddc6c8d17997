/**
 * Takes secrets out of log text. A private key is spread over lines and over calls: what is open at the end of one
 * block is handed on as state. The number and order of lines never change.
 */
import { splitLogLine } from "../record/index.ts";
import { plainMark } from "./redaction/mark.ts";
import { isSuspicious, redactShapes } from "./redaction/patterns.ts";

/** What one block leaves open for the next one of its stream. Plain data. */
export interface LogRedactionState {
  /** Lines that may still belong to a private key whose beginning was seen; 0 when none is open. */
  readonly keyLinesLeft: number;
}

export const initialLogRedaction: LogRedactionState = { keyLinesLeft: 0 };

export interface RedactedLog {
  readonly text: string;
  /** Values that were replaced. */
  readonly redactions: number;
  readonly state: LogRedactionState;
}

/** Twice the lines of a 16 384-bit RSA key: a key whose end never comes must not eat the rest of a log. */
const KEY_LINES_MAX = 512;
const BEGIN: RegExp = /-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const END: RegExp = /-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/;
/** Base64, or a header such as `DEK-Info: AES-128-CBC,…` of an encrypted key. */
const KEY_BODY: RegExp = /^(?:[ \t\r]*[A-Za-z0-9+/=]+[ \t\r]*|[A-Za-z][A-Za-z-]{2,20}: .*)$/;
/** Base64 behind a prefix that a logger put before each line. */
const KEY_RUN: RegExp = /[A-Za-z0-9+/=]{16,}/g;

/** Redacts lines joined by `\n`, each with its timestamp before it. Costs one test when nothing looks like a secret. */
export function redactLogText(text: string, state: LogRedactionState): RedactedLog {
  if (state.keyLinesLeft === 0 && !isSuspicious(text)) return { text, redactions: 0, state };
  let open = state.keyLinesLeft;
  let redactions = 0;
  const mark = (what: string, secret: string): string => {
    redactions++;
    return plainMark(what, secret);
  };
  const lines = text.split("\n").map((line) => {
    if (open === 0 && !isSuspicious(line)) return line;
    const body = open > 0 ? redactKeyLine(line, mark) : line;
    open = keyLinesLeft(line, open);
    return redactShapes(body, mark);
  });
  return { text: lines.join("\n"), redactions, state: open === 0 ? initialLogRedaction : { keyLinesLeft: open } };
}

/** What redacting this text leaves open, from what it was turned into: the ends of a key are kept. */
export function stateAfterLogText(text: string, before: LogRedactionState | undefined): LogRedactionState {
  let open = before?.keyLinesLeft ?? 0;
  if (open === 0 && !text.includes("PRIVATE KEY")) return initialLogRedaction;
  for (const line of text.split("\n")) open = keyLinesLeft(line, open);
  return open === 0 ? initialLogRedaction : { keyLinesLeft: open };
}

/** The line with what belongs to the open key replaced; a line of another kind (stderr between stdout) stays. */
function redactKeyLine(line: string, mark: (what: string, secret: string) => string): string {
  const { message } = splitLogLine(line);
  const prefix = line.slice(0, line.length - message.length);
  const end = END.exec(message);
  const body = end === null ? message : message.slice(0, end.index);
  const rest = message.slice(body.length);
  if (body === "") return line;
  if (KEY_BODY.test(body)) return `${prefix}${mark("pem", body)}${rest}`;
  return `${prefix}${body.replace(KEY_RUN, (run) => mark("pem", run))}${rest}`;
}

function keyLinesLeft(line: string, open: number): number {
  if (!line.includes("PRIVATE KEY")) return Math.max(0, open - 1);
  const end = line.search(END);
  let begin = -1;
  for (const match of line.matchAll(BEGIN)) begin = match.index;
  if (begin > end) return KEY_LINES_MAX;
  if (end !== -1) return 0;
  return Math.max(0, open - 1);
}

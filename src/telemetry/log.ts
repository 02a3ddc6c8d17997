/**
 * Faro's own log: one JSON object a line, or a readable form on a terminal. Levels are told by consequence:
 * `debug` per connection, `info` per step of the life cycle, `warn` is odd and lost nothing (or a gap says what), `error`
 * means that data is lost or someone must act. `info` and above never come once per record.
 */
import { styleText } from "node:util";
import { type DestinationStream, pino } from "pino";
import { type Clock, isoTime } from "../base/index.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** What may stand beside the message; the first three names are the format's own. */
export interface LogFields {
  readonly correlation_id?: string | undefined;
  readonly event_type?: string | undefined;
  readonly source?: string | undefined;
  readonly [field: string]: string | number | boolean | readonly string[] | undefined;
}

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Takes whole lines, synchronously: what was logged before a crash must be out. */
  readonly write: (line: string) => void;
  readonly form: "json" | "readable";
  /** Whether the readable form may use colours. */
  readonly color?: boolean;
}

export function createLog(options: LogOptions): Log {
  const stream: DestinationStream = {
    write: options.form === "json" ? options.write : (line) => options.write(readable(line, options.color === true)),
  };
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${isoTime(options.clock.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}

/** A log that says nothing: for the library, which writes to nobody's terminal. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  return;
}

const LEVEL_STYLE = { debug: "gray", info: "cyan", warn: "yellow", error: "red" } as const;

/** `10:00:00 INFO  story opened  Deployment/web` from the JSON line, so that both forms say the same. */
function readable(line: string, color: boolean): string {
  const fields: Record<string, unknown> = JSON.parse(line);
  const { level, time, message, ...rest } = fields;
  const name = isLevel(level) ? level : "info";
  const shownLevel = name.toUpperCase().padEnd(5);
  const clockTime = String(time).slice(11, 19);
  const facts = Object.entries(rest).map(
    ([field, value]) => `${field}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const tail = facts.length === 0 ? "" : `  ${paint("gray", facts.join(" "))}`;
  return `${paint("gray", clockTime)} ${paint(LEVEL_STYLE[name], shownLevel)} ${String(message)}${tail}\n`;
}

function isLevel(level: unknown): level is keyof typeof LEVEL_STYLE {
  return typeof level === "string" && Object.hasOwn(LEVEL_STYLE, level);
}

/** A moment as people say it: a time, so long after the start, so long before the end. */
import { FaroError, parseDuration } from "../../base/index.ts";

/** What it is in milliseconds depends on what it is a moment of. */
export type Moment =
  | { readonly is: "time"; readonly ms: number }
  | { readonly is: "after-start"; readonly ms: number }
  | { readonly is: "before-end"; readonly ms: number };

/** @throws FaroError `FARO_USAGE` for text that is none of them */
export function parseMoment(flag: string, text: string): Moment {
  const relative = /^([+-]?)(\d.*[a-z])$/.exec(text);
  const ms = relative === null ? undefined : parseDuration(relative[2] ?? "");
  if (ms !== undefined) return { is: relative?.[1] === "+" ? "after-start" : "before-end", ms };
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return { is: "time", ms: time };
  throw new FaroError("FARO_USAGE", `--${flag} ${text}: neither a time nor a duration`, {
    hint: `for example --${flag}=2026-03-01T10:00:00Z, --${flag}=5m (before the end) or --${flag}=+90s (after the start)`,
  });
}

/** Milliseconds since 1970. The bounds are those of a story or a recording. */
export function resolveMoment(moment: Moment, of: { readonly start_time: string; readonly end_time: string }): number {
  switch (moment.is) {
    case "time":
      return moment.ms;
    case "after-start":
      return Date.parse(of.start_time) + moment.ms;
    case "before-end":
      return Date.parse(of.end_time) - moment.ms;
  }
}

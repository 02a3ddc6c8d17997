/** Moments of a story: relative to its start for people, in full for programs and pipes. */
import { formatDuration } from "../../../base/index.ts";

/** `+0.000`, `+12.345`, `+3:05.120`, `+2:03:05.120`: as wide as the length of the story makes it. */
export function relativeTime(ms: number): string {
  const sign = ms < 0 ? "-" : "+";
  const total = Math.abs(Math.round(ms));
  const seconds = (Math.floor(total / 1_000) % 60).toString();
  const millis = (total % 1_000).toString().padStart(3, "0");
  const minutes = Math.floor(total / 60_000) % 60;
  const hours = Math.floor(total / 3_600_000);
  if (hours > 0) return `${sign}${hours}:${pad(minutes)}:${seconds.padStart(2, "0")}.${millis}`;
  return minutes > 0 ? `${sign}${minutes}:${seconds.padStart(2, "0")}.${millis}` : `${sign}${seconds}.${millis}`;
}

/** How long after the start of its story something was. */
export function sinceStart(iso: string, { start_time: start }: { readonly start_time: string }): string {
  return relativeTime(Date.parse(iso) - Date.parse(start));
}

/** Room for every such time of a story. */
export function timeWidth(story: { readonly start_time: string; readonly end_time: string }): number {
  return Math.max("+00.000".length, sinceStart(story.end_time, story).length);
}

/** `2026-03-01 10:00:00`. */
export function clockTime(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}

/** How long something lasted, for people. */
export function span(fromIso: string, toIso: string): string {
  return formatDuration(Math.max(0, Date.parse(toIso) - Date.parse(fromIso)));
}

function pad(value: number): string {
  return value.toString().padStart(2, "0");
}

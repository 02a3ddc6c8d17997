/** What a version changed, in a few words: `app image box:1 → box:2`. From `event.changes`; the whole is what `diff` is for. */
import { textField } from "../../base/index.ts";
import type { FieldChange, ObjectEvent } from "../document.ts";

/** So many changes are told, the others are counted. */
const TOLD_MAX = 3;
const VALUE_MAX = 60;

/** Fields that say when or how often something was written, which is no news beside what was. */
const BOOKKEEPING =
  /(?:Time|Timestamp|[oO]bservedGeneration|\.generation)$|deployment\.kubernetes\.io\/revision|conditions\[[^\]]*\]\.message$/;

/** `undefined` when the story does not say what changed; empty when nothing did that is worth a word. */
export function describeChanges({ changes, changes_omitted: omitted = 0 }: ObjectEvent): string | undefined {
  if (changes === undefined) return undefined;
  const news = changes.filter((change) => !isBookkeeping(change));
  const asked = news.filter(isAskedFor);
  const told = asked.length > 0 ? asked : news;
  const rest = news.length - Math.min(told.length, TOLD_MAX) + omitted;
  const words = told.slice(0, TOLD_MAX).map(describeChange);
  return [...words, ...(rest > 0 && words.length > 0 ? [`${rest} more`] : [])].join(", ");
}

/** The changes that somebody asked for: not what was observed, nor bookkeeping. */
export function askedFor({ changes = [] }: Pick<ObjectEvent, "changes">): readonly FieldChange[] {
  return changes.filter((change) => isAskedFor(change) && !isBookkeeping(change));
}

/** A container leaves one state for another: the other one says it. */
function isBookkeeping({ path, after }: FieldChange): boolean {
  return BOOKKEEPING.test(path) || (after === undefined && /\.state\.\w+$/.test(path));
}

/** `app image box:1 → box:2`. */
export function describeChange({ path, before, after }: FieldChange): string {
  const name = shortPath(path);
  if (before === undefined) return after === undefined || isEmpty(after) ? `${name} added` : `${name} = ${valueText(after)}`;
  if (after === undefined) return `${name} removed`;
  const [was, is] = [valueText(before), valueText(after)];
  return `${name} ${was} → ${withoutCommon(was, is)}`;
}

/** Of two long names the second is told from where they part: `registry.example/shop/web:1 → …:2`. */
function withoutCommon(was: string, is: string): string {
  let common = 0;
  for (let at = 0; at < is.length && is[at] === was[at]; at++) if (/[:/@]/.test(is[at] ?? "")) common = at;
  return common >= COMMON_MIN ? `…${is.slice(common)}` : is;
}

const COMMON_MIN = 10;

function isAskedFor({ path }: FieldChange): boolean {
  return !path.startsWith("status.") && path !== "status";
}

/** Where a field stands is known from its kind: `spec.template.spec.containers[name=app].image` is `app image`. */
function shortPath(path: string): string {
  return path
    .replace(/^(?:spec\.template\.)?(?:spec|status|metadata)\./, "")
    .replace(/^spec\.template\.metadata\./, "template ")
    .replaceAll(/(?:^|\.)(?:initC|c)ontainer(?:s|Statuses)\[name=([^\]]+)\]\.?/g, "$1 ")
    .replaceAll(/conditions\[type=([^\]]+)\](?:\.status)?/g, "$1")
    .replaceAll(/\[(?:name|type|key|ip)=([^\]]+)\]/g, "[$1]")
    .trim();
}

function valueText(value: unknown): string {
  const text = typeof value === "string" ? value : (summaryOf(value) ?? JSON.stringify(value) ?? "");
  const shown = text === "" ? '""' : text;
  return shown.length <= VALUE_MAX ? shown : `${shown.slice(0, VALUE_MAX - 1)}…`;
}

/** What conditions and states of containers say; `undefined` for anything else. */
function summaryOf(value: unknown): string | undefined {
  if (Array.isArray(value) && value.length > 0) {
    const told = value.map((item) => {
      const [type, status] = [textField(item, "type"), summaryOf(item)];
      return type === undefined || status === undefined ? undefined : `${type} ${status}`;
    });
    return told.every((text) => text !== undefined) ? told.join(" ") : undefined;
  }
  const [status, reason] = [textField(value, "status"), textField(value, "reason")];
  if (status !== undefined && textField(value, "type") !== undefined)
    return reason === undefined ? status : `${status} (${reason})`;
  return reason ?? textField(value, "startedAt");
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/**
 * Reads a recording as a stranger would who knows nothing but docs/FORMAT.md: segments in the order of their names, lines cut at
 * `\n`, each with its own checksum. None of Faro's code takes part, so a defect of Faro's reader cannot hide one of its writer.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, gunzipSync } from "node:zlib";

/** One version of one object, as it was recorded. */
export interface RecordedVersion {
  readonly seq: number;
  /** Moment of arrival, ISO 8601. */
  readonly at: string;
  /** `<plural>.<version>[.<group>]/<namespace or *>`, with `/<name>` behind it when one object is watched. */
  readonly scope: string;
  readonly change: "ADDED" | "MODIFIED" | "DELETED" | "LISTED";
  readonly observedBy: string;
  readonly synthetic?: boolean;
  /** Of a synthetic deletion: there still at the first, gone at the second. */
  readonly afterVersion?: string;
  readonly byVersion?: string;
  readonly finalStateUnknown?: boolean;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** One gap, with what its end says where it has one. */
export interface RecordedGap {
  readonly gap: string;
  readonly state: "opened" | "closed";
  readonly scope: string;
  readonly cause: string;
  readonly detail?: string;
  readonly from: string;
  readonly to?: string;
  readonly fromVersion?: string;
  readonly toVersion?: string;
  readonly repaired?: string;
  readonly visibleChange?: boolean;
}

export interface RecordedIncident {
  readonly scope?: string;
  readonly what: string;
  readonly detail: string;
}

export interface Recording {
  readonly versions: readonly RecordedVersion[];
  readonly gaps: readonly RecordedGap[];
  readonly incidents: readonly RecordedIncident[];
  /** Every scope that was watched. */
  readonly scopes: ReadonlySet<string>;
  /** Lines that break the format; a last one without a newline is being written, and none of them. */
  readonly damage: readonly string[];
}

interface Lines {
  readonly versions: RecordedVersion[];
  readonly gaps: Map<string, RecordedGap>;
  readonly incidents: RecordedIncident[];
  readonly scopes: Set<string>;
  readonly damage: string[];
}

const LINE = /^\{"crc":"([0-9a-f]{8})",/;

/** The recording below an output directory. */
export function readRecording(output: string): Recording {
  const folder = join(output, "recording");
  const read: Lines = { versions: [], gaps: new Map(), incidents: [], scopes: new Set(), damage: [] };
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const segments = new Set(files.flatMap((name) => /^(\d+\.ndjson)(?:\.gz)?$/.exec(name)?.[1] ?? []));
  for (const segment of [...segments].toSorted()) readSegment(read, segment, bytesOf(join(folder, segment)));
  return { ...read, gaps: [...read.gaps.values()] };
}

/** Faro packs what is finished, at any moment. */
function bytesOf(segment: string): Buffer {
  return existsSync(segment) ? readFileSync(segment) : gunzipSync(readFileSync(`${segment}.gz`));
}

function readSegment(read: Lines, segment: string, bytes: Buffer): void {
  for (let start = 0; ;) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0) return;
    const line = bytes.subarray(start, end);
    const crc = LINE.exec(line.toString("latin1", 0, 24))?.[1];
    if (crc === undefined || crc32(line.subarray(18)) !== Number.parseInt(crc, 16)) {
      read.damage.push(`${segment} at byte ${start}: ${line.toString("utf8", 0, 80)}`);
    } else take(read, line.toString("utf8"));
    start = end + 1;
  }
}

function take(read: Lines, line: string): void {
  // Log blocks are most of the bytes and nothing is asked of them here.
  if (line.startsWith('"type":"log"', 18)) return;
  const record: Readonly<Record<string, unknown>> & { readonly type: string } = JSON.parse(line);
  if (record.type === "object") read.versions.push(JSON.parse(line));
  else if (record.type === "incident") read.incidents.push(JSON.parse(line));
  else if (record.type === "scope") read.scopes.add(String(record["scope"]));
  else if (record.type === "gap") {
    const gap: RecordedGap = JSON.parse(line);
    read.gaps.set(gap.gap, { ...read.gaps.get(gap.gap), ...gap });
  }
}

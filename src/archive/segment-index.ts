/**
 * The index of one segment: where the versions of its objects and its log blocks stand. A pure function of the segment's records,
 * so that it can be made again from them, and be checked against them. Times are milliseconds since 1970.
 *
 * The file is a line that says how long its parts are, then the parts: JSON for what is told once, and for what is told of every
 * object and version columns of numbers, which need no parsing: a server reads those of all segments before it answers.
 */
import { isoMs, PackedNumbers } from "../base/index.ts";
import type { FileLayer } from "./file-layer.ts";
import type { FaroRecord, LogRecord, LogStreamRecord, ObjectRecord } from "../record/index.ts";
import { parseTimestamp, splitLogLine } from "../record/index.ts";
import { writeAll } from "./segment-file.ts";

export const INDEX_VERSION = 2;
/** A segment that is smaller is read as fast without one. */
export const INDEXED_BYTES_MIN: number = 4 * 1024 * 1024;

/** Columns of versions, of equal length; `flags` has `DELETED` and `INFERRED`. */
export interface VersionColumns {
  readonly at: ArrayLike<number>;
  readonly epoch: ArrayLike<number>;
  /** As a number; of a version without a comparable one, one above the highest of the segment before it. */
  readonly revision: ArrayLike<number>;
  readonly offset: ArrayLike<number>;
  readonly flags: ArrayLike<number>;
}

export const DELETED = 1;
/** The cluster gave it no revision: a list showed that the object was gone. */
export const INFERRED = 2;

export interface IndexHead {
  readonly segment: number;
  /** Times of the first and the last record; 0 when there is none. */
  readonly from: number;
  readonly to: number;
  readonly serverVersion: string;
  readonly scopes: readonly string[];
  /** `[resource, apiVersion, kind, isNamespaced]`; kind is empty while no object of it was seen. */
  readonly resources: readonly (readonly [string, string, string, boolean])[];
  /** What the cluster knows an object by at a moment: `pods.v1 shop/web-1`, `nodes.v1 /node-1`. */
  readonly objects: readonly string[];
}

/** Every version in the order of arrival; `object` is a place in `objects`. */
export interface IndexVersions extends VersionColumns {
  readonly object: ArrayLike<number>;
}

export interface IndexLogs {
  /** Stream → the instance, and when it was opened. */
  readonly streams: Readonly<
    Record<string, readonly [podUid: string, container: string, restartCount: number, containerId: string, at: number]>
  >;
  /** Stream → offsets of its blocks, each followed by the time of its first line. */
  readonly blocks: Readonly<Record<string, readonly number[]>>;
  /** Stream → when it ended. */
  readonly ends: Readonly<Record<string, number>>;
}

const LAST_COLUMNS = ["at", "epoch", "revision", "offset", "flags"] as const;
const VERSIONS_COLUMNS = ["object", ...LAST_COLUMNS] as const;

/** Of each object the newest version. @param bytes that part of an index */
export function decodeLast(bytes: Buffer): VersionColumns {
  const [at = NONE, epoch = NONE, revision = NONE, offset = NONE, flags = NONE] = decodeColumns(bytes, LAST_COLUMNS.length);
  return { at, epoch, revision, offset, flags };
}

/** @param bytes that part of an index */
export function decodeVersions(bytes: Buffer): IndexVersions {
  const rows = bytes.length / VERSIONS_COLUMNS.length;
  const [object = NONE] = decodeColumns(bytes.subarray(0, rows), 1);
  return { object, ...decodeLast(bytes.subarray(rows)) };
}

const NONE = new Float64Array();
const CELL_BYTES = 8;

/**
 * A column may take megabytes, and the C library keeps for itself what was once freed in such sizes: in small pieces an index costs
 * no memory that stays.
 */
const PIECE_BYTES = 64 * 1024;

/** Each number 64 bits, little-endian on any machine. */
function* encodeColumn(column: NumberColumn): Generator<Buffer> {
  let piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let at = 0;
  for (const number of column) {
    if (at === PIECE_BYTES) {
      yield piece;
      piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
      at = 0;
    }
    at = piece.writeDoubleLE(number, at);
  }
  yield piece.subarray(0, at);
}

function decodeColumns(bytes: Buffer, count: number): readonly Float64Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows = bytes.length / count / CELL_BYTES;
  return Array.from({ length: count }, (_, column) => {
    const numbers = new Float64Array(rows);
    for (let row = 0; row < rows; row++) numbers[row] = view.getFloat64((column * rows + row) * CELL_BYTES, true);
    return numbers;
  });
}

interface NumberColumn extends Iterable<number> {
  readonly length: number;
}

interface Columns {
  readonly at: number[];
  readonly epoch: number[];
  readonly revision: number[];
  readonly offset: number[];
  readonly flags: number[];
}

/** Writes the file of an index, in the place of an older one. */
export async function writeIndex(layer: FileLayer, path: string, pieces: Iterable<Buffer>): Promise<void> {
  const file = await layer.openForWriting(path);
  try {
    await file.truncate(0);
    let end = 0;
    for (const piece of pieces) {
      await writeAll(file, [piece], end);
      end += piece.length;
    }
  } finally {
    await file.close();
  }
}

/** Takes the records of a segment in their order. */
export class SegmentIndexer {
  readonly #segment: number;
  #from = 0;
  #to = 0;
  #serverVersion = "";
  readonly #scopes = new Set<string>();
  readonly #resources = new Map<string, [string, string, string, boolean]>();
  /**
   * Rows of the objects by resource, namespace and name. Of one text for all three a thirtieth of recording an Event went to making it
   * (`watch-events` in `bench/`), and it took 170 bytes of memory for each object that a segment tells of.
   */
  readonly #rows = new Map<string, Map<string, Map<string, number>>>();
  #objects = 0;
  /** A segment may hold half a million of them. */
  readonly #versions = {
    object: new PackedNumbers(),
    at: new PackedNumbers(),
    epoch: new PackedNumbers(),
    revision: new PackedNumbers(),
    offset: new PackedNumbers(),
    flags: new PackedNumbers(),
  };
  readonly #last: Columns = { at: [], epoch: [], revision: [], offset: [], flags: [] };
  /** In this epoch. */
  #highest = 0;
  #epoch = 0;
  readonly #streams: Record<string, [string, string, number, string, number]> = {};
  readonly #blocks: Record<string, number[]> = {};
  readonly #ends: Record<string, number> = {};

  constructor(segment: number) {
    this.#segment = segment;
  }

  take(record: FaroRecord, offset: number): void {
    if (record.type === "faro-recording" || record.type === "seal") return;
    const at = isoMs(record.at);
    this.#from = this.#from === 0 ? at : Math.min(this.#from, at);
    this.#to = Math.max(this.#to, at);
    if (record.type === "object") this.#object(record, at, offset);
    else if (record.type === "log") this.#log(record, at, offset);
    else if (record.type === "log-stream") this.#stream(record, at);
    else if (record.type === "log-end") this.#ends[record.stream] = at;
    else if (record.type === "run") this.#serverVersion = record.serverVersion ?? this.#serverVersion;
    else if (record.type === "scope") {
      this.#scopes.add(record.scope);
      this.#resource(record.resource);
    }
  }

  /** The file in pieces, for a segment of so many bytes. */
  *finish(bytes: number): Generator<Buffer> {
    const head: IndexHead = {
      segment: this.#segment,
      from: this.#from,
      to: this.#to,
      serverVersion: this.#serverVersion,
      scopes: [...this.#scopes],
      resources: [...this.#resources.values()],
      objects: this.#names(),
    };
    const logs: IndexLogs = { streams: this.#streams, blocks: this.#blocks, ends: this.#ends };
    const first = Buffer.from(JSON.stringify(head));
    const end = Buffer.from(JSON.stringify(logs));
    const last = LAST_COLUMNS.map((name) => this.#last[name]);
    const versions = VERSIONS_COLUMNS.map((name) => this.#versions[name]);
    const parts = [first.length, bytesOf(last), bytesOf(versions), end.length];
    yield Buffer.from(`${JSON.stringify({ type: "faro-index", version: INDEX_VERSION, bytes, parts })}\n`);
    yield first;
    for (const column of [...last, ...versions]) yield* encodeColumn(column);
    yield end;
  }

  #object(record: ObjectRecord, at: number, offset: number): void {
    const object = this.#rowOf(record);
    const own = Number(record.resourceVersion);
    if (record.epoch !== this.#epoch) {
      this.#epoch = record.epoch;
      this.#highest = 0;
    }
    const isInferred = record.synthetic === true || !Number.isSafeInteger(own);
    if (!isInferred) this.#highest = Math.max(this.#highest, own);
    const revision = isInferred ? this.#highest + 1 : own;
    const flags = (record.change === "DELETED" ? DELETED : 0) | (isInferred ? INFERRED : 0);
    const { epoch } = record;
    // Column by column: by their names in a loop, this took a fortieth of recording a version (`watch-pods` in `bench/`).
    const versions = this.#versions;
    versions.object.push(object);
    versions.at.push(at);
    versions.epoch.push(epoch);
    versions.revision.push(revision);
    versions.offset.push(offset);
    versions.flags.push(flags);
    const last = this.#last;
    const knownEpoch = last.epoch[object] ?? -1;
    const isNewer = epoch > knownEpoch || (epoch === knownEpoch && revision >= (last.revision[object] ?? -1));
    if (!isNewer) return;
    last.at[object] = at;
    last.epoch[object] = epoch;
    last.revision[object] = revision;
    last.offset[object] = offset;
    last.flags[object] = flags;
  }

  /** By resource, namespace and name: what the cluster knows an object by at a moment. */
  #rowOf({ resource, apiVersion, kind, namespace = "", name }: ObjectRecord): number {
    const rows = entryOf(entryOf(this.#rows, resource), namespace);
    const known = rows.get(name);
    if (known !== undefined) return known;
    const row = this.#resource(resource);
    if (row[2] === "") [row[1], row[2], row[3]] = [apiVersion, kind, namespace !== ""];
    rows.set(name, this.#objects);
    return this.#objects++;
  }

  /** What the head calls the objects, by row. */
  #names(): readonly string[] {
    const names = Array.from({ length: this.#objects }, () => "");
    for (const [resource, namespaces] of this.#rows)
      for (const [namespace, rows] of namespaces) for (const [name, row] of rows) names[row] = `${resource} ${namespace}/${name}`;
    return names;
  }

  #resource(resource: string): [string, string, string, boolean] {
    const known = this.#resources.get(resource);
    if (known !== undefined) return known;
    const row: [string, string, string, boolean] = [resource, "", "", false];
    this.#resources.set(resource, row);
    return row;
  }

  #stream({ stream, instance }: LogStreamRecord, at: number): void {
    const { podUid, container, restartCount, containerId } = instance;
    this.#streams[stream] = [podUid, container, restartCount, containerId, at];
  }

  #log({ stream, text }: LogRecord, at: number, offset: number): void {
    const end = text.indexOf("\n");
    const { timestamp } = splitLogLine(end === -1 ? text : text.slice(0, end));
    const first = timestamp === undefined ? at : (parseTimestamp(timestamp) ?? at);
    (this.#blocks[stream] ??= []).push(offset, first);
  }
}

/** The map of a key, made when there is none. */
function entryOf<V>(maps: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const known = maps.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, V>();
  maps.set(key, made);
  return made;
}

function bytesOf(columns: readonly NumberColumn[]): number {
  return columns.reduce((sum, { length }) => sum + length, 0) * CELL_BYTES;
}

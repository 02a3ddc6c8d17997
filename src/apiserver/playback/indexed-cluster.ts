/**
 * A recorded cluster read by its indexes: at a moment, what exists is found without reading an object, and objects are read when
 * somebody asks for them. So a recording of any size is served with the memory of its heads and of one segment's columns.
 *
 * The state at a moment is every version up to the highest revision that had arrived by then, also those that arrived later: kinds
 * come over watches of their own, and a repair brings what was missed. A segment's window holds the versions above the highest
 * revision of the segments before it.
 */
import {
  DELETED,
  INFERRED,
  type IndexedSegment,
  type IndexVersions,
  type RecordingIndex,
  type VersionColumns,
} from "../../archive/index.ts";
import { invariant } from "../../base/index.ts";
import { keyOf, type StoredVersion } from "../history.ts";
import { decodeKubeObject } from "../kube-object.ts";
import { textMapAt } from "../json-value.ts";
import { type Fields, fieldsOf } from "../selectors.ts";
import type { ResourceDefinition } from "../resources.ts";
import { readRecordedLog } from "./recorded-log.ts";
import {
  asDiscovered,
  definitionOf,
  type PlaybackStep,
  type PlaybackWindow,
  type RecordedCluster,
  textOf,
} from "./recorded-cluster.ts";

/** Epoch and revision in one number that sorts. Revisions stay far below 2^43. */
const EPOCH = 2 ** 43;
const AFTER_ALL = Number.POSITIVE_INFINITY;

/** The newest versions of a segment, with objects numbered over all segments. */
interface Newest {
  readonly object: Uint32Array;
  readonly order: Float64Array;
  readonly offset: Float64Array;
  readonly at: Float64Array;
  readonly flags: Uint8Array;
  /** Highest order up to and including this segment. */
  readonly highest: number;
}

interface KnownObject {
  readonly definition: ResourceDefinition;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Takes the heads of the segments in; `close` of the index is the caller's. */
export function indexedCluster({ segments }: RecordingIndex): RecordedCluster {
  const reader = new IndexedReader(segments);
  const heads = segments.map(({ head }) => head).filter(({ to }) => to > 0);
  return {
    what: "a recording",
    serverVersion: heads.findLast(({ serverVersion }) => serverVersion !== "")?.serverVersion ?? "",
    definitions: reader.definitions.toSorted(asDiscovered),
    scopes: [...new Set(heads.flatMap(({ scopes }) => scopes))],
    steps: [],
    start: Math.min(...heads.map(({ from }) => from)),
    end: Math.max(...heads.map(({ to }) => to)),
    windows: {
      at: (moment) => reader.windowAt(moment),
      log: (containerId) => readRecordedLog(segments, containerId),
    },
  };
}

class IndexedReader {
  readonly #segments: readonly IndexedSegment[];
  readonly #definitions = new Map<string, ResourceDefinition>();
  readonly #objects: KnownObject[] = [];
  /** Of each segment: its objects' numbers here. */
  readonly #objectsOf: Uint32Array[] = [];
  readonly #newest: Newest[] = [];
  readonly #kept = new Map<number, Columns>();

  constructor(segments: readonly IndexedSegment[]) {
    this.#segments = segments;
    const known = new Map<string, number>();
    let highest = 0;
    for (const segment of segments) {
      const { resources, objects } = segment.head;
      for (const [resource, apiVersion, kind, isNamespaced] of resources)
        this.#define(resource, { apiVersion, kind, isNamespaced });
      const numbers = new Uint32Array(objects.length);
      objects.forEach((key, row) => (numbers[row] = known.get(key) ?? this.#meet(key, known)));
      this.#objectsOf.push(numbers);
      const last = segment.last();
      const order = ordersOf(last, highest);
      highest = order.reduce((most, one) => Math.max(most, one), highest);
      const [offset, at, flags] = [Float64Array.from(last.offset), Float64Array.from(last.at), Uint8Array.from(last.flags)];
      this.#newest.push({ object: numbers, order, offset, at, flags, highest });
    }
  }

  /** Gives an object its number over all segments. */
  #meet(key: string, known: Map<string, number>): number {
    const [, resource = "", namespace = "", name = ""] = OBJECT_KEY.exec(key) ?? [];
    const definition = this.#definitions.get(resource);
    invariant(definition !== undefined, `the kind of an object in an index is known: ${key}`);
    known.set(key, this.#objects.length);
    return this.#objects.push({ definition, namespace: namespace === "" ? undefined : namespace, name }) - 1;
  }

  get definitions(): readonly ResourceDefinition[] {
    return [...this.#definitions.values()];
  }

  windowAt(moment: number): PlaybackWindow {
    const segment = Math.max(
      0,
      this.#segments.findLastIndex(({ head }) => head.to > 0 && head.from <= moment),
    );
    const own = this.#columns(segment);
    let reached = this.#highestBefore(segment);
    for (let row = 0; row < own.order.length; row++) {
      if ((own.at[row] ?? 0) <= moment) reached = Math.max(reached, own.order[row] ?? 0);
    }
    return this.#window(segment, reached, this.#stateAt(reached, segment));
  }

  #define(
    resource: string,
    seen: { readonly apiVersion: string; readonly kind: string; readonly isNamespaced: boolean },
  ): ResourceDefinition | undefined {
    const known = this.#definitions.get(resource) ?? definitionOf(resource, seen.kind === "" ? undefined : seen);
    if (known !== undefined) this.#definitions.set(resource, known);
    return known;
  }

  #highestBefore(segment: number): number {
    return this.#newest[segment - 1]?.highest ?? 0;
  }

  /** Those of two segments are kept: of the one that is played, and of the next. */
  #columns(segment: number): Columns {
    const known = this.#kept.get(segment);
    if (known !== undefined) return known;
    const versions = this.#segments[segment]?.versions() ?? NO_VERSIONS;
    const numbers = this.#objectsOf[segment];
    const columns = {
      ...versions,
      order: ordersOf(versions, this.#highestBefore(segment)),
      object: Uint32Array.from(versions.object).map((row) => numbers?.[row] ?? 0),
    };
    for (const other of this.#kept.keys()) if (Math.abs(other - segment) > 1) this.#kept.delete(other);
    this.#kept.set(segment, columns);
    return columns;
  }

  /** Newest versions up to an order: of the segments before by their heads, of this one and the next by every version. */
  #stateAt(reached: number, segment: number): readonly StoredVersion[] {
    const order = new Float64Array(this.#objects.length).fill(-1);
    const from = new Int32Array(this.#objects.length);
    const row = new Int32Array(this.#objects.length);
    this.#segments.forEach((_, at) => {
      const columns = this.#isNear(at, segment) ? this.#columns(at) : this.#newest[at];
      if (columns === undefined) return;
      for (let place = 0; place < columns.order.length; place++) {
        const own = columns.order[place] ?? 0;
        const object = columns.object[place] ?? 0;
        if (own > reached || own < (order[object] ?? 0)) continue;
        [order[object], from[object], row[object]] = [own, at, place];
      }
    });
    return this.#objects.flatMap((object, number) => {
      const [at, place, own] = [from[number] ?? 0, row[number] ?? 0, order[number] ?? -1];
      const columns = this.#isNear(at, segment) ? this.#columns(at) : this.#newest[at];
      if (columns === undefined || own < 0 || ((columns.flags[place] ?? 0) & DELETED) !== 0) return [];
      const line = { segment: at, offset: columns.offset[place] ?? 0, revision: own % EPOCH };
      return [new RecordedVersion(object, { at: columns.at[place] ?? 0, line, read: this.#read })];
    });
  }

  #isNear(segment: number, of: number): boolean {
    return segment === of || segment === of + 1;
  }

  /** What happens behind an order, worked out when somebody plays it: a cluster that stands still never needs it. */
  #window(segment: number, after: number, state: readonly StoredVersion[]): PlaybackWindow {
    let steps: readonly PlaybackStep[] | undefined;
    const following = this.#segments[segment + 1];
    const highest = Math.max(after, this.#newest[segment]?.highest ?? 0);
    return {
      state,
      revision: Math.max(1, after % EPOCH),
      steps: () => (steps ??= this.#stepsOf(segment, after)),
      until: following?.head.from ?? AFTER_ALL,
      ...(following === undefined ? {} : { next: () => this.#window(segment + 1, highest, []) }),
    };
  }

  /** The versions above `after` in the window of a segment, those included that came with the next one. */
  #stepsOf(segment: number, after: number): readonly PlaybackStep[] {
    const highest = this.#newest[segment]?.highest ?? 0;
    const rows: Row[] = [];
    for (const at of [segment, segment + 1]) {
      if (at >= this.#segments.length) continue;
      const columns = this.#columns(at);
      columns.order.forEach((order, place) => {
        if (order > after && order <= highest) rows.push({ order, segment: at, place, at: columns.at[place] ?? 0 });
      });
    }
    rows.sort((a, b) => a.order - b.order || a.segment - b.segment || a.place - b.place);
    // A version that was found out about late was there before those that followed it.
    let latest = AFTER_ALL;
    for (const row of rows.toReversed()) row.at = latest = Math.min(latest, row.at);
    const told = new Set<string>();
    let order = -1;
    return rows.flatMap((row): PlaybackStep[] => {
      const columns = this.#columns(row.segment);
      const number = columns.object[row.place] ?? 0;
      const object = this.#objects[number];
      const isDeleted = ((columns.flags[row.place] ?? 0) & DELETED) !== 0;
      if (row.order !== order) told.clear();
      order = row.order;
      if (object === undefined || told.has(`${number} ${isDeleted}`)) return [];
      told.add(`${number} ${isDeleted}`);
      const line = { segment: row.segment, offset: columns.offset[row.place] ?? 0, revision: row.order % EPOCH };
      return [new RecordedStep({ at: row.at, storage: object.definition.storage, isDeleted }, line, this.#read)];
    });
  }

  /** The text of the object on a line. */
  readonly #read = ({ segment, offset, revision }: Line): string => {
    const record = this.#segments[segment]?.read(offset);
    return record?.type === "object" ? textOf(record, revision) : "{}";
  };
}

/** Where a version stands. */
interface Line {
  readonly segment: number;
  readonly offset: number;
  readonly revision: number;
}

interface Row {
  readonly order: number;
  readonly segment: number;
  readonly place: number;
  at: number;
}

/** Every version of a segment; `object` is a number over all segments. */
interface Columns extends VersionColumns {
  readonly order: Float64Array;
  readonly object: Uint32Array;
}

/** `pods.v1 shop/web-1` */
const OBJECT_KEY = /^([^ ]*) ([^/]*)\/(.*)$/s;

const NO_VERSIONS: IndexVersions = { object: [], at: [], epoch: [], revision: [], offset: [], flags: [] };

/** A deletion that a list revealed stands behind everything that was known then. */
function ordersOf({ epoch, revision, flags }: VersionColumns, before: number): Float64Array {
  return Float64Array.from(revision).map((one, row) => {
    const order = (epoch[row] ?? 0) * EPOCH + one;
    return ((flags[row] ?? 0) & INFERRED) === 0 ? order : Math.max(order, before + 1);
  });
}

/** A version that comes, as a step. */
class RecordedStep {
  readonly step = "object";
  readonly at: number;
  readonly storage: string;
  readonly isDeleted: boolean;
  readonly #line: Line;
  readonly #read: (line: Line) => string;

  constructor(
    { at, storage, isDeleted }: { readonly at: number; readonly storage: string; readonly isDeleted: boolean },
    line: Line,
    read: (line: Line) => string,
  ) {
    [this.at, this.storage, this.isDeleted] = [at, storage, isDeleted];
    this.#line = line;
    this.#read = read;
  }

  get text(): string {
    return this.#read(this.#line);
  }
}

type Facts = Pick<StoredVersion, "uid" | "labels" | "fields">;

/** A version whose text is read when somebody wants it. */
class RecordedVersion implements StoredVersion {
  readonly revision: number;
  readonly change = "ADDED";
  readonly storage: string;
  readonly key: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly at: number;
  readonly #line: Line;
  readonly #read: (line: Line) => string;
  #facts: Facts | undefined;

  constructor(
    { definition, namespace, name }: KnownObject,
    { at, line, read }: { readonly at: number; readonly line: Line; readonly read: (line: Line) => string },
  ) {
    this.revision = line.revision;
    this.storage = definition.storage;
    this.key = keyOf(namespace, name);
    this.namespace = namespace;
    this.name = name;
    this.at = at;
    this.#line = line;
    this.#read = read;
  }

  get text(): string {
    return this.#read(this.#line);
  }

  get uid(): string {
    return this.#known().uid;
  }

  get labels(): Fields {
    return this.#known().labels;
  }

  get fields(): Fields {
    return this.#known().fields;
  }

  #known(): Facts {
    if (this.#facts === undefined) {
      const object = decodeKubeObject(this.text);
      const { uid = "" } = object.metadata;
      this.#facts = { uid, labels: textMapAt(object, "metadata", "labels"), fields: fieldsOf(this.storage, object) };
    }
    return this.#facts;
  }
}

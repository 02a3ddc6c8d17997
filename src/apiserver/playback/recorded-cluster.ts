/**
 * What a recording shows of its cluster: the kinds that were watched, every version of every object, every log line, each with
 * the moment at which it was there. Order is that of the cluster's revisions, since kinds arrive over watches of their own.
 */
import { isoTime } from "../../base/index.ts";
import {
  type FaroRecord,
  type LogRecord,
  type ObjectRecord,
  parseTimestamp,
  type RecordAt,
  splitLogLine,
} from "../../record/index.ts";
import type { InstanceLog, LogEntry } from "../logs.ts";
import type { RecordedLog } from "./recorded-log.ts";
import { compareKeys, type StoredVersion } from "../history.ts";
import { builtInDefinition, type ResourceDefinition, storageOf } from "../resources.ts";
import { withMetadata, withType } from "../kube-object.ts";

/** One thing that happens when a recording is played. `at` is milliseconds of the recording's own time. */
export type PlaybackStep =
  | { readonly step: "object"; readonly at: number; readonly storage: string; readonly text: string; readonly isDeleted: boolean }
  | { readonly step: "log-start"; readonly at: number; readonly instance: InstanceLog }
  | {
      readonly step: "log-lines";
      readonly at: number;
      readonly containerId: string;
      readonly lines: readonly Pick<LogEntry, "timestamp" | "content">[];
    }
  | { readonly step: "log-end"; readonly at: number; readonly containerId: string };

export interface RecordedCluster {
  /** What it is the cluster of: `a recording`. */
  readonly what: string;
  readonly serverVersion: string;
  /** What is known to be missing, one sentence each. */
  readonly missing?: readonly string[];
  /** What discovery may answer: the kinds that were watched. */
  readonly definitions: readonly ResourceDefinition[];
  /** Scopes that were watched, for messages: `pods.v1/default`. */
  readonly scopes: readonly string[];
  /** Everything that happens; empty when it is read by windows. */
  readonly steps: readonly PlaybackStep[];
  /** For a recording that is not held in memory. */
  readonly windows?: PlaybackWindows;
  /** Of the recording, milliseconds. */
  readonly start: number;
  readonly end: number;
}

/** A recording that is read when it is asked for. */
export interface PlaybackWindows {
  /** The cluster at a moment (milliseconds), and what happens then. */
  at(moment: number): PlaybackWindow;
  log(containerId: string): RecordedLog | undefined;
}

export interface PlaybackWindow {
  /** What exists at its begin. */
  readonly state: readonly StoredVersion[];
  readonly revision: number;
  /** What happens behind that; the texts are read when they are asked for. */
  readonly steps: () => readonly PlaybackStep[];
  /** From this moment on the next one says what happens. */
  readonly until: number;
  readonly next?: () => PlaybackWindow;
}

/** Takes all records of a recording, in their order. Objects are held in memory, log lines too. */
export async function readRecordedCluster(
  records: AsyncIterable<Pick<RecordAt, "record">>,
  what: string = "a recording",
): Promise<RecordedCluster> {
  const reader = new ClusterReader();
  for await (const { record } of records) reader.accept(record);
  return { what, ...reader.finish() };
}

interface Draft {
  readonly record: ObjectRecord;
  readonly order: number;
}

class ClusterReader {
  readonly #definitions = new Map<string, ResourceDefinition>();
  readonly #scopes = new Set<string>();
  readonly #objects: Draft[] = [];
  readonly #instances = new Map<string, { readonly instance: InstanceLog; readonly at: number }>();
  readonly #logs: LogRecord[] = [];
  readonly #ends: { readonly stream: string; readonly at: number }[] = [];
  #serverVersion = "";
  #start = Number.POSITIVE_INFINITY;
  #end = 0;

  accept(record: FaroRecord): void {
    const at = Date.parse(record.at);
    if (record.type !== "faro-recording" && record.type !== "seal") {
      this.#start = Math.min(this.#start, at);
      this.#end = Math.max(this.#end, at);
    }
    switch (record.type) {
      case "run":
        this.#serverVersion = record.serverVersion ?? this.#serverVersion;
        break;
      case "scope":
        this.#scopes.add(record.scope);
        this.#define(record.resource, undefined);
        break;
      case "object":
        this.#define(record.resource, record);
        this.#objects.push({ record, order: this.#objects.length });
        break;
      case "log-stream": {
        const { podUid, container, restartCount, containerId } = record.instance;
        this.#instances.set(record.stream, { instance: { podUid, container, restartCount, containerId }, at });
        break;
      }
      case "log":
        this.#logs.push(record);
        break;
      case "log-end":
        this.#ends.push({ stream: record.stream, at });
        break;
      default:
        break;
    }
  }

  finish(): Omit<RecordedCluster, "what"> {
    const steps = [...this.#objectSteps(), ...this.#logSteps()].toSorted((a, b) => a.at - b.at);
    return {
      serverVersion: this.#serverVersion,
      definitions: [...this.#definitions.values()].toSorted(asDiscovered),
      scopes: [...this.#scopes],
      steps,
      start: Number.isFinite(this.#start) ? this.#start : 0,
      end: this.#end,
    };
  }

  #define(resource: string, record: ObjectRecord | undefined): void {
    if (this.#definitions.has(resource)) return;
    const seen = record === undefined ? undefined : { kind: record.kind, isNamespaced: record.namespace !== undefined };
    const definition = definitionOf(resource, seen);
    if (definition !== undefined) this.#definitions.set(resource, definition);
  }

  /** Versions in the order of revisions; a deletion that a list revealed stands where it was found out. */
  #objectSteps(): readonly PlaybackStep[] {
    let highest = 0;
    let epoch = 0;
    const placed = this.#objects.map(({ record, order }) => {
      // Another history counts anew.
      if (record.epoch !== epoch) [epoch, highest] = [record.epoch, 0];
      const own = Number(record.resourceVersion);
      const isInferred = record.synthetic === true || !Number.isSafeInteger(own);
      if (!isInferred) highest = Math.max(highest, own);
      return { record, order, revision: isInferred ? highest + 1 : own };
    });
    const ordered = placed.toSorted((a, b) => a.record.epoch - b.record.epoch || a.revision - b.revision || a.order - b.order);
    // A version that was found out about late was there before those that followed it.
    let latest = Number.POSITIVE_INFINITY;
    const times = ordered
      .toReversed()
      .map(({ record }) => (latest = Math.min(latest, Date.parse(record.at))))
      .toReversed();
    const seen = new Set<string>();
    return ordered.flatMap(({ record, revision }, index): PlaybackStep[] => {
      const definition = this.#definitions.get(record.resource);
      const key = `${record.uid} ${record.epoch} ${revision} ${record.change === "DELETED"}`;
      if (definition === undefined || seen.has(key)) return [];
      seen.add(key);
      const [at, { storage }] = [times[index] ?? Date.parse(record.at), definition];
      return [{ step: "object", at, storage, text: textOf(record, revision), isDeleted: record.change === "DELETED" }];
    });
  }

  /**
   * A file is there from its first line on, which is before the recorder could know of it. It ends when a pod says so; here
   * only those that nobody saw end.
   */
  #logSteps(): readonly PlaybackStep[] {
    const starts = new Map([...this.#instances].map(([stream, { at }]) => [stream, at]));
    const lines = this.#logs.flatMap((record) => {
      const stream = this.#instances.get(record.stream);
      if (stream === undefined) return [];
      const steps = stepsOfLines(record, stream.instance.containerId);
      starts.set(record.stream, Math.min(starts.get(record.stream) ?? stream.at, steps[0]?.at ?? stream.at));
      return steps;
    });
    const opened = [...this.#instances].map(([stream, { instance, at }]): PlaybackStep => ({
      step: "log-start",
      at: starts.get(stream) ?? at,
      instance,
    }));
    const ends = this.#ends.flatMap(({ stream, at }): PlaybackStep[] => {
      const known = this.#instances.get(stream);
      return known === undefined ? [] : [{ step: "log-end", at, containerId: known.instance.containerId }];
    });
    return [...opened, ...lines, ...ends];
  }
}

/** A line is there from the moment that its own time stamp says; lines never change places. */
function stepsOfLines(record: LogRecord, containerId: string): readonly PlaybackStep[] {
  let at = 0;
  let timestamp = isoTime(Date.parse(record.at));
  return record.text.split("\n").map((line) => {
    const parts = splitLogLine(line);
    timestamp = parts.timestamp ?? timestamp;
    at = Math.max(at, parseTimestamp(timestamp) ?? at);
    const content = Buffer.from(parts.message, record.encoding === "latin1" ? "latin1" : "utf8");
    return { step: "log-lines", at, containerId, lines: [{ timestamp, content }] };
  });
}

/** Metadata-only answers name a type of their own; served they stand for the object. */
export function textOf(record: ObjectRecord, revision: number): string {
  return withMetadata(withType(record.raw.toString("utf8"), record), { resourceVersion: String(revision) });
}

/** Groups in the order in which a server tells them (`kube-aggregator apiservice priorities`); others follow by name. */
const GROUP_ORDER: readonly string[] = ["", "apps", "events.k8s.io", "autoscaling", "batch", "networking.k8s.io", "policy"];

/** `kubectl get all` prints in the order of discovery: groups by priority, kinds by name. */
export function asDiscovered(a: ResourceDefinition, b: ResourceDefinition): number {
  const rank = (group: string): number => (GROUP_ORDER.includes(group) ? GROUP_ORDER.indexOf(group) : GROUP_ORDER.length);
  const place = ({ group, plural }: ResourceDefinition): string => `${rank(group)} ${group} ${plural}`;
  return compareKeys(place(a), place(b));
}

/** Of a custom kind nothing is known before an object of it was seen. */
export function definitionOf(
  resource: string,
  seen: { readonly kind: string; readonly isNamespaced: boolean } | undefined,
): ResourceDefinition | undefined {
  const [plural = "", version = "", ...rest] = resource.split(".");
  const group = rest.join(".");
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const known = builtInDefinition(apiVersion, plural);
  if (known !== undefined || seen === undefined) return known;
  return {
    group,
    version,
    apiVersion,
    plural,
    singular: seen.kind.toLowerCase(),
    kind: seen.kind,
    listKind: `${seen.kind}List`,
    namespaced: seen.isNamespaced,
    shortNames: [],
    categories: [],
    subresources: [],
    generation: true,
    custom: true,
    watchCache: true,
    storage: storageOf(group, plural),
  };
}

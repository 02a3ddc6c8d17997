/** O1, O2, O5, O7: what is recorded is what was, once, in order, byte for byte. */
import { members } from "../../base/index.ts";
import type { ObjectRecord } from "../../record/index.ts";
import { type Evidence, memberOf, type Violation } from "../evidence.ts";
import type { TrueVersion } from "../truth.ts";

/** What identifies a version: its object, its revision, and whether it is the object's end. */
export function versionKey(uid: string, revision: number | string, isDeleted: boolean): string {
  return `${uid}@${revision}${isDeleted ? "!" : ""}`;
}

/** Every version of the cluster by its key. */
export function truthByKey(evidence: Evidence): ReadonlyMap<string, TrueVersion> {
  return new Map(
    evidence.truth.versions.map((version) => [versionKey(version.uid, version.revision, version.change === "DELETED"), version]),
  );
}

export function objectRecords(evidence: Evidence): readonly ObjectRecord[] {
  return evidence.records.filter((record): record is ObjectRecord => record.type === "object");
}

export function keyOfRecord(record: ObjectRecord): string {
  return versionKey(record.uid, record.resourceVersion, record.change === "DELETED");
}

/** O1: nothing is invented. A deletion that no server told is one of an object that is gone. */
export function nothingInvented(evidence: Evidence): readonly Violation[] {
  const truth = truthByKey(evidence);
  const gone = new Set(evidence.truth.versions.filter(({ change }) => change === "DELETED").map(({ uid }) => uid));
  return objectRecords(evidence).flatMap((record) => {
    const what = describeRecord(record);
    if (record.synthetic === true) return gone.has(record.uid) ? [] : [wrong("O1", `${what} is told, but the object lives`)];
    const version = truth.get(keyOfRecord(record));
    if (version === undefined) return [wrong("O1", `${what} never was`)];
    if (record.observedBy === "watch" && record.change !== version.change)
      return [wrong("O1", `${what} was ${version.change} in the cluster`)];
    return [];
  });
}

/** O2: no version twice, and no object's end twice. */
export function nothingTwice(evidence: Evidence): readonly Violation[] {
  const seen = new Set<string>();
  return objectRecords(evidence).flatMap((record) => {
    const keys = [`${record.epoch} ${keyOfRecord(record)}`, ...(record.change === "DELETED" ? [`the end of ${record.uid}`] : [])];
    const repeated = keys.filter((key) => seen.has(key));
    for (const key of keys) seen.add(key);
    return repeated.length === 0 ? [] : [wrong("O2", `${describeRecord(record)} is recorded again`)];
  });
}

/** O5: versions of an object ascend, its end is last, and arrivals are numbered in order within a stream. */
export function inOrder(evidence: Evidence): readonly Violation[] {
  const last = new Map<string, ObjectRecord>();
  return objectRecords(evidence).flatMap((record) => {
    if (memberOf(record, "late") === true) return [];
    const before = last.get(record.uid);
    last.set(record.uid, record);
    if (before === undefined || before.epoch !== record.epoch) return [];
    const what = describeRecord(record);
    if (before.change === "DELETED") return [wrong("O5", `${what} stands behind the object's end`)];
    if (Number(record.resourceVersion) < Number(before.resourceVersion))
      return [wrong("O5", `${what} stands behind ${before.resourceVersion}`)];
    return record.seq > before.seq ? [] : [wrong("O5", `${what} has seq ${record.seq} behind ${before.seq}`)];
  });
}

/** O7: an object's bytes are the server's own, but for what a record says was changed. */
export function bytesKept(evidence: Evidence): readonly Violation[] {
  const truth = truthByKey(evidence);
  return objectRecords(evidence).flatMap((record) => {
    const version = record.synthetic === true || record.redactions !== undefined ? undefined : truth.get(keyOfRecord(record));
    if (version === undefined) return [];
    const isMetadataOnly = record.resource === "secrets.v1";
    const isSame = isMetadataOnly
      ? memberText(record.raw, "metadata") === memberText(Buffer.from(version.text), "metadata")
      : record.typeMetaAdded === true
        ? withoutType(record.raw) === withoutType(Buffer.from(version.text))
        : record.raw.toString("utf8") === version.text;
    return isSame ? [] : [wrong("O7", `${describeRecord(record)} has other bytes than the server sent`)];
  });
}

function memberText(bytes: Buffer, key: string): string {
  const member = [...members(bytes, 0)].find((one) => one.key === key);
  return member === undefined ? "" : bytes.toString("utf8", member.start, member.end);
}

function withoutType(bytes: Buffer): string {
  const rest = [...members(bytes, 0)].filter(({ key }) => key !== "apiVersion" && key !== "kind");
  return rest.map(({ key, start, end }) => `${key}:${bytes.toString("utf8", start, end)}`).join(",");
}

export function describeRecord(record: ObjectRecord): string {
  const by = record.synthetic === true ? `${record.observedBy}, synthetic` : record.observedBy;
  return `${record.change} ${record.kind} ${record.name} (${record.uid}) at version ${record.resourceVersion} by ${by}, seq ${record.seq}`;
}

function wrong(oracle: string, what: string): Violation {
  return { oracle, what };
}

/**
 * A recording against what happened: every version that was made is recorded once or lies in a gap, and nothing else is recorded.
 * What happened stands in a file, `revision change storage name uid when` in each line (`soak-server.mjs`, `etcd-truth.mjs`).
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { linesOfRecording } from "./recording-lines.mjs";

const RESOURCE_VERSION = /"resourceVersion":"([^"]*)"/;
const AFTER_VERSION = /"afterVersion":"([^"]*)"/;
const BY_VERSION = /"byVersion":"([^"]*)"/;
const UID = /"uid":"([^"]*)"/;

/**
 * Counts by verdict, of the versions up to revision `upTo`. `onVersion` is told of each that was recorded: its key, the beginning of its
 * line, the segment and the byte behind it; `onTruth` of the key and the line of each that was made and recorded.
 */
export async function judge({ recording, truthFile, upTo, onVersion, onTruth }) {
  const { found, repeated, gaps, scopes } = await readRecording(recording, onVersion);
  const verdict = { versions: 0, lost: 0, inGaps: 0, repeated, invented: 0, gaps: gaps.length, firstLost: [] };
  const stored = new Set();
  const missing = [];
  for await (const line of createInterface({ input: createReadStream(truthFile) })) {
    const [revision, change, storage, name, uid] = line.split(" ");
    const scope = scopes.get(storage);
    if (scope === undefined) continue;
    const key = `${revision} ${uid}`;
    stored.add(key);
    // What was there before Faro's first list is shown once, as it was then. Later lists excuse nothing.
    if (Number(revision) <= scope.first || Number(revision) > upTo) continue;
    if (found.has(key)) {
      verdict.versions++;
      onTruth?.(key, line);
    } else if (gaps.some((gap) => gap.storage === storage && covers(gap, Number(revision)))) {
      verdict.versions++;
      verdict.inGaps++;
    } else
      missing.push({
        uid,
        change,
        isBeforeWatch: Number(revision) < scope.watchedFrom,
        what: `${storage} ${name} ${uid} at ${revision}`,
      });
  }
  // The list may be newer than the newest object in it, and shows nothing of one that had come and gone by then.
  const goneBefore = new Set(missing.filter((each) => each.isBeforeWatch && each.change === "DELETED").map(({ uid }) => uid));
  const lost = missing.filter(({ uid, isBeforeWatch }) => !isBeforeWatch || !goneBefore.has(uid));
  verdict.versions += lost.length;
  verdict.lost = lost.length;
  verdict.firstLost = lost.slice(0, 5).map(({ change, what }) => `${change} ${what}`);
  for (const key of found) if (!stored.has(key)) verdict.invented++;
  return verdict;
}

/** The highest revision that the first list of a scope showed; lines of other objects may stand before or behind its end. */
function firstListOf({ listed, syncedSeq }) {
  return listed.reduce((most, [seq, revision]) => (seq < syncedSeq && revision > most ? revision : most), 0);
}

function covers(gap, revision) {
  if (gap.repaired === "full" || gap.visibleChange === false) return false;
  return revision > Number(gap.fromVersion ?? 0) && revision <= Number(gap.toVersion ?? Number.POSITIVE_INFINITY);
}

/** The revision of a deletion that no watch showed, where reading back left only one at which it can have been. */
function provenEnd(head) {
  const [after, by] = [textOf(head, AFTER_VERSION), textOf(head, BY_VERSION)];
  if (head.includes('"finalStateUnknown":true') || after === undefined || by === undefined) return undefined;
  return Number(by) === Number(after) + 1 ? by : undefined;
}

function seqOf(head) {
  return Number(/"seq":(\d+)/.exec(head)?.[1]);
}

function textOf(head, member) {
  return member.exec(head)?.[1];
}

/** What was recorded, by key; scopes by what they are stored under. Reads no more of each line than it needs: there are millions. */
async function readRecording(directory, onVersion) {
  const found = new Set();
  const gaps = new Map();
  const scopes = new Map();
  let repeated = 0;
  const scopeOf = (storage) => {
    if (!scopes.has(storage)) scopes.set(storage, { listed: [], syncedSeq: Infinity, watchedFrom: undefined });
    return scopes.get(storage);
  };
  for await (const { line, segment, end } of linesOfRecording(directory)) {
    const type = /"type":"([a-z-]+)"/.exec(line.toString("latin1", 0, 50))?.[1];
    if (type === "gap") {
      const gap = JSON.parse(line.toString());
      gaps.set(gap.gap, { ...gaps.get(gap.gap), ...gap, storage: `/${gap.scope.split(".")[0]}` });
    }
    if (type === "scope") {
      const { resource, state, seq } = JSON.parse(line.toString());
      const scope = scopeOf(`/${resource.split(".")[0]}`);
      if (state === "synced") scope.syncedSeq = Math.min(scope.syncedSeq, seq);
    }
    if (type !== "object") continue;
    const head = line.toString("latin1", 0, line.indexOf('"object":'));
    const [, resource] = /"resource":"([a-z]+)\./.exec(head) ?? [];
    const revision = head.includes('"synthetic":true') ? provenEnd(head) : textOf(head, RESOURCE_VERSION);
    if (revision === undefined) continue;
    const scope = scopeOf(`/${resource}`);
    if (head.includes('"change":"LISTED"')) scope.listed.push([seqOf(head), Number(revision)]);
    if (seqOf(head) > scope.syncedSeq) scope.watchedFrom ??= Number(revision);
    const key = `${revision} ${textOf(head, UID)}`;
    if (found.has(key)) repeated++;
    found.add(key);
    onVersion?.(key, head, segment, end);
  }
  for (const scope of scopes.values()) scope.first = firstListOf(scope);
  return { found, repeated, gaps: [...gaps.values()].filter((gap) => !gap.scope.startsWith("log:")), scopes };
}

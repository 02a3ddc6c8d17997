/**
 * Packs segments that are finished, one after the other, while Faro records. The packed file stands under its name, synced, before the
 * other one is removed: whatever ends the process, one of them is there and whole, and of both the plain one counts. Compressing runs
 * in Node's pool; nothing that records ever waits for it.
 */
import { gzip } from "node:zlib";
import { type Clock, errorMessage, pause } from "../base/index.ts";
import { type FileLayer, openIfThere, type OpenFile, readFully } from "./file-layer.ts";
import { packedSegmentFile, segmentFile, unfinishedPackedFile } from "./layout.ts";
import { encodeMember, encodeTable, PACKED_BLOCK_BYTES } from "./packed-format.ts";
import { writeAll } from "./segment-file.ts";
import { listSegments } from "./segments.ts";

export interface PackingOptions {
  /** A segment that is smaller stays as it is. Default 4 MB. */
  readonly bytesMin?: number | undefined;
  /** Makes one gzip member of a block. Default: in Node's pool. */
  readonly gzip?: ((block: Buffer) => Promise<Buffer>) | undefined;
  /** A segment could not be packed, and stays as it is until it is tried again. */
  readonly onFailure?: ((why: string) => void) | undefined;
}

export interface PackerSettings extends PackingOptions {
  readonly layer: FileLayer;
  readonly directory: string;
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  /** Segments in front of this one are finished, and nobody has them open for writing. */
  readonly finishedBefore: () => number;
  /** The plain file is gone: whoever has it open keeps its room on the disk. */
  readonly onPacked: (segment: number) => Promise<void>;
}

const BYTES_MIN = 4 * 1024 * 1024;
/** How often it looks for finished segments, milliseconds. */
const LOOK_MS = 10_000;
/** A disk that had no room is asked again so much later, milliseconds. */
const RETRY_MS = 5 * 60_000;
/** What is read, packed and written in one turn. */
const TURN_BYTES = 8 * PACKED_BLOCK_BYTES;
/** So many times as long as a turn took it rests: it has a quarter of a core at the most, and less of one that is busy. */
const REST_PER_TURN = 3;
/** Of what a real cluster sends 10.9 % are left; 12.2 % at level 1, 9.1 % at level 4 for a quarter more CPU (`packing.mjs` in `bench/`). */
const LEVEL = 3;
/** Most blocks come to less. */
const PACKED_BYTES = 32 * 1024;
/** Synced now and then: one sync of everything would hold up those of the recording. */
const SYNC_BYTES = 4 * 1024 * 1024;

/** Packs what is finished, until `signal` aborts. Never throws for a disk in trouble. */
export async function packSegments(settings: PackerSettings, signal: AbortSignal): Promise<void> {
  const { clock, finishedBefore } = settings;
  let done = 0;
  let wait = LOOK_MS;
  for (;;) {
    await pause(clock, wait, signal);
    if (signal.aborted) return;
    const finished = finishedBefore();
    if (finished !== done && !(await packBefore(settings, finished, signal))) wait = RETRY_MS;
    else [done, wait] = [finished, LOOK_MS];
  }
}

/** True when nothing is left to be packed in front of a segment. */
async function packBefore(settings: PackerSettings, end: number, signal: AbortSignal): Promise<boolean> {
  const { layer, directory, onFailure } = settings;
  try {
    for (const segment of await listSegments(layer, directory)) if (segment < end) await packSegment(settings, segment, signal);
    return true;
  } catch (error) {
    if (!signal.aborted) onFailure?.(errorMessage(error));
    return false;
  }
}

/** @throws the errors of the disk, and the signal's reason: then everything is as it was */
export async function packSegment(settings: PackerSettings, segment: number, signal: AbortSignal): Promise<void> {
  const { layer, directory, bytesMin = BYTES_MIN, onPacked } = settings;
  const [plain, unfinished] = [segmentFile(directory, segment), unfinishedPackedFile(directory, segment)];
  const from = await openIfThere(layer, plain);
  // Packed already.
  if (from === undefined) return;
  try {
    const bytes = await from.size();
    if (bytes < bytesMin) return;
    const stamp = (await layer.stampOf(plain)) ?? "";
    if (!(await writePacked(settings, { from, bytes, stamp, path: unfinished }, signal))) return;
    const isSame = (await layer.identityOf(plain)) === (await from.identity()) && (await layer.stampOf(plain)) === stamp;
    if (!isSame) throw new Error(`${plain} was changed while it was packed`);
    signal.throwIfAborted();
    await layer.rename(unfinished, packedSegmentFile(directory, segment));
    await layer.syncDirectory(directory);
    await layer.remove(plain);
  } finally {
    await from.close();
    await layer.remove(unfinished);
  }
  await onPacked(segment);
}

interface Packing {
  readonly from: OpenFile;
  readonly bytes: number;
  readonly stamp: string;
  readonly path: string;
}

/** Writes the packed form and syncs it. False when it is too long to be packed. */
async function writePacked(settings: PackerSettings, packing: Packing, signal: AbortSignal): Promise<boolean> {
  const { layer, clock, gzip: pack = gzipInPool } = settings;
  const { from, bytes, stamp } = packing;
  const file = await layer.openForWriting(packing.path);
  try {
    await file.truncate(0);
    const starts = [0];
    const memory = Buffer.allocUnsafeSlow(Math.min(TURN_BYTES, bytes));
    let [end, synced] = [0, 0];
    for (let at = 0; at < bytes; at += TURN_BYTES) {
      const began = clock.monotonic();
      const turn = memory.subarray(0, Math.min(TURN_BYTES, bytes - at));
      if ((await readFully(from, turn, at)) < turn.length) throw new Error("the segment is shorter than it was");
      const members: Buffer[] = [];
      const start = end;
      for (let block = 0; block < turn.length; block += PACKED_BLOCK_BYTES) {
        const text = turn.subarray(block, block + PACKED_BLOCK_BYTES);
        const member = encodeMember(await pack(text), text.length);
        members.push(...member);
        end += member.reduce((sum, { length }) => sum + length, 0);
        starts.push(end);
      }
      await writeAll(file, members, start);
      if (end - synced >= SYNC_BYTES) {
        await file.datasync();
        synced = end;
      }
      await clock.sleep(Math.max(1, (clock.monotonic() - began) * REST_PER_TURN), signal);
    }
    const table = encodeTable({ bytes, blockBytes: PACKED_BLOCK_BYTES, starts, stamp });
    if (table === undefined) return false;
    await writeAll(file, [table], end);
    await file.datasync();
    return true;
  } finally {
    await file.close();
  }
}

function gzipInPool(block: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Nearly always its answer is one piece: each is waited for through a turn of the event loop.
    gzip(block, { level: LEVEL, chunkSize: PACKED_BYTES }, (error, member) => (error === null ? resolve(member) : reject(error)));
  });
}

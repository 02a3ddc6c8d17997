/**
 * Segments as readers open them: as they were written, or packed (`000001.ndjson.gz`). Of one that Faro packed any place is read by
 * unpacking the block in which it is. One that `gzip` packed has no blocks, and is unpacked into memory.
 */
import { gunzipSync } from "node:zlib";
import { errorCode, type FileLayer, openIfThere, type OpenFile, readFully } from "./file-layer.ts";
import { packedSegmentFile, scratchFile, segmentFile } from "./layout.ts";
import { segmentNotUnpacked } from "./messages.ts";
import { packedBlocks } from "./packed-blocks.ts";
import {
  decodeMemberHead,
  decodeTable,
  MEMBER_HEAD_BYTES,
  type PackedTable,
  TABLE_END_BYTES,
  tableBytes,
  type UnpackedBlock,
  unpackMember,
} from "./packed-format.ts";
import { writeAll } from "./segment-file.ts";

/** A stretch of a packed file that is not as it was written. */
export interface PackedFault {
  readonly what: string;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Opens a segment for reading, packed or not; when both are there the one that is not.
 * @throws FaroError `FARO_RECORDING_DAMAGED` when nothing of it can be unpacked
 */
export async function openSegment(layer: FileLayer, directory: string, segment: number): Promise<OpenFile> {
  try {
    return await layer.openForReading(segmentFile(directory, segment));
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    const packed = await openPacked(layer, directory, segment);
    if (packed === undefined) throw error;
    return packed;
  }
}

/** True when the segment is there in its packed form alone: nothing is ever appended to or cut off that. */
export async function isPacked(layer: FileLayer, directory: string, segment: number): Promise<boolean> {
  const [plain, packed] = [segmentFile(directory, segment), packedSegmentFile(directory, segment)];
  return (await layer.identityOf(plain)) === undefined && (await layer.identityOf(packed)) !== undefined;
}

/** What a segment's file is known by that nobody writes to, the same after it was packed; `undefined` when `gzip` packed it. */
export async function stampOfSegment(layer: FileLayer, directory: string, segment: number): Promise<string | undefined> {
  const stamp = await layer.stampOf(segmentFile(directory, segment));
  if (stamp !== undefined) return stamp;
  const file = await openIfThere(layer, packedSegmentFile(directory, segment));
  try {
    return file === undefined ? undefined : (await readTable(file))?.stamp;
  } finally {
    await file?.close();
  }
}

/** What of a packed segment was found damaged by those who read it; nothing for a plain one. */
export function packedFaults(file: OpenFile): readonly PackedFault[] {
  return file instanceof PackedSegment ? file.faults : [];
}

/** What is said of a packed segment whose end was cut off. */
export const TORN = "the end of the packed segment is missing";

/** True of such a one. */
export function isTorn(file: OpenFile): boolean {
  return file instanceof PackedSegment && file.isTorn;
}

/** The table at the end of a file that Faro packed; `undefined` when there is none. */
export async function readTable(file: OpenFile): Promise<PackedTable | undefined> {
  const size = await file.size();
  const end = await bytesAt(file, size - TABLE_END_BYTES, TABLE_END_BYTES);
  const length = tableBytes(end);
  const text = await bytesAt(file, size - TABLE_END_BYTES - length, length);
  return length > 0 && text.length === length ? decodeTable(text, end, size) : undefined;
}

/** The member of a block: what stands between two starts. */
export function memberSpan({ bytes, blockBytes, starts }: PackedTable, block: number): [at: number, bytes: number, text: number] {
  const at = starts[block] ?? 0;
  return [at, (starts[block + 1] ?? at) - at, Math.min(blockBytes, bytes - block * blockBytes)];
}

async function openPacked(layer: FileLayer, directory: string, segment: number): Promise<OpenFile | undefined> {
  const path = packedSegmentFile(directory, segment);
  const file = await openIfThere(layer, path);
  if (file === undefined) return undefined;
  try {
    const table = await readTable(file);
    const scratch = async (bytes: number): Promise<OpenFile | undefined> =>
      await layer.openScratch?.(scratchFile(directory, segment), bytes);
    if (table !== undefined) return new PackedSegment(file, table, { isTorn: false, scratch });
    const found = await findMembers(file);
    if (found !== undefined) return new PackedSegment(file, found, { isTorn: true, scratch });
    const whole = new UnpackedSegment(gunzipSync(await bytesAt(file, 0, await file.size())), path);
    await file.close();
    return whole;
  } catch (error) {
    await file.close();
    throw segmentNotUnpacked(path, error);
  }
}

/** Goes from member to member of a file without a table, as far as they are whole; `undefined` when Faro did not pack it. */
async function findMembers(file: OpenFile): Promise<PackedTable | undefined> {
  const size = await file.size();
  const starts = [0];
  let [bytes, blockBytes] = [0, 0];
  for (let at = 0; ;) {
    const head = decodeMemberHead(await bytesAt(file, at, MEMBER_HEAD_BYTES));
    if (head === undefined || head.bytes <= MEMBER_HEAD_BYTES || at + head.bytes > size) break;
    if (at === 0) blockBytes = head.textBytes;
    at += head.bytes;
    bytes += head.textBytes;
    starts.push(at);
    // Only the last one is shorter.
    if (head.textBytes !== blockBytes) break;
  }
  const isOurs = decodeMemberHead(await bytesAt(file, 0, MEMBER_HEAD_BYTES)) !== undefined;
  return isOurs ? { bytes, blockBytes, starts, stamp: "" } : undefined;
}

/** As many of so many bytes as there are. */
async function bytesAt(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(position < 0 ? 0 : length);
  return bytes.subarray(0, await readFully(file, bytes, position));
}

/** What is only read, and needs nothing to be given back. */
abstract class ReadOnly implements OpenFile {
  abstract read(into: Buffer, position: number): Promise<number>;
  abstract size(): Promise<number>;
  abstract identity(): Promise<string>;

  write(): Promise<number> {
    return this.#refuse();
  }

  truncate(): Promise<void> {
    return this.#refuse();
  }

  datasync(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #refuse(): Promise<never> {
    return Promise.reject(new Error("a packed segment is only read"));
  }
}

interface PackedOptions {
  readonly isTorn: boolean;
  readonly scratch: (bytes: number) => Promise<OpenFile | undefined>;
}

class PackedSegment extends ReadOnly {
  readonly isTorn: boolean;
  readonly #scratch: PackedOptions["scratch"];
  readonly #file: OpenFile;
  readonly #table: PackedTable;
  /** Blocks that are being read. */
  readonly #coming = new Map<number, Promise<UnpackedBlock>>();
  readonly #faults = new Map<number, PackedFault>();
  /** Blocks that were unpacked, one as often as it was. */
  #unpacked = 0;
  /** All of it as it was before, for those who read here and there. */
  #copy: Promise<OpenFile | undefined> | undefined;
  #isClosed = false;

  constructor(file: OpenFile, table: PackedTable, options: PackedOptions) {
    super();
    this.#file = file;
    this.#table = table;
    this.isTorn = options.isTorn;
    this.#scratch = options.scratch;
  }

  get faults(): readonly PackedFault[] {
    return [...this.#faults.values()];
  }

  async read(into: Buffer, position: number): Promise<number> {
    const copy = await this.#copy;
    if (copy !== undefined) return await copy.read(into, position);
    const { bytes, blockBytes } = this.#table;
    let done = 0;
    while (done < into.length && position + done < bytes) {
      const block = Math.floor((position + done) / blockBytes);
      const { text } = await this.#block(block);
      done += text.copy(into, done, position + done - block * blockBytes);
    }
    return done;
  }

  size(): Promise<number> {
    return Promise.resolve(this.#table.bytes);
  }

  identity(): Promise<string> {
    return this.#file.identity();
  }

  override async close(): Promise<void> {
    this.#isClosed = true;
    packedBlocks.drop(this);
    await (await this.#copy)?.close();
    await this.#file.close();
  }

  #block(number: number): UnpackedBlock | Promise<UnpackedBlock> {
    const kept = packedBlocks.get(this, number);
    if (kept !== undefined) return kept;
    const coming = this.#coming.get(number) ?? this.#unpack(number).finally(() => this.#coming.delete(number));
    this.#coming.set(number, coming);
    return coming;
  }

  async #unpack(number: number): Promise<UnpackedBlock> {
    // Whoever has unpacked as much as there is, and goes on, has taken no more than twice the least when all of it is unpacked now.
    if (++this.#unpacked > this.#blocks) this.#copy ??= this.#unpackAll();
    const block = await this.#member(number);
    packedBlocks.keep(this, number, block);
    return block;
  }

  async #member(number: number): Promise<UnpackedBlock> {
    const [offset, bytes, textBytes] = memberSpan(this.#table, number);
    const block = unpackMember(await bytesAt(this.#file, offset, bytes), textBytes);
    if (block.fault !== undefined) this.#faults.set(number, { what: block.fault, offset, bytes });
    return block;
  }

  get #blocks(): number {
    return this.#table.starts.length - 1;
  }

  /** `undefined` when there is no place for it, or when not all is there: then blocks are unpacked as before. */
  async #unpackAll(): Promise<OpenFile | undefined> {
    const copy = await this.#scratch(this.#table.bytes);
    if (copy === undefined) return undefined;
    try {
      for (let number = 0; number < this.#blocks; number++) {
        const { text, fault } = await this.#member(number);
        if (this.#isClosed || fault !== undefined) throw new Error(fault ?? "nobody reads it any more");
        await writeAll(copy, [text], number * this.#table.blockBytes);
      }
      packedBlocks.drop(this);
      return copy;
    } catch {
      // A disk that is full meanwhile, and what is thrown above.
      await copy.close();
      return undefined;
    }
  }
}

/** A whole segment in memory. */
class UnpackedSegment extends ReadOnly {
  readonly #bytes: Buffer;
  readonly #path: string;

  constructor(bytes: Buffer, path: string) {
    super();
    this.#bytes = bytes;
    this.#path = path;
  }

  read(into: Buffer, position: number): Promise<number> {
    return Promise.resolve(position >= this.#bytes.length ? 0 : this.#bytes.copy(into, 0, position));
  }

  size(): Promise<number> {
    return Promise.resolve(this.#bytes.length);
  }

  identity(): Promise<string> {
    return Promise.resolve(this.#path);
  }
}

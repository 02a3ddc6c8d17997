/**
 * What a packed segment looks like, as bytes: gzip members one behind the other, each of one block of the segment, and behind them an
 * empty one that says where they begin. To `zcat` it is the segment. What is ours stands in the extra fields that gzip has for such
 * things (RFC 1952, 2.3.1.1). Each member says there how long it is, so the blocks are found without the last one, too.
 */
import { crc32, gunzipSync, inflateRawSync } from "node:zlib";
import { errorMessage } from "../base/index.ts";

/**
 * Half as long, a sixth more is left of what a real cluster sends; twice as long, it takes twice as long to read a single line
 * (`packing.mjs` in `bench/`).
 */
export const PACKED_BLOCK_BYTES: number = 128 * 1024;

/** Where the blocks of a packed segment are. */
export interface PackedTable {
  /** Length of the segment. */
  readonly bytes: number;
  /** Length of each block but the last one. */
  readonly blockBytes: number;
  /** Where each member begins, and where the last one ends. */
  readonly starts: readonly number[];
  /** What the segment's file was known by before it was packed. */
  readonly stamp: string;
}

const GZIP_HEADER_BYTES = 10;
const GZIP_TRAILER_BYTES = 8;
/** Deflate, with an extra field. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff]);
/** What gzip makes of nothing, behind its header. */
const EMPTY_BODY = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const BLOCK_FIELD = "FB";
const TABLE_FIELD = "FT";
/** Of a field: its name and its length. */
const FIELD_HEAD_BYTES = 4;
const EXTRA_BYTES_MAX = 0xffff;
/** Header, extra field of two numbers. */
export const MEMBER_HEAD_BYTES: number = GZIP_HEADER_BYTES + 2 + FIELD_HEAD_BYTES + 8;
/** The table's checksum and length, and the empty body. */
export const TABLE_END_BYTES: number = 8 + EMPTY_BODY.length;

/** The header of a member with an extra field of its own. */
function memberHead(field: string, content: Buffer): Buffer {
  const head = Buffer.alloc(GZIP_HEADER_BYTES + 2 + FIELD_HEAD_BYTES);
  GZIP_HEADER.copy(head);
  head.writeUInt16LE(FIELD_HEAD_BYTES + content.length, GZIP_HEADER_BYTES);
  head.write(field, GZIP_HEADER_BYTES + 2, "latin1");
  head.writeUInt16LE(content.length, GZIP_HEADER_BYTES + 4);
  return Buffer.concat([head, content]);
}

/** The member of a block, in pieces. @param gzipped what gzip made of the block: a member without an extra field */
export function encodeMember(gzipped: Buffer, textBytes: number): readonly Buffer[] {
  const body = gzipped.subarray(GZIP_HEADER_BYTES);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(MEMBER_HEAD_BYTES + body.length, 0);
  lengths.writeUInt32LE(textBytes, 4);
  return [memberHead(BLOCK_FIELD, lengths), body];
}

/** What the head of a member says; `undefined` when these bytes are none. */
export function decodeMemberHead(head: Buffer): { readonly bytes: number; readonly textBytes: number } | undefined {
  const isOurs = head.length >= MEMBER_HEAD_BYTES && memberHead(BLOCK_FIELD, head.subarray(16, 24)).equals(head.subarray(0, 24));
  return isOurs ? { bytes: head.readUInt32LE(16), textBytes: head.readUInt32LE(20) } : undefined;
}

/** The empty member at the end. `undefined` when the table is too long for it: some two gigabytes. */
export function encodeTable({ bytes, blockBytes, starts, stamp }: PackedTable): Buffer | undefined {
  const members = starts.slice(1).map((start, at) => start - (starts[at] ?? 0));
  const text = Buffer.from(JSON.stringify({ type: "faro-packed", version: 1, bytes, blockBytes, stamp, members }));
  const end = Buffer.alloc(8);
  end.writeUInt32LE(crc32(text), 0);
  end.writeUInt32LE(text.length, 4);
  if (FIELD_HEAD_BYTES + text.length + end.length > EXTRA_BYTES_MAX) return undefined;
  return Buffer.concat([memberHead(TABLE_FIELD, Buffer.concat([text, end])), EMPTY_BODY]);
}

/** How long the table is that ends a file. @param end its last `TABLE_END_BYTES`; 0 when there is none */
export function tableBytes(end: Buffer): number {
  return end.length === TABLE_END_BYTES && end.subarray(8).equals(EMPTY_BODY) ? end.readUInt32LE(4) : 0;
}

/** The table in front of such an end; `undefined` when it is not as it was written, or not of a file of so many bytes. */
export function decodeTable(text: Buffer, end: Buffer, fileBytes: number): PackedTable | undefined {
  if (crc32(text) !== end.readUInt32LE(0)) return undefined;
  const { version, members, ...table } = JSON.parse(text.toString("utf8")) as Omit<PackedTable, "starts"> & {
    readonly version: number;
    readonly members: readonly number[];
  };
  const starts = [0];
  for (const [at, bytes] of members.entries()) starts.push((starts[at] ?? 0) + bytes);
  const endBytes = GZIP_HEADER_BYTES + 2 + FIELD_HEAD_BYTES + text.length + TABLE_END_BYTES;
  return version === 1 && starts.at(-1) === fileBytes - endBytes ? { ...table, starts } : undefined;
}

export interface UnpackedBlock {
  readonly text: Buffer;
  /** Why `text` may not be what was packed. */
  readonly fault?: string;
}

/**
 * The block in a member. Of a damaged one what can be unpacked, if that is of the right length: its lines have checksums of their own.
 * Otherwise zeros, so that everything else keeps its place.
 */
export function unpackMember(member: Buffer, textBytes: number): UnpackedBlock {
  const options = { chunkSize: Math.max(textBytes, 64) + 1, maxOutputLength: textBytes + 1 };
  try {
    return ofLength(gunzipSync(member, options), textBytes);
  } catch (error) {
    return { text: salvaged(member.subarray(MEMBER_HEAD_BYTES, -GZIP_TRAILER_BYTES), textBytes), fault: errorMessage(error) };
  }
}

function salvaged(body: Buffer, textBytes: number): Buffer {
  try {
    return ofLength(inflateRawSync(body), textBytes).text;
  } catch {
    // What is wrong with it is known already.
    return Buffer.alloc(textBytes);
  }
}

function ofLength(text: Buffer, bytes: number): UnpackedBlock {
  if (text.length !== bytes) throw new Error(`it has ${text.length} bytes instead of ${bytes}`);
  return { text };
}

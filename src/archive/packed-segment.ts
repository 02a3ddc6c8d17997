/**
 * Segments as readers open them: as they were written, or packed with gzip by whoever keeps old recordings
 * (`000001.ndjson.gz`). A packed one is unpacked into memory, since it cannot be read from the middle.
 */
import { gunzipSync } from "node:zlib";
import { errorCode, type FileLayer, type OpenFile, readFully } from "./file-layer.ts";
import { packedSegmentFile, segmentFile } from "./layout.ts";
import { segmentNotUnpacked } from "./messages.ts";

/**
 * Opens a segment for reading, packed or not; when both are there the one that is not.
 * @throws FaroError `FARO_RECORDING_DAMAGED` when it cannot be unpacked
 */
export async function openSegment(layer: FileLayer, directory: string, segment: number): Promise<OpenFile> {
  try {
    return await layer.openForReading(segmentFile(directory, segment));
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    const path = packedSegmentFile(directory, segment);
    const packed = await openPacked(layer, path);
    if (packed === undefined) throw error;
    return unpack(packed, path);
  }
}

/** True when the segment is there in its packed form alone: nothing is ever appended to or cut off that. */
export async function isPacked(layer: FileLayer, directory: string, segment: number): Promise<boolean> {
  const [plain, packed] = [segmentFile(directory, segment), packedSegmentFile(directory, segment)];
  return (await layer.identityOf(plain)) === undefined && (await layer.identityOf(packed)) !== undefined;
}

async function openPacked(layer: FileLayer, path: string): Promise<OpenFile | undefined> {
  try {
    return await layer.openForReading(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function unpack(packed: OpenFile, path: string): Promise<OpenFile> {
  try {
    const bytes = Buffer.alloc(await packed.size());
    const length = await readFully(packed, bytes, 0);
    return new UnpackedSegment(gunzipSync(bytes.subarray(0, length)), path);
  } catch (error) {
    throw segmentNotUnpacked(path, error);
  } finally {
    await packed.close();
  }
}

class UnpackedSegment implements OpenFile {
  readonly #bytes: Buffer;
  readonly #path: string;

  constructor(bytes: Buffer, path: string) {
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
    return Promise.reject(new Error(`${this.#path} is packed: it is only read`));
  }
}

/**
 * Writes blocks to segment files and makes them durable. After a failure nothing is assumed: the file is opened
 * anew, cut back to the last byte that a sync vouched for, and written again from there. (After a failed fsync
 * the kernel may have dropped the pages, so syncing once more proves nothing: the "fsyncgate" of 2018.) A file whose
 * name was taken away is written under it again, from the handle that is still open: what is appended to a file
 * without a name is lost without an error.
 */
import type { Block } from "./block.ts";
import type { FileLayer, OpenFile } from "./file-layer.ts";
import { segmentFile } from "./layout.ts";

export class SegmentFile {
  readonly #layer: FileLayer;
  readonly #directory: string;
  readonly #onRestored: (why: string) => void;
  #open: { readonly segment: number; readonly file: OpenFile } | undefined;
  /** A file without a name, kept until its bytes stand under the name again. */
  #orphan: { readonly segment: number; readonly file: OpenFile } | undefined;

  /** `onRestored` hears of each segment that had to be written again. */
  constructor(layer: FileLayer, directory: string, onRestored: (why: string) => void) {
    this.#layer = layer;
    this.#directory = directory;
    this.#onRestored = onRestored;
  }

  /** Writes blocks of one segment that follow each other, and syncs them. Either all is durable, or it throws. */
  async commit(blocks: readonly Block[]): Promise<void> {
    const [first] = blocks;
    if (first === undefined) return;
    try {
      await this.#keepName();
      const file = await this.#fileFor(first);
      // In one call: each answer is waited for through a turn of the event loop, in which two megabytes may come in.
      await writeAll(
        file,
        blocks.map(({ bytes }) => bytes),
        first.start,
      );
      await file.datasync();
    } catch (error) {
      await this.#drop();
      throw error;
    }
  }

  /** Closes the file; one without a name is given it back first. */
  async close(): Promise<void> {
    await this.#keepName();
    await this.#letGo();
  }

  /** Looks whether the open file still has its name. If not, its bytes are written under the name again. */
  async #keepName(): Promise<void> {
    const open = this.#open;
    if (this.#orphan === undefined && open !== undefined) {
      const path = segmentFile(this.#directory, open.segment);
      const [named, opened] = await Promise.all([this.#layer.identityOf(path), open.file.identity()]);
      if (named === opened) return;
      this.#orphan = open;
      this.#open = undefined;
    }
    const orphan = this.#orphan;
    if (orphan === undefined) return;
    const path = segmentFile(this.#directory, orphan.segment);
    await this.#layer.createDirectory(this.#directory);
    const file = await this.#layer.openForWriting(path);
    try {
      await file.truncate(0);
      await copyAll(orphan.file, file);
      await file.datasync();
      await this.#layer.syncDirectory(this.#directory);
    } catch (error) {
      await file.close();
      throw error;
    }
    await orphan.file.close();
    this.#orphan = undefined;
    this.#open = { segment: orphan.segment, file };
    this.#onRestored(`${path} was removed or replaced while it was written; what it held is written there again`);
  }

  async #letGo(): Promise<void> {
    const file = this.#open?.file;
    this.#open = undefined;
    await file?.close();
  }

  async #fileFor(block: Block): Promise<OpenFile> {
    if (this.#open?.segment === block.segment) return this.#open.file;
    await this.#letGo();
    await this.#layer.createDirectory(this.#directory);
    const file = await this.#layer.openForWriting(segmentFile(this.#directory, block.segment));
    this.#open = { segment: block.segment, file };
    await file.truncate(block.start);
    await this.#layer.syncDirectory(this.#directory);
    return file;
  }

  /** The first error is the one to tell; closing a broken file can only repeat it. */
  async #drop(): Promise<void> {
    await this.#letGo().catch(() => {});
  }
}

/** Writes pieces that follow each other. */
export async function writeAll(file: OpenFile, pieces: readonly Buffer[], position: number): Promise<void> {
  let rest: readonly Buffer[] = pieces.filter(({ length }) => length > 0);
  for (let at = position; rest.length > 0;) {
    const count = await file.write(rest, at);
    at += count;
    rest = without(rest, count);
  }
}

/** What is left of the pieces without their first `count` bytes. */
function without(pieces: readonly Buffer[], count: number): readonly Buffer[] {
  let taken = count;
  let whole = 0;
  for (const { length } of pieces) {
    if (length > taken) break;
    taken -= length;
    whole++;
  }
  const [cut, ...rest] = pieces.slice(whole);
  return cut === undefined ? [] : [cut.subarray(taken), ...rest];
}

const COPY_BYTES = 1024 * 1024;

async function copyAll(from: OpenFile, to: OpenFile): Promise<void> {
  const chunk = Buffer.allocUnsafeSlow(COPY_BYTES);
  for (let at = 0; ;) {
    const count = await from.read(chunk, at);
    if (count === 0) return;
    await writeAll(to, [chunk.subarray(0, count)], at);
    at += count;
  }
}

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

/** A file under its name; `identity` says which one it is. */
interface NamedFile {
  readonly segment: number;
  readonly file: OpenFile;
  readonly identity: string;
}

export class SegmentFile {
  readonly #layer: FileLayer;
  readonly #directory: string;
  readonly #onRestored: (why: string) => void;
  #open: NamedFile | undefined;
  /** A file without a name, kept until its bytes stand under the name again. */
  #orphan: NamedFile | undefined;

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
      await this.#restoreName();
      const file = await this.#fileFor(first);
      // In one call: each answer is waited for through a turn of the event loop, in which two megabytes may come in.
      const pieces = blocks.map(({ bytes }) => bytes);
      // The name is looked at beside the writing: a change that comes alone has a commit of its own, and each turn costs what it does.
      const done = await Promise.allSettled([writeAll(file, pieces, first.start), this.#lookAtName()]);
      for (const each of done) if (each.status === "rejected") throw each.reason;
      if (this.#orphan === undefined) await file.datasync();
      else await this.#restoreName();
    } catch (error) {
      await this.#drop();
      throw error;
    }
  }

  /** Closes the file; one without a name is given it back first. */
  async close(): Promise<void> {
    await this.#lookAtName();
    await this.#restoreName();
    await this.#letGo();
  }

  /** Looks whether the open file still has its name; without one it is an orphan. */
  async #lookAtName(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    if ((await this.#layer.identityOf(segmentFile(this.#directory, open.segment))) === open.identity) return;
    this.#orphan = open;
    this.#open = undefined;
  }

  /** Writes the bytes of an orphan under its name again, and syncs them. */
  async #restoreName(): Promise<void> {
    const orphan = this.#orphan;
    if (orphan === undefined) return;
    const path = segmentFile(this.#directory, orphan.segment);
    await this.#layer.createDirectory(this.#directory);
    const restored = await named(orphan.segment, await this.#layer.openForWriting(path));
    const { file } = restored;
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
    this.#open = restored;
    this.#onRestored(`${path} was removed or replaced while it was written; what it held is written there again`);
  }

  async #letGo(): Promise<void> {
    const file = this.#open?.file;
    this.#open = undefined;
    await file?.close();
  }

  async #fileFor(block: Block): Promise<OpenFile> {
    if (this.#open?.segment === block.segment) return this.#open.file;
    await this.close();
    await this.#layer.createDirectory(this.#directory);
    this.#open = await named(block.segment, await this.#layer.openForWriting(segmentFile(this.#directory, block.segment)));
    const { file } = this.#open;
    await file.truncate(block.start);
    await this.#layer.syncDirectory(this.#directory);
    return file;
  }

  /** The first error is the one to tell; closing a broken file can only repeat it. */
  async #drop(): Promise<void> {
    await this.#letGo().catch(() => {});
  }
}

async function named(segment: number, file: OpenFile): Promise<NamedFile> {
  try {
    return { segment, file, identity: await file.identity() };
  } catch (error) {
    await file.close();
    throw error;
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

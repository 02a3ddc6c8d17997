/**
 * A disk in memory that can be slow, full or broken, and that knows what was synced: after a crash only that is sure to be there,
 * and of the rest a part, cut anywhere.
 */
import type { FileLayer, OpenFile } from "../archive/index.ts";
import type { Chance } from "./chance.ts";

/** What an operation meets. */
export interface DiskTrouble {
  /** Bytes that still fit. */
  free: number;
  /** Code of the error that every write and sync gives, for instance `EIO`. */
  error: string | undefined;
  /** Waits before every write and sync. */
  pause: (() => Promise<void>) | undefined;
}

interface Content {
  bytes: Buffer;
  length: number;
  synced: number;
  /** The name survives a power cut. */
  isNamed: boolean;
}

export class ProofDisk implements FileLayer {
  readonly trouble: DiskTrouble = { free: Number.POSITIVE_INFINITY, error: undefined, pause: undefined };
  readonly #files = new Map<string, Content>();

  /** What the disk holds after a power cut, for the next process; paths begin with `to` instead of `from`. */
  afterCrash(chance: Chance, from: string, to: string): ProofDisk {
    const next = new ProofDisk();
    for (const [path, content] of this.#files) {
      if (!content.isNamed && chance.happens(0.5)) continue;
      const kept = content.synced + chance.below(content.length - content.synced + 1);
      const bytes = Buffer.from(content.bytes.subarray(0, kept));
      // A file system may have the new length on disk before the data: zeros.
      if (kept > content.synced && chance.happens(0.2)) bytes.fill(0, content.synced + chance.below(kept - content.synced));
      next.#files.set(path.replace(from, to), { bytes, length: kept, synced: kept, isNamed: true });
    }
    return next;
  }

  /** The same after an orderly end. */
  moved(from: string, to: string): ProofDisk {
    const next = new ProofDisk();
    for (const [path, content] of this.#files) next.#files.set(path.replace(from, to), { ...content, isNamed: true });
    return next;
  }

  openForWriting(path: string): Promise<OpenFile> {
    return this.#open(path, true);
  }

  openForReading(path: string): Promise<OpenFile> {
    return this.#open(path, false);
  }

  /** Nobody takes names away here. */
  identityOf(path: string): Promise<string | undefined> {
    return Promise.resolve(this.#files.has(path) ? "named" : undefined);
  }

  stampOf(path: string): Promise<string | undefined> {
    return Promise.resolve(this.#files.get(path)?.length.toString());
  }

  list(directory: string): Promise<readonly string[]> {
    const names = [...this.#files.keys()].filter((path) => path.startsWith(`${directory}/`));
    return Promise.resolve(names.map((path) => path.slice(directory.length + 1)).sort());
  }

  createDirectory(): Promise<void> {
    return Promise.resolve();
  }

  syncDirectory(directory: string): Promise<void> {
    for (const [path, content] of this.#files) if (path.startsWith(`${directory}/`)) content.isNamed = true;
    return Promise.resolve();
  }

  remove(path: string): Promise<void> {
    this.#files.delete(path);
    return Promise.resolve();
  }

  rename(from: string, to: string): Promise<void> {
    const content = this.#files.get(from);
    if (content === undefined) return Promise.reject(systemError("ENOENT"));
    this.#files.delete(from);
    this.#files.set(to, content);
    content.isNamed = false;
    return Promise.resolve();
  }

  async #open(path: string, isCreating: boolean): Promise<OpenFile> {
    let content = this.#files.get(path);
    if (content === undefined) {
      if (!isCreating) throw systemError("ENOENT");
      await this.#meet();
      content = { bytes: Buffer.alloc(16_384), length: 0, synced: 0, isNamed: false };
      this.#files.set(path, content);
    }
    return new ProofFile(content, this.trouble, () => this.#meet());
  }

  async #meet(): Promise<void> {
    await this.trouble.pause?.();
    if (this.trouble.error !== undefined) throw systemError(this.trouble.error);
  }
}

class ProofFile implements OpenFile {
  readonly #content: Content;
  readonly #trouble: DiskTrouble;
  readonly #meet: () => Promise<void>;

  constructor(content: Content, trouble: DiskTrouble, meet: () => Promise<void>) {
    this.#content = content;
    this.#trouble = trouble;
    this.#meet = meet;
  }

  async write(pieces: readonly Buffer[], position: number): Promise<number> {
    const bytes = Buffer.concat(pieces);
    await this.#meet();
    const taken = Math.min(bytes.length, this.#trouble.free);
    if (taken === 0 && bytes.length > 0) throw systemError("ENOSPC");
    this.#trouble.free -= taken;
    const content = this.#content;
    const end = position + taken;
    if (end > content.bytes.length) content.bytes = Buffer.concat([content.bytes], Math.max(end, content.bytes.length * 2));
    bytes.copy(content.bytes, position, 0, taken);
    content.length = Math.max(content.length, end);
    return taken;
  }

  read(into: Buffer, position: number): Promise<number> {
    const { bytes, length } = this.#content;
    return Promise.resolve(position >= length ? 0 : bytes.copy(into, 0, position, Math.min(length, position + into.length)));
  }

  identity(): Promise<string> {
    return Promise.resolve("named");
  }

  size(): Promise<number> {
    return Promise.resolve(this.#content.length);
  }

  truncate(length: number): Promise<void> {
    const content = this.#content;
    if (length < content.length) content.bytes.fill(0, length, content.length);
    if (length > content.bytes.length) content.bytes = Buffer.concat([content.bytes], length);
    content.length = length;
    content.synced = Math.min(content.synced, length);
    return Promise.resolve();
  }

  /** After a failure the kernel has dropped what it could not write (the "fsyncgate" of 2018). */
  async datasync(): Promise<void> {
    const content = this.#content;
    try {
      await this.#meet();
      content.synced = content.length;
    } catch (error) {
      content.bytes.fill(0, content.synced, content.length);
      throw error;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** A disk in memory for the tests of this room: it can be full, fail, tear writes, and lose what was not synced. */
import { crc32 } from "node:zlib";
import type { FileLayer, OpenFile } from "./file-layer.ts";

export class MemoryDisk implements FileLayer {
  readonly files: Map<string, Buffer> = new Map();
  readonly log: string[] = [];
  /** Bytes that still fit. */
  free: number = Number.POSITIVE_INFINITY;
  /** Bytes that one write takes at the most. */
  writeMax: number = Number.POSITIVE_INFINITY;
  /** Called before each operation; throws to make it fail. */
  fault: (operation: "open" | "write" | "datasync" | "mkdir" | "rename" | "remove" | "sync-directory") => void = () => {};
  /** Called in each write, so that a test can hold it. */
  gate: () => Promise<void> = () => Promise.resolve();

  openForWriting(path: string): Promise<OpenFile> {
    return this.#open(path, true);
  }

  openForReading(path: string): Promise<OpenFile> {
    return this.#open(path, false);
  }

  list(directory: string): Promise<readonly string[]> {
    const names = [...this.files.keys()]
      .filter((path) => path.startsWith(`${directory}/`))
      .map((path) => path.slice(directory.length + 1));
    return Promise.resolve(names.sort());
  }

  identityOf(path: string): Promise<string | undefined> {
    return Promise.resolve(this.files.has(path) ? path : undefined);
  }

  stampOf(path: string): Promise<string | undefined> {
    const content = this.files.get(path);
    return Promise.resolve(content === undefined ? undefined : `${content.length}:${crc32(content)}`);
  }

  async createDirectory(): Promise<void> {
    await Promise.resolve();
    this.fault("mkdir");
  }

  async syncDirectory(): Promise<void> {
    await Promise.resolve();
    this.fault("sync-directory");
  }

  async remove(path: string): Promise<void> {
    await Promise.resolve();
    this.fault("remove");
    this.files.delete(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await Promise.resolve();
    this.fault("rename");
    const content = this.files.get(from);
    if (content === undefined) throw systemError("ENOENT");
    this.files.delete(from);
    this.files.set(to, content);
  }

  async #open(path: string, isCreating: boolean): Promise<OpenFile> {
    await Promise.resolve();
    this.fault("open");
    if (!this.files.has(path)) {
      if (!isCreating) throw systemError("ENOENT");
      this.files.set(path, Buffer.alloc(0));
    }
    return new MemoryFile(this, path);
  }
}

/** An error as Node's file system throws it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

class MemoryFile implements OpenFile {
  readonly #disk: MemoryDisk;
  readonly #path: string;

  constructor(disk: MemoryDisk, path: string) {
    this.#disk = disk;
    this.#path = path;
  }

  async write(pieces: readonly Buffer[], position: number): Promise<number> {
    const bytes = Buffer.concat(pieces);
    await this.#disk.gate();
    this.#disk.fault("write");
    const taken = Math.min(bytes.length, this.#disk.free, this.#disk.writeMax);
    if (taken === 0 && bytes.length > 0) throw systemError("ENOSPC");
    this.#disk.free -= taken;
    const before = this.#content;
    const after = Buffer.alloc(Math.max(before.length, position + taken));
    before.copy(after);
    bytes.copy(after, position, 0, taken);
    this.#disk.files.set(this.#path, after);
    return taken;
  }

  read(into: Buffer, position: number): Promise<number> {
    return Promise.resolve(position >= this.#content.length ? 0 : this.#content.copy(into, 0, position));
  }

  identity(): Promise<string> {
    return Promise.resolve(this.#path);
  }

  size(): Promise<number> {
    return Promise.resolve(this.#content.length);
  }

  truncate(length: number): Promise<void> {
    const cut = Buffer.alloc(length);
    this.#content.copy(cut);
    this.#disk.files.set(this.#path, cut);
    return Promise.resolve();
  }

  datasync(): Promise<void> {
    this.#disk.log.push("datasync");
    try {
      this.#disk.fault("datasync");
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get #content(): Buffer {
    return this.#disk.files.get(this.#path) ?? Buffer.alloc(0);
  }
}

/**
 * The few file operations that a recording needs, so that tests can put a full disk or a dying one in their
 * place. Errors are those of Node: an `Error` with a `code` such as `ENOSPC`.
 */
import { readSync, type Stats } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { DIRECTORY_MODE, FILE_MODE } from "./layout.ts";

export interface OpenFile {
  /** Writes pieces one behind the other, in one call. May write less than it was given, as the system call. */
  write(pieces: readonly Buffer[], position: number): Promise<number>;
  /** Reads up to `into.length` bytes; 0 at the end of the file. */
  read(into: Buffer, position: number): Promise<number>;
  size(): Promise<number>;
  /** Which file it is, whatever its name is by now: device and inode. */
  identity(): Promise<string>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileLayer {
  /** Opens for reading and writing, creates the file when there is none. */
  openForWriting(path: string): Promise<OpenFile>;
  openForReading(path: string): Promise<OpenFile>;
  /** Which file has this name now; `undefined` when there is none. */
  identityOf(path: string): Promise<string | undefined>;
  /** What a file is known by that nobody writes to: its length, and when it was changed last; `undefined` when there is none. */
  stampOf(path: string): Promise<string | undefined>;
  /** Names in a directory, sorted; empty when there is no such directory. */
  list(directory: string): Promise<readonly string[]>;
  createDirectory(directory: string): Promise<void>;
  /** Makes the names in a directory durable: a new file survives a power cut only after this. */
  syncDirectory(directory: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Gives a file another name, in the place of the file that has it. */
  rename(from: string, to: string): Promise<void>;
  /**
   * A file for so many bytes that is gone when it is closed, or with the process, in the directory of `path`. `undefined` where there
   * cannot be one, or where it would take more than an eighth of what is free. A layer may have none.
   */
  openScratch?(path: string, bytes: number): Promise<OpenFile | undefined>;
}

/** The code of a system error (`ENOSPC`), `undefined` for any other value. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** A scratch file takes no more than such a part of what is free. */
const SCRATCH_PART = 8;

class DiskFile implements OpenFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(pieces: readonly Buffer[], position: number): Promise<number> {
    return (await this.#handle.writev(pieces, position)).bytesWritten;
  }

  async read(into: Buffer, position: number): Promise<number> {
    return (await this.#handle.read(into, 0, into.length, position)).bytesRead;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async identity(): Promise<string> {
    return identityOf(await this.#handle.stat());
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length);
  }

  datasync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** A read from the system's own memory, which most are, costs a part of what it takes to hand it to another thread. */
class OwnFile extends DiskFile {
  readonly #file: number;

  constructor(handle: FileHandle) {
    super(handle);
    this.#file = handle.fd;
  }

  // Asynchronous, so that an error rejects.
  override async read(into: Buffer, position: number): Promise<number> {
    return readSync(this.#file, into, 0, into.length, position);
  }
}

function identityOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}

/** The real disk. */
export const diskLayer: FileLayer = {
  openForWriting: async (path) => new DiskFile(await openOrCreate(path)),
  async identityOf(path) {
    const stats = await statsOf(path);
    return stats === undefined ? undefined : identityOf(stats);
  },
  async stampOf(path) {
    const stats = await statsOf(path);
    return stats === undefined ? undefined : `${stats.size}:${stats.mtimeMs}`;
  },
  openForReading: async (path) => new DiskFile(await open(path, "r")),
  async list(directory) {
    try {
      return (await readdir(directory)).sort();
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  },
  async createDirectory(directory) {
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  },
  async syncDirectory(directory) {
    // Windows cannot open a directory; its file system keeps names without being asked.
    if (process.platform === "win32") return;
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  remove: (path) => rm(path, { force: true }),
  rename,
  openScratch: (path, bytes) => openScratch(path, bytes, DiskFile),
};

/** The real disk, for a process that does nothing else while it reads: it waits for what it reads itself. */
export const ownDiskLayer: FileLayer = {
  ...diskLayer,
  openForReading: async (path) => new OwnFile(await open(path, "r")),
  openScratch: (path, bytes) => openScratch(path, bytes, OwnFile),
};

/** Without a name as soon as it is open: then nothing has to be cleaned up, however the process ends. */
async function openScratch(path: string, bytes: number, File: typeof DiskFile): Promise<OpenFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    const { bavail, bsize } = await statfs(dirname(path));
    if (bavail * bsize < bytes * SCRATCH_PART) return undefined;
    handle = await open(path, "wx+", FILE_MODE);
    await rm(path);
    return new File(handle);
  } catch {
    // A directory that nobody may write to, or a system that keeps the names of open files.
    await handle?.close();
    await rm(path, { force: true }).catch(() => undefined);
    return undefined;
  }
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** `undefined` when there is no such file. */
export async function openIfThere(layer: FileLayer, path: string): Promise<OpenFile | undefined> {
  try {
    return await layer.openForReading(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Reads until `into` is full or the file ends. Returns how many bytes that were. */
export async function readFully(file: Pick<OpenFile, "read">, into: Buffer, position: number): Promise<number> {
  let length = 0;
  while (length < into.length) {
    const count = await file.read(into.subarray(length), position + length);
    if (count === 0) break;
    length += count;
  }
  return length;
}

/** `r+` first: `a+` would ignore positions, `w+` would empty the file. */
async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return await open(path, "wx+", FILE_MODE);
  }
}

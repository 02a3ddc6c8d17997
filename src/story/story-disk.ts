/** The file operations that a story takes, in two ways. */
import { closeSync, fsync, openSync, renameSync, writeSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { promisify } from "node:util";

const FILE_MODE = 0o600;

export interface StoryFile {
  write(bytes: Buffer): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface StoryDisk {
  /** An empty file to be written. */
  create(path: string): Promise<StoryFile>;
  /** A directory, whose names are to be synced. */
  openDirectory(path: string): Promise<Pick<StoryFile, "sync" | "close">>;
  rename(from: string, to: string): Promise<void>;
}

/** For a process that does other things meanwhile: other threads wait for the disk. */
export const sharedDisk: StoryDisk = {
  async create(path) {
    const handle = await open(path, "w", FILE_MODE);
    return { write: (bytes) => handle.writeFile(bytes), sync: () => handle.sync(), close: () => handle.close() };
  },
  openDirectory: (path) => open(path, "r"),
  rename,
};

const syncFile = promisify(fsync);

/**
 * For a process that does nothing else: only a sync, which waits longest, has another thread. What an operation takes by itself
 * is a part of what it takes to hand it to one. Measured by `recordings.mjs` in `bench/`.
 */
export const ownDisk: StoryDisk = {
  // Asynchronous functions, so that an error rejects as it does above.
  async create(path) {
    const file = openSync(path, "w", FILE_MODE);
    return {
      async write(bytes) {
        for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
      },
      sync: () => syncFile(file),
      close: async () => closeSync(file),
    };
  },
  async openDirectory(path) {
    const file = openSync(path, "r");
    return { sync: () => syncFile(file), close: async () => closeSync(file) };
  },
  rename: async (from, to) => renameSync(from, to),
};

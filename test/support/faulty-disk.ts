/** The machine's disk with faults: full, failing, or slow, for as long as a test says. */
import { diskLayer, type FileLayer, type OpenFile } from "../../src/archive/index.ts";

export class FaultyDisk implements FileLayer {
  /** What every write and sync fails with: `ENOSPC`, `EIO`. */
  fault: string | undefined;
  /** Called before each write. */
  delay: () => Promise<void> = () => Promise.resolve();
  failures = 0;

  readonly openForWriting: FileLayer["openForWriting"] = async (path: string): Promise<OpenFile> =>
    this.#faulty(await diskLayer.openForWriting(path));
  readonly openForReading: FileLayer["openForReading"] = (path) => diskLayer.openForReading(path);
  readonly identityOf: FileLayer["identityOf"] = (path) => diskLayer.identityOf(path);
  readonly stampOf: FileLayer["stampOf"] = (path) => diskLayer.stampOf(path);
  readonly list: FileLayer["list"] = (directory) => diskLayer.list(directory);
  readonly createDirectory: FileLayer["createDirectory"] = (directory) => diskLayer.createDirectory(directory);
  readonly syncDirectory: FileLayer["syncDirectory"] = (directory) => diskLayer.syncDirectory(directory);
  readonly remove: FileLayer["remove"] = (path) => diskLayer.remove(path);
  readonly rename: FileLayer["rename"] = (from, to) => diskLayer.rename(from, to);

  #faulty(file: OpenFile): OpenFile {
    return {
      write: async (pieces, position) => {
        await this.delay();
        this.#mayFail();
        return await file.write(pieces, position);
      },
      datasync: async () => {
        this.#mayFail();
        await file.datasync();
      },
      read: (into, position) => file.read(into, position),
      size: () => file.size(),
      identity: () => file.identity(),
      truncate: (length) => file.truncate(length),
      close: () => file.close(),
    };
  }

  #mayFail(): void {
    if (this.fault === undefined) return;
    this.failures++;
    throw Object.assign(new Error(`${this.fault}: injected`), { code: this.fault });
  }
}

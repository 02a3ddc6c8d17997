import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { diskLayer, type FileLayer } from "./file-layer.ts";
import { systemError } from "./memory-disk.cases.ts";
import { openRecording } from "./open-recording.ts";
import { openRecordingSource } from "./recording-reader.ts";
import { all, anObject, withoutHeaders } from "./records.cases.ts";

const directory = mkdtempSync(join(tmpdir(), "faro-segment-"));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("a write that fails while the file's name is taken away loses nothing of what was durable", async () => {
  const disk = new FullAndRemoved();
  const clock = new VirtualClock();
  const news = new EventEmitter();
  const onStall = (why: string): boolean => news.emit("stall", why);
  const writer = await openRecording({ directory, clock, faroVersion: "1", layer: disk.layer, onStall });
  writer.append(anObject(1));
  await writer.durable();
  disk.isFull = true;
  writer.append(anObject(2));
  const stalled = once(news, "stall");
  const durable = writer.durable();
  expect(await stalled).toEqual([expect.stringContaining("ENOSPC")]);
  disk.isFull = false;
  await clock.advance(1_000);
  await durable;
  await writer.close();
  const records = withoutHeaders(await all((await openRecordingSource(directory)).scan()));
  expect(records).toMatchObject([{ seq: 1 }, { seq: 2 }]);
});

/** The machine's disk. While it is full, whoever writes finds the file's name gone, too. */
class FullAndRemoved {
  isFull = false;
  readonly #news = new EventEmitter();
  readonly #removed = once(this.#news, "removed");
  readonly layer: FileLayer = {
    ...diskLayer,
    openForWriting: async (path) => {
      const file = await diskLayer.openForWriting(path);
      const write: typeof file.write = async (pieces, position) => {
        if (!this.isFull) return await file.write(pieces, position);
        rmSync(path);
        this.#news.emit("removed");
        throw systemError("ENOSPC");
      };
      return {
        write,
        read: (into, position) => file.read(into, position),
        size: () => file.size(),
        identity: () => file.identity(),
        truncate: (length) => file.truncate(length),
        datasync: () => file.datasync(),
        close: () => file.close(),
      };
    },
    identityOf: async (path) => {
      if (this.isFull) await this.#removed;
      return await diskLayer.identityOf(path);
    },
  };
}

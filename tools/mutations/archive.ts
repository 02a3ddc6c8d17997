/** Bugs of programs that keep what they saw on a disk. */
import type { Mutation } from "./mutation.ts";

const tests = ["src/archive", "src/record"];

export const ARCHIVE_BUGS: readonly Mutation[] = [
  {
    name: "durable-before-it-is-written",
    story:
      "Progress is declared before the records are on the disk; a crash between the two loses them without a trace (OpenTelemetry k8sobjects #46543).",
    room: "archive",
    find: "const waiting = this.#durable.until(this.#appended);",
    replace: "const waiting = this.#durable.until(0);",
    tests,
  },
  {
    name: "written-and-never-synced",
    story: "Data is in the page cache only: a power cut takes what was called written.",
    room: "archive",
    find: "if (this.#orphan === undefined) await file.datasync();\n      else await",
    replace: "if (this.#orphan !== undefined) await",
    tests,
  },
  {
    name: "file-kept-after-a-failed-sync",
    story:
      "After a failed fsync the kernel calls the pages clean: the next sync succeeds and the data is gone (PostgreSQL's fsyncgate, 2018).",
    room: "archive",
    find: "await this.#drop();\n      throw error;",
    replace: "throw error;",
    tests,
  },
  {
    name: "full-disk-drops-the-block",
    story: "ENOSPC is logged and the records that did not fit are forgotten.",
    room: "archive",
    find: "this.#isStalled = true;\n      }",
    replace: "this.#isStalled = true;\n        return true;\n      }",
    tests,
  },
  {
    name: "torn-tail-written-behind",
    story: "A restart appends behind half a line: that line and the next become one that nobody can read.",
    room: "archive",
    find: "if (truncatedBytes > 0) {\n      await file.truncate(end);",
    replace: "if (truncatedBytes < 0) {\n      await file.truncate(end);",
    tests,
  },
  {
    name: "sequence-reused-after-a-restart",
    story: "A restart counts from the last line alone, which is not the highest: two records share a number, and order is lost.",
    room: "archive",
    find: "Math.max(from?.lastSeq ?? 0, tail.lastSeq, await lastSeqBefore(layer, directory, segments, from?.position))",
    replace: "tail.lastSeq",
    tests,
  },
  {
    name: "checksum-not-compared",
    story: "A flipped bit in a file passes for what the API server said.",
    room: "record",
    find: "if (written !== actual) throw",
    replace: "if (written === undefined) throw",
    tests,
  },
  {
    name: "two-writers-in-one-directory",
    story: "A second process on the same directory is let in, and both write into one file.",
    room: "archive",
    find: "if (await isAlive(other)) throw outputLocked(output, file, other);",
    replace: "await isAlive(other);",
    tests,
  },
  {
    name: "stale-lock-of-a-reused-pid",
    story: "After a crash another program has the pid of the lock's holder: the recorder never starts again.",
    room: "archive",
    find: "return start === undefined || holder.processStart === undefined || start === holder.processStart;",
    replace: "return start !== undefined || holder.processStart !== undefined;",
    tests,
  },
];

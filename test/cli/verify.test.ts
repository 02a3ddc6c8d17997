import { expect, test } from "vitest";
import type { VerifyReport } from "../../src/capture/index.ts";
import { faro } from "./world.ts";

const SOUND: VerifyReport = {
  verdict: "sound",
  segments: 1,
  records: 42,
  objects: 7,
  logLines: 12,
  runs: 1,
  gaps: { opened: 2, open: 1 },
  findings: [],
};
const DAMAGED: VerifyReport = {
  ...SOUND,
  verdict: "damaged",
  findings: [
    { severity: "damage", what: "cannot be read: no", file: "000001.ndjson", line: 3, offset: 120, bytes: 80 },
    { severity: "damage", what: "number 9 is missing: the run before ended in order", seq: 9 },
    { severity: "note", what: "the segment has no seal: the run that wrote it was killed", file: "000001.ndjson" },
  ],
};

test("says that a recording is sound, what is in it, and exits 0", async () => {
  const { exitCode, stdout } = await faro(["verify", "./output"], { verifyRecording: async () => SOUND });
  expect(stdout()).toBe("./output: sound, 42 records in 1 segment of 1 run: 7 versions, 12 log lines, 2 gaps (1 open)\n");
  expect(exitCode).toBe(0);
});

test("says what is damaged, where, and what to do, and exits 1", async () => {
  const { exitCode, stdout } = await faro(["verify", "x"], { verifyRecording: async () => DAMAGED });
  expect(stdout().split("\n").slice(1, 5)).toEqual([
    "damage: 000001.ndjson, line 3, byte 120, 80 bytes: cannot be read: no",
    "damage: seq 9: number 9 is missing: the run before ended in order",
    "note: 000001.ndjson: the segment has no seal: the run that wrote it was killed",
    "to do: keep the recording as it is and derive what can be derived: faro rebuild x",
  ]);
  expect(exitCode).toBe(1);
});

test("with --json prints the report itself", async () => {
  const { exitCode, stdout } = await faro(["verify", "x", "--json"], { verifyRecording: async () => DAMAGED });
  expect(JSON.parse(stdout())).toEqual(DAMAGED);
  expect(exitCode).toBe(1);
});

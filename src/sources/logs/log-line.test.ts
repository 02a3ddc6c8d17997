import { expect, test } from "vitest";
import { inBandErrorAt } from "./log-line.ts";

const LINE = "2026-01-02T03:04:05.123456789Z two words";

test.each([
  ["a whole error", "rpc error: code = Unavailable desc = reset", 0],
  ["the beginning of an error, however short", "failed t", 0],
  ["an error behind the beginning of a line", `${LINE}failed to open log file "/var/log/0.log"`, LINE.length],
  ["the beginning of an error behind the beginning of a line", `${LINE}failed to create fsno`, LINE.length],
  ["a line that ends with a word of an error", `${LINE} have failed`, -1],
  ["a line", LINE, -1],
  ["nothing", "", -1],
])("%s", (_what, fragment, at) => expect(inBandErrorAt(Buffer.from(fragment))).toBe(at));

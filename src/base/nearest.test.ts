import { expect, test } from "vitest";
import { editDistance, nearest } from "./nearest.ts";

test.each([
  ["namspace", "namespace"],
  ["log-levle", "log-level"],
  ["Deploymnet", "Deployment"],
  ["pdo", "pod"],
  ["zzz", undefined],
  ["", undefined],
])("%j most probably stands for %j", (word, expected) => {
  expect(nearest(word, ["namespace", "log-level", "Deployment", "pod"])).toBe(expected);
});

test("a swap of two neighbours counts as one change", () => {
  expect(editDistance("form", "from")).toBe(1);
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("", "abc")).toBe(3);
});

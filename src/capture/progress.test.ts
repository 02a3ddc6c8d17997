import { expect, test } from "vitest";
import type { WatchItem } from "../sources/index.ts";
import { NO_PROGRESS, type Progress, stepProgress } from "./progress.ts";

const object = (
  change: "MODIFIED" | "DELETED",
  resourceVersion: string,
  observedBy: "watch" | "relist" = "watch",
): WatchItem => ({
  item: "object",
  change,
  observedBy,
  object: { raw: Buffer.from("{}"), parsed: {}, uid: `u-${resourceVersion}`, name: "web", namespace: "shop", resourceVersion },
});
const listed: WatchItem = {
  item: "listed",
  resourceVersion: "10",
  objects: 1,
  changes: 0,
  relist: false,
  at: 0,
  repaired: "full",
  isWhole: true,
};
const reached = (resourceVersion: string): WatchItem => ({ item: "reached", resourceVersion });
const lost: WatchItem = { item: "lost", cause: "history-expired", resourceVersion: "10", detail: "too old" };

/** Plays items that get the numbers 1, 2, 3, … and gives the place to resume from as `resourceVersion/upTo`. */
function play(items: readonly WatchItem[]): string {
  const end = items.reduce<Progress>((progress, item, at) => stepProgress(progress, item, at + 1), NO_PROGRESS);
  return end.safe === undefined ? "list" : `${end.safe.resourceVersion}/${end.safe.upTo}`;
}

test.each<[string, readonly WatchItem[], string]>([
  ["before the first list there is nothing to resume from", [object("MODIFIED", "5", "relist")], "list"],
  ["a list is a place", [listed], "10/1"],
  ["a change is a place", [listed, object("MODIFIED", "11")], "11/2"],
  ["a bookmark is a place", [listed, reached("15")], "15/2"],
  ["a bookmark with an old version moves nothing back", [listed, object("MODIFIED", "20"), reached("15")], "20/2"],
  ["a deletion is none: others may share its version", [listed, object("DELETED", "12")], "10/1"],
  ["a batch of deletions is none", [listed, object("MODIFIED", "11"), object("DELETED", "12"), object("DELETED", "12")], "11/2"],
  ["a batch is over when a later version comes", [listed, object("DELETED", "12"), object("DELETED", "13")], "12/2"],
  ["a bookmark ends a batch", [listed, object("DELETED", "12"), reached("12")], "12/3"],
  ["a version out of order is none", [listed, object("MODIFIED", "9")], "10/1"],
  ["versions that a relist shows do not count before its end", [listed, object("MODIFIED", "30", "relist")], "10/1"],
  ["history that was lost takes the place back", [listed, object("MODIFIED", "11"), lost], "list"],
  ["the next list gives one again", [listed, lost, listed], "10/3"],
])("%s", (_name, items, place) => {
  expect(play(items)).toBe(place);
});

import { expect, it } from "vitest";
import { linesOf } from "./node-logs.ts";

it("joins the parts of a long line under the time of the first", () => {
  const text = [
    "2026-01-01T00:00:00.1Z stdout P ab",
    "2026-01-01T00:00:00.2Z stdout F cd",
    "2026-01-01T00:00:00.3Z stderr F  x y",
    "",
  ].join("\n");
  expect(linesOf(text)).toEqual([
    { time: "2026-01-01T00:00:00.100000000Z", text: "abcd" },
    { time: "2026-01-01T00:00:00.300000000Z", text: " x y" },
  ]);
});

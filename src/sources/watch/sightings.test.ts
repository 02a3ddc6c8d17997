import { expect, test } from "vitest";
import { Sightings } from "./sightings.ts";
import { type KnownVersions, versionKey, type WireObject } from "./watch-item.ts";

const REMEMBERED = 2_048;

function wire(uid: string, version: number): WireObject {
  return { raw: Buffer.alloc(0), parsed: {}, uid, name: uid, namespace: "shop", resourceVersion: String(version) };
}

test("changes are remembered while 2,048 come after them, and count as seen from then on", () => {
  const known: KnownVersions = new Map();
  const sightings = new Sightings(known);
  for (let version = 1; version <= 3 * REMEMBERED; version++) sightings.see(wire("web", version), "MODIFIED");
  const remembered = (version: number): boolean => sightings.isSeen("web", String(version), false);
  expect([2 * REMEMBERED, 2 * REMEMBERED + 1, 3 * REMEMBERED].map(remembered)).toEqual([false, true, true]);
  // Below what is remembered nobody knows; above, a version that did not come is late when it comes.
  expect(sightings.see(wire("web", 5), "MODIFIED")).toEqual({ sight: "seen" });
  expect(sightings.see(wire("other", 2 * REMEMBERED), "MODIFIED")).toEqual({ sight: "seen" });
  expect(sightings.see(wire("other", 2 * REMEMBERED + 7), "MODIFIED")).toEqual({ sight: "new" });
  expect(known.get("web")?.resourceVersion).toBe(String(3 * REMEMBERED));
});

test("another history is remembered from its beginning", () => {
  const sightings = new Sightings(new Map());
  for (let version = 1; version <= REMEMBERED + 10; version++) sightings.see(wire("web", version), "MODIFIED");
  sightings.forget();
  for (let version = 1; version <= REMEMBERED; version++) sightings.see(wire("api", version), "MODIFIED");
  expect(sightings.isSeen("api", "1", false)).toBe(true);
  expect(sightings.isSeen("web", String(REMEMBERED), false)).toBe(false);
});

test("what an earlier run recorded is seen, and nothing that is newer", () => {
  const known: KnownVersions = new Map([["web", { resourceVersion: "12", name: "web", namespace: "shop" }]]);
  const sightings = new Sightings(known, new Set([versionKey("api", "9", true), versionKey("web", "12", false)]));
  expect(sightings.see(wire("api", 9), "DELETED")).toEqual({ sight: "seen" });
  expect(sightings.see(wire("api", 9), "MODIFIED")).toEqual({ sight: "new" });
  expect(sightings.see(wire("web", 13), "MODIFIED")).toEqual({ sight: "new" });
});

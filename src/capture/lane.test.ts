import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { ApiResource } from "../cluster/index.ts";
import { type Arrival, Lane } from "./lane.ts";
import { Spill } from "./spill.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function spillFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "faro-lane-"));
  directories.push(directory);
  return join(directory, "spill-0");
}

const RESOURCE: ApiResource = {
  group: "",
  version: "v1",
  apiVersion: "v1",
  plural: "pods",
  singular: "pod",
  kind: "Pod",
  namespaced: true,
  verbs: [],
  shortNames: [],
  categories: [],
};

function arrival(seq: number): Arrival {
  const raw = Buffer.from(`{"metadata":{"uid":"u${seq}"},"big":9007199254740993,"text":"line\\n🚀"}`);
  const object = {
    raw,
    parsed: JSON.parse(raw.toString()) as unknown,
    uid: `u${seq}`,
    name: "a",
    namespace: "shop",
    resourceVersion: String(seq),
  };
  return {
    arrival: "object",
    stamp: { seq, receivedAt: 0 },
    scope: "pods.v1/shop",
    resource: RESOURCE,
    change: "ADDED",
    observedBy: "watch",
    epoch: 1,
    object,
  };
}

interface Rig {
  readonly lane: Lane;
  readonly processed: Arrival[];
  readonly shed: string[];
  readonly high: number[];
}

function rig(path: string, gate: Promise<void>): Rig {
  const processed: Arrival[] = [];
  const shed: string[] = [];
  const high: number[] = [];
  const lane = new Lane({
    number: 0,
    items: 3,
    bytes: 1e9,
    spill: new Spill(path),
    process: async (item) => {
      await gate;
      processed.push(item);
    },
    onHigh: (items) => high.push(items),
    onShed: (item, why) => shed.push(`${item.stamp.seq}: ${why}`),
  });
  return { lane, processed, shed, high };
}

describe("a full lane", () => {
  test("spills to disk and gives everything back in order, byte for byte", async () => {
    const path = spillFile();
    let open = (): void => {};
    const { lane, processed, shed, high } = rig(path, new Promise((resolve) => (open = resolve)));
    const running = lane.run();
    for (let seq = 1; seq <= 1_000; seq++)
      lane.offer(
        seq === 500
          ? {
              arrival: "vanished",
              stamp: { seq, receivedAt: 0 },
              scope: "pods.v1/shop",
              uid: "gone",
              epoch: 1,
              how: { because: "not-listed", observedBy: "relist", isFinalState: false },
            }
          : arrival(seq),
      );
    expect(lane.items).toBeGreaterThan(900);
    expect(statSync(path).size).toBeGreaterThan(10_000);
    open();
    lane.close();
    await running;
    expect(processed.map(({ stamp }) => stamp.seq)).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1));
    expect(processed[998]).toEqual(arrival(999));
    expect(processed[499]).toMatchObject({ arrival: "vanished", uid: "gone" });
    expect([shed, high, lane.items]).toEqual([[], [3], 0]);
  });

  test("takes from memory again once the file is empty", async () => {
    const path = spillFile();
    const { lane, processed } = rig(path, Promise.resolve());
    for (let seq = 1; seq <= 10; seq++) lane.offer(arrival(seq));
    const running = lane.run();
    while (processed.length < 10) await new Promise((resolve) => setImmediate(resolve));
    expect(statSync(path).size).toBe(0);
    lane.offer(arrival(11));
    lane.close();
    await running;
    expect(processed.at(-1)?.stamp.seq).toBe(11);
  });

  test("takes nothing that neither memory nor the disk has room for, says why, and takes it when there is room", async () => {
    const { lane, processed, shed } = rig(join(spillFile(), "no-such-directory", "spill"), Promise.resolve());
    expect([1, 2, 3, 4].map((seq) => lane.offer(arrival(seq)))).toEqual([true, true, true, false]);
    expect(lane.refusal).toMatch(/^ENOENT/);
    const room = lane.room();
    const running = lane.run();
    await room;
    expect(lane.offer(arrival(4))).toBe(true);
    lane.close();
    await running;
    expect(processed.map(({ stamp }) => stamp.seq)).toEqual([1, 2, 3, 4]);
    expect(shed).toEqual([]);
  });

  test("says what was shed when the disk does not give it back, and goes on", async () => {
    const path = spillFile();
    let open = (): void => {};
    const { lane, processed, shed } = rig(path, new Promise((resolve) => (open = resolve)));
    const running = lane.run();
    for (let seq = 1; seq <= 6; seq++) lane.offer(arrival(seq));
    writeFileSync(path, "\n".repeat(4_000));
    open();
    while (shed.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(lane.offer(arrival(7))).toBe(true);
    lane.close();
    await running;
    expect(shed.map((item) => item.slice(0, 3))).toEqual(["4: ", "5: ", "6: "]);
    expect(processed.at(-1)?.stamp.seq).toBe(7);
  });
});

test("a spill file is private and goes with its lane", () => {
  const path = spillFile();
  const spill = new Spill(path);
  expect(spill.take()).toEqual([]);
  spill.write(arrival(1));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  spill.close();
  spill.close();
  expect(existsSync(path)).toBe(false);
});

import { describe, expect, test } from "vitest";
import type { FaultHooks, KubeObject } from "../../apiserver/index.ts";
import { type ExactReader, RepairBudget } from "./exact-read.ts";
import { repair } from "./relist.ts";
import type { WireObject } from "./watch-item.ts";
import { changes, configMap, configMapRef, RESOURCES, type Rig, type RigOptions, startRig } from "./watch-rig.cases.ts";

/** Lists and watches three objects, then cuts the server off while `happens`, and lets another take its place. */
async function overAGap(happens: (rig: Rig) => void, options: RigOptions & { readonly after?: FaultHooks } = {}): Promise<Rig> {
  const rig = startRig(options, (history) => {
    for (const name of ["a", "b", "c"]) history.create(configMap(name));
  });
  await rig.clock.advance(1_000);
  rig.told();
  rig.faults = { onRequest: () => ({ fault: "reset" }) };
  for (const stream of rig.api().streams) stream.reset();
  happens(rig);
  rig.restart();
  rig.faults = options.after ?? {};
  await rig.clock.advance(40_000);
  return rig;
}

const edit = (rig: Rig, name: string, value: string): void => {
  rig.history.update(configMap(name, value));
};
const others = (rig: Rig, count: number): void => {
  for (let at = 0; at < count; at++)
    rig.history.create({
      ...configMap(`other-${rig.history.revision}`),
      metadata: { name: `o-${rig.history.revision}`, namespace: "elsewhere" },
    });
};
const listedItem = (rig: Rig): unknown => rig.items.findLast(({ item }) => item === "listed");

describe("a small gap is swept version by version", () => {
  test("three changed, one deleted, one recreated, one came and went: all is found, in order, and the gap is proven full", async () => {
    const rig = await overAGap((cut) => {
      edit(cut, "a", "2");
      edit(cut, "a", "3");
      cut.history.create(configMap("brief"));
      edit(cut, "brief", "2");
      others(cut, 3);
      cut.history.remove(configMapRef("brief"));
      cut.history.remove(configMapRef("b"));
      cut.history.remove(configMapRef("c"));
      cut.history.create(configMap("c", "new"));
    });
    expect(changes(rig.told())).toEqual([
      "MODIFIED a@5 by repair",
      "MODIFIED a@6 by relist",
      "ADDED brief@7 by repair",
      "MODIFIED brief@8 by repair",
      "vanished brief by relist, deleted at 12",
      "vanished b by relist, deleted at 13",
      "vanished c by relist, deleted at 14",
      "ADDED c@15 by relist",
    ]);
    expect(listedItem(rig)).toMatchObject({ repaired: "full", isWhole: true, provenAfter: "4" });
  });

  test("a gap in which nothing happened is proven full, and gives nothing out", async () => {
    const rig = await overAGap((cut) => others(cut, 20));
    expect(changes(rig.told())).toEqual([]);
    expect(listedItem(rig)).toMatchObject({ repaired: "full", changes: 0 });
  });

  test("compaction hides the oldest versions: what is left is found, and the bound says from where on", async () => {
    const rig = await overAGap((cut) => {
      for (let value = 2; value <= 8; value++) edit(cut, "a", String(value));
      cut.history.create(configMap("brief"));
      cut.history.remove(configMapRef("brief"));
      cut.history.compact(7);
    });
    expect(changes(rig.told())).toEqual([
      "MODIFIED a@7 by repair",
      "MODIFIED a@8 by repair",
      "MODIFIED a@9 by repair",
      "MODIFIED a@10 by repair",
      "MODIFIED a@11 by relist",
      "ADDED brief@12 by repair",
      "vanished brief by relist, deleted at 13",
    ]);
    expect(listedItem(rig)).toMatchObject({ repaired: "partial", provenAfter: "7" });
  });

  test("the watch stands while the gap is read back: what is compacted meanwhile opens no further gap", async () => {
    const slow: FaultHooks = {
      onRequest: ({ query }) => (query.get("resourceVersionMatch") === "Exact" ? { fault: "delay", ms: 3_000 } : undefined),
    };
    const gap = overAGap(
      (cut) => {
        for (let value = 2; value <= 6; value++) edit(cut, "a", String(value));
        for (let second = 1; second <= 20; second++) {
          cut.clock.after(second * 1_000, () => {
            edit(cut, "b", String(second));
            cut.history.compact(cut.history.revision);
          });
        }
      },
      { after: slow, window: { minEvents: 1, maxEvents: 1, freshMs: 0 } },
    );
    const rig = await gap;
    const told = rig.told();
    expect(told.filter((text) => text.startsWith("lost"))).toHaveLength(1);
    // The first second passed before the list.
    expect(changes(told).filter((text) => text.endsWith(" by watch"))).toHaveLength(19);
    expect(changes(told).at(-1)).toBe(`MODIFIED b@${rig.history.revision} by watch`);
  });

  test("429 stops the repair: no further exact read, and the gap is partial", async () => {
    const busy: FaultHooks = {
      onRequest: ({ query }) =>
        query.get("resourceVersionMatch") === "Exact"
          ? { fault: "respond", status: 429, headers: { "retry-after": "5" } }
          : undefined,
    };
    const rig = await overAGap(
      (cut) => {
        edit(cut, "a", "2");
        edit(cut, "a", "3");
        edit(cut, "b", "2");
        others(cut, 50);
      },
      { after: busy },
    );
    expect(changes(rig.told())).toEqual(["MODIFIED a@6 by relist", "MODIFIED b@7 by relist"]);
    expect(listedItem(rig)).toMatchObject({ repaired: "partial" });
    expect(rig.asked("resourceVersionMatch=Exact")).toBe(1);
  });

  test("the lists of a large scope carry no data, and each change is then read whole", async () => {
    const big = (name: string, value: string): KubeObject => ({
      ...configMap(name, value),
      data: { value, filler: "x".repeat(30_000) },
    });
    const rig = await overAGap((cut) => {
      for (const name of ["a", "b", "c"]) cut.history.update(big(name, "2"));
      cut.history.create(big("brief", "1"));
      cut.history.remove(configMapRef("brief"));
    });
    expect(changes(rig.told())).toContain("ADDED brief@8 by repair");
    const added = rig.items.find((item) => item.item === "object" && item.object.name === "brief");
    expect(added?.item === "object" && added.object.raw.length).toBeGreaterThan(30_000);
    expect(listedItem(rig)).toMatchObject({ repaired: "full" });
  });
});

describe("a gap too long to sweep is repaired object by object", () => {
  const LONG = 600;

  test("every version of what is there is found, oldest first, and an object that came and went leaves the gap partial", async () => {
    const rig = await overAGap((cut) => {
      edit(cut, "a", "2");
      others(cut, LONG);
      edit(cut, "a", "3");
      cut.history.create(configMap("new"));
      cut.history.update(configMap("new", "2"));
    });
    expect(changes(rig.told())).toEqual([
      "MODIFIED a@5 by repair",
      `MODIFIED a@${LONG + 6} by relist`,
      `ADDED new@${LONG + 7} by repair`,
      `MODIFIED new@${LONG + 8} by relist`,
    ]);
    expect(listedItem(rig)).toMatchObject({ repaired: "partial", isWhole: true });
  });

  test("a deleted object is found by bisection: its terminal state comes out, and the version that deleted it", async () => {
    const rig = await overAGap((cut) => {
      others(cut, LONG / 2);
      edit(cut, "b", "exit code 137");
      cut.history.remove(configMapRef("b"));
      others(cut, LONG / 2);
    });
    const told = changes(rig.told());
    expect(told).toEqual([`MODIFIED b@${LONG / 2 + 5} by repair`, `vanished b by relist, deleted at ${LONG / 2 + 6}`]);
    const last = rig.items.findLast((item) => item.item === "object");
    expect(last?.item === "object" && last.object.raw.toString()).toContain("exit code 137");
    expect(rig.asked("resourceVersionMatch=Exact")).toBeLessThan(20);
  });

  test("a deletion below the compacted versions has an unknown end between two bounds", async () => {
    const rig = await overAGap((cut) => {
      cut.history.remove(configMapRef("b"));
      others(cut, LONG);
      cut.history.compact(cut.history.revision - 10);
    });
    expect(changes(rig.told())).toEqual(["vanished b by relist, end unknown"]);
    expect(rig.items.find(({ item }) => item === "vanished")).toMatchObject({ after: "4", because: "not-listed" });
  });

  test("one object by name, found unbroken back to its known version, proves the gap full whatever its length", async () => {
    const rig = await overAGap(
      (cut) => {
        edit(cut, "a", "2");
        others(cut, LONG);
        edit(cut, "a", "3");
      },
      { target: { name: "a" } },
    );
    expect(changes(rig.told())).toEqual(["MODIFIED a@5 by repair", `MODIFIED a@${LONG + 6} by relist`]);
    expect(listedItem(rig)).toMatchObject({ repaired: "full" });
  });

  test("one object by name that is there as before proves that nothing happened, without a read", async () => {
    const rig = await overAGap((cut) => others(cut, LONG), { target: { name: "a" } });
    expect(changes(rig.told())).toEqual([]);
    expect(listedItem(rig)).toMatchObject({ repaired: "full" });
    expect(rig.asked("resourceVersionMatch=Exact")).toBe(0);
  });

  test("one object by name that was recreated leaves the gap partial: another may have borne the name", async () => {
    const rig = await overAGap(
      (cut) => {
        cut.history.remove(configMapRef("a"));
        others(cut, LONG);
        cut.history.create(configMap("a", "again"));
      },
      { target: { name: "a" } },
    );
    expect(changes(rig.told())).toEqual(["vanished a by relist, deleted at 5", `ADDED a@${LONG + 6} by relist`]);
    expect(listedItem(rig)).toMatchObject({ repaired: "partial" });
  });

  test("ten thousand changed objects cost no more than the budget, shared among them, and the rest is partial", async () => {
    const version = (uid: string, resourceVersion: string): WireObject => ({
      raw: Buffer.from("{}"),
      parsed: {},
      uid,
      name: uid,
      namespace: "default",
      resourceVersion,
    });
    const budget = new RepairBudget({ reads: 2_000, bytes: 64 << 20 });
    const asked = new Map<string, number>();
    const reader: ExactReader = {
      budget,
      scopeAt: () => Promise.resolve({ read: "stopped" }),
      nameAt(at, { name }) {
        if (budget.reads <= 0) return Promise.resolve({ read: "stopped" });
        budget.spend({ reads: 1, bytes: 100 });
        asked.set(name, (asked.get(name) ?? 0) + 1);
        // Each has a version at every revision, without end.
        return Promise.resolve({ read: "state", items: [version(name, at)], bytes: 100 });
      },
    };
    const uids = Array.from({ length: 10_000 }, (_, at) => `o${at}`);
    const result = await repair(reader, {
      target: { resource: RESOURCES.configmaps, metadataOnly: false },
      since: { resourceVersion: "10" },
      known: new Map(uids.map((uid) => [uid, { resourceVersion: "5", name: uid, namespace: "default" }])),
      resourceVersion: "900000",
      objects: new Map(uids.map((uid) => [uid, version(uid, "800000")])),
      bytes: 1_000_000,
    });
    expect(asked.size).toBe(2_000);
    expect(Math.max(...asked.values())).toBe(1);
    expect(result).toMatchObject({ repaired: "partial", isWhole: false });
    expect(result.found).toHaveLength(12_000);
  });
});

test("a server that ignores the exact version is not believed: nothing is invented, nothing is called proven", async () => {
  const twice = (cut: Rig): void => {
    edit(cut, "a", "2");
    edit(cut, "a", "3");
  };
  const rig = await overAGap(twice, {
    after: {
      onRequest: ({ query }) => {
        query.delete("resourceVersionMatch");
        if (query.get("watch") === null) query.delete("resourceVersion");
        return undefined;
      },
    },
  });
  expect(changes(rig.told())).toEqual(["MODIFIED a@6 by relist"]);
  expect(listedItem(rig)).toMatchObject({ repaired: "none" });
});

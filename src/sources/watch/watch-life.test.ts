import { describe, expect, test } from "vitest";
import { ClusterHistory, type FaultHooks } from "../../apiserver/index.ts";
import { changes, configMap, configMapRef, type Rig, startRig } from "./watch-rig.cases.ts";

const MINUTE = 60_000;
const hasGap = (rig: Rig): boolean => rig.items.some(({ item }) => item === "lost" || item === "missed");
const event = (name: string, count: number = 1): object => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name, namespace: "default" },
  involvedObject: { kind: "Pod", name: "web" },
  count,
});

describe("Events, which have no bookmarks", () => {
  /** A busy cluster whose history is compacted every five minutes, as the API server does. */
  async function hours(rig: Rig, count: number): Promise<void> {
    for (let at = 0; at < (count * 60) / 5; at++) {
      const mark = rig.history.revision;
      for (let step = 0; step < 10; step++) {
        rig.history.skipTo(rig.history.revision + 50);
        await rig.clock.advance(MINUTE / 2);
      }
      rig.history.compact(mark);
    }
  }

  test("an idle watch over three hours with compaction every five minutes has no gap, and never lists its objects again", async () => {
    const rig = startRig({ target: { kind: "events" } }, (history) => history.create(JSON.stringify(event("e"))));
    await hours(rig, 3);
    expect(hasGap(rig)).toBe(false);
    expect(changes(rig.told())).toEqual(["LISTED e@2 by list"]);
  });

  test("an Event between two sessions, and one that came and went, come out once each", async () => {
    const rig = startRig({ target: { kind: "events" } }, (history) => history.create(JSON.stringify(event("e"))));
    const expected: string[] = ["LISTED e@2 by list"];
    for (let at = 0; at < 40; at++) {
      await rig.clock.advance(17_000 + at * 997);
      const { revision } = rig.history.create(JSON.stringify(event(`n${at}`)));
      expected.push(`ADDED n${at}@${revision} by watch`);
      if (at % 3 !== 0) continue;
      const [gone] = rig.history.remove({ apiVersion: "v1", kind: "Event", namespace: "default", name: `n${at}` });
      expected.push(`DELETED n${at}@${gone?.revision} by watch`);
    }
    await rig.clock.advance(MINUTE);
    expect(changes(rig.told())).toEqual(expected);
    expect(hasGap(rig)).toBe(false);
  });

  test("the successor is opened before the old watch ends, from the version of a list that agrees with it", async () => {
    const rig = startRig({ target: { kind: "events" } }, (history) => history.create(JSON.stringify(event("e"))));
    await rig.clock.advance(1_000);
    rig.history.skipTo(5_000);
    await rig.clock.advance(103_000);
    expect(rig.api().streams).toHaveLength(1);
    expect(rig.told()).toContain("connected@5000");
    expect(rig.told().some((text) => text.startsWith("disconnected"))).toBe(false);
  });

  test("a list that shows an Event which the watch has not told proves nothing: the watch goes on as it stands", async () => {
    const rig = startRig({ target: { kind: "events" } }, (history) => history.create(JSON.stringify(event("e"))));
    await rig.clock.advance(1_000);
    rig.faults = { onWatchEvent: ({ data }) => (data.includes("hidden") ? { fault: "drop" } : undefined) };
    rig.history.create(JSON.stringify(event("hidden")));
    await rig.clock.advance(110_000);
    expect(rig.told().filter((text) => text.startsWith("connected"))).toEqual(["connected@2"]);
    rig.faults = {};
    for (const stream of rig.api().streams) stream.end();
    await rig.clock.advance(5_000);
    expect(changes(rig.told())).toEqual(["ADDED hidden@3 by watch"]);
  });
});

describe("a history that goes back (a restore of etcd)", () => {
  /** Another history with the same objects up to some version, and other changes after it. */
  function restored(rig: Rig, upTo: number): ClusterHistory {
    const history = new ClusterHistory({ clock: rig.clock });
    for (const name of ["a", "b", "c"]) {
      const uid = rig.history.get("/configmaps", `default/${name}`)?.uid ?? "";
      const object = configMap(name);
      history.create({ ...object, metadata: { ...object.metadata, uid } });
    }
    history.skipTo(upTo);
    return history;
  }
  const start = async (): Promise<Rig> => {
    const rig = startRig({}, (history) => ["a", "b", "c"].forEach((name) => history.create(configMap(name))));
    await rig.clock.advance(1_000);
    rig.history.skipTo(1_199);
    rig.history.update(configMap("a", "lost in the restore"));
    rig.history.create(configMap("lost"));
    await rig.clock.advance(MINUTE);
    rig.told();
    return rig;
  };

  test("mute: the old watch is accepted and silent; it is noticed within two watchdogs, and re-used versions count again", async () => {
    const rig = await start();
    const other = restored(rig, 1_000);
    rig.restart(other);
    rig.faults = { onWatchEvent: ({ type }) => (type === "BOOKMARK" ? { fault: "drop" } : undefined) };
    await rig.clock.advance(2 * 90_000 + 10_000);
    const told = rig.told();
    expect(told).toContain("lost history-replaced@1201");
    expect(told).toContain("epoch");
    expect(changes(told)).toEqual([
      "vanished lost by relist, end unknown",
      "LISTED a@2 by relist",
      "LISTED b@3 by relist",
      "LISTED c@4 by relist",
    ]);
    other.skipTo(1_199);
    other.update(configMap("a", "another 1200"));
    await rig.clock.advance(1_000);
    expect(changes(rig.told())).toEqual(["MODIFIED a@1200 by watch"]);
  });

  test("not mute: a bookmark behind what was seen leads to the same, and never moves the resume point back", async () => {
    const rig = await start();
    const bookmark =
      '{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"1000"}}}\n';
    rig.faults = { onWatchEvent: ({ type }) => (type === "BOOKMARK" ? { fault: "replace", data: bookmark } : undefined) };
    await rig.clock.advance(2 * MINUTE);
    expect(rig.told()).not.toContain("epoch");
    expect(hasGap(rig)).toBe(false);
    rig.restart(restored(rig, 1_000));
    await rig.clock.advance(3 * MINUTE);
    expect(rig.told()).toContain("epoch");
  });

  test("a relist behind what was seen is another history, whatever made the relist necessary", async () => {
    const rig = await start();
    rig.restart(restored(rig, 1_000));
    rig.faults = onceExpired();
    await rig.clock.advance(10_000);
    expect(rig.told()).toContain("epoch");
  });

  test("versions that jump ahead by a thousand million are no regression", async () => {
    const rig = await start();
    rig.history.skipTo(1_000_001_201);
    rig.history.update(configMap("b", "2"));
    await rig.clock.advance(10 * MINUTE);
    expect(rig.told()).not.toContain("epoch");
    expect(hasGap(rig)).toBe(false);
  });
});

/** The next watch is told that its history is gone. */
function onceExpired(): FaultHooks {
  let isDone = false;
  return {
    onRequest: ({ verb }) => {
      if (verb !== "watch" || isDone) return undefined;
      isDone = true;
      return { fault: "respond", status: 410, body: { kind: "Status", code: 410, reason: "Expired", message: "too old" } };
    },
  };
}

describe("audits", () => {
  const start = async (drop: (text: string) => boolean): Promise<Rig> => {
    const rig = startRig({}, (history) => ["a", "b", "c"].forEach((name) => history.create(configMap(name))));
    await rig.clock.advance(1_000);
    rig.told();
    rig.faults = { onWatchEvent: ({ data }) => (drop(data.toString()) ? { fault: "drop" } : undefined) };
    return rig;
  };

  test("a deletion that the watch cache lost is found by the next audit, told as synthetic, with incident and gap", async () => {
    const rig = await start((text) => text.startsWith('{"type":"DELETED"'));
    rig.history.remove(configMapRef("b"));
    await rig.clock.advance(38 * MINUTE);
    const told = rig.told();
    expect(changes(told)).toEqual(["vanished b by audit, deleted at 5"]);
    expect(told).toContain("incident the watch left changes out");
    expect(told).toContain("missed 1 in 4-5");
    await rig.clock.advance(60 * MINUTE);
    expect(changes(rig.told())).toEqual([]);
  });

  test("versions and objects that the watch left out are read back, oldest first", async () => {
    const rig = await start((text) => text.includes('"value":"hidden') || text.includes('"name":"new"'));
    rig.history.update(configMap("a", "hidden 1"));
    rig.history.update(configMap("a", "hidden 2"));
    rig.history.create(configMap("new"));
    await rig.clock.advance(38 * MINUTE);
    expect(changes(rig.told())).toEqual(["MODIFIED a@5 by audit", "MODIFIED a@6 by audit", "ADDED new@7 by audit"]);
  });

  test("an audit never races with the watch: under steady change it finds nothing", async () => {
    const rig = await start(() => false);
    for (let at = 0; at < 2_000; at++) {
      if (at % 7 === 0) rig.history.create(configMap(`t${at}`));
      if (at % 7 === 5) rig.history.remove(configMapRef(`t${at - 5}`));
      rig.history.update(configMap("a", `v${at}`));
      await rig.clock.advance(1_003);
    }
    expect(rig.asked("continue")).toBe(0);
    expect(hasGap(rig)).toBe(false);
    expect(rig.items.some(({ item }) => item === "incident" || item === "vanished")).toBe(false);
  });
});

/** Faro stops, dies, and starts again on the same directory: nothing is missed, nothing doubled, and the ledger tells the truth. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Embedded, embeddedCluster, storiesIn, synced, until } from "./support/embedded.ts";
import { gapsIn as allGapsIn, recordsIn, truthOf, versionsOf } from "./support/recorded.ts";

const KINDS = ["v1/ConfigMap"];
let cluster: Embedded;

function create(name: string, value = "0"): void {
  cluster.history.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: { value } });
}

const refTo = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name }) as const;

function modify(name: string, value: string): void {
  cluster.history.modify(refTo(name), (object) => ({ ...object, data: { value } }));
}

function remove(...names: readonly string[]): void {
  cluster.history.remove(...names.map(refTo));
}

/** Everything that can happen to objects while nobody looks. */
function liveOn(round: string): void {
  modify("settings", `${round} 1`);
  modify("settings", `${round} 2`);
  create(`passing-${round}`);
  remove(`passing-${round}`);
  create(`batch-${round}-a`);
  create(`batch-${round}-b`);
  remove(`batch-${round}-a`, `batch-${round}-b`);
  create(`new-${round}`);
}

/** Runs Faro on `output` until it has caught up and `during` is over. */
async function run(output: string, during: () => void | Promise<void> = () => {}): Promise<string> {
  const capture = await cluster.capture({ output, kinds: KINDS, related: "none", includeLogs: false });
  await synced(capture, 2);
  await during();
  await caughtUp(output);
  capture.stop("enough");
  return (await capture.done).outcome;
}

const gapsIn = (records: Parameters<typeof allGapsIn>[0]): ReturnType<typeof allGapsIn> =>
  allGapsIn(records).filter(({ opened }) => opened.scope === "configmaps.v1/default");

async function caughtUp(output: string): Promise<void> {
  const newest = truth.at(-1) ?? "";
  await expect
    .poll(
      async () => {
        const records = await recordsIn(output);
        const at = records.findLastIndex((record) => record.type === "object" && newest.endsWith(`@${record.resourceVersion}`));
        return newest === "" || (at !== -1 && records.slice(at).some(({ type }) => type === "checkpoint"));
      },
      { interval: 50 },
    )
    .toBe(true);
}

let truth: readonly string[] = [];

afterEach(() => cluster.close());

describe("a start on a recording of which the server still has the history", () => {
  beforeEach(async () => {
    cluster = await embeddedCluster();
    truth = truthOf(cluster, "ConfigMap");
  });

  test("resumes where the earlier run stopped: every version once, objects that came and went included, and no list", async () => {
    const output = cluster.directory();
    create("settings");
    expect(await run(output, () => liveOn("first"))).toBe("complete");
    liveOn("down");
    const before = cluster.server.requests.length;
    expect(await run(output, () => liveOn("second"))).toBe("complete");
    const records = await recordsIn(output);
    expect(versionsOf(records, "ConfigMap").toSorted()).toEqual(truth.toSorted());
    const lists = cluster.server.requests.slice(before).filter(({ url }) => /configmaps(?!.*watch)/.test(url));
    expect(lists).toEqual([]);
  });

  test("tells the time between as a gap that the resumed watch closed in full, and the story is complete", async () => {
    const output = cluster.directory();
    create("settings");
    await run(output);
    modify("settings", "while Faro was down");
    await run(output);
    const gaps = gapsIn(await recordsIn(output));
    expect(gaps.map(({ opened, closed }) => [opened.cause, closed?.repaired])).toEqual([["recorder-stopped", "full"]]);
    expect(storiesIn(output).get("settings")?.coverage).toMatchObject({ verdict: "complete" });
  });

  test("after any number of restarts has each version once", async () => {
    const output = cluster.directory();
    create("settings");
    for (const round of ["a", "b", "c"]) {
      await run(output, () => liveOn(`${round}-up`));
      liveOn(`${round}-down`);
    }
    await run(output);
    expect(versionsOf(await recordsIn(output), "ConfigMap").toSorted()).toEqual(truth.toSorted());
  });

  test("a run that was killed at any moment is gone on with: what no checkpoint covers is not recorded twice", async () => {
    const output = cluster.directory();
    create("settings");
    const copies: string[] = [];
    const capture = await cluster.capture({ output, kinds: KINDS, related: "none", includeLogs: false });
    await synced(capture, 2);
    await caughtUp(output);
    for (let moment = 0; moment < 4; moment++) {
      for (let round = 0; round < 3; round++) liveOn(`${moment}-${round}`);
      // Now and then a checkpoint stands behind all of it, now and then in the midst.
      if (moment % 2 === 1) await caughtUp(output);
      else await until(capture, ({ status }) => status === "batch-written");
      const copy = cluster.directory();
      cpSync(join(output, "recording"), join(copy, "recording"), { recursive: true });
      copies.push(copy);
    }
    capture.stop("enough");
    await capture.done;
    for (const copy of copies) {
      expect(await run(copy)).toBe("complete");
      expect(versionsOf(await recordsIn(copy), "ConfigMap").toSorted()).toEqual(truth.toSorted());
    }
  });

  test("a kill leaves a gap that begins no more than two seconds before the last record", async () => {
    const output = cluster.directory();
    create("settings");
    const capture = await cluster.capture({ output, kinds: KINDS, related: "none", includeLogs: false });
    await synced(capture, 2);
    await caughtUp(output);
    const copy = cluster.directory();
    cpSync(join(output, "recording"), join(copy, "recording"), { recursive: true });
    capture.stop("enough");
    await capture.done;
    const last = Date.parse((await recordsIn(copy)).at(-1)?.at ?? "");
    await run(copy);
    const [gap] = gapsIn(await recordsIn(copy));
    const before = last - Date.parse(gap?.opened.from ?? "");
    expect(before).toBeGreaterThanOrEqual(0);
    expect(before).toBeLessThanOrEqual(2_000);
  });
});

describe("a start on a recording of which the server has forgotten the history", () => {
  beforeEach(async () => {
    cluster = await embeddedCluster({ window: { minEvents: 4, maxEvents: 4, freshMs: 0 } });
    truth = truthOf(cluster, "ConfigMap");
  });

  test("records the difference, once, and keeps the gap open until the list: partly repaired, the run is incomplete", async () => {
    const output = cluster.directory();
    create("settings");
    create("doomed");
    await run(output);
    for (const round of ["a", "b", "c"]) liveOn(round);
    remove("doomed");
    modify("settings", "last");
    cluster.history.compact(cluster.history.revision);
    expect(await run(output)).toBe("incomplete");
    const records = await recordsIn(output);
    const gaps = gapsIn(records);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.closed).toMatchObject({ cause: "recorder-stopped", repaired: "partial", visibleChange: true });
    const versions = versionsOf(records, "ConfigMap");
    expect(new Set(versions).size).toBe(versions.length);
    expect(versions).toContain(truth.findLast((version) => version.startsWith("new-c")));
    expect(versions.some((version) => version.startsWith("-doomed"))).toBe(true);
  });
});

describe("a checkpoint that does not fit the recording", () => {
  beforeEach(async () => {
    cluster = await embeddedCluster();
    truth = truthOf(cluster, "ConfigMap");
  });

  const segmentsOf = (output: string): string[] =>
    readdirSync(join(output, "recording")).map((name) => join(output, "recording", name));

  async function recorded(): Promise<string> {
    const output = cluster.directory();
    create("settings");
    await run(output, () => liveOn("first"));
    return output;
  }

  test("is survived when it is damaged: the next start lists, repeats nothing, and says what it cannot read", async () => {
    const output = await recorded();
    for (const file of segmentsOf(output)) {
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.replaceAll('"type":"checkpoint"', '"type":"chekcpoint"'));
    }
    expect(await run(output, () => modify("settings", "second"))).toBe("incomplete");
    expect(versionsOf(await recordsIn(output), "ConfigMap").toSorted()).toEqual(truth.toSorted());
  });

  test("is not trusted when a version in front of it was damaged: the list finds what the recording lost", async () => {
    const output = await recorded();
    const [file = ""] = segmentsOf(output);
    writeFileSync(file, readFileSync(file, "utf8").replace('"name":"new-first"', '"name":"new-wurst"'));
    const lost = truth.filter((version) => version.startsWith("new-first"));
    expect(versionsOf(await recordsIn(output), "ConfigMap")).not.toEqual(expect.arrayContaining(lost));
    await run(output);
    expect(versionsOf(await recordsIn(output), "ConfigMap").toSorted()).toEqual(truth.toSorted());
  });

  test("is not trusted when a whole segment in front of it is missing", async () => {
    const output = await recorded();
    await run(output, () => liveOn("second"));
    rmSync(segmentsOf(output)[0] ?? "");
    await run(output);
    expect(versionsOf(await recordsIn(output), "ConfigMap")).toContain(truth.find((version) => version.startsWith("new-first")));
  });

  test("is survived when it is older than the output: versions behind it are not recorded again", async () => {
    const output = await recorded();
    for (const file of segmentsOf(output)) {
      const lines = readFileSync(file, "utf8").split("\n");
      const first = lines.findIndex((line) => line.includes('"type":"checkpoint"'));
      writeFileSync(file, lines.filter((line, at) => at <= first || !line.includes('"type":"checkpoint"')).join("\n"));
    }
    await run(output, () => liveOn("second"));
    expect(versionsOf(await recordsIn(output), "ConfigMap").toSorted()).toEqual(truth.toSorted());
  });
});

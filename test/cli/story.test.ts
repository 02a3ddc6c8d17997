/** The reading commands, on the story of a real rollout that comes with the examples. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { faro, type Given, type Ran } from "./world.ts";

const STORY = join(import.meta.dirname, "../../examples/stories/deployment-checkout.json");
/** Colour escapes. */
// oxlint-disable-next-line no-control-regex -- an escape is what it begins with
const SGR = /\u001b\[[0-9;]*m/g;

function read(command: string, given: Given = {}): Promise<Ran> {
  return faro(["story", ...command.split(" "), STORY], given);
}

async function lines(command: string, given: Given = {}): Promise<readonly string[]> {
  const ran = await read(command, given);
  expect(ran.stderr()).toBe("");
  expect(ran.exitCode).toBe(0);
  return ran.stdout().trimEnd().split("\n");
}

describe("faro story", () => {
  it("show: one screen says what happened, when, and where it broke", async () => {
    const screen = await lines("show");
    expect(screen.slice(0, 2)).toEqual([
      "Deployment/checkout in shop   2026-11-23 18:45:45 UTC, for 14s",
      "complete: nothing missing",
    ]);
    const text = screen.join("\n");
    expect(text).toMatch(/18:45:48\.032 {2}container app of checkout-6df4dbb66f-jj66z ends with code 3 \(Error\)/);
    expect(text).toMatch(/checkout-6df4dbb66f-jj66z +·░+x+.*restarts?\n/);
    expect(text).toContain("  └─ ReplicaSet/checkout-6df4dbb66f\n     └─ Pod/checkout-6df4dbb66f-jj66z");
  });

  it("timeline: every event once, in order, with ids that other commands take", async () => {
    const shown = await lines("timeline");
    expect(shown).toHaveLength(181);
    const [, id = ""] = /\b(e\d+)\b/.exec(shown[0] ?? "") ?? [];
    const diff = await lines(`diff ${id}`);
    expect(diff[0]).toContain("deployment/checkout add");
  });

  it.each([
    ["timeline --errors", 13],
    ["timeline --type=lifecycle", 50],
    ["timeline --type log,gap", 8],
    ["timeline --grep=BackOff --type=event", 2],
    ["timeline --since=2026-11-23T18:45:59Z", 6],
    ["timeline --since=+8s --until=+9s", 5],
    ["logs", 8],
    ["logs -c app --grep CANNOT", 3],
    ["logs -c other -o name", 1],
  ])("%s prints %i lines", async (command, count) => {
    expect(await lines(command)).toHaveLength(count);
  });

  it("a terminal gets lines that fit it, times from the start, and colours; a pipe gets whole lines and none of that", async () => {
    const terminal = await lines("timeline", { isTTY: true });
    const plain = terminal.map((line) => line.replaceAll(SGR, ""));
    expect(Math.max(...plain.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(plain[0]).toMatch(/^ +\+0\.000 e10 /);
    expect(terminal[0]).not.toBe(plain[0]);
    const piped = await lines("timeline");
    expect(piped.join("\n")).not.toMatch(SGR);
    expect(piped[0]).toMatch(/^2026-11-23T18:45:45\.226Z e10 /);
    const uncoloured = await lines("timeline", { isTTY: true, env: { NO_COLOR: "1" } });
    expect(uncoloured).toEqual(plain);
  });

  it.each(["list", "objects", "events", "timeline", "show", "gaps"])(
    "%s fits a narrow terminal and a wide one",
    async (command) => {
      for (const columns of [80, 160]) {
        const shown = (await lines(command, { isTTY: true, columns })).map((line) => line.replaceAll(SGR, ""));
        expect({ columns, long: shown.filter((line) => line.length > columns) }).toEqual({ columns, long: [] });
      }
    },
  );

  it("a table on a terminal leaves out what is spare, and cuts the last column", async () => {
    const narrow = await lines("objects", { isTTY: true, columns: 80, env: { NO_COLOR: "1" } });
    expect(narrow[0]).toBe("ID         OBJECT                           FIRST SEEN   WHY IT BELONGS");
    expect(narrow[2]).toMatch(/^[0-9a-f]{8} {3}replicaset\/checkout-[0-9a-f]+ +\+0\.\d+ +owned by Deployment\/ch…$/);
    const wide = await lines("objects", { isTTY: true, columns: 160, env: { NO_COLOR: "1" } });
    expect(wide[2]).toMatch(/ shop +\+0\.\d+ +\d+s +owned by Deployment\/checkout$/);
    expect((await lines("objects"))[2]).toMatch(/owned by Deployment\/checkout \(uid [0-9a-f-]{36}\)$/);
  });

  it("-o json, ndjson, yaml and name are for programs", async () => {
    const json: unknown = JSON.parse((await lines("timeline -o json --type=gap,log")).join("\n"));
    expect(json).toHaveLength(8);
    const ndjson = await lines("timeline -o ndjson --type=log");
    expect(ndjson.map((line) => JSON.parse(line).event_type)).toEqual(Array(8).fill("CONTAINER_LOG"));
    expect(parseAllDocuments((await lines("events -o yaml")).join("\n"))).toHaveLength(32);
    expect((await lines("objects -o name"))[0]).toBe("deployment/checkout");
    const screen = JSON.parse((await lines("show -o json")).join("\n"));
    expect(screen).toMatchObject({
      resource_name: "checkout",
      verdict: "complete",
      events_by_type: { CONTAINER_LOG: 8 },
      troubles: 13,
    });
    expect(screen.pods[0].phases[0]).toMatchObject({ phase: "pending", from: expect.stringMatching(/^2026-11-23T18:45:4/) });
    expect(screen.happened.map(({ what }: { readonly what: string }) => what).join("\n")).toContain("ends with code 3 (Error)");
    const changes = (await lines("diff deploy/checkout -o ndjson")).map((line) => JSON.parse(line));
    expect(changes.map(({ id }) => id)).toEqual(await lines("diff deploy/checkout -o name"));
    const images = changes.flatMap((one) => one.diff ?? []).filter((line: string) => line.includes("image: "));
    expect(images[1]).toBe("+           image: testbed.local/box:2");
    expect(JSON.parse((await lines("timeline -o json --grep=there-is-none")).join("\n"))).toEqual([]);
  });

  it("object: the state at a moment, as YAML that kubectl would take", async () => {
    const at = async (moment: string): Promise<string> =>
      parse((await lines(`object deployment/checkout --at=${moment}`)).join("\n")).spec.template.spec.containers[0].image;
    expect([await at("+1s"), await at("+3s"), await at("0s")]).toEqual([
      "testbed.local/box:1",
      "testbed.local/box:2",
      "testbed.local/box:1",
    ]);
    const early = await read("object deployment/checkout --at=2020-01-01T00:00:00Z");
    expect(early.stderr()).toContain("no version of deployment/checkout at that moment");
    expect(early.exitCode).toBe(2);
  });

  it("diff: what each version changed, without bookkeeping", async () => {
    const text = (await lines("diff deployment/checkout")).join("\n");
    for (const name of ["deploy/checkout", "deployments/checkout"]) expect((await lines(`diff ${name}`)).join("\n")).toBe(text);
    expect(text).toContain("- " + "          image: testbed.local/box:1");
    expect(text).toContain("+ " + "          image: testbed.local/box:2");
    expect(text).not.toMatch(/managedFields|resourceVersion/);
  });

  it("gaps and list: whether it is whole", async () => {
    expect((await lines("gaps"))[0]).toBe("complete");
    const [head, row] = await lines("list");
    expect(head).toMatch(/^STORY +NAMESPACE +START +LENGTH +EVENTS +STATE +VERDICT$/);
    expect(row).toMatch(/^deployment\/checkout +shop +2026-11-23 18:45:45 +14s +181 +deleted +complete$/);
  });

  it.each([
    ["story", /^$/, 2],
    ["story shwo", /there is no faro story shwo|unknown command/, 2],
    ["story timeline --type=logz", /--type logz: there is no such type\nhint: one of object, event/, 2],
    ["story timeline --since=yesterday", /--since yesterday: neither a time nor a duration\nhint: for example --since=2026/, 2],
    ["story timeline --grep=(", /--grep \(: .*\nhint: for example/, 2],
    ["story timeline -o xml", /-o xml: there is no such format\nhint: one of json, ndjson, yaml, wide, name/, 2],
    ["story object", /needs an ID\nhint: kind\/name, an event/, 2],
    ["story show a b", /reads one file or directory, not 2/, 2],
    ["story show /nowhere/at/all", /\/nowhere\/at\/all cannot be read: .*\nhint: name a story file/, 2],
    ["validate", /needs a story file|needs/, 2],
  ])("faro %s is refused with what to do instead", async (command, message, exitCode) => {
    const ran = await faro(command.split(" "));
    expect(ran.exitCode).toBe(exitCode);
    if (message.source !== "^$") expect(ran.stderr()).toMatch(message);
  });

  it("derives the stories of a recording that has none yet, and leaves nothing behind", async () => {
    const output = mkdtempSync(join(tmpdir(), "faro-story-test-"));
    rmSync(join(output, "x"), { force: true });
    const { mkdirSync } = await import("node:fs");
    mkdirSync(join(output, "recording"));
    const asked: (readonly [string, string | undefined])[] = [];
    const ran = await faro(["story", "list", output], {
      rebuildStories: async (from, into) => {
        asked.push([from, into]);
        return [{ correlationId: "deployment-x", title: "Deployment/checkout", file: STORY, events: 181, verdict: "complete" }];
      },
    });
    rmSync(output, { recursive: true });
    expect(ran.stderr()).toContain("deriving them from its recording");
    expect(ran.stdout()).toContain("deployment/checkout");
    expect(asked[0]?.[0]).toBe(output);
    expect(asked[0]?.[1]).not.toBe(output);
  });
});

it("faro validate: sound, or what is wrong and where", async () => {
  const sound = await faro(["validate", STORY]);
  expect([sound.stdout(), sound.exitCode]).toEqual([`${STORY}: sound\n`, 0]);
  const other = await faro(["validate", join(import.meta.dirname, "../../package.json")]);
  expect(other.stdout()).toMatch(/package\.json: it is no JSON object with a schema_version\n/);
  expect(other.exitCode).toBe(1);
});

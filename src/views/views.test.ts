import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { describeEvent, oneLine } from "./describe-event.ts";
import { diffLines } from "./line-diff.ts";
import { findObject, versionAt } from "./object-versions.ts";
import { event, lifecycle, logEvent, storyText } from "./story-file.cases.ts";
import { chooseStory, locateStories } from "./story-locator.ts";
import { overviewOf } from "./story-overview.ts";
import { readStory } from "./story-reader.ts";
import { validateStory } from "./validate-story.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "faro-views-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

async function all<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

const EVENTS = [
  event(1, { action: "add" }),
  logEvent(2, "starting"),
  event(3),
  logEvent(4, "level=error cannot connect"),
  event(5, { action: "delete" }),
];

const OVERVIEW = { events_by_type: { CONTAINER_LOG: 2 }, troubles: 1, happened: [], pods: [], owners: {} };

describe("reading a story file", () => {
  it.each([
    ["as Faro lays it out", storyText(EVENTS)],
    ["as another program laid it out", JSON.stringify(JSON.parse(storyText(EVENTS)), null, 4)],
    ["on one line", JSON.stringify(JSON.parse(storyText(EVENTS)))],
  ])("gives its head and all its events, %s", async (name, text) => {
    const story = await readStory(file(`${name}.json`, text));
    expect(story.metadata.resource_name).toBe("web");
    expect(story.objects.map(({ uid }) => uid)).toEqual(["u1", "u2"]);
    expect(await all(story.events())).toEqual(EVENTS);
  });

  it.each([
    ["of a type", { types: new Set(["CONTAINER_LOG"]) }, [2, 4]],
    ["from a moment on, which is included", { since: Date.parse("2026-03-01T10:00:03Z") }, [3, 4, 5]],
    ["up to a moment, which is included", { until: Date.parse("2026-03-01T10:00:03Z") }, [1, 2, 3]],
    [
      "of a type in between",
      { types: new Set(["CONTAINER_LOG"]), since: Date.parse("2026-03-01T10:00:03Z"), until: Date.parse("2026-03-01T10:00:05Z") },
      [4],
    ],
  ])("gives only the events %s, in every layout", async (_, selection, expected) => {
    for (const text of [storyText(EVENTS), JSON.stringify(JSON.parse(storyText(EVENTS)))]) {
      const story = await readStory(file("selected.json", text));
      expect((await all(story.events(selection))).map(({ seq }) => seq)).toEqual(expected);
    }
  });

  it.each([0, 400, 3_000])(
    "gives the overview behind the events without reading them, however long it is: %i pods",
    async (count) => {
      const pod = { uid: "u1", name: "web é", restarts: 0, phases: [{ from: "2026-03-01T10:00:01.000Z", phase: "pending" }] };
      const overview = {
        events_by_type: {},
        troubles: 0,
        happened: [],
        pods: Array.from({ length: count }, () => pod),
        owners: {},
      };
      const broken = [...EVENTS, { no: "event" }];
      for (const text of [
        storyText(broken, { overview }),
        JSON.stringify(JSON.parse(storyText(EVENTS, { overview })), null, 1),
      ]) {
        const path = file("overview.json", text);
        expect(await overviewOf(await readStory(path))).toEqual(overview);
      }
    },
  );

  it("folds the overview of a file that has none from its events", async () => {
    for (const text of [storyText(EVENTS), JSON.stringify(JSON.parse(storyText(EVENTS)))]) {
      const overview = await overviewOf(await readStory(file("old.json", text)));
      expect(overview).toMatchObject({ events_by_type: { RESOURCE_UPDATE: 3, CONTAINER_LOG: 2 }, troubles: 1 });
      expect(overview.happened.map(({ id }) => id)).toEqual(["e1", "e5"]);
    }
  });

  it("says which file is no story, which is of a newer Faro, and where one is damaged", async () => {
    await expect(readStory(file("other.json", '{"a":1}'))).rejects.toThrow(/other\.json is no story file/);
    await expect(readStory(file("newer.json", storyText(EVENTS, { version: "2" })))).rejects.toThrow(
      /schema version 2; this Faro reads 1/,
    );
    await expect(readStory(join(directory, "absent.json"))).rejects.toThrow(/absent\.json cannot be read/);
    const broken = await readStory(file("broken.json", storyText(EVENTS).replace('"starting"', '"starting')));
    await expect(all(broken.events())).rejects.toThrow(/the line at byte \d+ is no event/);
  });
});

describe("finding a story", () => {
  it("takes the newest file of a directory, passes over other JSON, and finds a story by its names", async () => {
    const output = mkdtempSync(join(directory, "output-"));
    const [old, young] = [join(output, "old.json"), join(output, "young.json")];
    writeFileSync(young, storyText(EVENTS));
    writeFileSync(old, storyText(EVENTS).replaceAll("pod-u1", "pod-u9").replace('"resource_name":"web"', '"resource_name":"db"'));
    writeFileSync(join(output, "package.json"), "{}");
    utimesSync(old, 1_000, 1_000);
    const located = await locateStories(output);
    expect(located).toEqual({ found: "stories", files: [young, old] });
    const files = located.found === "stories" ? located.files : [];
    expect((await chooseStory(files, undefined)).path).toBe(young);
    expect((await chooseStory(files, "pod/db")).path).toBe(old);
    expect((await chooseStory(files, "pod-u9")).path).toBe(old);
    await expect(chooseStory(files, "pod")).rejects.toThrow(/2 stories are named pod/);
    await expect(chooseStory(files, "cache")).rejects.toThrow(/no story is named cache/);
  });

  it("says that a directory holds nothing, or only a recording", async () => {
    const empty = mkdtempSync(join(directory, "empty-"));
    await expect(locateStories(empty)).rejects.toThrow(/holds no story and no recording/);
  });
});

describe("an object of a story", () => {
  it("is found by event, by kind and name, by uid; a name that two bear is refused with both", async () => {
    const story = await readStory(file("object.json", storyText(EVENTS)));
    expect(await findObject(story, "e3")).toEqual({ uid: "u1", title: "pod/web", seq: 3 });
    expect(await findObject(story, "e4")).toEqual({ uid: "u1", title: "pod/web", seq: undefined });
    expect(await findObject(story, "Pod/web")).toMatchObject({ uid: "u1" });
    expect(await findObject(story, "u2")).toMatchObject({ uid: "u2" });
    await expect(findObject(story, "web")).rejects.toThrow(/2 objects are named web/);
    await expect(findObject(story, "e99")).rejects.toThrow(/no event e99/);
  });

  it("has at each moment its last version up to then", async () => {
    const story = await readStory(file("at.json", storyText(EVENTS)));
    const at = async (second: string): Promise<number | undefined> =>
      (await versionAt(story, "u1", Date.parse(`2026-03-01T10:00:${second}Z`)))?.seq;
    expect([await at("00"), await at("01"), await at("02.999"), await at("03"), await at("40")]).toEqual([undefined, 1, 1, 3, 5]);
  });
});

describe("checking a story file", () => {
  it.each([
    ["nothing of a sound one", storyText(EVENTS), []],
    ["nothing of a sound one in another layout", JSON.stringify(JSON.parse(storyText(EVENTS))), []],
    ["nothing of a sound overview", storyText(EVENTS, { overview: OVERVIEW }), []],
    ["what is wrong with an overview", storyText(EVENTS, { overview: { ...OVERVIEW, troubles: -1 } }), [/^16: troubles: /]],
    [
      "the same in another layout",
      JSON.stringify(JSON.parse(storyText(EVENTS, { overview: { ...OVERVIEW, troubles: -1 } }))),
      [/^0: troubles: /],
    ],
    ["a member that is missing", storyText(EVENTS).replace(/"synthetic":false/, '"synthetic_":false'), [/^10: synthetic: /]],
    ["a wrong count", storyText(EVENTS, { count: 7 }), [/^0: metadata\.event_count is 7, and there are 5/]],
    ["an order of time that goes back", storyText([event(3), event(1)]), [/^11: timestamp is before/]],
    ["another story's event", storyText([event(1, { correlation_id: "pod-x" })]), [/^10: correlation_id is not/]],
    ["a cut", storyText(EVENTS).slice(0, -60), [/^14: not JSON/, /^14: /, /^0: the file ends before/]],
    ["another version", storyText(EVENTS, { version: "9" }), [/^2: schema_version is "9"/]],
    ["what is no JSON", "hello", [/^0: it is no JSON object/]],
  ])("tells %s", async (name, text, expected) => {
    const problems = (await all(validateStory(file(`check ${name}.json`.replaceAll("'", ""), text)))).map(
      ({ line, what }) => `${line}: ${what}`,
    );
    expect(problems.length).toBe(expected.length);
    for (const [index, pattern] of expected.entries()) expect(problems[index]).toMatch(pattern);
  });
});

describe("an event in one line", () => {
  it.each([
    [
      event(1, { action: "add", data: { spec: { replicas: 2, template: { spec: { containers: [{ image: "a:1" }] } } } } }),
      "created, replicas 2, a:1",
    ],
    [event(1, { action: "delete", synthetic: true }), "gone: a list no longer shows it"],
    [event(1, { data: { status: { phase: "Running", readyReplicas: 1 } } }), "version 101: Running, ready 1"],
    [
      lifecycle(1, "container-terminated", { exit_code: 137, signal: 9, reason: "OOMKilled", container: "app" }),
      "ends with code 137 by signal 9 (OOMKilled)",
    ],
    [lifecycle(1, "container-started", { restart_count: 2 }), "starts (restart 2)"],
    [logEvent(1, "a\u001b[31mb\nc\u0000"), "a\\x1b[31mb\\nc\\x00"],
  ])("says what happened: case %#", (given, expected) => {
    expect(describeEvent(JSON.parse(JSON.stringify(given))).text).toBe(expected);
  });

  it("never lets a control character through to the terminal", () => {
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    const control = /[\u0000-\u001f\u007f-\u009f]/;
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(oneLine(text)).not.toMatch(control);
      }),
    );
  });
});

describe("the difference of two texts", () => {
  it("shows what went and what came, with some lines around", () => {
    const shown = diffLines("a\nb\nc\nd\ne\nf\ng", "a\nb\nc\nX\ne\nf\ng").map(({ kind, text }) => `${kind[0]}${text}`);
    expect(shown).toEqual(["sb", "sc", "rd", "aX", "se", "sf"]);
    expect(diffLines("a\nb", "a\nb")).toEqual([]);
  });

  it("gives back both texts, whatever they are", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 8 }).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after).filter(({ kind }) => kind !== "skipped");
        const added = lines.filter(({ kind }) => kind === "added").length;
        const removed = lines.filter(({ kind }) => kind === "removed").length;
        expect(added - removed).toBe(after.split("\n").length - before.split("\n").length);
        expect(added + removed === 0).toBe(before === after);
      }),
    );
  });
});

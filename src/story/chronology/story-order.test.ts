import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StoryDocument, StoryEvent } from "../document.ts";
import { at, belongs, numbered, object, opened, STORY, storyOf } from "../recording.cases.ts";
import { ON_TIME, type PodPlan, type World, worldOf, type WorldPlan } from "./world.cases.ts";

const POD: PodPlan = { node: "n1", at: 10, steps: { bind: 20, start: 700, line: 400, end: 50 }, lines: 3 };
const plan = (more: Partial<WorldPlan> = {}): WorldPlan => ({ nodes: {}, controlPlane: 0, late: ON_TIME, pods: [POD], ...more });
const tell = async (world: World): Promise<StoryDocument> => await storyOf(world.records, STORY);

const placeOf = (story: StoryDocument, isIt: (event: StoryEvent) => boolean): number => story.events.findIndex(isIt);
const first = (uid: string) => (event: StoryEvent) => event.uid === uid && event.action === "add";
const step = (uid: string, action: string) => (event: StoryEvent) =>
  event.event_type === "POD_LIFECYCLE" && event.uid === uid && event.action === action;
const lineOf = (uid: string) => (event: StoryEvent) => event.event_type === "CONTAINER_LOG" && event.uid === uid;

/** Each chain is what must stand in this order in the story. */
function chains(pods: number): readonly (readonly ((event: StoryEvent) => boolean)[])[] {
  return Array.from({ length: pods }, (_, index) => `p-${index}`).flatMap((uid) => [
    [first("d-1"), first("rs"), first(uid), step(uid, "created"), step(uid, "scheduled"), step(uid, "container-waiting")],
    [step(uid, "container-waiting"), step(uid, "container-started"), lineOf(uid), step(uid, "container-terminated")],
    [first(uid), first(`${uid}-bound`)],
    [first(uid), first(`${uid}-started`)],
  ]);
}

function violations(story: StoryDocument, pods: number): readonly string[] {
  return chains(pods).flatMap((chain, number) => {
    const places = chain.map((isIt) => placeOf(story, isIt));
    return places.every((place, index) => place > (places[index - 1] ?? -1)) ? [] : [`chain ${number}: ${places.join(" ")}`];
  });
}

describe("a Node whose clock is", () => {
  test.each([
    ["30 s ahead", 30_000],
    ["30 s behind", -30_000],
    ["300 ms ahead", 300],
    ["two hours behind", -7_200_000],
  ])("%s is put on the recorder's, to within the fastest arrival, and what it wrote stays", async (_what, ahead) => {
    const world = worldOf(plan({ nodes: { n1: ahead } }));
    const story = await tell(world);
    expect(violations(story, 1)).toEqual([]);
    const [clock] = story.chronology?.clocks.filter(({ clock: name }) => name === "node/n1") ?? [];
    expect(clock?.least_ms).toBeLessThanOrEqual(ahead);
    expect(clock?.most_ms).toBeGreaterThanOrEqual(ahead);
    expect(Math.abs((clock?.offset_ms ?? 0) - ahead)).toBeLessThanOrEqual(25);
    expect(clock?.within_ms).toBeLessThanOrEqual(2_000);
    for (const event of story.events) {
      if (event.event_type !== "CONTAINER_LOG") continue;
      const truth = world.truth.get(event.data.message) ?? 0;
      expect(Math.abs(Date.parse(event.timestamp) - truth)).toBeLessThanOrEqual(25);
      expect(Date.parse(event.data.timestamp) - Date.parse(event.timestamp)).toBe(clock?.offset_ms);
      expect(event.timestamp_adjusted).toBe("clock");
    }
  });

  test("right, or wrong by less than anybody can tell, is taken as it is", async () => {
    const story = await tell(worldOf(plan({ nodes: { n1: -100 } })));
    expect(story.chronology?.clocks.find(({ clock }) => clock === "node/n1")?.offset_ms).toBe(0);
    expect(story.events.filter((event) => event.timestamp_adjusted === "clock")).toEqual([]);
  });

  test("ahead does not move another Node's times", async () => {
    const other: PodPlan = { ...POD, node: "n2", at: 500 };
    const story = await tell(worldOf(plan({ nodes: { n1: 30_000 }, pods: [POD, other] })));
    expect(violations(story, 2)).toEqual([]);
    expect(story.chronology?.clocks.map(({ clock, offset_ms }) => `${clock} ${Math.round(offset_ms / 1000)}`)).toEqual([
      "control-plane 0",
      "node/n1 30",
      "node/n2 0",
    ]);
    expect(story.events.filter(({ uid, timestamp_adjusted: why }) => uid === "p-1" && why === "clock")).toEqual([]);
  });
});

describe("the control plane's clock", () => {
  test.each([30_000, -30_000])("that is %i ms ahead moves its Events to where they were", async (ahead) => {
    const pods = Array.from({ length: 5 }, (_, index) => ({ ...POD, at: 10 + index * 317 }));
    const story = await tell(worldOf(plan({ controlPlane: ahead, pods })));
    expect(violations(story, 5)).toEqual([]);
    const bound = story.events.find(({ uid }) => uid === "p-4-bound");
    const scheduled = story.events.find(step("p-4", "scheduled"));
    expect(Math.abs(Date.parse(bound?.timestamp ?? "") - Date.parse(scheduled?.timestamp ?? ""))).toBeLessThan(1_100);
  });
});

describe("versions of one kind", () => {
  test("stand in the order in which they came, also when a lane that was behind wrote them down later", async () => {
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "c", uid: "c", controller: true };
    const came = [
      opened(at("10:00:00")),
      object("ConfigMap", "a", { at: at("10:00:00.100"), change: "ADDED" }),
      object("ConfigMap", "a", { at: at("10:00:00.101") }),
      object("ConfigMap", "b", { at: at("10:00:00.150"), change: "ADDED" }),
      // Its owner is moved back, in front of it.
      object("Secret", "s", { at: at("10:00:00.155"), change: "ADDED", owners: [owner] }),
      object("ConfigMap", "c", { at: at("10:00:00.160"), change: "ADDED" }),
      ...["a", "b", "c", "s"].map((uid) => belongs(uid, at("10:00:00.200"))),
    ];
    const [story, added, changed, behind, ...rest] = numbered(came);
    const written = [story, behind, added, changed, ...rest].filter((record) => record !== undefined);
    const { events } = await storyOf(written, STORY);
    expect(events.map(({ uid, timestamp }) => `${uid} ${timestamp.slice(17, 23)}`)).toEqual([
      "a 00.100",
      "a 00.101",
      "b 00.150",
      "c 00.154",
      "s 00.155",
    ]);
  });
});

describe("whatever the clocks and the delays,", () => {
  const pod = fc.record({
    node: fc.constantFrom("n1", "n2"),
    at: fc.nat(20_000),
    steps: fc.record({
      bind: fc.integer({ min: 1, max: 3_000 }),
      start: fc.integer({ min: 1, max: 4_000 }),
      line: fc.integer({ min: 1, max: 900 }),
      end: fc.nat(2_000),
    }),
    lines: fc.integer({ min: 1, max: 5 }),
  });
  const delay = fc.oneof(fc.nat(100), fc.nat(60_000));
  const worlds = fc.record({
    nodes: fc.record({ n1: fc.integer({ min: -60_000, max: 60_000 }), n2: fc.constantFrom(0, 5, -3_600_000) }),
    controlPlane: fc.oneof(fc.constant(0), fc.integer({ min: -60_000, max: 60_000 })),
    late: fc.record({ deployments: delay, replicasets: delay, pods: delay, events: delay, logs: delay }),
    pods: fc.array(pod, { minLength: 1, maxLength: 4 }),
  });

  test("property: causes stand before their effects, streams in their order, and timestamps rise", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const story = await tell(worldOf(world));
        expect(violations(story, world.pods.length)).toEqual([]);
        const times = story.events.map(({ timestamp }) => timestamp);
        expect(times).toEqual(times.toSorted());
        const seqs = new Map<string, number>();
        for (const event of story.events) {
          if (event.event_type === "RESOURCE_UPDATE" || event.event_type === "CORRELATED_EVENT") {
            // A watch tells the versions of a kind in the order in which they were made.
            expect(event.seq).toBeGreaterThan(seqs.get(event.resource) ?? 0);
            seqs.set(event.resource, event.seq);
          }
          const stream = `${event.event_type} ${event.uid} ${event.event_type === "POD_LIFECYCLE" ? (event.data.container ?? "") : ""}`;
          expect(event.seq).toBeGreaterThan(seqs.get(stream) ?? 0);
          seqs.set(stream, event.seq);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("property: with watches on time, each line is told to within its delay of when it was written", async () => {
    const onTime = worlds.map((world) => ({
      ...world,
      late: ON_TIME,
      pods: world.pods.map((one) => ({ ...one, steps: { ...one.steps, start: one.steps.start + 300 } })),
    }));
    await fc.assert(
      fc.asyncProperty(onTime, async (each) => {
        const world = worldOf(each);
        for (const event of (await tell(world)).events) {
          if (event.event_type !== "CONTAINER_LOG") continue;
          const error = Date.parse(event.timestamp) - (world.truth.get(event.data.message) ?? 0);
          // Behind by less than the fastest start of a container nobody can tell.
          expect(error).toBeLessThanOrEqual(25);
          expect(error).toBeGreaterThanOrEqual(-5_500);
        }
      }),
      { numRuns: 200 },
    );
  });
});

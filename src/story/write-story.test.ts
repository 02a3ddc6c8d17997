import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FaroRecord } from "../record/index.ts";
import {
  at,
  belongs,
  completed,
  gap,
  indexOf,
  kubeEvent,
  lifecycle,
  log,
  logStream,
  MemoryRecording,
  numbered,
  object,
  opened,
  ROOT,
  STORY,
  storyOf,
  storyText,
} from "./recording.cases.ts";
import { parseStory, storyJsonSchema } from "./schema.ts";
import { Overview } from "./overview/overview.ts";
import { seenEvent } from "./overview/seen.ts";
import { writeStory } from "./write-story.ts";

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const validate = ajv.compile(storyJsonSchema());

const RUN: FaroRecord = {
  type: "run",
  seq: 0,
  at: at("09:59:59"),
  state: "started",
  faroVersion: "1.0.0",
  epoch: 1,
  serverVersion: "v1.36.3",
  clusterId: "k-1",
};

/** A rollout of one pod: every type of event once at least. */
const ROLLOUT: readonly FaroRecord[] = numbered([
  RUN,
  {
    type: "scope",
    seq: 0,
    at: at("09:59:59.500"),
    scope: "pods.v1/default",
    resource: "pods.v1",
    namespace: "default",
    state: "synced",
  },
  object("Deployment", "d-1", {
    at: at("10:00:00.100"),
    apiVersion: "apps/v1",
    name: "web",
    change: "ADDED",
    resourceVersion: "10",
    scope: "deployments.v1.apps/default",
    raw: Buffer.from('{"kind":"Deployment","metadata":{"generation":9007199254740993},"spec":{"ratio":1.0,"ratio":2}}'),
  }),
  opened(at("10:00:00.100")),
  object("Pod", "p-1", { at: at("10:00:00.300"), name: "web-1", change: "ADDED", resourceVersion: "11" }),
  belongs("p-1", at("10:00:00.300"), "owned by Deployment/web (d-1)"),
  lifecycle("created", at("10:00:00"), { at: at("10:00:00.300"), to: "Pending" }),
  object("Pod", "p-other", { at: at("10:00:00.400"), name: "stranger", change: "ADDED" }),
  kubeEvent("e-1", "2026-01-01T10:00:01Z", { at: at("10:00:01.250"), name: "web-1.17", resourceVersion: "12" }),
  belongs("e-1", at("10:00:01.250"), "about Pod/web-1 (p-1)"),
  logStream("s-1", at("10:00:02")),
  log("s-1", at("10:00:03"), [
    "2026-01-01T10:00:02.5Z starting",
    '2026-01-01T10:00:02.123456789Z \u0007 "quoted"',
    "no time at all",
  ]),
  lifecycle("container-terminated", at("10:00:04"), {
    at: at("10:00:04.200"),
    container: "app",
    from: "running",
    to: "terminated",
    reason: "Error",
    exitCode: 137,
    restartCount: 1,
  }),
  gap("g-1", "opened", { at: at("10:00:05"), from: at("10:00:04.500") }),
  gap("g-1", "closed", {
    at: at("10:00:06"),
    from: at("10:00:04.500"),
    to: at("10:00:05.900"),
    repaired: "partial",
    visibleChange: true,
    detail: "3 versions",
  }),
  { type: "log-end", seq: 0, at: at("10:00:07"), stream: "s-1", outcome: "complete", reason: "container ended", lines: 3 },
  object("Deployment", "d-1", {
    at: at("10:00:08"),
    apiVersion: "apps/v1",
    name: "web",
    change: "DELETED",
    resourceVersion: "20",
    scope: "deployments.v1.apps/default",
    synthetic: true,
    observedBy: "relist",
  }),
  completed(at("10:00:09")),
]);

describe("a story", () => {
  test("tells the rollout, line by line", async () => {
    await expect(await storyText(ROLLOUT, STORY)).toMatchFileSnapshot("testdata/rollout.golden.json");
  });

  test("is what the published schema and the types say", async () => {
    const document = await storyOf(ROLLOUT, STORY);
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(parseStory(document)).toEqual(document);
  });

  test("ends with the overview of its events, read or written", async () => {
    const { events, overview } = await storyOf(ROLLOUT, STORY);
    const again = new Overview();
    for (const event of events) again.accept(seenEvent(event));
    expect(again.describe()).toEqual(overview);
    expect(overview?.happened.map(({ id }) => id).filter((id) => events.every(({ seq }) => id !== `e${seq}`))).toEqual([]);
    expect(overview?.happened.length).toBeGreaterThan(3);
  });

  test("has the seed's keys first in every event, and its order of members", async () => {
    const document = await storyOf(ROLLOUT, STORY);
    expect(Object.keys(document)).toEqual([
      "schema_version",
      "metadata",
      "coverage",
      "chronology",
      "objects",
      "events",
      "overview",
    ]);
    for (const event of document.events) {
      expect(Object.keys(event).slice(0, 8)).toEqual([
        "correlation_id",
        "timestamp",
        "event_type",
        "source_component",
        "data",
        "namespace",
        "resource",
        "action",
      ]);
    }
  });

  test("counts what it holds and begins and ends with its first and last event", async () => {
    const { metadata, events } = await storyOf(ROLLOUT, STORY);
    expect(metadata.event_count).toBe(events.length);
    expect([metadata.start_time, metadata.end_time]).toEqual([events[0]?.timestamp, events.at(-1)?.timestamp]);
  });

  test("keeps the bytes of objects, which JSON.parse would change", async () => {
    expect(await storyText(ROLLOUT, STORY)).toContain(
      '"data":{"kind":"Deployment","metadata":{"generation":9007199254740993},"spec":{"ratio":1.0,"ratio":2}},"namespace"',
    );
  });

  test("leaves out what belongs to no story, or to another", async () => {
    expect(await storyText(ROLLOUT, STORY)).not.toContain("stranger");
  });

  test("is the same byte for byte, however often it is written", async () => {
    expect(await storyText(ROLLOUT, STORY)).toBe(await storyText(ROLLOUT, STORY));
  });

  test("of an unknown id is not written", async () => {
    expect(await storyText(ROLLOUT, "pod-nobody")).toBe("");
  });

  test("of a root that is not known by any version yet is a valid, empty one", async () => {
    const document = await storyOf(numbered([opened(at("10:00:00"))]), STORY);
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(document).toMatchObject({
      objects: [],
      events: [],
      metadata: { start_time: at("10:00:00"), end_time: at("10:00:00"), event_count: 0, state: "open" },
    });
  });
});

describe("an object of several stories", () => {
  const other = { ...ROOT, name: "api", uid: "d-2" };
  const records = numbered([
    opened(at("10:00:00")),
    { type: "story", seq: 0, at: at("10:00:00"), story: "deployment-d-2", state: "opened", root: other },
    object("ConfigMap", "c-1", { at: at("10:00:01"), change: "ADDED" }),
    { type: "attribution", seq: 0, at: at("10:00:01"), uid: "c-1", stories: [STORY, "deployment-d-2"], relation: "used by both" },
  ]);

  test("appears in each, under the id of each", async () => {
    for (const story of [STORY, "deployment-d-2"]) {
      expect((await storyOf(records, story)).events).toMatchObject([
        { correlation_id: story, uid: "c-1", event_type: "CORRELATED_EVENT" },
      ]);
    }
  });

  test("leaves a story when it is attributed anew", async () => {
    const moved = numbered([
      ...records,
      { type: "attribution", seq: 0, at: at("10:00:02"), uid: "c-1", stories: ["deployment-d-2"], relation: "adopted" },
    ]);
    expect((await storyOf(moved, STORY)).events).toEqual([]);
    expect((await storyOf(moved, "deployment-d-2")).objects).toMatchObject([{ uid: "c-1", relation: "adopted" }]);
  });
});

describe("actions", () => {
  test.each([
    ["the first sight in a list is an add", ["LISTED"], ["add"]],
    ["a list that shows a newer version of a known object is an update", ["ADDED", "LISTED"], ["add", "update"]],
    ["a first sight in mid life is an update", ["MODIFIED"], ["update"]],
    ["created again after its removal", ["ADDED", "DELETED", "ADDED"], ["add", "delete", "add"]],
  ] as const)("%s", async (_name, changes, actions) => {
    const versions = changes.map((change, index) => object("Deployment", "d-1", { at: at(`10:00:0${index + 1}`), change }));
    const { events } = await storyOf(numbered([opened(at("10:00:00")), ...versions]), STORY);
    expect(events.map((event) => event.action)).toEqual(actions);
  });

  test("a version that a list shows again is told once", async () => {
    const version = { at: at("10:00:01"), resourceVersion: "5", change: "LISTED" } as const;
    const again = { ...version, at: at("10:00:02") };
    const records = numbered([opened(at("10:00:00")), object("Deployment", "d-1", version), object("Deployment", "d-1", again)]);
    const { events, objects } = await storyOf(records, STORY);
    expect(events).toHaveLength(1);
    expect(objects).toMatchObject([{ first_seen: at("10:00:01"), last_seen: at("10:00:02") }]);
  });
});

describe("log lines", () => {
  const around = (block: FaroRecord): readonly FaroRecord[] =>
    numbered([opened(at("10:00:00")), belongs("p-1", at("10:00:00")), logStream("s-1", at("10:00:00")), block]);

  test("that are no UTF-8 keep their bytes; those beside them that are stay readable", async () => {
    const bytes = Buffer.concat([Buffer.from("2026-01-01T10:00:01Z žluť\n2026-01-01T10:00:02Z a"), Buffer.from([0xff, 0xfe])]);
    const block: FaroRecord = {
      type: "log",
      seq: 0,
      at: at("10:00:03"),
      stream: "s-1",
      count: 2,
      encoding: "latin1",
      unterminated: true,
      text: bytes.toString("latin1"),
    };
    const { events } = await storyOf(around(block), STORY);
    expect(events.map((event) => event.data)).toEqual([
      {
        pod: "web-1",
        container: "app",
        container_id: "containerd://c1",
        restart_count: 0,
        timestamp: "2026-01-01T10:00:01Z",
        message: "žluť",
      },
      expect.objectContaining({ message: "a\ufffd\ufffd", message_base64: "Yf/+", unterminated: true }),
    ]);
  });

  test("of several blocks interleave with each other and with what happened between", async () => {
    const records = numbered([
      opened(at("10:00:00")),
      belongs("p-1", at("10:00:00")),
      logStream("s-1", at("10:00:00")),
      logStream("s-2", at("10:00:00"), "containerd://c2"),
      object("Pod", "p-1", { at: at("10:00:03.500"), change: "ADDED" }),
      log(
        "s-1",
        at("10:00:09"),
        [1, 3, 5, 7].map((second) => `2026-01-01T10:00:0${second}Z one ${second}`),
      ),
      log(
        "s-2",
        at("10:00:09"),
        [2, 3, 4, 6, 8].map((second) => `2026-01-01T10:00:0${second}Z two ${second}`),
      ),
    ]);
    const { events } = await storyOf(records, STORY);
    const told = events.map((event) => (event.event_type === "CONTAINER_LOG" ? event.data.message : event.event_type));
    expect(told).toEqual(["one 1", "two 2", "one 3", "two 3", "CORRELATED_EVENT", "two 4", "one 5", "two 6", "one 7", "two 8"]);
  });

  test("that fall on the very moment of another event stand in the order of arrival", async () => {
    const line = log("s-1", at("10:00:04"), ["2026-01-01T10:00:03Z line"]);
    const pod = object("Pod", "p-1", { at: at("10:00:03"), change: "ADDED" });
    const begin = [opened(at("10:00:00")), belongs("p-1", at("10:00:00")), logStream("s-1", at("10:00:00"))];
    const told = async (records: readonly FaroRecord[]): Promise<readonly string[]> =>
      (await storyOf(numbered([...begin, ...records]), STORY)).events.map((event) => event.event_type);
    const late = object("Pod", "p-1", { at: at("10:00:09") });
    expect(await told([line, pod, late])).toEqual(["CONTAINER_LOG", "CORRELATED_EVENT", "CORRELATED_EVENT"]);
    expect(await told([pod, line, late])).toEqual(["CORRELATED_EVENT", "CONTAINER_LOG", "CORRELATED_EVENT"]);
  });

  test("never change their order within a container, not even over a resumed stream", async () => {
    const records = numbered([
      opened(at("10:00:00")),
      belongs("p-1", at("10:00:00")),
      logStream("s-1", at("10:00:00")),
      log("s-1", at("10:00:05"), ["2026-01-01T10:00:05Z a", "2026-01-01T10:00:04Z b"]),
      logStream("s-9", at("10:00:06")),
      log("s-9", at("10:00:06"), ["2026-01-01T10:00:03Z c", "d"]),
    ]);
    const { events } = await storyOf(records, STORY);
    expect(events.map((event) => [event.event_type === "CONTAINER_LOG" && event.data.message, event.timestamp])).toEqual(
      ["a", "b", "c", "d"].map((message) => [message, at("10:00:05")]),
    );
  });

  test("belong to the container that was named last", async () => {
    const records = numbered([
      opened(at("10:00:00")),
      belongs("p-1", at("10:00:00")),
      log("s-1", at("10:00:05"), ["early"]),
      logStream("s-1", at("10:00:06"), "containerd://real"),
    ]);
    expect((await storyOf(records, STORY)).events).toMatchObject([
      { data: { container_id: "containerd://real", timestamp: "", message: "early" } },
    ]);
  });
});

describe("the order of arrival", () => {
  const chains: readonly (readonly FaroRecord[])[] = [
    [
      object("Pod", "p-1", { at: at("10:00:00.300"), change: "ADDED" }),
      object("Pod", "p-1", { at: at("10:00:02") }),
      object("Pod", "p-1", { at: at("10:00:04") }),
    ],
    [
      kubeEvent("e-1", "2026-01-01T10:00:01Z", { at: at("10:00:05") }),
      kubeEvent("e-1", "2026-01-01T10:00:03Z", { at: at("10:00:06"), change: "MODIFIED" }),
    ],
    [
      log("s-1", at("10:00:03"), ["2026-01-01T10:00:01.7Z x", "2026-01-01T10:00:00Z y"]),
      log("s-1", at("10:00:04"), ["2026-01-01T10:00:02Z z"]),
    ],
    [logStream("s-1", at("10:00:00")), lifecycle("created", at("10:00:00"), { at: at("10:00:01") })],
    [belongs("e-1", at("10:00:00")), belongs("p-1", at("10:00:00"))],
  ];
  const orders = fc.shuffledSubarray(
    chains.flatMap((chain, index) => chain.map(() => index)),
    { minLength: 11, maxLength: 11 },
  );
  const interleaved = (order: readonly number[]): readonly FaroRecord[] => {
    const rest = chains.map((chain) => [...chain]);
    return numbered([opened(at("10:00:00")), ...order.flatMap((index) => rest[index]?.splice(0, 1) ?? [])]);
  };

  test("between streams does not change what is told; within a stream it is kept", async () => {
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        const { events } = await storyOf(interleaved(order), STORY);
        expect(events).toHaveLength(9);
        expect(events.map((event) => event.timestamp)).toEqual(events.map((event) => event.timestamp).sort());
        const ofPod = events.filter((event) => event.event_type === "CORRELATED_EVENT").map((event) => event.received_at);
        expect(ofPod).toEqual([at("10:00:00.300"), at("10:00:02"), at("10:00:04")]);
        const told = events.flatMap((event) => (event.event_type === "CONTAINER_LOG" ? [event.data.message] : []));
        expect(told).toEqual(["x", "y", "z"]);
        expect(events.filter((event) => event.event_type === "K8S_EVENT").map((event) => event.action)).toEqual([
          "add",
          "update",
        ]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("a damaged recording", () => {
  test("fails at the row, and leaves it out at the next attempt with the verdict that follows", async () => {
    const index = indexOf(ROLLOUT);
    const source = new MemoryRecording(ROLLOUT);
    source.damage(4);
    const parts: string[] = [];
    const write = (): Promise<unknown> =>
      writeStory({ index, source, story: STORY, sink: { write: (bytes) => Promise.resolve(void parts.push(bytes.toString())) } });
    await expect(write()).rejects.toThrow("is not a record");
    parts.length = 0;
    await expect(write()).resolves.toMatchObject({ verdict: "incomplete" });
    const document: unknown = JSON.parse(parts.join(""));
    expect(validate(document)).toBe(true);
    expect(document).toMatchObject({
      metadata: { event_count: 10 },
      coverage: { reasons: expect.arrayContaining([expect.stringMatching(/^a part of the recording cannot be read: /)]) },
    });
  });
});

import { describe, expect, test } from "vitest";
import { readKubeEvent } from "./kube-event.ts";

const created = { metadata: { creationTimestamp: "2026-01-05T10:00:01Z" } };
const first = { firstTimestamp: "2026-01-05T10:00:02Z" };
const last = { lastTimestamp: "2026-01-05T10:00:03Z" };
const micro = { eventTime: "2026-01-05T10:00:04.000004Z" };
const series = { series: { count: 5, lastObservedTime: "2026-01-05T10:00:05.000005Z" } };

describe("the time of an Event", () => {
  test.each([
    [{}, undefined],
    [created, "2026-01-05T10:00:01Z"],
    [{ ...created, ...first }, "2026-01-05T10:00:02Z"],
    [{ ...created, firstTimestamp: null, lastTimestamp: null, eventTime: null, series: null }, "2026-01-05T10:00:01Z"],
    [{ ...created, ...first, ...last }, "2026-01-05T10:00:03Z"],
    [{ ...created, ...first, ...last, eventTime: null }, "2026-01-05T10:00:03Z"],
    [{ ...created, ...micro, firstTimestamp: null, lastTimestamp: null }, "2026-01-05T10:00:04.000004Z"],
    [{ ...created, ...first, ...last, ...micro }, "2026-01-05T10:00:04.000004Z"],
    [{ ...created, ...first, ...last, ...micro, ...series }, "2026-01-05T10:00:05.000005Z"],
    [{ ...created, ...micro, series: { count: 2, lastObservedTime: null } }, "2026-01-05T10:00:04.000004Z"],
    [{ ...created, deprecatedFirstTimestamp: "2026-01-05T10:00:02Z" }, "2026-01-05T10:00:02Z"],
    [
      { ...created, deprecatedFirstTimestamp: "2026-01-05T10:00:02Z", deprecatedLastTimestamp: "2026-01-05T10:00:03Z" },
      "2026-01-05T10:00:03Z",
    ],
  ])("of %j is %j", (event, time) => {
    expect(readKubeEvent(event).time).toBe(time);
  });
});

describe("readKubeEvent", () => {
  test("reads an Event of the core API", () => {
    const involvedObject = {
      kind: "Pod",
      namespace: "prod",
      name: "web",
      uid: "u1",
      apiVersion: "v1",
      fieldPath: "spec.containers{app}",
      resourceVersion: "3",
    };
    expect(
      readKubeEvent({
        involvedObject,
        reason: "Pulled",
        source: { component: "kubelet" },
        reportingComponent: "",
        count: 3,
        related: null,
      }),
    ).toEqual({
      involved: { kind: "Pod", namespace: "prod", name: "web", uid: "u1", apiVersion: "v1", fieldPath: "spec.containers{app}" },
      reason: "Pulled",
      component: "kubelet",
      count: 3,
    });
  });

  test("reads an Event of events.k8s.io", () => {
    const event = {
      regarding: { kind: "Pod", name: "web" },
      related: { kind: "Node", name: "n1" },
      reason: "Scheduled",
      reportingController: "default-scheduler",
      deprecatedCount: 4,
    };
    expect(readKubeEvent(event)).toEqual({
      involved: { kind: "Pod", name: "web" },
      related: { kind: "Node", name: "n1" },
      reason: "Scheduled",
      component: "default-scheduler",
      count: 4,
    });
  });

  test.each([
    [{ series: { count: 9 }, count: 2 }, 9],
    [{ count: 2 }, 2],
    [{ count: 0 }, 1],
    [{ count: null }, 1],
    [{}, 1],
  ])("counts occurrences of %j as %i", (event, count) => {
    expect(readKubeEvent(event).count).toBe(count);
  });

  test("leaves out what is missing", () => {
    expect(readKubeEvent({ involvedObject: {}, regarding: 7 })).toEqual({ involved: {}, reason: "", component: "", count: 1 });
  });
});

import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { containersOf, unseenContainersOf } from "./instances.ts";

const running = { running: { startedAt: "2026-01-01T12:00:00Z" } };
const terminated = (containerID: string): object => ({
  terminated: { containerID, exitCode: 0, startedAt: "2026-01-01T12:00:00Z", finishedAt: "2026-01-01T12:00:01Z" },
});
const waiting = { waiting: { reason: "CrashLoopBackOff" } };

function instances(status: object): { readonly current: string | undefined; readonly last: string | undefined } | undefined {
  const [sight] = containersOf({ status: { containerStatuses: [{ name: "app", restartCount: 1, ...status }] } });
  return sight === undefined ? undefined : { current: sight.current?.containerId, last: sight.last?.containerId };
}

test.each([
  ["runs", { containerID: "c2", state: running, lastState: terminated("c1") }, { current: "c2", last: "c1" }],
  [
    "has ended, whether or not it was ever seen running",
    { containerID: "c1", state: terminated("c1") },
    { current: "c1", last: undefined },
  ],
  [
    "waits to be restarted: only the ended one has a log",
    { containerID: "c1", state: waiting, lastState: terminated("c1") },
    { current: undefined, last: "c1" },
  ],
  ["was never started", { state: waiting }, undefined],
] as const)("a container that %s", (_what, status, expected) => {
  expect(instances(status)).toEqual(expected);
});

test("all four kinds of containers are found, a sidecar by its restart policy", () => {
  const status = (name: string): object => ({ name, containerID: `${name}-1`, restartCount: 0, state: running });
  const pod = {
    spec: { initContainers: [{ name: "proxy", restartPolicy: "Always" }, { name: "migrate" }] },
    status: {
      initContainerStatuses: [status("proxy"), { ...status("migrate"), state: terminated("migrate-1") }],
      containerStatuses: [status("app")],
      ephemeralContainerStatuses: [status("debugger")],
    },
  };
  expect(containersOf(pod).map(({ container, kind }) => [container, kind])).toEqual([
    ["proxy", "sidecar"],
    ["migrate", "init"],
    ["app", "app"],
    ["debugger", "ephemeral"],
  ]);
});

test.each([
  ["the kubelet has not spoken yet", { phase: "Pending" }, ["app"]],
  [
    "the container is being created",
    { containerStatuses: [{ name: "app", state: { waiting: { reason: "ContainerCreating" } } }] },
    ["app"],
  ],
  [
    "its image is not to be had",
    { containerStatuses: [{ name: "app", state: { waiting: { reason: "ImagePullBackOff" } } }] },
    [],
  ],
  ["an instance is known", { containerStatuses: [{ name: "app", containerID: "c1", state: running }] }, []],
  ["the pod was refused", { phase: "Failed" }, []],
] as const)("a container may have run unseen, by its pod's last word: %s", (_what, status, expected) => {
  expect(unseenContainersOf({ spec: { nodeName: "n", containers: [{ name: "app" }] }, status })).toEqual(expected);
  expect(unseenContainersOf({ spec: { containers: [{ name: "app" }] }, status })).toEqual([]);
});

test("what a container's version before said is kept while the next one says the same, and no longer", () => {
  const parts = {
    containerID: fc.constantFrom("c1", "c2"),
    restartCount: fc.constantFrom(0, 1),
    state: fc.constantFrom(running),
  };
  const status = fc.record({ name: fc.constantFrom("app", "proxy"), ...parts, lastState: fc.constantFrom({}, terminated("c0")) });
  const pods = fc.array(status, { maxLength: 2 }).map((containerStatuses) => ({ status: { containerStatuses } }));
  fc.assert(
    fc.property(pods, pods, (earlier, later) => {
      const before = containersOf(earlier);
      const now = containersOf(structuredClone(later), before);
      expect(now).toEqual(containersOf(later));
      expect(now === before).toBe(isDeepStrictEqual(now, before));
    }),
    { numRuns: 1_000 },
  );
});

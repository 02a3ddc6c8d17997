/** One order from several clocks: Nodes that are half a minute ahead and behind, all the way from HTTP to the story file. */
import { afterEach, expect, test } from "vitest";
import type { KubeObject } from "../src/apiserver/index.ts";
import { systemClock } from "../src/base/index.ts";
import type { CaptureStatus } from "../src/capture/index.ts";
import type { StoryDocument, StoryEvent } from "../src/story/index.ts";
import { type Embedded, embeddedCluster, listen, storiesIn, synced } from "./support/embedded.ts";

let cluster: Embedded;
afterEach(() => cluster.close());

const AHEAD_MS = { fast: 30_000, slow: -30_000, right: 0 } as const;
type NodeName = keyof typeof AHEAD_MS;
const NODES: readonly NodeName[] = ["fast", "slow", "right"];

test("Nodes 30 s ahead and 30 s behind: one order, causes first, and the story says by how much each clock is off", async () => {
  cluster = await embeddedCluster();
  const output = cluster.directory();
  const capture = await cluster.capture({ output, related: "owned" });
  const heard = listen(capture);
  await synced(capture, 4);
  const web = cluster.history.create(object("Deployment", "web", {}));
  const set = cluster.history.create(object("ReplicaSet", "web-1", {}, owner("Deployment", "web", web.uid)));
  const pods = NODES.map((node) => ({ node, uid: bind(node, set.uid) }));
  await heard.until((told) => lifecycles(told) >= 2 * NODES.length);
  const files = pods.map(({ node, uid }) => start(node, uid));
  await heard.until((told) => told.filter(({ status }) => status === "log-stream-opened").length === NODES.length);
  for (const [number, file] of files.entries()) for (let line = 0; line < 5; line++) file.say(`line ${number}.${line}`);
  await heard.until((told) => logLines(told) >= 5 * NODES.length);
  for (const file of files) file.end();
  await heard.until((told) => told.filter(({ status }) => status === "log-stream-ended").length === NODES.length);
  capture.stop("enough");
  await capture.done;

  const story = storiesIn(output).get("web");
  for (const { uid } of pods) {
    const order = ["add", "created", "scheduled", "container-started", "log", "container-terminated"];
    const places = order.map((action) => story?.events.findIndex((event) => event.uid === uid && event.action === action));
    expect(places).toEqual(places.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    expect(places).not.toContain(-1);
  }
  const clocks = new Map(story?.chronology?.clocks.map((clock) => [clock.clock, clock]));
  for (const node of NODES) {
    const clock = clocks.get(`node/${node}`);
    expect(clock?.least_ms).toBeLessThanOrEqual(AHEAD_MS[node]);
    expect(clock?.most_ms).toBeGreaterThanOrEqual(AHEAD_MS[node]);
  }
  for (const event of linesOf(story)) {
    const error = Date.parse(event.timestamp) - Date.parse(event.received_at);
    expect(error).toBeLessThanOrEqual(1);
    expect(error).toBeGreaterThan(-5_000);
  }
});

function linesOf(story: StoryDocument | undefined): readonly StoryEvent[] {
  return (story?.events ?? []).filter((event) => event.event_type === "CONTAINER_LOG");
}

const lifecycles = (told: readonly CaptureStatus[]): number => written(told, "POD_LIFECYCLE");
const logLines = (told: readonly CaptureStatus[]): number => written(told, "CONTAINER_LOG");

function written(told: readonly CaptureStatus[], type: string): number {
  return told.reduce((sum, status) => sum + (status.status === "batch-written" ? (status.byType[type] ?? 0) : 0), 0);
}

/** A pod on that Node, as the scheduler leaves it. */
function bind(node: NodeName, setUid: string): string {
  const spec = { containers: [{ name: "app", image: "box:1" }] };
  const { uid } = cluster.history.create(object("Pod", `web-${node}`, { spec }, owner("ReplicaSet", "web-1", setUid)));
  cluster.history.modify(podOf(node), (pod) => ({
    ...pod,
    spec: { ...spec, nodeName: node },
    status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "True" }] },
  }));
  return uid;
}

/** The kubelet of the Node runs the container, and dates everything by its own clock. */
function start(node: NodeName, podUid: string): { say(text: string): void; end(): void } {
  const containerId = `containerd://${node}`;
  const now = (): number => systemClock.now() + AHEAD_MS[node];
  const second = (): string => `${new Date(now()).toISOString().slice(0, 19)}Z`;
  const file = cluster.logs.start({ podUid, container: "app", restartCount: 0, containerId });
  const startedAt = second();
  const status = (phase: string, state: object): void => {
    const container = { name: "app", restartCount: 0, containerID: containerId, state };
    cluster.history.modify(podOf(node), (pod) => ({ ...pod, status: { phase, containerStatuses: [container] } }));
  };
  file.append("first line", now());
  status("Running", { running: { startedAt } });
  return {
    say: (text) => file.append(text, now()),
    end() {
      file.end();
      status("Succeeded", { terminated: { exitCode: 0, startedAt, finishedAt: second(), containerID: containerId } });
    },
  };
}

function podOf(node: NodeName): {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
} {
  return { apiVersion: "v1", kind: "Pod", namespace: "default", name: `web-${node}` };
}

function object(kind: string, name: string, rest: object, ownerReferences: readonly object[] = []): KubeObject {
  const apiVersion = kind === "Pod" ? "v1" : "apps/v1";
  return { apiVersion, kind, metadata: { name, namespace: "default", ownerReferences }, ...rest };
}

function owner(kind: string, name: string, uid: string): readonly object[] {
  return [{ apiVersion: "apps/v1", kind, name, uid, controller: true }];
}

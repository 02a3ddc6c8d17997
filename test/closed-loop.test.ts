/** A recording that is served and recorded again gives the same story: nothing of the past is lost on the way through the API. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type KubeObject, readRecordedCluster, startPlayback } from "../src/apiserver/index.ts";
import { openRecordingSource, recordingDirectory } from "../src/archive/index.ts";
import { systemClock } from "../src/base/index.ts";
import { type Capture, startCapture } from "../src/capture/index.ts";
import { createApiClient, loadClusterConfig } from "../src/cluster/index.ts";
import type { StoryDocument } from "../src/story/index.ts";
import { captureOptionsFor, type Embedded, embeddedCluster, storiesIn, until } from "./support/embedded.ts";

it("record(serve(recording)) gives the same story", async () => {
  const again = mkdtempSync(join(tmpdir(), "faro-again-"));
  const first = await embeddedCluster();
  const output = first.directory();
  const capture = await first.capture({ output, related: "owned" });
  await watching(capture);
  live(first);
  await goAway(first, capture);
  await written(capture);

  const source = await openRecordingSource(recordingDirectory(output), { onDamage: () => undefined });
  const cluster = await readRecordedCluster(source.scan());
  await source.close();
  const playback = await startPlayback({ cluster, clock: systemClock, at: cluster.start, speed: 0, port: 0 });
  const config = await loadClusterConfig({ server: playback.url }, { variables: {} });
  const client = createApiClient(config, { clock: systemClock, userAgent: "faro-test" });
  const second = await startCapture({ ...captureOptionsFor(client), related: "owned", output: again });
  await watching(second);
  // Slowly: the logs of a pod can be read only until it is gone, which on a busy machine is a moment.
  playback.setSpeed(0.25);
  await written(second);
  await client.close();
  await playback.close();

  const [told, retold] = [output, again].map((directory) => storiesIn(directory).get("web"));
  expect(factsOf(told).verdict).toBe("complete");
  expect(factsOf(told).facts.filter((fact) => fact.startsWith("log "))).toHaveLength(200);
  expect(factsOf(retold)).toEqual(factsOf(told));
  rmSync(again, { recursive: true });
  await first.close();
});

/** Until the Deployment's scope and those of what it can own have been listed. */
async function watching(capture: Capture): Promise<void> {
  const wanted = ["deployments.v1.apps/default", "replicasets.v1.apps/default", "pods.v1/default", "events.v1/default"];
  const scopes = new Set<string>();
  await until(capture, (status) => {
    if (status.status === "watch-synced") scopes.add(status.scope);
    return wanted.every((scope) => scopes.has(scope));
  });
}

/** The root is gone, and with it the story is complete. */
async function written(capture: Capture): Promise<void> {
  await until(capture, ({ status }) => status === "story-written");
  capture.stop("the story is told");
  await capture.done;
}

/** A Deployment with two pods that come, write and end. */
function live({ history, logs }: Embedded): void {
  const spec = { template: { spec: { containers: [{ name: "app", image: "box:1" }] } } };
  const web = history.create(object("Deployment", "web", { spec }));
  const set = history.create(object("ReplicaSet", "web-1", { spec }, owner("Deployment", "web", web.uid)));
  for (const name of ["web-1-a", "web-1-b"]) {
    const containerId = `containerd://${name}`;
    const pod = history.create(
      object("Pod", name, { spec: { nodeName: "n", ...spec.template.spec } }, owner("ReplicaSet", "web-1", set.uid)),
    );
    const file = logs.start({ podUid: pod.uid, container: "app", restartCount: 0, containerId });
    for (let line = 0; line < 100; line++) file.append(`${name} line ${line}`, systemClock.now());
    const status = (state: object): object => ({
      containerStatuses: [{ name: "app", restartCount: 0, containerID: containerId, state }],
    });
    const at = { apiVersion: "v1", kind: "Pod", namespace: "default", name };
    const startedAt = new Date(systemClock.now()).toISOString();
    history.modify(at, (was) => ({ ...was, status: { phase: "Running", ...status({ running: { startedAt } }) } }));
    file.end();
    const terminated = { exitCode: 0, startedAt, finishedAt: startedAt, containerID: containerId };
    history.modify(at, (was) => ({ ...was, status: { phase: "Succeeded", ...status({ terminated }) } }));
    const involvedObject = { apiVersion: "v1", kind: "Pod", namespace: "default", name, uid: pod.uid };
    history.create({
      ...object("Event", `${name}.1`, { reason: "Done", message: "it is", type: "Normal" }),
      involvedObject,
    });
  }
}

/** Once both logs have been read to their end. */
async function goAway({ history }: Embedded, capture: Capture): Promise<void> {
  let ended = 0;
  await until(capture, ({ status }) => status === "log-stream-ended" && ++ended === 2);
  for (const name of ["web-1-a", "web-1-b"]) history.remove({ apiVersion: "v1", kind: "Pod", namespace: "default", name });
  history.remove({ apiVersion: "apps/v1", kind: "ReplicaSet", namespace: "default", name: "web-1" });
  history.remove({ apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" });
}

function object(kind: string, name: string, rest: object, ownerReferences: readonly object[] = []): KubeObject {
  const apiVersion = kind === "Pod" || kind === "Event" ? "v1" : "apps/v1";
  return { apiVersion, kind, metadata: { name, namespace: "default", ownerReferences }, ...rest };
}

function owner(kind: string, name: string, uid: string): readonly object[] {
  return [{ apiVersion: "apps/v1", kind, name, uid, controller: true }];
}

/** What happened, without when it arrived. */
function factsOf(story: StoryDocument | undefined): { readonly verdict: string | undefined; readonly facts: readonly string[] } {
  const facts = (story?.events ?? []).map((event) =>
    event.event_type === "CONTAINER_LOG"
      ? `log ${event.data.container_id} ${event.data.timestamp} ${event.data.message}`
      : `${event.event_type} ${event.action} ${event.uid} ${event.resource_version ?? ""}`,
  );
  return { verdict: story?.coverage.verdict, facts: facts.toSorted() };
}

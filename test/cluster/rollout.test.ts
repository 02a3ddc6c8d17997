/** The main job: a Deployment's life with a fault in it, told in full. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ending } from "./faro-process.ts";
import { FLAWLESS, type Judgement, Recorded } from "./recorded.ts";
import type { StoryFile } from "./story.ts";
import { until } from "./waiting.ts";
import { changed, CRASHING, deployment } from "./workloads.ts";

describe("a Deployment that is created, scaled, rolled to a crashing image, rolled back and deleted", () => {
  let recorded: Recorded;
  let story: StoryFile;
  let judgement: Judgement;
  let ending: Ending;

  beforeAll(async () => {
    recorded = await Recorded.start(["rollout"], ["--resource=apps/v1/Deployment", "--name=web", "-n", "{0}"]);
    const { namespace } = recorded;
    await namespace.apply(deployment("web", { replicas: 3 }));
    await namespace.rolledOut("deployment/web");
    await namespace.run("scale", "deployment/web", "--replicas=5");
    await namespace.rolledOut("deployment/web");
    await namespace.run("patch", "deployment", "web", "-p", changed("testbed.local/box:2", CRASHING));
    await until("a container that was restarted twice", 90_000, async () =>
      (await namespace.list("pods")).some((pod) => pod.status?.containerStatuses?.some((status) => status.restartCount >= 2)),
    );
    await namespace.run("rollout", "undo", "deployment/web");
    await namespace.rolledOut("deployment/web");
    await namespace.run("delete", "deployment", "web");
    await namespace.gone("pods");
    await recorded.written("deployment-web");
    ending = await recorded.end();
    story = recorded.story("deployment-web");
    judgement = await recorded.judge(story);
  });
  afterAll(async () => await recorded?.remove());

  it("is one story that is complete because the Deployment is gone", () => {
    expect(recorded.output.stories()).toHaveLength(1);
    expect(story.metadata).toMatchObject({
      namespace: recorded.namespace.name,
      resource_type: "apps/v1/Deployment",
      resource_name: "web",
      state: "completed",
      completed_because: "deleted",
    });
    expect(story.coverage).toMatchObject({ verdict: "complete", gaps: [] });
    expect(ending).toMatchObject({ code: 0, signal: null });
  });

  it("holds every version that etcd has of the Deployment, its ReplicaSets and its pods, in order, none twice", async () => {
    expect(judgement.objects).toEqual(FLAWLESS.objects);
    const kinds = new Set((await recorded.history()).map((version) => version.kind));
    expect([...kinds]).toEqual(expect.arrayContaining(["Deployment", "ReplicaSet", "Pod"]));
  });

  it("holds every version of every Event about them", () => {
    expect(judgement.kubeEvents).toEqual(FLAWLESS.kubeEvents);
    expect(story.events.some((event) => event.event_type === "K8S_EVENT" && event.source_component === "kubelet")).toBe(true);
  });

  it("holds every line that their containers wrote on the node, of every restart", () => {
    expect(judgement.logs).toEqual(FLAWLESS.logs);
    expect(recorded.containers().some((instance) => instance.restartCount >= 2)).toBe(true);
  });

  it("tells the crashes as the life of a pod", () => {
    const terminated = story.events.filter(
      (event) => event.event_type === "POD_LIFECYCLE" && event.action === "container-terminated",
    );
    expect(terminated.some((event) => JSON.stringify(event.data).includes('"exit_code":3'))).toBe(true);
  });
});

/** Any kind as a root, each judged by etcd and by the node's files. */
import { afterEach, describe, expect, it } from "vitest";
import { kubectl } from "./kubectl.ts";
import { FLAWLESS, Recorded } from "./recorded.ts";
import { until } from "./waiting.ts";
import { configMap, cronJob, customResource, daemonSet, deployment, pod, statefulSet } from "./workloads.ts";

let recorded: Recorded | undefined;
const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await recorded?.remove();
  recorded = undefined;
  for (const step of cleanUp.splice(0)) await step();
});

describe("as a root", () => {
  it("a custom resource whose definition is installed after Faro started takes its ConfigMap and its pod along", async () => {
    recorded = await Recorded.start(["custom"], ["--resource=stories.faro.test/v1/Chapter", "-n", "{0}"]);
    const { namespace } = recorded;
    cleanUp.push(() => kubectl(["delete", "crd", "chapters.stories.faro.test", "--ignore-not-found"]));
    await kubectl(["apply", "-f", "-"], customResource("stories.faro.test", "Chapter"));
    await kubectl(["wait", "--for=condition=Established", "crd/chapters.stories.faro.test", "--timeout=20s"]);
    await recorded.faro.inStep("chapters.");
    await namespace.apply({ apiVersion: "stories.faro.test/v1", kind: "Chapter", metadata: { name: "one" }, spec: { pages: 3 } });
    const owner = {
      apiVersion: "stories.faro.test/v1",
      kind: "Chapter",
      name: "one",
      uid: await namespace.uid("chapter", "one"),
    };
    await namespace.apply(configMap("text", { first: "line" }, owner));
    await namespace.apply(configMap("text", { first: "line", second: "line" }, owner));
    await namespace.apply(pod("printer", owner));
    await namespace.run("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/printer", "--timeout=60s");
    await namespace.run("delete", "chapter", "one");
    await namespace.gone("pods");
    await recorded.written("chapter-one");
    await recorded.end();
    const story = recorded.story("chapter-one");
    expect(await recorded.judge(story)).toEqual(FLAWLESS);
    expect(story.objects.map((object) => object.resource_type)).toEqual(expect.arrayContaining(["v1/ConfigMap", "v1/Pod"]));
    expect(story.coverage.reasons).toEqual([]);
  });

  it("a bare pod", async () => {
    recorded = await Recorded.start(["pod"], ["--resource=v1/Pod", "-n", "{0}"]);
    const { namespace } = recorded;
    await namespace.apply(pod("single"));
    await namespace.run("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/single", "--timeout=60s");
    await namespace.run("delete", "pod", "single");
    await recorded.written("pod-single");
    await recorded.end();
    const story = recorded.story("pod-single");
    expect(await recorded.judge(story)).toEqual(FLAWLESS);
    // What it does not own is its Node.
    const others = story.events.filter((event) => event.event_type === "CORRELATED_EVENT").map((event) => event.resource);
    expect(new Set(others)).toEqual(new Set(["Node"]));
    expect(new Set(story.events.map((event) => event.event_type))).toEqual(
      new Set(["RESOURCE_UPDATE", "POD_LIFECYCLE", "K8S_EVENT", "CONTAINER_LOG", "CORRELATED_EVENT"]),
    );
  });

  it("a StatefulSet and a DaemonSet, followed by one Faro", async () => {
    recorded = await Recorded.start(["sets"], ["--resource=apps/v1/StatefulSet,apps/v1/DaemonSet", "-n", "{0}"]);
    const { namespace } = recorded;
    await namespace.apply(statefulSet("db"));
    await namespace.apply(daemonSet("agent"));
    await namespace.rolledOut("statefulset/db");
    await namespace.rolledOut("daemonset/agent");
    await namespace.run("delete", "statefulset/db", "daemonset/agent");
    await namespace.gone("pods");
    await recorded.written("statefulset-db");
    await recorded.written("daemonset-agent");
    await recorded.end();
    for (const prefix of ["statefulset-db", "daemonset-agent"]) {
      expect(await recorded.judge(recorded.story(prefix)), prefix).toEqual(FLAWLESS);
    }
  });

  it("a CronJob takes its Jobs and their pods along", async () => {
    recorded = await Recorded.start(["cron"], ["--resource=batch/v1/CronJob", "-n", "{0}"]);
    const { namespace } = recorded;
    await namespace.apply(cronJob("report"));
    await until("a pod of the CronJob that has ended", 120_000, async () =>
      (await namespace.list("pods")).some((entry) => entry.status?.phase === "Succeeded"),
    );
    await namespace.run("delete", "cronjob", "report");
    await namespace.gone("pods");
    await recorded.written("cronjob-report");
    await recorded.end();
    const story = recorded.story("cronjob-report");
    expect(await recorded.judge(story)).toEqual(FLAWLESS);
    expect(story.objects.map((object) => object.resource_type)).toEqual(expect.arrayContaining(["batch/v1/Job", "v1/Pod"]));
  });
});

describe("of several namespaces", () => {
  it("those that are named are recorded, and no other", async () => {
    recorded = await Recorded.start(["left", "right", "outside"], ["--resource=apps/v1/Deployment", "--namespace={0},{1}"]);
    await rollOutInEach(recorded);
    expect(recorded.output.stories()).toHaveLength(2);
    await judgeEach(recorded, 2);
  });

  it("all are recorded with -A", async () => {
    recorded = await Recorded.start(["here", "there"], ["--resource=apps/v1/Deployment", "-A"]);
    await rollOutInEach(recorded);
    expect(recorded.output.stories()).toHaveLength(2);
    await judgeEach(recorded, 2);
  });
});

async function rollOutInEach(run: Recorded): Promise<void> {
  const names = run.namespaces.map((_, index) => `web-${index}`);
  for (const [index, namespace] of run.namespaces.entries())
    await namespace.apply(deployment(names[index] ?? "", { replicas: 1 }));
  for (const [index, namespace] of run.namespaces.entries()) await namespace.rolledOut(`deployment/${names[index] ?? ""}`);
  for (const namespace of run.namespaces) await namespace.run("delete", "deployment", "--all");
  for (const namespace of run.namespaces) await namespace.gone("pods");
  await run.written("deployment-web-0");
  await run.written("deployment-web-1");
  await run.end();
}

async function judgeEach(run: Recorded, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    expect(await run.judge(run.story(`deployment-web-${index}`)), `deployment-web-${index}`).toEqual(FLAWLESS);
  }
}

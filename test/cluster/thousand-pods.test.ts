/** A rolling update of a thousand pods on simulated nodes: no loss, in little memory. */
import { afterEach, expect, it } from "vitest";
import { compareKubeEvents, compareObjects } from "./comparison.ts";
import { FLAWLESS, Recorded } from "./recorded.ts";
import { until } from "./waiting.ts";
import { changed, deployment, WRITING } from "./workloads.ts";

const PODS = 1000;
const MEMORY_MAX = 200 << 20;
let recorded: Recorded | undefined;

afterEach(async () => await recorded?.remove());

it("a thousand pods rolled: every version and every Event of them, below 200 MB", { timeout: 600_000 }, async () => {
  recorded = await Recorded.start(
    ["thousand"],
    ["--resource=apps/v1/Deployment", "--name=many", "-n", "{0}", "--no-include-logs"],
  );
  const { namespace, faro } = recorded;
  await namespace.apply(deployment("many", { replicas: PODS, node: "kwok" }));
  await namespace.run("rollout", "status", "deployment/many", "--timeout=200s");
  await namespace.run("patch", "deployment", "many", "-p", changed("testbed.local/box:2", WRITING));
  await namespace.run("rollout", "status", "deployment/many", "--timeout=200s");
  await namespace.run("delete", "deployment", "many");
  await until("all pods gone", 200_000, async () => (await namespace.list("pods")).length === 0);
  await recorded.written("deployment-many");
  const memory = faro.peakMemory();
  const ending = await recorded.end();
  const story = recorded.story("deployment-many");
  const history = await recorded.history();
  console.info(
    `${story.events.length} events of ${story.objects.length} objects, peak resident memory ${Math.round(memory / 1e6)} MB`,
  );

  expect(compareObjects(story, history)).toEqual(FLAWLESS.objects);
  expect(compareKubeEvents(story, history)).toEqual(FLAWLESS.kubeEvents);
  expect(story.objects.filter((object) => object.resource_type === "v1/Pod").length).toBeGreaterThanOrEqual(2 * PODS);
  expect(story.coverage.verdict).toBe("complete");
  expect(ending.code).toBe(0);
  expect(memory).toBeLessThan(MEMORY_MAX);
});

/** The API server goes away in the middle of a rollout: nothing is lost without a gap that says so. */
import { afterEach, expect, it } from "vitest";
import { compareObjects, lostWithoutGap } from "./comparison.ts";
import { FLAWLESS, Recorded } from "./recorded.ts";
import { changed, deployment, WRITING } from "./workloads.ts";
import { ctl } from "./ctl.ts";

let recorded: Recorded | undefined;

afterEach(async () => {
  await ctl("start", "kube-apiserver");
  await recorded?.remove();
});

it("every version in etcd is in the story or inside a gap when the API server is killed and started again", async () => {
  recorded = await Recorded.start(["restart"], ["--resource=apps/v1/Deployment", "--name=web", "-n", "{0}"]);
  const { namespace } = recorded;
  await namespace.apply(deployment("web", { replicas: 3 }));
  await namespace.rolledOut("deployment/web");
  await namespace.run("patch", "deployment", "web", "-p", changed("testbed.local/box:2", WRITING));
  await ctl("kill", "kube-apiserver");
  await ctl("start", "kube-apiserver");
  await namespace.rolledOut("deployment/web");
  await namespace.run("delete", "deployment", "web");
  await namespace.gone("pods");
  await recorded.written("deployment-web");
  await recorded.end();

  const story = recorded.story("deployment-web");
  const history = await recorded.history();
  const { missing, ...rest } = compareObjects(story, history);
  expect({ ...rest, missing: [] }).toEqual(FLAWLESS.objects);
  expect(lostWithoutGap(story, history)).toEqual([]);
  // A gap over which the one object changed may hide one that came and went, also when every version of it was found.
  const isLossy = story.coverage.gaps.some((gap) => gap.possible_loss);
  expect(story.coverage.verdict).toBe(isLossy ? "incomplete" : "complete");
  if (missing.length > 0) expect(isLossy).toBe(true);
});

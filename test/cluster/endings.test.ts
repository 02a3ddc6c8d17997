/** Every way a recording can end leaves all that was recorded. */
import { afterEach, expect, it } from "vitest";
import {
  compareKubeEvents,
  compareLogs,
  compareObjects,
  linesLostWithoutGap,
  lostWithoutGap,
  notPrefixes,
} from "./comparison.ts";
import { startFaro } from "./faro-process.ts";
import { FLAWLESS, Recorded } from "./recorded.ts";
import { until } from "./waiting.ts";
import { changed, deployment, WRITING } from "./workloads.ts";

const ARGS = ["--resource=apps/v1/Deployment", "--name=web", "-n", "{0}"] as const;
let recorded: Recorded | undefined;

afterEach(async () => {
  await recorded?.remove();
  recorded = undefined;
});

it("SIGINT in mid-rollout leaves a whole story of what had arrived, and exit code 0 or 3", async () => {
  recorded = await Recorded.start(["sigint"], ARGS);
  await startRollout(recorded);
  const ending = await recorded.end();
  expect([0, 3]).toContain(ending.code);
  const story = recorded.story("deployment-web");
  expect(story.metadata.completed_because).toBe("stopped");
  await expectPrefixOfHistory(recorded);
});

it("kill -9 loses no story: it is rebuilt from the recording, and a restart goes on from there", async () => {
  recorded = await Recorded.start(["kill"], ARGS);
  await startRollout(recorded);
  await recorded.faro.end("SIGKILL");
  const killedAt = recorded.output.stories();
  const rebuilt = await startFaro(["rebuild", recorded.output.path]).ended;
  expect(rebuilt, rebuilt.stderr).toMatchObject({ code: expect.toSatisfy((code: unknown) => code === 0 || code === 3) });
  expect(killedAt.length).toBeLessThanOrEqual(recorded.output.stories().length);
  await expectPrefixOfHistory(recorded);

  await recorded.namespace.rolledOut("deployment/web");
  // It resumes from where the recording ends, so nothing has to be waited for.
  recorded.startFaro(ARGS);
  await recorded.namespace.run("delete", "deployment", "web");
  await recorded.namespace.gone("pods");
  await until(
    "the story of the deletion",
    60_000,
    () => recorded?.story("deployment-web").metadata.completed_because === "deleted",
  );
  await recorded.end();
  const story = recorded.story("deployment-web");
  const history = await recorded.history();
  expect({ ...compareObjects(story, history), missing: [] }).toEqual(FLAWLESS.objects);
  expect({ ...compareKubeEvents(story, history), missing: [] }).toEqual(FLAWLESS.kubeEvents);
  expect({ ...compareLogs(story, recorded.containers()), missing: [] }).toEqual(FLAWLESS.logs);
  // What happened while no Faro ran may be missing, and then the story says so.
  expect(lostWithoutGap(story, history)).toEqual([]);
  expect(linesLostWithoutGap(story, recorded.containers())).toEqual([]);
});

async function startRollout(run: Recorded): Promise<void> {
  const { namespace } = run;
  await namespace.apply(deployment("web", { replicas: 3 }));
  await namespace.rolledOut("deployment/web");
  await namespace.run("patch", "deployment", "web", "-p", changed("testbed.local/box:2", WRITING));
  await until("a second ReplicaSet with a pod", 30_000, async () => (await namespace.list("pods")).length >= 4);
}

/** The story is a beginning of each object's, Event's and log's history: nothing invented, repeated or left out before its last. */
async function expectPrefixOfHistory(run: Recorded): Promise<void> {
  const story = run.story("deployment-web");
  const lastOf = (kind: string): number =>
    Math.max(0, ...story.events.filter((event) => event.resource === kind).map((event) => Number(event.resource_version) || 0));
  expect(lastOf("Deployment")).toBeGreaterThan(0);
  // Each kind comes over a watch of its own, and each was cut at its own moment.
  const seen = (await run.history()).filter((version) => version.revision <= lastOf(version.kind));
  expect(compareObjects(story, seen)).toEqual(FLAWLESS.objects);
  expect(lastOf("Event")).toBeGreaterThan(0);
  expect(compareKubeEvents(story, seen)).toEqual(FLAWLESS.kubeEvents);
  expect(story.events.some((event) => event.event_type === "CONTAINER_LOG")).toBe(true);
  expect(notPrefixes(story, run.containers())).toEqual([]);
}

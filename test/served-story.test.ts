/** A story file alone, served, is what its recording is: the same objects at any moment, the same logs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type Playback, type RecordedCluster, startPlayback } from "../src/apiserver/index.ts";
import { mulberry32, systemClock } from "../src/base/index.ts";
import { rebuildStories } from "../src/capture/index.ts";
import { readRecording } from "../src/cli/recording.ts";
import { readStory, type StoryReader } from "../src/views/index.ts";

const MOMENTS = 12;
const open: Playback[] = [];
const made: string[] = [];
afterEach(async () => {
  for (const playback of open.splice(0)) await playback.close();
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true });
});

it.each(["crash-loop", "bad-rollout", "missing-configmap"])("%s", async (incident) => {
  const recording = join(import.meta.dirname, "../examples/recordings", incident);
  const into = mkdtempSync(join(tmpdir(), "faro-story-"));
  made.push(into);
  const [written] = await rebuildStories({ output: recording, into });
  const story = await readStory(written?.file ?? "");
  const [whole, part] = [await served(await readRecording(recording)), await served(await readRecording(story.path))];
  const { start, end } = whole.state();
  const random = mulberry32(7);
  const paths = pathsOf(story);
  expect(paths.length).toBeGreaterThan(3);
  for (let moment = 0; moment < MOMENTS; moment++) {
    const at = Math.floor(start + random() * (end - start));
    for (const playback of [whole, part]) playback.seek(at);
    for (const path of paths) expect(await ask(part, path), `${path} at ${at - start} ms`).toEqual(await ask(whole, path));
  }
});

it("what a story does not tell of is answered with what it holds", async () => {
  const file = join(import.meta.dirname, "../examples/stories/deployment-checkout.json");
  const playback = await served(await readRecording(file));
  const pod = await ask(playback, "/api/v1/namespaces/shop/pods/payment");
  const says = "this is the story of deployment/checkout, and it holds only: events.v1/shop, ";
  expect(pod).toContain(`pods \\"payment\\" not found: ${says}`);
  expect(await ask(playback, "/api/v1/namespaces/shop/services")).toContain(says);
});

async function served(cluster: RecordedCluster): Promise<Playback> {
  const playback = await startPlayback({ cluster, clock: systemClock, at: cluster.end, speed: 0, port: 0 });
  open.push(playback);
  return playback;
}

/** Every object of the story, and the logs of its pods. */
function pathsOf(story: StoryReader): readonly string[] {
  const kinds: Readonly<Record<string, string>> = {
    "apps/v1/Deployment": "/apis/apps/v1/namespaces/shop/deployments",
    "apps/v1/ReplicaSet": "/apis/apps/v1/namespaces/shop/replicasets",
    "v1/Pod": "/api/v1/namespaces/shop/pods",
    "v1/Event": "/api/v1/namespaces/shop/events",
    "v1/ConfigMap": "/api/v1/namespaces/shop/configmaps",
  };
  return story.objects.flatMap(({ resource_type: type, name }) => {
    const path = `${kinds[type] ?? `no path for ${type}`}/${name}`;
    return type === "v1/Pod" ? [path, `${path}/log?timestamps=true`, `${path}/log?previous=true`] : [path];
  });
}

async function ask(playback: Playback, path: string): Promise<string> {
  const response = await fetch(`${playback.url}${path}`);
  const text = await response.text();
  // An object that does not exist yet is not found in both; why is told by each in its own words.
  return response.status === 404 && !path.includes("payment") && !path.includes("services")
    ? "404"
    : `${response.status} ${text}`;
}

/** A user who may not read everything gets told what is missing, and keeps what there is. */
import { afterEach, expect, inject, it } from "vitest";
import { OutputFolder, startFaro } from "./faro-process.ts";
import { kubectl } from "./kubectl.ts";
import { readStory } from "./story.ts";
import { until } from "./waiting.ts";
import { pod } from "./workloads.ts";

let output: OutputFolder | undefined;

afterEach(async () => {
  await kubectl(["-n", "default", "delete", "pod", "permitted", "--ignore-not-found"]);
  output?.remove();
});

it("no permission for the root: exit code 5, and the Role that is missing", async () => {
  output = new OutputFolder();
  const kubeconfig = inject("cluster").restrictedKubeconfig;
  const ending = await startFaro([
    "--resource=apps/v1/Deployment",
    "-n",
    "default",
    `--output=${output.path}`,
    `--kubeconfig=${kubeconfig}`,
  ]).ended;
  expect(ending).toMatchObject({ code: 5, signal: null });
  expect(ending.stderr).toContain("deployments");
  expect(ending.stderr).toContain("forbidden");
  expect(ending.stderr).toMatch(/list/);
  expect(ending.stderr).toMatch(/watch/);
  expect(output.stories()).toEqual([]);
});

it("no permission for what belongs to the root: recorded, and the story says what it could not see", async () => {
  output = new OutputFolder();
  const kubeconfig = inject("cluster").restrictedKubeconfig;
  const faro = startFaro([
    "--resource=v1/Pod",
    "--name=permitted",
    "-n",
    "default",
    `--output=${output.path}`,
    `--kubeconfig=${kubeconfig}`,
  ]);
  await faro.inStep("pods.");
  await kubectl(["-n", "default", "apply", "-f", "-"], pod("permitted"));
  await kubectl(["-n", "default", "wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/permitted", "--timeout=60s"]);
  await kubectl(["-n", "default", "delete", "pod", "permitted"]);
  const folder = output;
  await until("the story", 60_000, () => folder.stories("pod-permitted")[0]);
  const ending = await faro.end();
  const [path = ""] = output.stories("pod-permitted");
  const story = readStory(path);
  // This user may not read `pods/log`.
  expect(story.coverage.verdict).toBe("incomplete");
  expect(JSON.stringify(story.coverage)).toContain("forbidden");
  expect(ending.code).toBe(3);
});

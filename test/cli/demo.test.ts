/** The demo as people run it, some times as fast: a recording served over HTTP, the ordinary recorder, the story file. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { startCapture } from "../../src/capture/index.ts";
import { connect } from "../../src/cli/connect.ts";
import { startDemoCluster, startRollout } from "../../src/cli/demo-cluster.ts";
import { readStory } from "../../src/views/index.ts";
import { faro, type Ran } from "./world.ts";

function demo(output: string, start: typeof startDemoCluster): Promise<Ran> {
  return faro(["demo", `--output=${output}`], {
    connect: (request) => connect(request, systemClock),
    startCapture,
    startDemoCluster: () => start(systemClock, start === startRollout ? 20 : 4),
    readStory,
  });
}

test("plays a real incident, records it, and tells somebody who never heard of Faro what happened", async () => {
  const output = await mkdtemp(join(tmpdir(), "faro-demo-"));
  const { exitCode, stdout, stderr } = await demo(output, startDemoCluster);
  expect(exitCode, stderr()).toBe(0);
  expect(stderr()).toMatch(/^Faro is a flight recorder for Kubernetes\. /);
  expect(stderr()).toMatch(/\nHere is a real incident, "A rollout that crashes, and is rolled back": \d+s of Kubernetes v1\.36/);
  expect(stderr().match(/ {2}» .+/g)).toHaveLength(3);
  expect(stderr()).toContain("\nAsk it:\n");
  const lines = stdout().trimEnd().split("\n");
  expect(lines.slice(5, -2)).toHaveLength(10);
  expect(stdout()).toMatch(/ {2}Deployment\/checkout appears with \S+:1\n/);
  expect(stdout()).toMatch(/ {2}rolled out: \S+:2\n/);
  expect(stdout()).toMatch(/ {2}checkout-\S+\/app wrote "FATAL cannot read setting payment\.timeout: it is not set"\n/);
  expect(stdout()).toMatch(/ {2}container app of checkout-\S+ ends with code 3 \(Error\); the first of \d+ such ends\n/);
  expect(stdout()).toMatch(/ {2}kubelet warns BackOff: /);
  expect(stdout()).toMatch(/ {2}rolled back to \S+:1\n/);
  expect(stdout()).toMatch(/\ncomplete: \d+ events of \d+ objects, \d+ container logs, nothing missing\n/);
  expect(lines.at(-1)).toBe(`The whole story: ${lines[1]?.split(" ")[0] ?? ""}`);
  await rm(output, { recursive: true });
});

test("without the recording, as in an executable, it plays a rollout that is made up", async () => {
  const output = await mkdtemp(join(tmpdir(), "faro-demo-"));
  const { exitCode, stdout, stderr } = await demo(output, startRollout);
  expect(exitCode, stderr()).toBe(0);
  expect(stderr()).toContain("» Deployment my-app is created: 3 replicas of ");
  expect(stdout()).toMatch(/ {2}my-app-\S+\/my-app wrote "ConfigError: cache\.ttl: .+"\n/);
  expect(stdout()).toMatch(/ {2}rolled back to \S+:1\.4\.0\n/);
  await rm(output, { recursive: true });
});

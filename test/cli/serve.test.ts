import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import type { RecordedCluster } from "../../src/apiserver/index.ts";
import { systemClock } from "../../src/base/index.ts";
import { rebuildStories } from "../../src/capture/index.ts";
import { readRecording } from "../../src/cli/recording.ts";
import { main } from "../../src/cli/main.ts";
import { faro, makeWorld } from "./world.ts";

const START = Date.UTC(2026, 2, 1, 10);
const CLUSTER: RecordedCluster = {
  what: "a recording",
  serverVersion: "v1.36.3",
  definitions: [],
  scopes: ["pods.v1/shop"],
  steps: [{ step: "log-start", at: START, instance: { podUid: "u", container: "app", restartCount: 0, containerId: "c" } }],
  start: START,
  end: START + 60_000,
};

it("faro serve: prints a kubeconfig and its controls, and takes both away at the end", async () => {
  const world = makeWorld({ readRecording: async () => CLUSTER });
  const code = main(["serve", "./output", "--at", "+30s"], world.dependencies);
  while (world.listeners() === 0) await systemClock.sleep(5);
  const kubeconfig = /^export KUBECONFIG=(.+)\n$/.exec(world.stdout())?.[1] ?? "";
  const { clusters } = JSON.parse(readFileSync(kubeconfig, "utf8"));
  expect(world.stderr()).toContain(
    `is served at ${clusters[0].cluster.server}\nas it was at 2026-03-01T10:00:30.000Z. It stands still.`,
  );
  const version = await fetch(`${clusters[0].cluster.server}/version`);
  expect(await version.json()).toMatchObject({ gitVersion: "v1.36.3" });
  world.signal("SIGINT");
  expect(await code).toBe(0);
  expect(existsSync(kubeconfig)).toBe(false);
  await expect(fetch(clusters[0].cluster.server)).rejects.toThrow("fetch failed");
});

it.each([
  ["serve --speed=fast", /--speed fast: not a number/],
  ["serve --port=99999", /--port 99999: not a port/],
  ["serve --at=noon", /--at noon: neither a time nor a duration/],
])("faro %s is refused", async (line, message) => {
  const ran = await faro(line.split(" "), { readRecording: async () => CLUSTER });
  expect(ran.stderr()).toMatch(message);
  expect(ran.exitCode).toBe(2);
});

it.each([
  ["recording", "line 41 of 000001.ndjson cannot be read: the checksum is"],
  ["story", "a part of the recording cannot be read: line 41 of 000001.ndjson"],
])("what is missing of a damaged %s is said", async (what, said) => {
  const output = mkdtempSync(join(tmpdir(), "faro-damaged-"));
  const packed = readFileSync(join(import.meta.dirname, "../../examples/recordings/crash-loop/recording/000001.ndjson.gz"));
  const lines = gunzipSync(packed).toString("latin1").split("\n");
  lines[40] = lines[40]?.replace('"seq"', '"seQ"') ?? "";
  mkdirSync(join(output, "recording"));
  writeFileSync(join(output, "recording/000001.ndjson"), lines.join("\n"), "latin1");
  const [story] = await rebuildStories({ output });
  const world = makeWorld({ readRecording });
  const code = main(["serve", what === "story" ? (story?.file ?? "") : output], world.dependencies);
  while (world.listeners() === 0) await systemClock.sleep(5);
  world.signal("SIGINT");
  expect(await code).toBe(0);
  expect(world.stderr().replaceAll("\n", " ")).toContain(`Something is missing: ${said}`);
  rmSync(output, { recursive: true });
});

it("a directory without a recording is told from one that holds nothing", async () => {
  const ran = await faro(["serve", "/nowhere"], { readRecording });
  expect(ran.stderr()).toContain(
    "error: /nowhere holds no recording\nhint: name the directory that --output was, or a story file",
  );
  expect(ran.exitCode).toBe(2);
});

it("a recording without an object is not served", async () => {
  const ran = await faro(["serve", "./output"], { readRecording: async () => ({ ...CLUSTER, steps: [] }) });
  expect(ran.stderr()).toContain("error: ./output holds no object");
  expect(ran.exitCode).toBe(2);
});

/**
 * The program killed at random moments, in the middle of starts, of writes and of restarts, while the cluster never rests.
 * `FARO_TEST_KILLS=200` kills as often as that; the default is what `npm test` has time for.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiServer, ClusterHistory, prepareCluster, startApiServer } from "../../src/apiserver/index.ts";
import { systemClock, VirtualClock } from "../../src/base/index.ts";
import { rebuildStories, verifyRecording } from "../../src/capture/index.ts";
import { recordsIn, truthOf, versionsOf } from "../support/recorded.ts";

const KILLS = Number(process.env["FARO_TEST_KILLS"] ?? 5);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILT = join(ROOT, "build", `kill-test-${process.pid}`);
const chance = new VirtualClock(0, 4711);
let history: ClusterHistory;
let server: ApiServer;
let output: string;

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(ROOT, "tools/bundle.mjs"), "--program", BUILT]);
  history = new ClusterHistory();
  prepareCluster({ history, clock: systemClock });
  server = await startApiServer({ history, window: { minEvents: 100_000, maxEvents: 200_000, freshMs: 3_600_000 } });
  output = await mkdtemp(join(tmpdir(), "faro-kill-"));
});
afterAll(async () => {
  await server.close();
  await rm(BUILT, { recursive: true, force: true });
  await rm(output, { recursive: true, force: true });
});

function start(): ChildProcess {
  return spawn(process.execPath, [join(BUILT, "bin.cjs"), "record", "cm", `--server=${server.url}`, `--output=${output}`], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env["PATH"], HOME: "/nowhere", FARO_METRICS_PORT: "0" },
  });
}

async function said(child: ChildProcess, text: string): Promise<void> {
  let heard = "";
  for await (const chunk of child.stderr ?? []) {
    heard += String(chunk);
    if (heard.includes(text)) return;
  }
  throw new Error(`the program ended without saying ${text}: ${heard}`);
}

const refTo = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name }) as const;
let round = 0;

/** Changes of every kind; what is created is deleted again, three in one version. */
function live(): void {
  round++;
  for (const name of ["a", "b"]) history.modify(refTo(name), (object) => ({ ...object, data: { value: `${round}` } }));
  if (round % 7 !== 0) return;
  const passing = [1, 2, 3].map((at) => `passing-${round}-${at}`);
  for (const name of passing)
    history.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: { value: "" } });
  history.remove(...passing.map(refTo));
}

async function caughtUp(newest: string): Promise<void> {
  await expect.poll(async () => versionsOf(await recordsIn(output), "ConfigMap").includes(newest), { interval: 200 }).toBe(true);
}

test(
  `after ${KILLS} kills each version is recorded once, the recording is sound, and it gives the same stories again`,
  async () => {
    const truth = truthOf({ history }, "ConfigMap");
    for (const name of ["a", "b"])
      history.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: { value: "" } });
    const first = start();
    await said(first, "story opened");
    await expect.poll(async () => (await recordsIn(output)).some(({ type }) => type === "checkpoint")).toBe(true);
    first.kill("SIGKILL");
    await once(first, "exit");
    const living = setInterval(live, 20);
    try {
      for (let kill = 1; kill < KILLS; kill++) {
        const child = start();
        // Some die while they read the recording, most while they write it.
        if (kill % 4 !== 0) await said(child, '"recording"');
        await systemClock.sleep(chance.random() * 600);
        child.kill("SIGKILL");
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
        const { findings } = await verifyRecording(output);
        expect(findings.filter(({ severity }) => severity === "damage")).toEqual([]);
      }
    } finally {
      clearInterval(living);
    }
    const last = start();
    live();
    await caughtUp(truth.at(-1) ?? "");
    // Resumed gaps are closed when the watches have stood for a while, the longer the slower the server is.
    await expect.poll(async () => (await verifyRecording(output)).gaps.open, { interval: 200 }).toBe(0);
    last.kill("SIGTERM");
    const [code] = (await once(last, "exit")) as [number | null];
    const versions = versionsOf(await recordsIn(output), "ConfigMap").filter((version) => !version.includes("kube-root-ca.crt"));
    expect(versions.toSorted()).toEqual(truth.toSorted());
    const report = await verifyRecording(output);
    expect(report.findings.filter(({ severity }) => severity === "damage")).toEqual([]);
    expect({ code, runs: report.runs, open: report.gaps.open }).toMatchObject({ code: 0, open: 0 });
    await expectRebuilt();
  },
  120_000 + KILLS * 10_000,
);

async function expectRebuilt(): Promise<void> {
  const again = await mkdtemp(join(tmpdir(), "faro-again-"));
  await rebuildStories({ output, into: again });
  // A story that was complete before the end of its run tells of coverage as it was then.
  for (const name of (await readdir(output)).filter((file) => /^configmap-[ab]-.*\.json$/.test(file)))
    expect(await readFile(join(again, name), "utf8"), name).toBe(await readFile(join(output, name), "utf8"));
  await rm(again, { recursive: true });
}

test("a second SIGTERM ends the program at once, and what is there is sound and gone on with", async () => {
  const child = start();
  await said(child, '"recording"');
  child.kill("SIGTERM");
  child.kill("SIGTERM");
  await once(child, "exit");
  const { findings } = await verifyRecording(output);
  expect(findings.filter(({ severity }) => severity === "damage")).toEqual([]);
});

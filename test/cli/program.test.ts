/** The program as a process: compiled, spawned, with real streams, signals and a real (embedded) API server. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiServer, ClusterHistory, prepareCluster, startApiServer } from "../../src/apiserver/index.ts";
import { systemClock } from "../../src/base/index.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILT = join(ROOT, "build", `program-test-${process.pid}`);
const PROGRAM = join(BUILT, "bin.cjs");
let server: ApiServer;

beforeAll(async () => {
  // Types are checked by the build itself; here only the JavaScript counts.
  await promisify(execFile)(process.execPath, [join(ROOT, "tools/bundle.mjs"), "--program", BUILT]);
  const history = new ClusterHistory();
  prepareCluster({ history, clock: systemClock });
  history.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: "default" }, data: { a: "1" } });
  server = await startApiServer({ history });
});
afterAll(async () => {
  await rm(BUILT, { recursive: true, force: true });
  await server.close();
});

interface Spawned {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  readonly exit: Promise<number | null>;
}

function start(args: readonly string[]): Spawned {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: "/nowhere", FARO_METRICS_PORT: "0" },
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  return {
    child,
    output: () => output,
    errors: () => errors,
    exit: once(child, "close").then(([code]: (number | null)[]) => code ?? null),
  };
}

test("prints its version", async () => {
  const run = start(["--version"]);
  expect([await run.exit, run.output(), run.errors()]).toEqual([0, "1.0.0\n", ""]);
});

test("an error goes to standard error, with its exit code", async () => {
  const run = start([]);
  expect([await run.exit, run.output()]).toEqual([2, ""]);
  expect(run.errors()).toBe(
    "error: --resource is missing: nothing says what to record\nhint: for example faro --resource=apps/v1/Deployment --name=my-app\n",
  );
});

test("a reader that goes away early is no error", async () => {
  const run = start(["--help"]);
  run.child.stdout?.destroy();
  expect([await run.exit, run.errors()]).toEqual([0, ""]);
});

test("records until SIGTERM, writes the story, says where it is, and rebuilds it byte for byte", async () => {
  const output = await mkdtemp(join(tmpdir(), "faro-program-"));
  const run = start(["record", "cm/settings", `--server=${server.url}`, `--output=${output}`]);
  while (!run.errors().includes("story opened") && run.child.exitCode === null)
    await Promise.race([once(run.child.stderr ?? run.child, "data"), run.exit]);
  run.child.kill("SIGTERM");
  expect([await run.exit, run.errors().includes("error")]).toEqual([0, false]);
  const [file = ""] = (await readdir(output)).filter((name) => name.endsWith(".json"));
  expect(file).toMatch(/^configmap-settings-[0-9a-f]{8}\.json$/);
  expect(run.output()).toMatch(new RegExp(`^STORY +EVENTS +VERDICT\\n${join(output, file)} +\\d+ +complete\\n$`));
  const written = await readFile(join(output, file), "utf8");
  for (const line of run.errors().trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
  await rm(join(output, file));
  const again = start(["rebuild", output]);
  expect([await again.exit, again.errors()]).toEqual([0, ""]);
  expect(await readFile(join(output, file), "utf8")).toBe(written);
  await rm(output, { recursive: true });
});

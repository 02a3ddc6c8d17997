/** Every row of the table of bad input, from argv to the whole of what a person reads. Rooms are the real ones. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ApiServer, ClusterHistory, prepareCluster, startApiServer } from "../../src/apiserver/index.ts";
import { systemClock, VirtualClock } from "../../src/base/index.ts";
import { planCapture, rebuildStories, startCapture } from "../../src/capture/index.ts";
import { connect } from "../../src/cli/connect.ts";
import { main } from "../../src/cli/main.ts";
import { faro, type Given, makeWorld, type Ran, untilSettled, words } from "./world.ts";

let server: ApiServer;
let folder = "";
beforeAll(async () => {
  const history = new ClusterHistory();
  prepareCluster({ history, clock: systemClock });
  server = await startApiServer({ history });
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "faro-bad-input-"));
});

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await rm(folder, { recursive: true, force: true });
});

const REAL: Given = {
  connect: (request) => connect(request, systemClock),
  startCapture,
  planCapture,
  rebuildStories: (output) => rebuildStories({ output }),
};

/** Runs against the embedded cluster, with the rooms that the program has. */
function real(line: string, given: Given = {}): Promise<Ran> {
  return faro([...words(line), `--server=${server.url}`, `--output=${join(folder, "output")}`], { ...REAL, ...given });
}

describe("what to record", () => {
  test("nothing says it: one line, one example that works", async () => {
    const { exitCode, stderr, stdout } = await real("");
    expect([exitCode, stdout(), stderr()]).toEqual([
      2,
      "",
      "error: --resource is missing: nothing says what to record\nhint: for example faro --resource=apps/v1/Deployment --name=my-app\n",
    ]);
  });

  test.each([
    "Deployment",
    "apps/Deployment",
    "deployment",
    "deploy",
    "deployments.apps",
    "deployments.v1.apps",
    "apps/v1/Deployment",
    ",apps/v1/Deployment,",
  ])("%s is understood", async (text) => {
    const { exitCode, stdout, stderr } = await real(`--resource=${text} --dry-run`);
    expect([exitCode, stderr()]).toEqual([0, ""]);
    expect(stdout()).toMatch(/^apps\/v1\/Deployment +default +.*root$/m);
  });

  test("spaces round items count for nothing", async () => {
    const { exitCode, stdout } = await faro(
      ["--resource= apps/v1/Deployment , v1/Service ", "--dry-run", `--server=${server.url}`],
      REAL,
    );
    expect([exitCode, /^v1\/Service /m.test(stdout())]).toEqual([0, true]);
  });

  test.each([
    ["apps/v1/Service", "no kind Service in apps/v1; did you mean v1/Service?"],
    ["apps/v1/Deploymnet", "no kind Deploymnet in apps/v1; did you mean apps/v1/Deployment?"],
    ["extensions/v1beta1/Deployment", "no kind Deployment in extensions/v1beta1; did you mean apps/v1/Deployment?"],
  ])("%s: the right one is named", async (text, message) => {
    const { exitCode, stderr } = await real(`--resource=${text} --dry-run`);
    expect([exitCode, stderr().split("\n")[0]]).toEqual([2, `error: ${message}`]);
    expect(stderr()).toMatch(/\nhint: write --resource=.+\n$/);
  });

  test("a kind that the cluster does not serve is waited for, or refused with --require-kinds", async () => {
    const waiting = await real("--resource=example.com/v1/Widget --dry-run");
    expect([waiting.exitCode, waiting.stderr()]).toEqual([0, ""]);
    expect(waiting.stdout()).toContain("Waiting for   example.com/v1/Widget: not served by this cluster yet\n");
    const refused = await real("--resource=example.com/v1/Widget --require-kinds --dry-run");
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr()).toMatch(
      /^error: .*Widget.*\nhint: without --require-kinds Faro waits until the cluster serves it\n$/,
    );
  });
});

test.each([
  ["--namspace=x", "error: unknown flag --namspace\nhint: did you mean --namespace?\n"],
  ["--log-levle debug", "error: unknown flag --log-levle\nhint: did you mean --log-level?\n"],
  ["--no-workers", "error: unknown flag --no-workers\nhint: did you mean --workers?\n"],
  ["-x", "error: unknown flag -x\nhint: faro --help lists every flag\n"],
  ["--workers=many", 'error: --workers takes a whole number from 1 to 1024, got "many"\nhint: for example --workers=8\n'],
  ["--workers", "error: --workers takes a whole number from 1 to 1024, got nothing\nhint: for example --workers=8\n"],
  [
    "--name --workers=2",
    "error: --name takes names of objects or globs, without slashes or spaces, got nothing\nhint: for example --name=my-app\n",
  ],
  [
    "--correlation-timeout=5",
    'error: --correlation-timeout takes a duration above zero with its unit, such as 90s, 5m or 1h30m, got "5"\nhint: for example --correlation-timeout=10m\n',
  ],
  [
    "--log-level=loud",
    'error: --log-level takes one of debug, info, warn, error, got "loud"\nhint: for example --log-level=debug\n',
  ],
  [
    "--metrics-port=99999",
    'error: --metrics-port takes a whole number from 0 to 65535, got "99999"\nhint: for example --metrics-port=9090\n',
  ],
  [
    "recrod x",
    "error: unknown command recrod\nhint: did you mean faro record? To record a kind of that name: faro record recrod\n",
  ],
  [
    "help nothing",
    "error: unknown command nothing\nhint: the commands are record, demo, story, serve, validate, config, rebuild, verify. To record a kind of that name: faro record nothing\n",
  ],
  ["config veiw", "error: unknown command config veiw\nhint: for example faro config view --show-origin\n"],
  ["demo now", 'error: faro demo takes fewer words than "now"\nhint: faro help demo shows its form\n'],
  ["demo --resource=v1/Pod", "error: faro demo takes no --resource\nhint: faro help demo lists what it takes\n"],
  ["verify", "error: faro verify needs the directory of a recording\nhint: for example faro verify ./output\n"],
  ["rebuild", "error: faro rebuild needs the directory of a recording\nhint: for example faro rebuild ./output\n"],
  [
    "deploy web --name=api",
    "error: names are given twice, as arguments and with --name\nhint: give them once, for example faro record deploy web api, or faro record deploy --name=web,api\n",
  ],
])("faro %s: exit 2", async (line, expected) => {
  const { exitCode, stderr, stdout } = await faro(words(line));
  expect([exitCode, stdout(), stderr()]).toEqual([2, "", expected]);
});

describe("the kubeconfig", () => {
  async function kubeconfig(text: string): Promise<string> {
    const file = join(folder, "config");
    await writeFile(file, text);
    return file;
  }

  test("that is missing", async () => {
    const { exitCode, stderr } = await faro(["po", `--kubeconfig=${join(folder, "none")}`], REAL);
    expect([exitCode, stderr()]).toEqual([
      5,
      `error: no kubeconfig at ${join(folder, "none")}\nhint: give the path of an existing file: --kubeconfig=$HOME/.kube/config\n`,
    ]);
  });

  test("that is not YAML: file and line", async () => {
    const file = await kubeconfig("apiVersion: v1\nclusters: [\n");
    const { exitCode, stderr } = await faro(["po", `--kubeconfig=${file}`], REAL);
    expect(exitCode).toBe(5);
    expect(stderr()).toMatch(new RegExp(`^error: cannot use kubeconfig ${file}:\\d: not YAML: .+\nhint: .+\n$`));
  });

  test("without the context: the contexts that there are", async () => {
    const file = await kubeconfig(
      "contexts: [{name: staging, context: {cluster: a}}, {name: prod, context: {cluster: a}}]\nclusters: [{name: a, cluster: {server: 'https://x'}}]\n",
    );
    const { exitCode, stderr } = await faro(["po", `--kubeconfig=${file}`, "--context=stagin"], REAL);
    expect(exitCode).toBe(5);
    expect(stderr()).toContain('no context "stagin"');
    expect(stderr()).toContain("hint: the contexts are staging, prod; for example --context=staging");
  });
});

test("no permission for a root: exit 5, and the Role that is missing", async () => {
  const history = new ClusterHistory();
  prepareCluster({ history, clock: systemClock });
  const strict = await startApiServer({ history, authorize: ({ resource }) => resource?.plural !== "deployments" });
  stops.push(() => strict.close());
  const { exitCode, stderr } = await faro(words(`deploy --server=${strict.url} --output=${folder}/o`), REAL);
  expect(exitCode).toBe(5);
  expect(stderr()).toContain("error: ");
  expect(stderr()).toContain(
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: faro\n  namespace: default\n",
  );
  expect(stderr()).toContain("deployments");
});

test("an API server that is down at the start: exit 5 after 30 s, with the cause", async () => {
  const clock = new VirtualClock();
  const gone = await startApiServer({ history: new ClusterHistory() });
  await gone.close();
  const world = makeWorld({ ...REAL, clock, connect: (request) => connect(request, clock) });
  const began = clock.monotonic();
  const exitCode = await untilSettled(clock, main(words(`deploy --server=${gone.url} --output=${folder}/o`), world.dependencies));
  expect(exitCode).toBe(5);
  expect(clock.monotonic() - began).toBeGreaterThanOrEqual(30_000);
  expect(world.stderr()).toContain('"message":"waiting for the API server"');
  expect(world.stderr()).toContain(`error: cannot reach the API server ${gone.url}: `);
  expect(world.stderr()).toContain("(ECONNREFUSED)\nhint: nothing listens on ");
});

test("an output that cannot be written: exit 1 before anything connects", async () => {
  const before = server.requests.length;
  await writeFile(join(folder, "output"), "a file, not a directory");
  const { exitCode, stderr } = await real("deploy");
  expect([exitCode, server.requests.length]).toEqual([1, before]);
  expect(stderr()).toContain(`error: `);
  expect(stderr()).toContain(join(folder, "output"));
});

test("a second Faro on one output directory: exit 1, and the first one is named", async () => {
  const first = makeWorld(REAL);
  const running = main([...words("deploy"), `--server=${server.url}`, `--output=${join(folder, "output")}`], first.dependencies);
  stops.push(async () => {
    first.signal("SIGINT");
    await running;
  });
  while (!(await readdir(folder)).includes("output") || (await real("deploy --dry-run")).exitCode !== 0)
    await new Promise((resolve) => setImmediate(resolve));
  const { exitCode, stderr } = await real("deploy");
  expect(exitCode).toBe(1);
  expect(stderr()).toContain(String(process.pid));
  expect(stderr()).toContain(hostname());
});

test("a recording of a newer version is refused with that word, one that is not there with its place", async () => {
  await mkdir(join(folder, "recording"));
  await writeFile(
    join(folder, "recording", "000001.ndjson"),
    '{"seq":1,"at":"2026-01-01T00:00:00.000Z","type":"faro-recording","version":99,"faroVersion":"9.0.0","segment":1}\n',
  );
  const newer = await faro(["rebuild", folder], REAL);
  expect([newer.exitCode, newer.stderr().includes("newer")]).toEqual([1, true]);
  const missing = await faro(["rebuild", join(folder, "nowhere")], REAL);
  expect([missing.exitCode, missing.stderr().includes(join(folder, "nowhere"))]).toEqual([1, true]);
});

import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { nodeComplaint, NODE_RANGE } from "../../src/cli/node-floor.ts";
import { programName } from "../../src/cli/process-dependencies.ts";
import { FARO_VERSION } from "../../src/cli/version.ts";
import { GROUPS, OPTION_ROWS } from "../../src/config/index.ts";
import { faro, words } from "./world.ts";

describe("help", () => {
  test.each(["--help", "-h", "help", "--help record", "help record", "record --help", "-n x record -h"])(
    "faro %s opens with examples and shows every flag in its group",
    async (line) => {
      const { stdout, stderr, exitCode } = await faro(words(line));
      expect([exitCode, stderr()]).toEqual([0, ""]);
      expect(stdout()).toMatch(/^Examples:\n {2}faro .+# .+\n/);
      for (const [, option] of OPTION_ROWS) expect(stdout()).toMatch(new RegExp(`--(\\[no-\\])?${option.flag}\\b`));
      const headings = stdout()
        .split("\n")
        .filter((text) => /^\S.*:$/.test(text))
        .map((text) => text.slice(0, -1));
      expect(headings.filter((heading) => GROUPS.some((group) => group === heading))).toEqual(GROUPS);
      expect(stdout()).not.toContain("cr-type");
    },
  );

  test("on a narrow terminal an example has its comment above it", async () => {
    const { stdout } = await faro(["record", "--help"], { columns: 80 });
    expect(stdout()).toMatch(/^Examples:\n {2}# .+\n {2}faro .+\n {2}# /);
    expect(
      stdout()
        .split("\n\nUsage")[0]
        ?.split("\n")
        .filter((line) => line.length > 80),
    ).toEqual([]);
  });

  test.each([
    ["demo --help", "Usage: faro demo [flags]"],
    ["help rebuild", "Usage: faro rebuild DIR"],
    ["help config", "Usage: faro config view [flags]"],
    ["config view --help", "Usage: faro config view [flags]"],
  ])("faro %s says %j", async (line, usage) => {
    const { stdout, exitCode } = await faro(words(line));
    expect([
      exitCode,
      stdout()
        .split("\n")
        .find((text) => text.startsWith("Usage")),
    ]).toEqual([0, usage]);
  });

  test("as kubectl's plugin it speaks of kubectl faro", async () => {
    const { stdout } = await faro(["--help"], { program: "kubectl faro" });
    expect(stdout()).toContain("Usage: kubectl faro [record]");
    expect(stdout()).toContain("  kubectl faro record deploy/my-app -n production");
    expect([
      programName("/opt/bin/kubectl-faro"),
      programName("C:/x/kubectl-faro.exe"),
      programName("/opt/dist/program/bin.cjs"),
      programName(undefined),
    ]).toEqual(["kubectl faro", "kubectl faro", "faro", "faro"]);
  });

  test("config without a word explains itself on standard error", async () => {
    const { stdout, stderr, exitCode } = await faro(["config"]);
    expect([exitCode, stdout()]).toEqual([2, ""]);
    expect(stderr()).toContain("Usage: faro config view [flags]");
  });
});

describe("versions", () => {
  test.each(["--version", "record --version", "--version --color=never"])("faro %s prints the version alone", async (line) => {
    const { stdout, exitCode } = await faro(words(line));
    expect([exitCode, stdout()]).toEqual([0, "1.0.0\n"]);
  });

  test("the constants are those of package.json", async () => {
    const facts: { version: string; engines: { node: string } } = JSON.parse(
      await readFile(new URL("../../package.json", import.meta.url), "utf8"),
    );
    expect([FARO_VERSION, NODE_RANGE]).toEqual([facts.version, facts.engines.node]);
  });

  test.each([
    ["20.18.1", false],
    ["20.19.0", true],
    ["18.20.8", false],
    ["21.7.3", false],
    ["22.11.0", false],
    ["22.12.0", true],
    ["26.0.0", true],
  ])("Node %s is good enough: %j", (version, isEnough) => {
    expect(nodeComplaint(version) === undefined).toBe(isEnough);
  });

  test("too old a Node is one plain sentence", () => {
    expect(nodeComplaint("18.20.8")).toBe(
      "error: Faro needs Node 20.19 or later, or 22.12 or later, and this is Node 18.20.8\nhint: install a current Node from https://nodejs.org\n",
    );
  });
});

describe("what the recorder is asked for", () => {
  const pod = [{ text: "v1/Pod" }];
  test.each([
    [
      "--resource=v1/Pod",
      { resources: pod, names: [], namespaces: ["from-context"], output: "./output", includeLogs: true, workers: 5 },
    ],
    ["record --resource=v1/Pod", { resources: pod }],
    ["--resource v1/Pod", { resources: pod }],
    ["--cr-type=v1/Pod", { resources: pod }],
    [
      "--resource=v1/Pod,v1/Service --resource apps/v1/Deployment",
      { resources: [{ text: "v1/Pod" }, { text: "v1/Service" }, { text: "apps/v1/Deployment" }] },
    ],
    ["--resource=,v1/Pod,,", { resources: pod }],
    ["record deploy/my-app -n prod", { resources: [{ text: "deploy", name: "my-app" }], namespaces: ["prod"] }],
    ["-n prod record deploy/my-app", { resources: [{ text: "deploy", name: "my-app" }], namespaces: ["prod"] }],
    ["deploy/my-app", { resources: [{ text: "deploy", name: "my-app" }] }],
    ["record deploy my-app other", { resources: [{ text: "deploy" }], names: ["my-app", "other"] }],
    ["record po,svc", { resources: [{ text: "po" }, { text: "svc" }] }],
    ["record po --name=web-*,api", { resources: [{ text: "po" }], names: ["web-*", "api"] }],
    ["record configmaps", { resources: [{ text: "configmaps" }] }],
    ["configmaps my-map", { resources: [{ text: "configmaps" }], names: ["my-map"] }],
    ["record record", { resources: [{ text: "record" }] }],
    ["-- deploy/x", { resources: [{ text: "deploy", name: "x" }] }],
    ["po -n a -n b,c", { namespaces: ["a", "b", "c"] }],
    ["po -na --namespace b", { namespaces: ["a", "b"] }],
    ["po -n=a", { namespaces: ["a"] }],
    ["po -A", { namespaces: [] }],
    ["-A po", { namespaces: [], resources: [{ text: "po" }] }],
    ["po -Al app=web", { namespaces: [], selector: "app=web" }],
    ["po --all-namespaces=false -n a", { namespaces: ["a"] }],
    ["po -A=false", { namespaces: ["from-context"] }],
    ["po --include-logs", { includeLogs: true }],
    ["po --include-logs=false", { includeLogs: false }],
    ["po --include-logs false", { includeLogs: false }],
    ["--include-logs false po", { includeLogs: false, resources: [{ text: "po" }] }],
    ["po --no-include-logs", { includeLogs: false }],
    ["--include-logs po", { includeLogs: true, resources: [{ text: "po" }] }],
    ["po --no-include-logs --include-logs", { includeLogs: true }],
    ["po --out-dir=x", { output: "x" }],
    ["po --output x", { output: "x" }],
    ["po --workers 2 --workers=9 --buffer-size 7", { workers: 9, bufferSize: 7 }],
    ["po --correlation-timeout 1h30m --max-log-streams=3", { correlationTimeoutMs: 5_400_000, maxLogStreams: 3 }],
    ["po --duration=90s", { durationMs: 90_000 }],
    ["po --until ready --timeout 10m", { until: "ready", timeoutMs: 600_000 }],
    ["po --related=none --require-kinds", { related: "none", requireKinds: true }],
    ["po --related v1/ConfigMap,v1/Secret", { related: ["v1/ConfigMap", "v1/Secret"] }],
  ])("faro %s", async (line, expected) => {
    const { captures, exitCode, stderr } = await faro(words(line));
    expect([exitCode, stderr()]).toEqual([0, ""]);
    expect(captures).toMatchObject([{ connectTimeoutMs: 30_000, faroVersion: "1.0.0", ...expected }]);
  });

  test("kubectl's connection flags go to the cluster room, and kubectl's environment with them", async () => {
    const line =
      "po --context staging --as=jane --as-group=a,b -s https://x:6443 --insecure-skip-tls-verify --request-timeout=5s --kubeconfig k";
    const { connections } = await faro(words(line), { env: { KUBECONFIG: "a:b", FARO_METRICS_PORT: "0", FARO_TOKEN: "t" } });
    expect(connections).toMatchObject([
      {
        env: { KUBECONFIG: "a:b" },
        flags: {
          context: "staging",
          as: "jane",
          asGroup: ["a", "b"],
          server: "https://x:6443",
          insecureSkipTlsVerify: true,
          requestTimeout: 5_000,
          kubeconfig: "k",
          token: "t",
        },
      },
    ]);
  });

  test("arguments say what this run is about: a resource in a variable gives way to them, one in a flag adds to them", async () => {
    const env = { FARO_RESOURCE: "v1/Pod", FARO_METRICS_PORT: "0" };
    expect((await faro([], { env })).captures).toMatchObject([{ resources: [{ text: "v1/Pod" }] }]);
    expect((await faro(["svc"], { env })).captures).toMatchObject([{ resources: [{ text: "svc" }] }]);
    expect((await faro(["svc", "--resource=v1/Pod"])).captures).toMatchObject([
      { resources: [{ text: "svc" }, { text: "v1/Pod" }] },
    ]);
  });
});

describe("config view", () => {
  test("prints a configuration file, with the place of each value where asked", async () => {
    const { stdout, exitCode } = await faro(words("config view --name=web-* -l app=web --token=abc"), {
      env: { FARO_WORKERS: "8" },
    });
    expect(exitCode).toBe(0);
    expect(stdout()).toContain("name: web-*\n");
    expect(stdout()).toContain("selector: app=web\nrelated: auto\n");
    expect(stdout()).toContain("token: (hidden)\n".replace("(hidden)", '"(hidden)"'));
    expect(stdout()).toContain("workers: 8\n");
    expect(stdout()).not.toContain("until");
    const shown = await faro(words("--context=a config --show-origin view"), { env: { FARO_WORKERS: "8", FARO_WROKERS: "9" } });
    expect(shown.stdout()).toMatch(/^workers: 8 +# FARO_WORKERS$/m);
    expect(shown.stdout()).toMatch(/^context: a +# --context$/m);
    expect(shown.stdout()).toMatch(/^# until: +# default$/m);
    expect(shown.stderr()).toBe("warning: unknown variable FARO_WROKERS is ignored; did you mean FARO_WORKERS?\n");
  });
});

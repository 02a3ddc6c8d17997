import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RawValue } from "./option.ts";
import { variableOf } from "./option.ts";
import type { OptionKey } from "./option-values.ts";
import { OPTION_ROWS } from "./options.ts";
import { type ResolvedOptions, resolveOptions } from "./precedence.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "faro-config-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Case {
  readonly flags?: Partial<Record<OptionKey, RawValue>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly file?: string;
  readonly configFile?: string;
}

async function resolve({ flags = {}, env = {}, file, configFile }: Case): Promise<ResolvedOptions> {
  if (file !== undefined) await writeFile(join(folder, "faro.yaml"), file);
  const given = OPTION_ROWS.flatMap(([key]) => {
    const value = flags[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return resolveOptions({ flags: new Map(given), configFile, env, cwd: folder, home: join(folder, "home") });
}

/** What a person reads of a rejected case: the sentence and the example. */
async function complaint(given: Case): Promise<string> {
  try {
    await resolve(given);
    return "accepted";
  } catch (error) {
    if (!(error instanceof Error) || !("hint" in error) || !("code" in error)) throw error;
    return `${String(error.code)} ${error.message.replaceAll(folder, "DIR")} | ${String(error.hint)}`;
  }
}

test("without anything given, every option of the specification has its default", async () => {
  const { values, origins, warnings, file } = await resolve({});
  expect(values).toMatchObject({
    resource: [],
    name: [],
    namespace: [],
    output: "./output",
    kubeconfig: undefined,
    workers: 5,
    bufferSize: 1_000,
    logLevel: "info",
    metricsPort: 8_080,
    correlationTimeout: 300_000,
    includeLogs: true,
    maxLogStreams: 50,
  });
  expect(origins.workers).toEqual({ source: "default" });
  expect([warnings, file]).toEqual([[], undefined]);
});

test("a flag beats a variable, a variable beats the file, the file beats the default", async () => {
  const file = "workers: 2";
  const env = { FARO_WORKERS: "3" };
  expect((await resolve({ file })).values.workers).toBe(2);
  expect((await resolve({ file, env })).values.workers).toBe(3);
  expect((await resolve({ file, env, flags: { workers: "4" } })).values.workers).toBe(4);
});

test("each value remembers where it came from", async () => {
  const { origins, file } = await resolve({ file: "workers: 2", env: { FARO_LOG_LEVEL: "debug" }, flags: { name: ["web"] } });
  const path = join(folder, "faro.yaml");
  expect(origins.workers).toEqual({ source: "file", file: path, key: "workers" });
  expect(origins.logLevel).toEqual({ source: "variable", variable: "FARO_LOG_LEVEL" });
  expect(origins.name).toEqual({ source: "flag", flag: "name" });
  expect(file).toBe(path);
});

test("the five variables of the specification are read", async () => {
  const env = {
    FARO_LOG_LEVEL: "error",
    FARO_METRICS_PORT: "9999",
    FARO_CORRELATION_TIMEOUT: "1h30m",
    FARO_INCLUDE_LOGS: "false",
    FARO_MAX_LOG_STREAMS: "7",
  };
  expect((await resolve({ env })).values).toMatchObject({
    logLevel: "error",
    metricsPort: 9_999,
    correlationTimeout: 5_400_000,
    includeLogs: false,
    maxLogStreams: 7,
  });
});

test("the example of every option is one that it takes, as a flag, as a variable and in the file", async () => {
  for (const [key, option] of OPTION_ROWS) {
    const context = key === "timeout" ? { until: "ready" } : {};
    const many = option.form === "list" ? option.example.split(",") : [option.example];
    const raw = option.form === "list" || option.form === "repeated" ? many : option.example;
    const asFlag = await resolve({ flags: { ...context, [key]: raw } });
    const asVariable = await resolve({ flags: context, env: { [variableOf(option)]: option.example } });
    const asKey = await resolve({ flags: context, file: `${option.flag}: ${JSON.stringify(option.example)}` });
    expect(asVariable.values[key], option.flag).toEqual(asFlag.values[key]);
    expect(asKey.values[key], option.flag).toEqual(asFlag.values[key]);
    await writeFile(join(folder, "faro.yaml"), "");
  }
});

test("a pattern is repeated, because it may hold a comma: as a flag, as a list in the file, and once as a variable", async () => {
  expect((await resolve({ flags: { include: ["a{1,2}", "b"] } })).values.include).toEqual(["a{1,2}", "b"]);
  expect((await resolve({ env: { FARO_INCLUDE: "a{1,2}" } })).values.include).toEqual(["a{1,2}"]);
  expect((await resolve({ file: "include: ['a{1,2}', b]" })).values.include).toEqual(["a{1,2}", "b"]);
  expect((await resolve({ file: "include: 'a{1,2}'" })).values.include).toEqual(["a{1,2}"]);
  await writeFile(join(folder, "faro.yaml"), "");
});

test("the result cannot be changed", async () => {
  const { values, origins } = await resolve({ flags: { resource: ["v1/Pod"] } });
  expect([values, values.resource, origins].every(Object.isFrozen)).toBe(true);
});

describe("bad values", () => {
  test.each([
    [
      { flags: { workers: "abc" } },
      'FARO_USAGE --workers takes a whole number from 1 to 1024, got "abc" | for example --workers=8',
    ],
    [{ flags: { workers: "0" } }, 'FARO_USAGE --workers takes a whole number from 1 to 1024, got "0" | for example --workers=8'],
    [
      { flags: { workers: "2.5" } },
      'FARO_USAGE --workers takes a whole number from 1 to 1024, got "2.5" | for example --workers=8',
    ],
    [
      { flags: { workers: "" } },
      "FARO_USAGE --workers takes a whole number from 1 to 1024, got an empty value | for example --workers=8",
    ],
    [
      { flags: { metricsPort: "65536" } },
      'FARO_USAGE --metrics-port takes a whole number from 0 to 65535, got "65536" | for example --metrics-port=9090',
    ],
    [
      { env: { FARO_BUFFER_SIZE: "-1" } },
      'FARO_USAGE FARO_BUFFER_SIZE takes a whole number from 1 to 10000000, got "-1" | for example FARO_BUFFER_SIZE=5000',
    ],
    [
      { flags: { correlationTimeout: "30" } },
      "FARO_USAGE --correlation-timeout takes a duration above zero with its unit, such as 90s, 5m or 1h30m, " +
        'got "30" | for example --correlation-timeout=10m',
    ],
    [
      { flags: { duration: "-5m" } },
      'FARO_USAGE --duration takes a duration above zero with its unit, such as 90s, 5m or 1h30m, got "-5m" | for example --duration=10m',
    ],
    [
      { file: "log-level: loud" },
      'FARO_USAGE log-level in DIR/faro.yaml takes one of debug, info, warn, error, got "loud" | for example log-level: debug',
    ],
    [
      { flags: { includeLogs: "perhaps" } },
      'FARO_USAGE --include-logs takes true or false, got "perhaps" | for example --include-logs=false',
    ],
    [
      { flags: { until: "later" } },
      'FARO_USAGE --until takes one of ready, deleted, complete, got "later" | for example --until=ready',
    ],
    [
      { flags: { namespace: ["Prod"] } },
      'FARO_USAGE --namespace takes names of namespaces: small letters, digits and dashes, got "Prod" | for example --namespace=production',
    ],
    [
      { flags: { name: ["a/b"] } },
      'FARO_USAGE --name takes names of objects or globs, without slashes or spaces, got "a/b" | for example --name=my-app',
    ],
    [
      { flags: { selector: "app in web" } },
      'FARO_USAGE --selector takes a label selector, got "app in web" | for example --selector=app=web,tier!=cache',
    ],
    [
      { flags: { related: ["owned", "v1/Pod"] } },
      'FARO_USAGE --related takes one of auto, owned, all, none, or a list of kinds, got "owned,v1/Pod" | for example --related=owned',
    ],
    [
      { flags: { requestTimeout: "soon" } },
      'FARO_USAGE --request-timeout takes a duration such as 30s or 1m, got "soon" | for example --request-timeout=30s',
    ],
    [
      { flags: { metricsAddress: "0.0.0.0 :80" } },
      "FARO_USAGE --metrics-address takes an address of this machine, without a port, " +
        'got "0.0.0.0 :80" | for example --metrics-address=0.0.0.0',
    ],
    [{ flags: { token: " " } }, "FARO_USAGE --token takes a TOKEN, got an empty value | for example --token=eyJhbGciOi…"],
    [
      { flags: { timeout: "5m" } },
      "FARO_USAGE --timeout says how long to wait, and no --until says what for | " +
        "for example --until=ready --timeout=15m; to stop after a time without waiting for anything, --duration=15m",
    ],
  ] satisfies (readonly [Case, string])[])(
    "%j is refused with the option, what it got, and an example",
    async (given, expected) => {
      expect(await complaint(given)).toBe(expected);
    },
  );

  test.each([
    ["# one\nworkers: [1, 2\nname: x", "FARO_USAGE DIR/faro.yaml, line 3: not YAML: "],
    ["just words", "FARO_USAGE DIR/faro.yaml holds no options | each line is an option and its value, for example workers: 8"],
    ["wrokers: 2", "FARO_USAGE unknown option wrokers in DIR/faro.yaml | did you mean workers?"],
    [
      "zzzzzzzz: 2",
      "FARO_USAGE unknown option zzzzzzzz in DIR/faro.yaml | its keys are the flags without their dashes; faro --help lists them",
    ],
    [
      "workers: [1, 2]",
      "FARO_USAGE workers in DIR/faro.yaml is neither a value nor a list of values | for example namespace: [staging, production]",
    ],
  ])("the file %j is refused", async (file, expected) => {
    expect(await complaint({ file })).toContain(expected);
  });

  test("a file that was named and is not there is refused", async () => {
    expect(await complaint({ configFile: join(folder, "nope.yaml") })).toBe(
      "FARO_USAGE cannot read the configuration file DIR/nope.yaml: there is no such file | " +
        "name an existing file with --config, or leave the flag out",
    );
  });

  test("a directory in the place of the file is refused", async () => {
    expect(await complaint({ configFile: folder })).toContain("FARO_USAGE cannot read the configuration file DIR: EISDIR");
  });
});

describe("the configuration file", () => {
  test("an empty one sets nothing", async () => {
    expect((await resolve({ file: "# nothing yet\n" })).values.workers).toBe(5);
  });

  test("lists are written as YAML lists or with commas, and a synonym counts", async () => {
    const { values } = await resolve({
      file: "resource: [v1/Pod, v1/Service]\nnamespace: a, b\nout-dir: ./x\ninclude-logs: false\n",
    });
    expect(values).toMatchObject({
      resource: ["v1/Pod", "v1/Service"],
      namespace: ["a", "b"],
      output: "./x",
      includeLogs: false,
    });
  });

  test("the variable FARO_CONFIG names it, and --config goes before that", async () => {
    await writeFile(join(folder, "a.yaml"), "workers: 6");
    await writeFile(join(folder, "b.yaml"), "workers: 7");
    const env = { FARO_CONFIG: join(folder, "a.yaml") };
    expect((await resolve({ env })).values.workers).toBe(6);
    expect((await resolve({ env, configFile: join(folder, "b.yaml") })).values.workers).toBe(7);
  });

  test("the one of XDG_CONFIG_HOME is read when there is none in the working directory", async () => {
    const { mkdir } = await import("node:fs/promises");
    await mkdir(join(folder, "xdg", "faro"), { recursive: true });
    await writeFile(join(folder, "xdg", "faro", "config.yaml"), "workers: 9");
    const env = { XDG_CONFIG_HOME: join(folder, "xdg") };
    expect((await resolve({ env })).values.workers).toBe(9);
    expect((await resolve({ env, file: "workers: 8" })).values.workers).toBe(8);
  });
});

describe("variables", () => {
  test("an unknown one is ignored with a warning that names the near one", async () => {
    const { warnings } = await resolve({ env: { FARO_LOGLEVEL: "debug", FARO_QQQQQQQQQQQQ: "1", OTHER: "x" } });
    expect(warnings).toEqual([
      "unknown variable FARO_LOGLEVEL is ignored; did you mean FARO_LOG_LEVEL?",
      "unknown variable FARO_QQQQQQQQQQQQ is ignored",
    ]);
  });

  test("an empty one counts as not set", async () => {
    expect((await resolve({ env: { FARO_WORKERS: " " } })).origins.workers).toEqual({ source: "default" });
  });

  test("what Kubernetes sets for a Service named faro-metrics is no port", async () => {
    const { values, warnings } = await resolve({
      env: {
        FARO_METRICS_PORT: "tcp://10.0.0.1:8080",
        FARO_SERVICE_HOST: "10.0.0.2",
        FARO_PORT_80_TCP_ADDR: "10.0.0.2",
        FARO_METRICS_SERVICE_PORT_HTTP: "8080",
      },
    });
    expect(values.metricsPort).toBe(8_080);
    expect(warnings).toEqual([
      "FARO_METRICS_PORT was set by Kubernetes for a Service of that name and is ignored; " +
        "rename the Service or set enableServiceLinks: false",
    ]);
  });
});

describe("options that belong together", () => {
  test.each([
    [{ flags: { allNamespaces: "true", namespace: ["a"] } }, true],
    [{ flags: { namespace: ["a"] }, file: "all-namespaces: true" }, false],
    [{ flags: { allNamespaces: "true" }, file: "namespace: a" }, true],
  ] satisfies (readonly [Case, boolean])[])("%j: all namespaces is %j", async (given, expected) => {
    expect((await resolve(given)).values.allNamespaces).toBe(expected);
  });

  test("a time-out kept in a file counts for nothing when nothing is waited for", async () => {
    expect((await resolve({ file: "timeout: 5m" })).values.timeout).toBeUndefined();
    expect((await resolve({ file: "timeout: 5m", flags: { until: "ready" } })).values.timeout).toBe(300_000);
  });
});

describe("values", () => {
  test.each([
    ["requestTimeout", "30", 30_000],
    ["requestTimeout", "0", 0],
    ["requestTimeout", "1m", 60_000],
    ["correlationTimeout", "1.5h", 5_400_000],
    ["includeLogs", "F", false],
    ["includeLogs", "1", true],
    ["logLevel", "DEBUG", "debug"],
    ["selector", "a in (x, y),!b,c!=d,e", "a in (x, y),!b,c!=d,e"],
    ["name", ["web-*"], ["web-*"]],
    ["related", ["v1/Pod", "v1/Service"], ["v1/Pod", "v1/Service"]],
    ["metricsAddress", "::", "::"],
  ] satisfies (readonly [OptionKey, RawValue, unknown])[])("%s takes %j", async (key, raw, expected) => {
    expect((await resolve({ flags: { [key]: raw } })).values[key]).toEqual(expected);
  });
});

/** No secret that was planted in the cluster, its answers or its plugins is found in anything that Faro writes or says. */
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../src/base/index.ts";
import { startCapture } from "../src/capture/index.ts";
import type { ClusterConfig } from "../src/cluster/index.ts";
import { main } from "../src/cli/main.ts";
import { makeWorld, type World } from "./cli/world.ts";
import { type Canary, events, IN_DATA, IN_LOGS, IN_MESSAGES, IN_PLACES, objects, pod } from "./support/canaries.ts";
import { type Embedded, embeddedCluster } from "./support/embedded.ts";

/** Secrets of the way to the cluster: a plugin's token, what it says when it fails, what the server answers. */
const TOKEN = "c4nTOKENc4nTOKENc4nTOKEN";
const SAID_BY_PLUGIN = "c4nPLUGINc4nPLUGIN";
const SAID_BY_SERVER = "c4nSERVERc4nSERVERc4nSERVER";

let cluster: Embedded;
let directory = "";
let isRefusing = false;

beforeEach(async () => {
  isRefusing = false;
  cluster = await embeddedCluster({
    authenticate: ({ headers }) => (headers["authorization"] === `Bearer ${TOKEN}` ? "ann" : undefined),
    faults: {
      onRequest: ({ path }) => {
        if (isRefusing) return refusal(401);
        return path.endsWith("/replicasets") ? refusal(403) : undefined;
      },
    },
  });
  directory = cluster.directory();
});
afterEach(() => cluster.close());

function refusal(status: number): { readonly fault: "respond"; readonly status: number; readonly body: object } {
  const message = `the server got "Authorization: Bearer ${SAID_BY_SERVER}" and token=${SAID_BY_SERVER}`;
  return { fault: "respond", status, body: { kind: "Status", reason: "Refused", message, code: status } };
}

function plugin(script: string): ClusterConfig["login"] {
  const command = join(directory, "plugin");
  writeFileSync(command, `#!/usr/bin/env node\n${script}`);
  chmodSync(command, 0o755);
  const apiVersion = "client.authentication.k8s.io/v1";
  return {
    by: "plugin",
    cluster: undefined,
    plugin: { command, args: [], env: [], apiVersion, provideClusterInfo: false, interactiveMode: "Never" },
  };
}

const printsToken = (): ClusterConfig["login"] =>
  plugin(
    `console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "${TOKEN}" } }));`,
  );

/** Faro's command line with a real recorder behind it, on the embedded cluster. */
function worldOf(login: ClusterConfig["login"]): World {
  return makeWorld({
    startCapture,
    connect: async () => ({ client: cluster.client(login), namespace: "default" }),
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Every file below `folder`, by its path. */
function filesBelow(folder: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

/** Where secrets stand: `recording/000001.ndjson: c4n07…`. Also in base64, in which payloads travel. */
function leaks(artefacts: ReadonlyMap<string, string | Buffer>, secrets: readonly string[]): readonly string[] {
  return [...artefacts].flatMap(([name, content]) =>
    secrets
      .flatMap((secret) => [secret, Buffer.from(secret).toString("base64").slice(0, -4)])
      .filter((text) => content.includes(text))
      .map((text) => `${name}: ${text}`),
  );
}

function plant(): { readonly more: () => void } {
  const containerId = "containerd://web-1";
  const created = JSON.parse(cluster.history.create(pod(containerId)).text) as { metadata: { uid: string } };
  for (const object of objects()) cluster.history.create(object);
  const file = cluster.logs.start({ podUid: created.metadata.uid, container: "app", restartCount: 0, containerId });
  const time = Date.parse("2026-01-01T00:00:01Z");
  for (const [index, { text }] of IN_LOGS.entries())
    for (const line of `carrier ${index}: ${text}`.split("\n")) file.append(line, time);
  return {
    more: () => {
      for (const event of events(created.metadata.uid)) cluster.history.create(event);
    },
  };
}

async function waitFor(holds: () => boolean): Promise<void> {
  while (!holds()) await systemClock.sleep(10);
}

test("of 48 secrets planted in objects, Events, logs, answers and plugins none is in a file, a log line, a metric or an error", async () => {
  const planted: readonly Canary[] = [...IN_PLACES, ...IN_LOGS, ...IN_MESSAGES, ...IN_DATA];
  const secrets = [...planted.map(({ secret }) => secret), TOKEN, SAID_BY_SERVER, SAID_BY_PLUGIN];
  expect(new Set(secrets).size).toBe(48);
  const { more } = plant();
  const output = join(directory, "out");
  const port = await freePort();
  const world = worldOf(printsToken());
  const resources = "v1/Pod,v1/ConfigMap,v1/Secret,apps/v1/Deployment";
  const ended = main(
    [`--resource=${resources}`, `--output=${output}`, "--log-level=debug", `--metrics-port=${port}`],
    world.dependencies,
  );
  await waitFor(() => world.stderr().includes("replicasets"));
  more();
  const recorded = (): string => [...filesBelow(output)].map(([, content]) => content.toString("latin1")).join("");
  // What carries the secrets has to be there: ten Events, ten lines or more of a log.
  await waitFor(() => (recorded().match(/carrier \d: /g)?.length ?? 0) >= 20);
  const scrape = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const [metrics, health] = [await scrape("/metrics"), await scrape("/health")];
  isRefusing = true;
  for (const stream of cluster.server.streams) stream.end();
  await waitFor(() => world.stderr().includes("401"));
  world.signal("SIGINT");
  await ended;

  const artefacts = new Map<string, string | Buffer>([
    ...filesBelow(output),
    ["stdout", world.stdout()],
    ["stderr", world.stderr()],
    ["metrics", metrics],
    ["health", health],
  ]);
  expect([...artefacts.keys()]).toEqual(
    expect.arrayContaining([expect.stringMatching(/^pod-web-\w+\.json$/), "recording/000001.ndjson"]),
  );
  expect(leaks(artefacts, secrets)).toEqual([]);
  for (const file of filesBelow(output).keys()) expect(statSync(join(output, file)).mode & 0o077, file).toBe(0);
  const story = [...artefacts].find(([name]) => name.startsWith("pod-web-"))?.[1].toString() ?? "";
  expect(story.match(/carrier \d: /g)?.length).toBeGreaterThanOrEqual(20);
  const crashed = [...artefacts].find(([name]) => name.startsWith("pod-crashed-"))?.[1].toString() ?? "";
  expect(crashed).toMatch(/cannot log in: bearer \[REDACTED/);
});

test("an error says neither what a failing plugin printed nor what the server quoted", async () => {
  const script = `console.error("Authorization: Bearer ${SAID_BY_PLUGIN}\\ntoken=${SAID_BY_PLUGIN}"); console.log("${TOKEN}"); process.exit(3);`;
  const failing = worldOf(plugin(script));
  expect(await main([`--resource=v1/Pod`, `--output=${directory}/a`], failing.dependencies)).toBe(5);
  expect(failing.stderr()).toContain("failed with exit code 3");
  isRefusing = true;
  const refused = worldOf(printsToken());
  expect(await main([`--resource=v1/Pod`, `--output=${directory}/b`], refused.dependencies)).toBe(5);
  const said = new Map([
    ["plugin", failing.stderr() + failing.stdout()],
    ["server", refused.stderr() + refused.stdout()],
  ]);
  expect(leaks(said, [SAID_BY_PLUGIN, SAID_BY_SERVER, TOKEN])).toEqual([]);
});

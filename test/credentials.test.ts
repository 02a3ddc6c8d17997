/** Credentials that change while Faro records: refused tokens, swapped files, plugins that break or become somebody else. */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../src/base/index.ts";
import type { Capture, CaptureStatus } from "../src/capture/index.ts";
import { ApiFailure, type ClusterConfig, type StreamResponse } from "../src/cluster/index.ts";
import { type Embedded, embeddedCluster, listen, storiesIn, synced } from "./support/embedded.ts";
import { hastyClock } from "./support/hasty-clock.ts";

/** Who is let in: tokens and the users behind them. */
let users = new Map<string, string>();
/** Users that may not read a plural. */
let denied = new Map<string, readonly string[]>();
let cluster: Embedded;
let directory = "";

beforeEach(async () => {
  users = new Map([["one", "ann"]]);
  denied = new Map();
  cluster = await embeddedCluster({
    authenticate: ({ headers }) => users.get(headers["authorization"]?.replace("Bearer ", "") ?? ""),
    authorize: ({ user, resource }) => denied.get(user)?.includes(resource?.plural ?? "") !== true,
  });
  directory = cluster.directory();
});
afterEach(() => cluster.close());

const POD_LIST = "/api/v1/namespaces/default/pods";

/** A token in a volume as the kubelet mounts it: the file is a link into a folder that is swapped as a whole. */
function projectedToken(token: string): { readonly file: string; swap(next: string): void } {
  let generation = 0;
  const publish = (text: string): void => {
    const folder = `..data-${++generation}`;
    mkdirSync(join(directory, folder));
    writeFileSync(join(directory, folder, "token"), `${text}\n`);
    symlinkSync(folder, join(directory, "..next"));
    renameSync(join(directory, "..next"), join(directory, "..data"));
  };
  publish(token);
  symlinkSync("..data/token", join(directory, "token"));
  return { file: join(directory, "token"), swap: publish };
}

/** A credential plugin that prints the token in `token` beside it and counts its runs; no file: it fails. */
function plugin(): { readonly login: ClusterConfig["login"]; runs(): number; give(token: string): void } {
  const command = join(directory, "plugin");
  const [tokenFile, runs] = [join(directory, "plugin-token"), join(directory, "runs")];
  writeFileSync(
    command,
    `#!/usr/bin/env node
const fs = require("node:fs");
fs.appendFileSync(${JSON.stringify(runs)}, "x");
const token = fs.readFileSync(${JSON.stringify(tokenFile)}, "utf8");
if (token === "") process.exit(1);
const status = { token };
console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status }));`,
  );
  chmodSync(command, 0o755);
  appendFileSync(runs, "");
  return {
    login: {
      by: "plugin",
      cluster: undefined,
      plugin: {
        command,
        args: [],
        env: [],
        apiVersion: "client.authentication.k8s.io/v1",
        provideClusterInfo: false,
        interactiveMode: "Never",
      },
    },
    runs: () => readFileSync(runs, "utf8").length,
    give: (token) => writeFileSync(tokenFile, token),
  };
}

function configMap(value: string): void {
  const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "settings" };
  if (value === "1")
    cluster.history.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: "default" },
      data: { value },
    });
  else cluster.history.modify(ref, (object) => ({ ...object, data: { value } }));
}

/** Ends every stream, so that the next requests have to show their credentials. */
function endStreams(): void {
  for (const stream of cluster.server.streams) stream.end();
}

const SCOPE = "configmaps.v1/default";
const isDegraded = (told: readonly CaptureStatus[]): boolean =>
  told.some((status) => status.status === "scope-degraded" && status.scope === SCOPE);

/** Every scope that was degraded has been heard to recover. */
const hasRecovered = (told: readonly CaptureStatus[]): boolean => {
  const count = (wanted: CaptureStatus["status"]): number => told.filter(({ status }) => status === wanted).length;
  return count("scope-recovered") === count("scope-degraded");
};

async function recording(
  login: ClusterConfig["login"],
  output: string,
): Promise<{ readonly capture: Capture; readonly heard: ReturnType<typeof listen> }> {
  const capture = await cluster.capture({
    output,
    kinds: ["v1/ConfigMap"],
    client: cluster.client(login),
    clock: hastyClock(100),
    correlationTimeoutMs: 3_600_000,
  });
  const heard = listen(capture);
  await synced(capture, 2);
  configMap("1");
  await heard.rootVersions(1);
  return { capture, heard };
}

const valuesIn = (output: string): unknown[] =>
  (storiesIn(output).get("settings")?.events ?? []).flatMap((event) =>
    event.event_type === "RESOURCE_UPDATE" ? [(event.data as { data: { value: string } }).data.value] : [],
  );

describe("a token file", () => {
  test("that is swapped during a hundred requests fails none of them", async () => {
    const token = projectedToken("one");
    const client = cluster.client({ by: "token-file", file: token.file });
    const all: Promise<{ readonly status: number }>[] = [];
    for (let index = 0; index < 100; index++) {
      if (index === 50) {
        users = new Map([["two", "ann"]]);
        token.swap("two");
      }
      all.push(client.read({ path: POD_LIST }));
      if (index % 10 === 9) await Promise.all(all);
    }
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
  });
});

describe("a credential plugin", () => {
  test("runs once when fifty streams are refused together, and is left alone for a while when it breaks", async () => {
    const { login, runs, give } = plugin();
    give("one");
    const clock = new VirtualClock();
    const client = cluster.client(login, clock);
    const open = (): Promise<StreamResponse> => client.stream({ path: POD_LIST, query: { watch: true }, idleTimeoutMs: 600_000 });
    const failures = (results: readonly PromiseSettledResult<unknown>[]): unknown[] =>
      results.flatMap((result) =>
        result.status === "rejected" && result.reason instanceof ApiFailure ? [result.reason.failure.kind] : [],
      );
    await Promise.all(Array.from({ length: 50 }, open));
    expect(runs()).toBe(1);
    users = new Map([["two", "ann"]]);
    give("two");
    await clock.advance(5_000);
    expect(failures(await Promise.allSettled(Array.from({ length: 50 }, open)))).toEqual([]);
    expect(runs()).toBe(2);
    users = new Map();
    give("");
    await clock.advance(5_000);
    expect(failures(await Promise.allSettled(Array.from({ length: 50 }, open)))).toHaveLength(50);
    expect(runs()).toBe(3);
  });

  test("that becomes somebody else, who may read less, degrades what that one may not read, until it is ann again", async () => {
    const { login, give } = plugin();
    const output = cluster.directory();
    give("one");
    const { capture, heard } = await recording(login, output);
    users = new Map([["bob", "bob"]]);
    denied = new Map([["bob", ["configmaps"]]]);
    give("bob");
    endStreams();
    await heard.until(isDegraded);
    expect(capture.conditions().map(({ subject }) => subject)).toEqual([SCOPE]);
    configMap("2");
    users = new Map([["one", "ann"]]);
    give("one");
    endStreams();
    configMap("3");
    await heard.rootVersions(3);
    capture.stop("enough");
    await capture.done;
    expect(valuesIn(output)).toEqual(["1", "2", "3"]);
  });
});

describe("a running capture whose token is refused", () => {
  test("takes the new one after one refusal, with no gap", async () => {
    const token = projectedToken("one");
    const output = cluster.directory();
    const { capture, heard } = await recording({ by: "token-file", file: token.file }, output);
    users = new Map([["two", "ann"]]);
    token.swap("two");
    endStreams();
    configMap("2");
    await heard.rootVersions(2);
    capture.stop("enough");
    await capture.done;
    expect(valuesIn(output)).toEqual(["1", "2"]);
    expect(storiesIn(output).get("settings")?.coverage).toMatchObject({ verdict: "complete", gaps: [] });
    expect(cluster.server.requests.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(6);
  });

  test("is degraded, goes on from where it was when the token is renewed, and loses nothing", async () => {
    const token = projectedToken("one");
    const output = cluster.directory();
    const { capture, heard } = await recording({ by: "token-file", file: token.file }, output);
    users = new Map();
    endStreams();
    await heard.until(isDegraded);
    configMap("2");
    configMap("3");
    users = new Map([["two", "ann"]]);
    token.swap("two");
    await heard.rootVersions(3);
    await heard.until(hasRecovered);
    capture.stop("enough");
    await capture.done;
    expect(valuesIn(output)).toEqual(["1", "2", "3"]);
    expect(storiesIn(output).get("settings")?.coverage.gaps).toEqual([]);
  });

  test("has a gap to its end, with the cause, when it is never renewed", async () => {
    const token = projectedToken("one");
    const output = cluster.directory();
    const { capture, heard } = await recording({ by: "token-file", file: token.file }, output);
    users = new Map();
    endStreams();
    await heard.until(isDegraded);
    capture.stop("enough");
    expect(await capture.done).toMatchObject({ outcome: "incomplete" });
    expect(storiesIn(output).get("settings")?.coverage).toMatchObject({
      verdict: "incomplete",
      gaps: expect.arrayContaining([expect.objectContaining({ scope: SCOPE, cause: "unauthorized", possible_loss: true })]),
    });
  });
});

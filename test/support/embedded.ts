/** An embedded cluster and a capture of it, for tests that go all the way from HTTP to the story file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ApiServer,
  type ApiServerOptions,
  ClusterHistory,
  ContainerLogs,
  startApiServer,
} from "../../src/apiserver/index.ts";
import { type Clock, systemClock } from "../../src/base/index.ts";
import { type Capture, type CaptureOptions, type CaptureStatus, startCapture } from "../../src/capture/index.ts";
import { type ApiClient, type ClusterConfig, createApiClient, loadClusterConfig } from "../../src/cluster/index.ts";
import type { StoryDocument } from "../../src/story/index.ts";

export interface Embedded {
  readonly history: ClusterHistory;
  readonly logs: ContainerLogs;
  readonly server: ApiServer;
  /** A new directory that goes with the cluster. */
  directory(): string;
  /** A client that logs in as `login` says, over plain HTTP too, and is closed with the cluster. `url`: of another server. */
  client(login: ClusterConfig["login"], clock?: Clock, url?: string): ApiClient;
  /** Starts recording; unless said otherwise Deployments of `default`. */
  capture(options: Partial<CaptureOptions> & { readonly output: string; readonly kinds?: readonly string[] }): Promise<Capture>;
  /** Also checks what holds for every test: Faro asked with GET and nothing else. */
  close(): Promise<void>;
}

export async function embeddedCluster(options: Omit<ApiServerOptions, "history" | "logs"> = {}): Promise<Embedded> {
  const history = new ClusterHistory({ clock: systemClock });
  const logs = new ContainerLogs();
  const server = await startApiServer({ history, logs, clock: systemClock, ...options });
  const directories: string[] = [];
  const clients: { close(): Promise<void> }[] = [];
  return {
    history,
    logs,
    server,
    directory() {
      const directory = mkdtempSync(join(tmpdir(), "faro-capture-"));
      directories.push(directory);
      return directory;
    },
    client(login, clock = systemClock, url = server.url) {
      const config: ClusterConfig = {
        server: url,
        namespace: "default",
        source: "test",
        tls: { insecureSkipVerify: false },
        login,
        environment: { variables: { PATH: process.env["PATH"] } },
      };
      const client = createApiClient(config, { clock, userAgent: "faro-test" });
      clients.push(client);
      return client;
    },
    async capture({ kinds = ["apps/v1/Deployment"], ...rest }) {
      const config = await loadClusterConfig({ server: server.url }, { variables: {} });
      const client = createApiClient(config, { clock: systemClock, userAgent: "faro-test" });
      clients.push(client);
      return startCapture({ ...captureOptionsFor(client), resources: kinds.map((text) => ({ text })), ...rest });
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await server.close();
      for (const directory of directories) rmSync(directory, { recursive: true, force: true });
      const others = server.requests.filter(({ method }) => method !== "GET").map(({ method, url }) => `${method} ${url}`);
      if (others.length > 0) throw new Error(`Faro sent something else than GET: ${others.join(", ")}`);
    },
  };
}

/** Waits for the first status that `matches`. */
export async function until(capture: Capture, matches: (status: CaptureStatus) => boolean): Promise<CaptureStatus> {
  for await (const status of capture.status()) if (matches(status)) return status;
  throw new Error("the capture stopped before it told what was waited for");
}

/** Hears everything that a capture tells from now on, so that nothing can be missed between two waits. */
export function listen(capture: Capture): {
  /** Waits until what was told so far satisfies `isEnough`. */
  until(isEnough: (told: readonly CaptureStatus[]) => boolean): Promise<void>;
  /** Waits until so many versions of roots have been written, since `listen` was called. */
  rootVersions(count: number): Promise<void>;
} {
  const told: CaptureStatus[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => waiting.forEach((check) => check());
  void (async () => {
    for await (const status of capture.status()) {
      told.push(status);
      wake();
    }
  })();
  const untilTold = (isEnough: (told: readonly CaptureStatus[]) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!isEnough(told)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  const written = (): number =>
    told.reduce((sum, status) => sum + (status.status === "batch-written" ? (status.byType["RESOURCE_UPDATE"] ?? 0) : 0), 0);
  return { until: untilTold, rootVersions: (count) => untilTold(() => written() >= count) };
}

/** Waits until `count` scopes have been listed. */
export async function synced(capture: Capture, count: number): Promise<void> {
  const scopes = new Set<string>();
  await until(capture, (status) => {
    if (status.status === "watch-synced" || status.status === "relisted") scopes.add(status.scope);
    return scopes.size >= count;
  });
}

/** The stories in a directory, by the name of their root. */
export function storiesIn(directory: string): Map<string, StoryDocument> {
  const files = readdirSync(directory).filter((file) => file.endsWith(".json"));
  const documents = files.map((file) => JSON.parse(readFileSync(join(directory, file), "utf8")) as StoryDocument);
  return new Map(documents.map((document) => [document.metadata.resource_name, document]));
}

/** What a capture of Deployments in `default` takes, but for where it writes. */
export function captureOptionsFor(client: ApiClient): Omit<CaptureOptions, "output"> {
  return {
    client,
    clock: systemClock,
    resources: [{ text: "apps/v1/Deployment" }],
    names: [],
    namespaces: ["default"],
    selector: "",
    related: "auto",
    requireKinds: false,
    workers: 3,
    bufferSize: 1_000,
    correlationTimeoutMs: 300_000,
    includeLogs: true,
    maxLogStreams: 50,
    connectTimeoutMs: 60_000,
    faroVersion: "1.0.0",
  };
}

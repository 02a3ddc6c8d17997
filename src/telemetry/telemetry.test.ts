import { createServer, type Server } from "node:http";
import { request } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../base/index.ts";
import { FakeCapture } from "./fake-capture.cases.ts";
import { createLog } from "./log.ts";
import { parseExposition } from "./parse-exposition.cases.ts";
import { Telemetry, type TelemetryOptions } from "./telemetry.ts";

const START = Date.UTC(2025, 7, 7, 10);
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

interface Running {
  readonly telemetry: Telemetry;
  readonly clock: VirtualClock;
  readonly lines: () => readonly Record<string, unknown>[];
}

async function start(given: Partial<TelemetryOptions> = {}): Promise<Running> {
  const clock = new VirtualClock(START);
  const written: string[] = [];
  const log = createLog({ level: "debug", clock, form: "json", write: (line) => written.push(line) });
  const port = given.port ?? (await freePort());
  const telemetry = await Telemetry.start({
    clock,
    log,
    version: "1.0.0",
    address: "127.0.0.1",
    portIsExplicit: true,
    statistics: true,
    memory: () => ({ rss: 64 * 2 ** 20, heapUsed: 32 * 2 ** 20 }),
    ...given,
    port,
  });
  return { telemetry, clock, lines: () => written.map((line) => JSON.parse(line)) };
}

/** Closing waits for a status stream that does not end, in virtual time. */
async function close({ telemetry, clock }: Running): Promise<void> {
  const closing = telemetry.close();
  await clock.advance(2_000);
  await closing;
}

async function freePort(): Promise<number> {
  const server = await listening();
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

interface Got {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly allow: string | undefined;
}

function ask(url: string, options: { readonly method?: string; readonly host?: string } = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const headers = { connection: "close", ...(options.host === undefined ? {} : { host: options.host }) };
    const asked = request(url, { method: options.method ?? "GET", headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"] ?? "",
          body,
          allow: response.headers.allow,
        }),
      );
    });
    asked.on("error", reject).end();
  });
}

test("a scrape has the specification's four metrics with their types, and the rest with help and type", async () => {
  const running = await start();
  const capture = new FakeCapture();
  running.telemetry.observe(capture);
  capture.say(
    { status: "batch-written", records: 40, bytes: 4_000, fsyncMs: 3, byType: { object: 30, log: 10 } },
    { status: "batch-written", records: 2, bytes: 100, fsyncMs: 7_000, byType: { object: 2 } },
    { status: "relisted", scope: "pods.v1/default", changes: 3 },
    { status: "queue-spilled", lane: 1, items: 12 },
    { status: "scope-degraded", scope: "secrets.v1/default", why: "forbidden" },
  );
  await running.clock.advance(1);
  const { status, type, body } = await ask(`${running.telemetry.url ?? ""}/metrics`);
  expect([status, type]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  const families = parseExposition(body);
  expect(families.get("faro_events_processed_total")).toMatchObject({
    type: "counter",
    samples: new Map([["faro_events_processed_total", 42]]),
  });
  expect(families.get("faro_correlations_active")).toMatchObject({
    type: "gauge",
    samples: new Map([["faro_correlations_active", 2]]),
  });
  expect(families.get("faro_worker_pool_size")).toMatchObject({
    type: "gauge",
    samples: new Map([["faro_worker_pool_size", 5]]),
  });
  expect(families.get("faro_log_streams_active")).toMatchObject({
    type: "gauge",
    samples: new Map([["faro_log_streams_active", 3]]),
  });
  expect(families.get("faro_records_dropped_total")?.samples.get("faro_records_dropped_total")).toBe(0);
  expect(families.get("faro_records_total")?.samples).toEqual(
    new Map([
      ['faro_records_total{type="object"}', 32],
      ['faro_records_total{type="log"}', 10],
    ]),
  );
  expect(families.get("faro_write_latency_seconds")?.samples.get("faro_write_latency_seconds_count")).toBe(2);
  expect(families.get("faro_write_latency_seconds")?.samples.get('faro_write_latency_seconds_bucket{le="5"}')).toBe(1);
  expect(families.get("faro_build_info")?.samples).toEqual(
    new Map([[`faro_build_info{version="1.0.0",node="${process.version}"}`, 1]]),
  );
  expect(families.get("process_start_time_seconds")?.samples.get("process_start_time_seconds")).toBe(START / 1_000);
  expect([...families.keys()].filter((name) => !name.startsWith("faro_") && !name.startsWith("process_"))).toEqual([]);
  capture.end();
  await close(running);
});

describe("health", () => {
  const since = START + 1_000;
  test.each([
    ["healthy", 200, []],
    ["degraded", 200, [{ severity: "degraded", subject: "pods.v1/default", why: "forbidden", since }]],
    [
      "unhealthy",
      503,
      [
        { severity: "degraded", subject: "a", why: "b", since },
        { severity: "unhealthy", subject: "recording", why: "disk full", since },
      ],
    ],
  ] as const)("%s answers %d with the specification's five fields and the conditions", async (state, code, conditions) => {
    const running = await start();
    const capture = new FakeCapture();
    capture.conditionList = conditions;
    running.telemetry.observe(capture);
    await running.clock.advance(5_400_000);
    const { status, type, body } = await ask(`${running.telemetry.url ?? ""}/health`);
    expect([status, type]).toEqual([code, "application/json"]);
    expect(JSON.parse(body)).toEqual({
      status: state,
      timestamp: "2025-08-07T11:30:00.000Z",
      uptime: "1h30m",
      active_correlations: 2,
      active_workers: 5,
      conditions: conditions.map((condition) => ({ ...condition, since: "2025-08-07T10:00:01.000Z" })),
    });
    capture.end();
    await close(running);
  });

  test("before the capture runs there is nothing to complain of", async () => {
    const running = await start();
    expect(JSON.parse((await ask(`${running.telemetry.url ?? ""}/health`)).body)).toMatchObject({
      status: "healthy",
      uptime: "0s",
      active_workers: 0,
    });
    await close(running);
  });
});

describe("the server", () => {
  test("tells on its first page what it has", async () => {
    const running = await start();
    const { status, body } = await ask(`${running.telemetry.url ?? ""}/`);
    expect([status, body]).toEqual([
      200,
      "Faro records Kubernetes workloads.\n\n/metrics  Prometheus text\n/health   state of this recorder, as JSON\n",
    ]);
    expect(await ask(`${running.telemetry.url ?? ""}/metricz`)).toMatchObject({
      status: 404,
      body: "no such page; there are /, /metrics, /health\n",
    });
    expect(await ask(`${running.telemetry.url ?? ""}/health`, { method: "POST" })).toMatchObject({
      status: 405,
      allow: "GET, HEAD",
    });
    expect(await ask(`${running.telemetry.url ?? ""}/health?verbose`, { method: "HEAD" })).toMatchObject({
      status: 200,
      body: "",
    });
    await close(running);
  });

  test.each([
    ["evil.example:8080", 403],
    ["127.0.0.1.evil.example", 403],
    ["localhost:1234", 200],
    ["127.0.0.1", 200],
    ["[::1]:8080", 200],
  ])("on loopback the host %s gets %d, so that no web page can read it by rebinding a name", async (host, code) => {
    const running = await start();
    expect((await ask(`${running.telemetry.url ?? ""}/health`, { host })).status).toBe(code);
    await close(running);
  });

  test("opened to a network it answers to any name", async () => {
    const running = await start({ address: "0.0.0.0" });
    const url = (running.telemetry.url ?? "").replace("0.0.0.0", "127.0.0.1");
    expect((await ask(`${url}/health`, { host: "faro.monitoring.svc:8080" })).status).toBe(200);
    await close(running);
  });

  test("port 0 turns it off", async () => {
    const running = await start({ port: 0 });
    expect(running.telemetry.url).toBeUndefined();
    await close(running);
  });

  test("a taken port that was asked for is an error", async () => {
    const other = await listening();
    open.push(other);
    const port = portOf(other);
    await expect(start({ port })).rejects.toMatchObject({
      code: "FARO_PORT_TAKEN",
      message: `cannot open port ${port} on 127.0.0.1 for /metrics and /health: another program listens there`,
      hint: "choose another port, for example --metrics-port=9090, or turn both off with --metrics-port=0",
    });
  });

  test("a taken port that nobody asked for is a warning, and the recording goes on without", async () => {
    const other = await listening();
    open.push(other);
    const running = await start({ port: portOf(other), portIsExplicit: false });
    expect(running.telemetry.url).toBeUndefined();
    expect(running.lines()).toMatchObject([
      {
        level: "warn",
        message:
          `cannot open port ${portOf(other)} on 127.0.0.1 for /metrics and /health: ` +
          `another program listens there; recording without them`,
      },
    ]);
    await close(running);
  });
});

test("once a minute one line says how fast, how many and how big", async () => {
  const running = await start({ port: 0 });
  const capture = new FakeCapture();
  running.telemetry.observe(capture);
  capture.say({ status: "batch-written", records: 90, bytes: 1, fsyncMs: 1, byType: {} });
  await running.clock.advance(120_000);
  const statistics = running.lines().filter((line) => line["message"] === "statistics");
  expect(statistics).toEqual([
    {
      level: "info",
      time: "2025-08-07T10:01:00.000Z",
      message: "statistics",
      events_per_minute: 90,
      events: 90,
      active_correlations: 2,
      memory_mib: 64,
    },
    {
      level: "info",
      time: "2025-08-07T10:02:00.000Z",
      message: "statistics",
      events_per_minute: 0,
      events: 90,
      active_correlations: 2,
      memory_mib: 64,
    },
  ]);
  capture.end();
  await close(running);
});

test("a status stream that breaks is said, and stops nothing", async () => {
  const running = await start({ port: 0, statistics: false });
  const capture = new FakeCapture();
  running.telemetry.observe(capture);
  capture.fail(new Error("boom"));
  await running.clock.advance(1);
  expect(running.lines()).toMatchObject([
    { level: "error", message: "telemetry failed; the recording goes on", task: "status", why: "boom" },
  ]);
  await close(running);
});

test("closing tells what is still in the stream, and does not wait for one that never ends", async () => {
  const running = await start({ port: 0, statistics: false });
  const capture = new FakeCapture();
  running.telemetry.observe(capture);
  capture.say({ status: "stopped" });
  await close(running);
  expect(running.lines()).toMatchObject([{ level: "info", message: "stopped" }]);
});

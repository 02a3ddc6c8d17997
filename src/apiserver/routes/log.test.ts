import { describe, expect, test } from "vitest";
import type { LogFile } from "../logs.ts";
import { openServer, type TestServer } from "../test-server.cases.ts";

const LOG = "/api/v1/namespaces/default/pods/web/log";
const T0 = Date.UTC(2026, 0, 1);

interface Container {
  readonly state?: object;
  readonly lastState?: object;
  readonly containerID?: string;
}

function createPod(server: TestServer, app: Container, spec: object = {}): void {
  server.history.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web" },
    spec: { nodeName: "n", containers: [{ name: "app" }], ...spec },
    status: { containerStatuses: [{ name: "app", ...app }] },
  });
}

/** A pod whose container runs as `containerd://1`, with its file. */
async function openRunning(): Promise<TestServer & { readonly file: LogFile }> {
  const server = await openServer();
  createPod(server, { state: { running: {} }, containerID: "containerd://1" });
  return {
    ...server,
    file: server.logs.start({ podUid: "u", container: "app", restartCount: 0, containerId: "containerd://1" }),
  };
}

describe("what is read", () => {
  async function openWithLines(): Promise<TestServer> {
    const server = await openRunning();
    for (let at = 0; at < 5; at++) server.file.append(`line ${at}`, T0 + at * 600);
    return server;
  }

  test.each([
    ["", "line 0\nline 1\nline 2\nline 3\nline 4\n"],
    ["tailLines=2", "line 3\nline 4\n"],
    ["tailLines=0", ""],
    ["limitBytes=9", "line 0\nli"],
    ["sinceTime=2026-01-01T00:00:01.900Z", "line 2\nline 3\nline 4\n"],
    ["sinceTime=2026-01-01T00:00:02%2B00:00", "line 4\n"],
    ["sinceTime=2026-01-01T00:00:00.999Z&limitBytes=7", "line 0\n"],
    ["tailLines=1&timestamps=true", "2026-01-01T00:00:02.400000000Z line 4\n"],
    ["container=app&tailLines=1", "line 4\n"],
  ])("%j", async (query, expected) => {
    const { get } = await openWithLines();
    expect(await get(`${LOG}?${query}`)).toMatchObject({ status: 200, text: expected });
  });

  test("sinceSeconds counts from now, inclusive", async () => {
    const { get, clock } = await openWithLines();
    await clock.advance(3_000);
    expect((await get(`${LOG}?sinceSeconds=2`)).text).toBe("line 2\nline 3\nline 4\n");
  });

  test("bytes are what the container wrote, joined pieces included", async () => {
    const { server, file } = await openRunning();
    file.append(Buffer.from([0x62, 0x0d, 0x00, 0xff]), "2026-01-01T07:00:00.5+07:00");
    file.append("long ", T0, { partial: true });
    file.append("line", T0 + 1);
    file.append("to stderr", T0 + 2, { stream: "stderr" });
    const body = Buffer.from(await (await fetch(`${server.url}${LOG}?timestamps=true`)).arrayBuffer());
    const expected = [
      Buffer.from("2026-01-01T07:00:00.5+07:00 "),
      Buffer.from([0x62, 0x0d, 0x00, 0xff]),
      Buffer.from("\n2026-01-01T00:00:00.000000000Z long line\n2026-01-01T00:00:00.002000000Z to stderr\n"),
    ];
    expect(body).toEqual(Buffer.concat(expected));
  });
});

describe("following", () => {
  test("sends lines as they come and ends with the container", async () => {
    const { open, file } = await openRunning();
    file.append("before", T0);
    const log = await open(`${LOG}?follow=true`);
    expect(await log.next()).toBe("before");
    file.append("during", T0 + 1);
    expect(await log.next()).toBe("during");
    file.append("last", T0 + 2);
    file.end();
    expect([await log.next(), await log.next()]).toEqual(["last", undefined]);
  });

  test("goes on in the new file after a rotation", async () => {
    const { open, file } = await openRunning();
    file.append("old", T0);
    const log = await open(`${LOG}?follow=true`);
    expect(await log.next()).toBe("old");
    file.rotate();
    file.append("new", T0 + 1);
    expect(await log.next()).toBe("new");
  });

  test("with tailLines=0 begins now", async () => {
    const { open, file } = await openRunning();
    file.append("old", T0);
    const log = await open(`${LOG}?follow=true&tailLines=0`);
    file.append("new", T0 + 1);
    expect(await log.next()).toBe("new");
  });

  test("is cut after four hours, and ends when the client goes or the file is removed", async () => {
    const { open, clock, server, logs } = await openRunning();
    const log = await open(`${LOG}?follow=true`);
    await clock.advance(4 * 3_600_000);
    expect(await log.next()).toBeUndefined();
    const second = await open(`${LOG}?follow=true`);
    second.close();
    await expect.poll(() => server.streams.length).toBe(0);
    const third = await open(`${LOG}?follow=true`);
    logs.remove("containerd://1");
    expect(await third.next()).toBeUndefined();
  });
});

describe("which instance is read", () => {
  const ended = (id: string): object => ({ terminated: { exitCode: 1, containerID: id } });

  test.each<[string, Container, string, string]>([
    ["the running one", { state: { running: {} }, containerID: "c://2", lastState: ended("c://1") }, "", "log of 2"],
    [
      "the one before it",
      { state: { running: {} }, containerID: "c://2", lastState: ended("c://1") },
      "previous=true",
      "log of 1",
    ],
    ["the ended one", { state: ended("c://1"), containerID: "c://1" }, "", "log of 1"],
    [
      "the last dead one in a crash loop",
      { state: { waiting: { reason: "CrashLoopBackOff" } }, containerID: "c://1", lastState: ended("c://1") },
      "",
      "log of 1",
    ],
    [
      "one whose file is gone, said inside the body",
      { state: { running: {} }, containerID: "c://9" },
      "",
      "unable to retrieve container logs for c://9",
    ],
  ])("%s", async (_what, container, query, expected) => {
    const server = await openServer();
    createPod(server, container);
    for (const id of ["1", "2"])
      server.logs.start({ podUid: "u", container: "app", restartCount: 0, containerId: `c://${id}` }).append(`log of ${id}`, T0);
    expect(await server.get(`${LOG}?${query}`)).toMatchObject({
      status: 200,
      text: expect.stringMatching(new RegExp(`^${expected}\n?$`)),
    });
    expect(server.logs.files()).toHaveLength(2);
  });
});

describe("refusals", () => {
  test.each<[string, Container, string, string]>([
    [
      "ContainerCreating",
      { state: { waiting: { reason: "ContainerCreating" } } },
      "",
      'container "app" in pod "web" is waiting to start: ContainerCreating',
    ],
    [
      "an image that cannot be pulled",
      { state: { waiting: { reason: "ErrImagePull" } } },
      "",
      'container "app" in pod "web" is waiting to start: image can\'t be pulled',
    ],
    [
      "an image pull in back-off",
      { state: { waiting: { reason: "ImagePullBackOff" } } },
      "",
      'container "app" in pod "web" is waiting to start: trying and failing to pull image',
    ],
    ["an unknown state", { state: {} }, "", 'container "app" in pod "web" is waiting to start - no logs yet'],
    ["an end without an id", { state: { terminated: { exitCode: 1 } } }, "", 'container "app" in pod "web" is terminated'],
    [
      "no instance before",
      { state: { running: {} }, containerID: "c" },
      "previous=true",
      'previous terminated container "app" in pod "web" not found',
    ],
    ["a wrong container", {}, "container=db", "container db is not valid for pod web"],
    [
      "a wrong time",
      {},
      "sinceTime=yesterday",
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
  ])("%s is a 400", async (_what, container, query, message) => {
    const server = await openServer();
    createPod(server, container);
    expect(await server.get(`${LOG}?${query}`)).toMatchObject({ status: 400, body: { reason: "BadRequest", message } });
  });

  test.each([
    [
      "two times",
      "sinceTime=2026-01-01T00:00:00Z&sinceSeconds=1",
      'PodLogOptions "web" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ["no seconds", "sinceSeconds=0", 'PodLogOptions "web" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0'],
    [
      "fewer than no lines",
      "tailLines=-1",
      'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
  ])("%s is a 422", async (_what, query, message) => {
    const server = await openServer();
    createPod(server, { state: { running: {} }, containerID: "c" });
    expect(await server.get(`${LOG}?${query}`)).toMatchObject({ status: 422, body: { reason: "Invalid", message } });
  });

  test("a pod with several containers wants a name", async () => {
    const server = await openServer();
    createPod(
      server,
      {},
      {
        containers: [{ name: "app" }, { name: "proxy" }],
        initContainers: [{ name: "migrate" }],
        ephemeralContainers: [{ name: "debug" }],
      },
    );
    expect((await server.get(LOG)).body).toMatchObject({
      message:
        "a container name must be specified for pod web, choose one of: [app proxy]" +
        " or one of the init containers: [migrate] or one of the ephemeral containers: [debug]",
    });
    expect((await server.get(`${LOG}?container=migrate`)).body).toMatchObject({
      message: 'container "migrate" in pod "web" is not available',
    });
  });

  test("a pod that is not there is a 404, one without a node has an empty log", async () => {
    const server = await openServer();
    expect(await server.get(LOG)).toMatchObject({ status: 404, body: { message: 'pods "web" not found' } });
    server.history.create({ apiVersion: "v1", kind: "Pod", metadata: { name: "web" }, spec: { containers: [{ name: "app" }] } });
    expect(await server.get(LOG)).toMatchObject({ status: 200, text: "" });
  });
});

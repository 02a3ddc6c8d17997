import { afterEach, describe, expect, it } from "vitest";
import { systemClock, VirtualClock } from "../../base/index.ts";
import type { FaroRecord } from "../../record/index.ts";
import { type ControlServer, startControlServer } from "./control.ts";
import { PlaybackClock } from "./playback-clock.ts";
import { type Playback, startPlayback } from "./playback.ts";
import { readRecordedCluster, type RecordedCluster } from "./recorded-cluster.ts";

const START = Date.UTC(2026, 2, 1, 10);
const open: (Playback | ControlServer)[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

let seq = 0;
function arrival(second: number): { readonly seq: number; readonly at: string } {
  return { seq: ++seq, at: new Date(START + second * 1_000).toISOString() };
}

function version(
  second: number,
  name: string,
  revision: number,
  over: Partial<Extract<FaroRecord, { type: "object" }>> = {},
): FaroRecord {
  const raw = Buffer.from(
    `{"metadata":{"name":"${name}","namespace":"shop","uid":"u-${name}","resourceVersion":"${revision}"},"spec":{"big":9007199254740993}}`,
  );
  return {
    ...arrival(second),
    type: "object",
    epoch: 1,
    scope: "pods.v1/shop",
    change: "MODIFIED",
    observedBy: "watch",
    resource: "pods.v1",
    apiVersion: "v1",
    kind: "Pod",
    namespace: "shop",
    name,
    uid: `u-${name}`,
    resourceVersion: String(revision),
    raw,
    ...over,
  };
}

function cluster(...records: readonly FaroRecord[]): Promise<RecordedCluster> {
  const scope: FaroRecord = { ...arrival(0), type: "scope", scope: "pods.v1/shop", resource: "pods.v1", state: "opened" };
  const run: FaroRecord = { ...arrival(0), type: "run", state: "started", faroVersion: "1", epoch: 1, serverVersion: "v1.36.3" };
  return readRecordedCluster(told([run, scope, ...records]));
}

async function* told(records: readonly FaroRecord[]): AsyncGenerator<{ readonly record: FaroRecord }> {
  for (const record of records) yield { record };
}

async function served(of: RecordedCluster, second: number, speed = 0): Promise<Playback> {
  const playback = await startPlayback({ cluster: of, clock: systemClock, at: START + second * 1_000, speed, port: 0 });
  open.push(playback);
  return playback;
}

async function pods(playback: Playback): Promise<readonly string[]> {
  const response = await fetch(`${playback.url}/api/v1/namespaces/shop/pods`);
  const list: { readonly items: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string } }[] } =
    JSON.parse(await response.text());
  return list.items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
}

describe("a recorded cluster", () => {
  it("is at each moment what the records up to then say", async () => {
    const playback = await served(
      await cluster(
        version(1, "web", 10, { change: "LISTED", observedBy: "list" }),
        version(2, "db", 11, { change: "ADDED" }),
        version(3, "web", 12),
        version(4, "web", 13, { change: "DELETED" }),
      ),
      0,
    );
    const states: (readonly string[])[] = [];
    for (const second of [0, 1, 2, 3, 4, 1]) {
      playback.seek(START + second * 1_000);
      states.push(await pods(playback));
    }
    expect(states).toEqual([[], ["web@10"], ["db@11", "web@10"], ["db@11", "web@12"], ["db@11"], ["web@10"]]);
  });

  it("has a version that was found out about late at its place among the revisions", async () => {
    const playback = await served(
      await cluster(version(1, "web", 10), version(5, "web", 12), version(6, "web", 11, { observedBy: "repair" })),
      5,
    );
    expect(await pods(playback)).toEqual(["web@12"]);
    const watch = await fetch(`${playback.url}/api/v1/namespaces/shop/pods?watch=true&resourceVersion=10&timeoutSeconds=1`);
    expect(watch.status).toBe(200);
  });

  it("lets an object go when a list showed that it had", async () => {
    const playback = await served(
      await cluster(version(1, "web", 10), version(9, "web", 10, { change: "DELETED", synthetic: true })),
      8,
    );
    expect(await pods(playback)).toEqual(["web@10"]);
    playback.seek(START + 9_000);
    expect(await pods(playback)).toEqual([]);
  });

  it("serves objects as they were recorded, and names their type where the recording left it away", async () => {
    const playback = await served(await cluster(version(1, "web", 10)), 1);
    const text = await (await fetch(`${playback.url}/api/v1/namespaces/shop/pods/web`)).text();
    expect(text).toContain('"big":9007199254740993');
    expect(JSON.parse(text)).toMatchObject({ apiVersion: "v1", kind: "Pod" });
  });

  it("answers discovery with what was recorded, and says of the rest that it is a recording", async () => {
    const playback = await served(await cluster(version(1, "web", 10)), 1);
    const list: { readonly resources: readonly { readonly name: string }[] } = JSON.parse(
      await (await fetch(`${playback.url}/api/v1`)).text(),
    );
    expect(list.resources.map(({ name }) => name)).toEqual(["pods", "pods/log"]);
    const services = await fetch(`${playback.url}/api/v1/namespaces/shop/services`);
    expect(services.status).toBe(404);
    expect(await services.json()).toMatchObject({ message: "this is a recording, and it holds only: pods.v1/shop" });
    expect(await (await fetch(`${playback.url}/version`)).json()).toMatchObject({ gitVersion: "v1.36.3" });
  });

  it("says that there is none only of what was watched", async () => {
    const playback = await served(await cluster(version(1, "web", 10)), 1);
    const holds = "this is a recording, and it holds only: pods.v1/shop";
    const answers = [
      ["shop/pods/absent", 404, { message: 'pods "absent" not found' }],
      ["elsewhere/pods/absent", 404, { reason: "NotFound", message: `pods "absent" not found: ${holds}` }],
      ["elsewhere/pods/absent/log", 404, { message: `pods "absent" not found: ${holds}` }],
      ["elsewhere/pods", 404, { reason: "NotFound", message: holds }],
      ["elsewhere", 404, { message: holds }],
      // What kubectl asks next when a pod is not there.
      ["shop", 403, { reason: "Forbidden", message: `namespaces "shop" is forbidden: ${holds}` }],
      ["shop/pods?labelSelector=app%3Dnone", 200, { items: [] }],
    ] as const;
    for (const [path, status, body] of answers) {
      const response = await fetch(`${playback.url}/api/v1/namespaces/${path}`);
      expect({ path, status: response.status, body: await response.json() }).toMatchObject({ path, status, body });
    }
  });

  it("plays: a watch shows what happens, in its order", async () => {
    const of = await cluster(version(1, "web", 10), version(2, "web", 11), version(3, "web", 12, { change: "DELETED" }));
    const playback = await served(of, 1);
    const watch = await fetch(`${playback.url}/api/v1/namespaces/shop/pods?watch=true&resourceVersion=10&timeoutSeconds=5`);
    playback.setSpeed(100);
    let text = "";
    for await (const chunk of watch.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes("DELETED")) break;
    }
    expect(text.match(/"type":"(\w+)"/g)).toEqual(['"type":"MODIFIED"', '"type":"DELETED"']);
  });

  it("serves the lines of a container up to the moment", async () => {
    const instance = {
      podUid: "u-web",
      namespace: "shop",
      pod: "web",
      container: "app",
      containerKind: "app",
      containerId: "containerd://c1",
      restartCount: 0,
    } as const;
    const state = '{"running":{"startedAt":"2026-03-01T10:00:01Z"}}';
    const container = `{"name":"app","containerID":"containerd://c1","restartCount":0,"state":${state}}`;
    const metadata = '{"name":"web","namespace":"shop","uid":"u-web","resourceVersion":"10"}';
    const spec = '{"nodeName":"n","containers":[{"name":"app"}]}';
    const raw = Buffer.from(`{"metadata":${metadata},"spec":${spec},"status":{"containerStatuses":[${container}]}}`);
    const text = [1, 2, 3].map((second) => `${new Date(START + second * 1_000).toISOString()} line ${second}`).join("\n");
    const playback = await served(
      await cluster(
        version(1, "web", 10, { raw }),
        { ...arrival(1), type: "log-stream", stream: "s1", instance },
        { ...arrival(5), type: "log", stream: "s1", count: 3, encoding: "utf8", text },
        { ...arrival(6), type: "log-end", stream: "s1", outcome: "complete", reason: "container ended", lines: 3 },
      ),
      2,
    );
    const log = async (): Promise<string> => (await fetch(`${playback.url}/api/v1/namespaces/shop/pods/web/log`)).text();
    expect(await log()).toBe("line 1\nline 2\n");
    playback.seek(START + 6_000);
    expect(await log()).toBe("line 1\nline 2\nline 3\n");
  });
});

describe("its controls", () => {
  it("tell where it stands, and go elsewhere", async () => {
    const playback = await served(await cluster(version(1, "web", 10), version(60, "web", 20)), 0);
    const control = await startControlServer(playback);
    open.push(control);
    const post = async (query: string): Promise<unknown> => (await fetch(`${control.url}/?${query}`, { method: "POST" })).json();
    expect(await (await fetch(control.url)).json()).toMatchObject({
      at: "2026-03-01T10:00:00.000Z",
      speed: 0,
      end: "2026-03-01T10:01:00.000Z",
    });
    expect(await post("at=%2B5s")).toMatchObject({ at: "2026-03-01T10:00:05.000Z", revision: 10 });
    expect(await post("at=+6s")).toMatchObject({ at: "2026-03-01T10:00:06.000Z" });
    expect(await post("at=0s")).toMatchObject({ at: "2026-03-01T10:01:00.000Z", revision: 20 });
    expect(await post("at=2026-03-01T10:00:30Z")).toMatchObject({ revision: 10 });
    expect(await post("speed=2")).toMatchObject({ speed: 2 });
    expect(await post("at=tomorrow")).toEqual({ error: expect.stringMatching(/^at tomorrow: neither/) });
    expect(await post("speed=fast")).toEqual({ error: "speed fast: not a number of 0 or more" });
    expect(await post("")).toEqual({ error: "nothing to do: say ?at=TIME or ?speed=N" });
    expect((await fetch(control.url, { method: "DELETE" })).status).toBe(405);
  });
});

it("the clock of a playback runs at its speed, stands still, and can be set", async () => {
  const real = new VirtualClock();
  const clock = new PlaybackClock(real, 1_000, 10);
  await real.advance(50);
  expect(clock.now()).toBe(1_500);
  clock.set(clock.now(), 0);
  await real.advance(50);
  expect(clock.now()).toBe(1_500);
  clock.set(9_000, 1);
  await real.advance(5);
  expect(clock.now()).toBe(9_005);
});

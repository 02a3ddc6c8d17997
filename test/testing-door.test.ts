/** `faro/testing` as a test of another project uses it. */
import { expect, onTestFinished, test } from "vitest";
import {
  type ApiServer,
  ClusterHistory,
  ContainerLogs,
  type FaultHooks,
  type KubeObject,
  startApiServer,
  status,
  times,
  VirtualClock,
  when,
} from "../src/testing.ts";

const POD: KubeObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", namespace: "shop" },
  spec: { containers: [{ name: "app", image: "registry.example/web:1" }] },
};
const PODS = "/api/v1/namespaces/shop/pods";

test("a pod written to the history is listed over HTTP, created at the time of the clock", async () => {
  const { server, history } = await open();
  history.create(POD);
  const answer = await fetch(`${server.url}${PODS}`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    kind: "PodList",
    items: [{ metadata: { name: "web", namespace: "shop", creationTimestamp: "2026-01-01T00:00:00Z" }, spec: POD["spec"] }],
  });
  expect(server.requests).toMatchObject([{ method: "GET", url: PODS, status: 200 }]);
});

test("a fault for one list leaves the next one alone", async () => {
  const busy: FaultHooks = {
    onRequest: () => ({ fault: "respond", status: 429, body: status(429, "TooManyRequests", "come back later") }),
  };
  const { server } = await open(when((request) => request.verb === "list", times(1, busy)));
  const first = await fetch(`${server.url}${PODS}`);
  expect([first.status, await first.json()]).toMatchObject([429, { kind: "Status", reason: "TooManyRequests" }]);
  expect((await fetch(`${server.url}${PODS}`)).status).toBe(200);
});

test("a closed server refuses connections", async () => {
  const { server } = await open();
  await server.close();
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow("fetch failed");
});

async function open(faults: FaultHooks = {}): Promise<{ readonly server: ApiServer; readonly history: ClusterHistory }> {
  const clock = new VirtualClock();
  const history = new ClusterHistory({ clock });
  const server = await startApiServer({ history, clock, logs: new ContainerLogs(), faults });
  onTestFinished(() => server.close());
  return { server, history };
}

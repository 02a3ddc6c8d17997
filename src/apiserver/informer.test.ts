/** The official JavaScript client as a judge: what its informer understands, the server says rightly. */
import { CoreV1Api, KubeConfig, makeInformer } from "@kubernetes/client-node";
import { expect, onTestFinished, test } from "vitest";
import { configMap, configMapRef, openServer, type TestServer } from "./test-server.cases.ts";

async function openInformer(server: TestServer): Promise<{ readonly seen: string[]; readonly names: () => string }> {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: "embedded", server: server.server.url, skipTLSVerify: true }, { name: "nobody" });
  const api = config.makeApiClient(CoreV1Api);
  const informer = makeInformer(config, "/api/v1/namespaces/default/configmaps", () =>
    api.listNamespacedConfigMap({ namespace: "default" }),
  );
  const seen: string[] = [];
  for (const verb of ["add", "update", "delete"] as const) {
    informer.on(verb, (object) => seen.push(`${verb} ${object.metadata?.name}=${object.data?.["value"]}`));
  }
  informer.on("error", (error: unknown) => seen.push(`error ${String(error)}`));
  onTestFinished(() => informer.stop());
  await informer.start();
  return {
    seen,
    names: () =>
      informer
        .list()
        .map((object) => object.metadata?.name)
        .join(" "),
  };
}

test("lists, then hears of every change", async () => {
  const server = await openServer();
  server.history.create(configMap("a"));
  const { seen, names } = await openInformer(server);
  expect(seen).toEqual(["add a=1"]);
  await expect.poll(() => server.server.streams.length).toBe(1);
  server.history.create(configMap("b"));
  server.history.update(configMap("a", "2"));
  server.history.remove(configMapRef("b"));
  await expect.poll(() => seen).toEqual(["add a=1", "add b=1", "update a=2", "delete b=1"]);
  expect(names()).toBe("a");
});

test("resumes after a clean end, and lists again when its history is gone", async () => {
  const server = await openServer({ window: { minEvents: 2, maxEvents: 2, freshMs: 0 } });
  server.history.create(configMap("a"));
  const { seen, names } = await openInformer(server);
  await expect.poll(() => server.server.streams.length).toBe(1);
  server.server.streams[0]?.end();
  for (const value of ["2", "3", "4", "5"]) server.history.update(configMap("a", value));
  await expect.poll(() => seen.at(-1)).toBe("update a=5");
  expect(names()).toBe("a");
});

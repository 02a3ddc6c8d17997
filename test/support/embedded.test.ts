import { expect, test } from "vitest";
import { embeddedCluster } from "./embedded.ts";

test("a test that sends anything but GET to the embedded cluster fails when it ends", async () => {
  const cluster = await embeddedCluster();
  const answer = await fetch(`${cluster.server.url}/api/v1/namespaces/default/pods`, { method: "POST", body: "{}" });
  expect(answer.status).toBe(405);
  await expect(cluster.close()).rejects.toThrow("Faro sent something else than GET: POST /api/v1/namespaces/default/pods");
});

/**
 * A watch of Events in a namespace where nothing happens, while the rest of the cluster goes on and the API server compacts etcd. Events
 * have no bookmarks, so the version to resume from ages until it is gone; still nothing may look as if it had been missed.
 */
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { Api } from "./api.ts";
import { CutProxy } from "./cut-proxy.ts";
import { type FaroProcess, OutputFolder, startFaro } from "./faro-process.ts";
import { TestNamespace } from "./kubectl.ts";
import { ProxiedKubeconfig } from "./kubeconfigs.ts";
import { readRecording } from "./recording.ts";
import { IS_LONG } from "./size.ts";
import { until } from "./waiting.ts";
import { configMap } from "./workloads.ts";
import { ctl } from "./ctl.ts";

/** The long form is the API server as it is by default; the short one lets history age sixty times as fast, and breaks in. */
const SIZE = IS_LONG
  ? ({ idleMs: 30 * 60_000, compaction: "5m0s", resetEveryMs: 31 * 60_000 } as const)
  : ({ idleMs: 40_000, compaction: "5s", resetEveryMs: 15_000 } as const);

let namespace: TestNamespace | undefined;
let faro: FaroProcess | undefined;
let proxy: CutProxy | undefined;
let kubeconfig: ProxiedKubeconfig | undefined;
const output = new OutputFolder();

afterEach(async () => {
  await faro?.end("SIGKILL");
  await proxy?.close();
  kubeconfig?.remove();
  await namespace?.remove();
  output.remove();
  await ctl("restart", "kube-apiserver");
});

it(`an idle watch of Events over ${SIZE.idleMs / 60_000} minutes has no gap in which anything may be missing`, async () => {
  await ctl("stop", "kube-apiserver");
  await ctl("start", "kube-apiserver", `--etcd-compaction-interval=${SIZE.compaction}`);
  namespace = await TestNamespace.create("idle");
  const api = new Api();
  proxy = await CutProxy.start(api.port);
  kubeconfig = new ProxiedKubeconfig(proxy.port);
  const args = ["--resource=v1/ConfigMap", "--name=none", "--related=events", "-n", namespace.name, `--output=${output.path}`];
  faro = startFaro(args, { KUBECONFIG: kubeconfig.path });
  await faro.watching();
  await idle(api, proxy);
  await api.create(`/api/v1/namespaces/${namespace.name}/events`, lastEvent(namespace.name));
  const recorded = await until("the first Event", 60_000, () => {
    const found = readRecording(output.path).versions.filter((version) => version.name === "last");
    return found.length > 0 && found;
  });
  api.close();
  const ending = await faro.end();
  const { gaps, versions } = readRecording(output.path);
  console.log(`idle: ${gaps.length} gaps, ${versions.length} versions, exit ${ending.code}: ${JSON.stringify(gaps)}`);
  expect(recorded).toHaveLength(1);
  expect(gaps.filter((gap) => gap.visibleChange !== false)).toEqual([]);
  expect(ending.code).toBe(0);
}, 2_400_000);

/** Lets time pass, with a change elsewhere every second: revisions go on, and compaction takes what is old. */
async function idle(api: Api, network: CutProxy): Promise<void> {
  const end = systemClock.monotonic() + SIZE.idleMs;
  let resetAt = systemClock.monotonic() + SIZE.resetEveryMs;
  await api.create("/api/v1/namespaces/default/configmaps", configMap("elsewhere", {}));
  for (let at = 0; systemClock.monotonic() < end; at++) {
    await api.patch("/api/v1/namespaces/default/configmaps/elsewhere", { data: { at: String(at) } });
    await systemClock.sleep(1_000);
    if (systemClock.monotonic() < resetAt) continue;
    resetAt += SIZE.resetEveryMs;
    network.reset();
  }
  await api.remove("/api/v1/namespaces/default/configmaps/elsewhere");
}

function lastEvent(place: string): unknown {
  const involvedObject = { apiVersion: "v1", kind: "ConfigMap", namespace: place, name: "none" };
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "last" },
    involvedObject,
    reason: "Ended",
    message: "at last",
    type: "Normal",
  };
}

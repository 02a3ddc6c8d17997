/**
 * etcd forgets all of its history every ten seconds and the API server keeps no watch cache, while connections are reset: the
 * least that a cluster can remember. What a watch misses is gone, unless it is read back at once.
 */
import { afterEach, expect, inject, it } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { Api } from "./api.ts";
import { CutProxy } from "./cut-proxy.ts";
import { compact } from "./etcd-history.ts";
import { ProxiedKubeconfig } from "./kubeconfigs.ts";
import { Ordeal, UNSCATHED } from "./ordeal.ts";
import { report } from "./report.ts";
import { sized } from "./size.ts";
import { ctl } from "./ctl.ts";

const CUTS = sized(3, 20);
const COMPACTION_MS = 10_000;
/** Kinds without a watch cache are watched in etcd itself (apiserver `--watch-cache-sizes`: 0 turns it off). */
const NO_CACHE = "--watch-cache-sizes=deployments.apps#0,replicasets.apps#0,pods#0,configmaps#0";
let ordeal: Ordeal | undefined;
let proxy: CutProxy | undefined;
let kubeconfig: ProxiedKubeconfig | undefined;
const ending = new AbortController();

afterEach(async () => {
  ending.abort();
  await ordeal?.remove();
  await proxy?.close();
  kubeconfig?.remove();
  await ctl("restart", "kube-apiserver");
});

it(`${CUTS} cuts while etcd forgets everything each ten seconds cost nothing that no gap names`, async () => {
  await ctl("stop", "kube-apiserver");
  await ctl("start", "kube-apiserver", NO_CACHE);
  const api = new Api();
  proxy = await CutProxy.start(api.port);
  api.close();
  kubeconfig = new ProxiedKubeconfig(proxy.port);
  ordeal = await Ordeal.start({ name: "compacted", kubeconfig: kubeconfig.path });
  const compacting = compactForever(ending.signal);
  for (let cut = 0; cut < CUTS; cut++) {
    await systemClock.sleep(5_000);
    await ordeal.outage(async () => {
      proxy?.cut();
      await systemClock.sleep(2_000 + systemClock.random() * 10_000);
      proxy?.heal("resumes");
      proxy?.reset();
    });
  }
  await systemClock.sleep(5_000);
  ending.abort();
  await compacting;
  const findings = await ordeal.finish();
  report("compacted every 10 s", findings);
  expect(findings).toMatchObject(UNSCATHED);
}, 900_000);

async function compactForever(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await compact(inject("cluster").etcd);
    await systemClock.sleep(COMPACTION_MS, signal).catch(() => undefined);
  }
}

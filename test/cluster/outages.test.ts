/** The API server is killed under load, again and again: nothing is lost without a gap, and no gap outlasts its outage. */
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { Api } from "./api.ts";
import { Ordeal, UNSCATHED } from "./ordeal.ts";
import { report } from "./report.ts";
import { sized } from "./size.ts";
import { until } from "./waiting.ts";
import { ctl } from "./ctl.ts";

const KILLS = sized(3, 10);
let ordeal: Ordeal | undefined;

afterEach(async () => {
  await ctl("start", "kube-apiserver");
  await ordeal?.remove();
  ordeal = undefined;
});

it(`the API server killed and started again ${KILLS} times under load costs nothing that no gap names`, async () => {
  ordeal = await Ordeal.start({ name: "outages" });
  const api = new Api();
  for (let kill = 0; kill < KILLS; kill++) {
    await systemClock.sleep(2_000 + systemClock.random() * 3_000);
    let started: Promise<unknown> = Promise.resolve();
    await ordeal.outage(async () => {
      await ctl("kill", "kube-apiserver");
      started = ctl("start", "kube-apiserver");
      // Faro's outage ends here; `start` takes a moment longer to see it.
      await until("the API server", 60_000, () => api.isReady());
    });
    await started;
    await systemClock.sleep(2_000);
    await ordeal.isMadeGood();
  }
  await systemClock.sleep(3_000);
  api.close();
  const findings = await ordeal.finish();
  report("apiserver killed", findings);
  expect(findings).toMatchObject(UNSCATHED);
}, 900_000);

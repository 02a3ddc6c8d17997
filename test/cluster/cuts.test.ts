/** The network between Faro and the API server is cut: nothing is refused, nothing is reset, nothing arrives. */
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { Api } from "./api.ts";
import { CutProxy, type Healing } from "./cut-proxy.ts";
import { ProxiedKubeconfig } from "./kubeconfigs.ts";
import { Ordeal, UNSCATHED } from "./ordeal.ts";
import { report } from "./report.ts";
import { IS_LONG } from "./size.ts";

const CUTS: readonly { readonly seconds: number; readonly healing: Healing }[] = [
  { seconds: 5, healing: "resumes" },
  ...(IS_LONG
    ? ([
        { seconds: 5, healing: "forgets" },
        { seconds: 60, healing: "resumes" },
        { seconds: 60, healing: "forgets" },
        { seconds: 400, healing: "resumes" },
        { seconds: 400, healing: "forgets" },
      ] as const)
    : []),
];

let ordeal: Ordeal | undefined;
let proxy: CutProxy | undefined;
let kubeconfig: ProxiedKubeconfig | undefined;

afterEach(async () => {
  await ordeal?.remove();
  await proxy?.close();
  kubeconfig?.remove();
  ordeal = undefined;
});

it.each(CUTS)(
  "a cut of $seconds s after which the network $healing costs nothing that no gap names",
  async (cut) => {
    const api = new Api();
    proxy = await CutProxy.start(api.port);
    api.close();
    kubeconfig = new ProxiedKubeconfig(proxy.port);
    ordeal = await Ordeal.start({ name: `cut-${cut.seconds}-${cut.healing}`, kubeconfig: kubeconfig.path });
    await systemClock.sleep(3_000);
    expect(proxy.connections).toBeGreaterThan(0);
    await ordeal.outage(async () => {
      proxy?.cut();
      await systemClock.sleep(cut.seconds * 1_000);
      proxy?.heal(cut.healing);
    });
    await systemClock.sleep(3_000);
    const findings = await ordeal.finish();
    report(`network cut for ${cut.seconds} s, ${cut.healing}`, findings);
    expect(findings).toMatchObject(UNSCATHED);
  },
  1_200_000,
);

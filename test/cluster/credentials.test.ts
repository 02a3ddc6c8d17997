/** The token that Faro reads with is revoked while it records, and renewed in its file. */
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { Api } from "./api.ts";
import { CutProxy } from "./cut-proxy.ts";
import { kubectl } from "./kubectl.ts";
import { ProxiedKubeconfig } from "./kubeconfigs.ts";
import { Ordeal, UNSCATHED } from "./ordeal.ts";
import { report } from "./report.ts";
import { until } from "./waiting.ts";

const ACCOUNT = "faro-reader";
let ordeal: Ordeal | undefined;
let proxy: CutProxy | undefined;
let kubeconfig: ProxiedKubeconfig | undefined;

afterEach(async () => {
  await ordeal?.remove();
  await proxy?.close();
  kubeconfig?.remove();
  await kubectl(["delete", "clusterrolebinding", ACCOUNT, "--ignore-not-found"]);
  await kubectl(["-n", "default", "delete", "serviceaccount", ACCOUNT, "--ignore-not-found"]);
});

it("a token that is revoked in mid run and renewed in its file costs nothing", async () => {
  await kubectl(["-n", "default", "create", "serviceaccount", ACCOUNT]);
  await kubectl(["create", "clusterrolebinding", ACCOUNT, "--clusterrole=cluster-admin", `--serviceaccount=default:${ACCOUNT}`]);
  const first = await boundToken("first");
  const api = new Api(first);
  proxy = await CutProxy.start(api.port);
  kubeconfig = new ProxiedKubeconfig(proxy.port, first);
  // Pods that are replaced meanwhile would take the end of their logs with them.
  ordeal = await Ordeal.start({ name: "token", kubeconfig: kubeconfig.path, rollouts: false });
  await kubectl(["-n", "default", "delete", "secret", "first"]);
  // The API server goes by what it remembers of a token for ten seconds (apiserver `cached_token_authenticator.go`).
  await until("the first token to be refused", 60_000, async () => (await api.read("/api/v1/namespaces/default")).status === 401);
  api.close();
  await ordeal.outage(async () => {
    // A watch that stands is not authorized again: only a new request meets the revocation.
    proxy?.reset();
    await systemClock.sleep(5_000);
    kubeconfig?.renew(await boundToken("second"));
  });
  const { faro, namespace } = ordeal;
  await until("every scope to be watched again", 60_000, () => {
    const sources = (message: string): Set<string | undefined> =>
      new Set(faro.log().flatMap((line) => (line.message === message ? [line.source] : [])));
    return sources("cannot watch; Faro keeps trying").size === sources("watching again").size;
  });
  const findings = await ordeal.finish();
  report(`token revoked in ${namespace.name}`, findings);
  expect(findings).toMatchObject(UNSCATHED);
  expect(findings.judged.gaps).toBe(0);
  expect(findings.ending.code).toBe(0);
}, 300_000);

/** A token that is good as long as its Secret exists: deleting that is how a single token is revoked. */
async function boundToken(secret: string): Promise<string> {
  const object = { apiVersion: "v1", kind: "Secret", metadata: { name: secret }, type: "Opaque" };
  await kubectl(["-n", "default", "apply", "-f", "-"], object);
  const bound = ["--bound-object-kind=Secret", `--bound-object-name=${secret}`];
  return (await kubectl(["-n", "default", "create", "token", ACCOUNT, ...bound])).trim();
}

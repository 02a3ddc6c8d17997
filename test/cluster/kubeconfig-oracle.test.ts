/**
 * A real kubectl reads every kubeconfig of the table; what it sends must be what Faro sends. `FARO_TEST_KUBECTL` is the
 * path of the program. Where the two differ, kubectl is right, but for the cases that say why not.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConnectionFlags } from "../../src/cluster/index.ts";
import { type CapturedRequest, type CaptureServer, startCaptureServer } from "../cluster-config/capture-server.ts";
import { KUBECONFIG_CASES, type KubeconfigCase } from "../cluster-config/kubeconfigs.ts";
import { askAsFaro, type LaidOutCase, layOut } from "../cluster-config/run-case.ts";

const kubectl = process.env["FARO_TEST_KUBECTL"] ?? "kubectl";
const run = promisify(execFile);

let server: CaptureServer;

beforeAll(async () => {
  server = await startCaptureServer();
});

afterAll(() => server.close());

describe("kubectl and Faro send the same for:", () => {
  const comparable = KUBECONFIG_CASES.filter((testCase) => testCase.kubectl === undefined);

  test.each(comparable)("$name", { timeout: 30_000 }, async (testCase) => {
    const kubectlSays = await requestOf(testCase, askAsKubectl);
    const faroSays = await requestOf(testCase, askAsFaro);
    expect(faroSays.request, `kubectl: ${kubectlSays.error}\nFaro: ${faroSays.error}`).toEqual(kubectlSays.request);
  });
});

interface Outcome {
  readonly request: CapturedRequest | "no request";
  /** An error is an answer too. Whether it is the right one, the test in `test/cluster-config/` knows. */
  readonly error: string;
}

async function requestOf(testCase: KubeconfigCase, ask: (laidOut: LaidOutCase) => Promise<void>): Promise<Outcome> {
  const laidOut = layOut(testCase, server);
  const error = await ask(laidOut).then(() => "no error", String);
  laidOut.remove();
  const [request, ...more] = server.take();
  expect(more).toEqual([]);
  return { request: request ?? "no request", error };
}

async function askAsKubectl({ directory, variables, flags }: LaidOutCase): Promise<void> {
  const env = { ...variables, KUBECACHEDIR: join(directory, "cache") };
  const running = run(kubectl, ["get", "pods", ...flagTexts(flags)], { env, timeout: 20_000 });
  // It would ask for a username that it lacks.
  running.child.stdin?.end();
  await running;
}

function flagTexts(flags: ConnectionFlags): readonly string[] {
  const { asGroup = [], ...rest } = flags;
  const texts = Object.entries(rest).map(
    ([name, value]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${value}`,
  );
  return [...texts, ...asGroup.map((group) => `--as-group=${group}`)];
}

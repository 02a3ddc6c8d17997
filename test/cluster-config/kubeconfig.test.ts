/** What arrives at an API server for every kubeconfig of the table, and whether another client reads them alike. */
import { KubeConfig } from "@kubernetes/client-node";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CapturedRequest, type CaptureServer, fixture, startCaptureServer } from "./capture-server.ts";
import { KUBECONFIG_CASES, type KubeconfigCase } from "./kubeconfigs.ts";
import { askAsFaro, type LaidOutCase, layOut, wholeRequest } from "./run-case.ts";

let server: CaptureServer;

beforeAll(async () => {
  server = await startCaptureServer();
});

afterAll(() => server.close());

async function withCase(testCase: KubeconfigCase, run: (laidOut: LaidOutCase) => Promise<void>): Promise<void> {
  const laidOut = layOut(testCase, server);
  try {
    await run(laidOut);
  } finally {
    laidOut.remove();
  }
}

test("the table is as large as it claims", () => {
  expect(KUBECONFIG_CASES.length).toBeGreaterThanOrEqual(80);
  expect(new Set(KUBECONFIG_CASES.map((testCase) => testCase.name)).size).toBe(KUBECONFIG_CASES.length);
});

describe("Faro sends what the kubeconfig means:", () => {
  test.each(KUBECONFIG_CASES)("$name", (testCase) =>
    withCase(testCase, async (laidOut) => {
      const { expected } = laidOut;
      if ("error" in expected) {
        await expect(askAsFaro(laidOut)).rejects.toThrow(expected.error);
        expect(server.take()).toEqual([]);
        return;
      }
      await askAsFaro(laidOut);
      expect(server.take()).toEqual([withInfo(wholeRequest(expected), testCase)]);
    }),
  );
});

/** The digest of what a plugin must have been told, in place of `$INFO`. */
function withInfo(request: CapturedRequest, testCase: KubeconfigCase): CapturedRequest {
  if (request.authorization !== "$INFO") return request;
  const cluster = {
    "certificate-authority-data": Buffer.from(fixture("ca.crt")).toString("base64"),
    config: { audience: "aud", size: 1 },
    server: `${server.places["$HTTPS"]}/p`,
    "tls-server-name": "localhost",
  };
  const isTold = testCase.files[".kube/config"]?.includes("provideClusterInfo") === true;
  const info = {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: { ...(isTold ? { cluster } : {}), interactive: false },
  };
  return { ...request, authorization: `Bearer ${createHash("sha256").update(JSON.stringify(info)).digest("hex")}` };
}

describe("client-node reads the same out of one file:", () => {
  const witnessed = KUBECONFIG_CASES.filter((testCase) => testCase.clientNode === undefined && !("error" in testCase.expected));

  test.each(witnessed)("$name", (testCase) =>
    withCase(testCase, async (laidOut) => {
      if ("error" in laidOut.expected) throw new Error("errors have no witness");
      const expected = wholeRequest(laidOut.expected);
      const config = new KubeConfig();
      config.loadFromFile(join(laidOut.directory, ".kube/config"));
      if (laidOut.flags.context !== undefined) config.setCurrentContext(laidOut.flags.context);
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const url = new URL(config.getCurrentCluster()?.server ?? "");
      const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? "default";
      expect(`${url.pathname.replace(/\/$/, "")}/api/v1/namespaces/${namespace}/pods`).toBe(expected.path);
      expect(authorizationOf(options)).toBe(expected.authorization);
      expect(options.cert?.toString()).toBe(expected.certificate === undefined ? undefined : fixture("client.crt"));
      expect(options.rejectUnauthorized === false).toBe(
        readFileSync(join(laidOut.directory, ".kube/config"), "utf8").includes("insecure-skip-tls-verify: true"),
      );
    }),
  );

  test("it is a witness for a fair part of the table", () => {
    expect(witnessed.length).toBeGreaterThanOrEqual(20);
  });
});

function authorizationOf(options: RequestOptions): string | undefined {
  if (typeof options.auth === "string") return `Basic ${Buffer.from(options.auth).toString("base64")}`;
  const headers = Object.entries(options.headers ?? {});
  return headers.find(([name]) => name.toLowerCase() === "authorization")?.[1]?.toString();
}

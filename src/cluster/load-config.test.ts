/** What the table in `test/cluster-config/` cannot show: the pod's own service account, and the words of the errors. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fixture } from "../../test/cluster-config/capture-server.ts";
import { FaroError } from "../base/index.ts";
import type { ClusterConfig, ConnectionFlags } from "./cluster-config.ts";
import { loadClusterConfig } from "./load-config.ts";

let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "faro-config-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(directory, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const IN_POD = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };

function load(flags: ConnectionFlags = {}, variables: Readonly<Record<string, string>> = {}): Promise<ClusterConfig> {
  return loadClusterConfig(flags, {
    variables: { HOME: directory, ...variables },
    serviceAccountDirectory: join(directory, "sa"),
  });
}

async function errorOf(work: Promise<unknown>): Promise<FaroError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FaroError)) throw new Error("no FaroError", { cause: error });
  expect(error.code).toBe("FARO_KUBECONFIG");
  return error;
}

describe("in a pod", () => {
  beforeEach(() => {
    write("sa/token", "t\n");
    write("sa/ca.crt", fixture("ca.crt"));
    write("sa/namespace", "team-a\n");
  });

  test("uses the service account where there is no kubeconfig", async () => {
    expect(await load({}, IN_POD)).toMatchObject({
      server: "https://10.96.0.1",
      namespace: "team-a",
      source: "in-cluster service account",
      tls: { insecureSkipVerify: false, certificateAuthority: { file: join(directory, "sa/ca.crt") } },
      login: { by: "token-file", file: join(directory, "sa/token") },
    });
  });

  test("takes POD_NAMESPACE and flags before the service account's", async () => {
    expect((await load({}, { ...IN_POD, POD_NAMESPACE: "team-b" })).namespace).toBe("team-b");
    expect((await load({ namespace: "team-c" }, { ...IN_POD, POD_NAMESPACE: "team-b" })).namespace).toBe("team-c");
    const config = await load({ token: "x", as: "jane", insecureSkipTlsVerify: true, tlsServerName: "k" }, IN_POD);
    expect(config).toMatchObject({
      login: { by: "token", token: "x" },
      impersonation: { user: "jane" },
      tls: { insecureSkipVerify: true, serverName: "k" },
    });
    expect(config.tls.certificateAuthority).toBeUndefined();
  });

  test("knows IPv6 clusters and proxies", async () => {
    const config = await load({}, { ...IN_POD, KUBERNETES_SERVICE_HOST: "fd00::1", HTTPS_PROXY: "http://p:1" });
    expect(config.server).toBe("https://[fd00::1]");
    expect(config.proxy).toEqual({ url: "http://p:1", from: "environment" });
  });

  test("prefers a kubeconfig, and then still its own namespace where the context has none", async () => {
    write(
      ".kube/config",
      "current-context: c\nclusters: [{name: k, cluster: {server: 'https://other'}}]\ncontexts: [{name: c, context: {cluster: k}}]\n",
    );
    expect(await load({}, IN_POD)).toMatchObject({ server: "https://other", namespace: "team-a" });
  });

  test("needs host and port", async () => {
    const error = await errorOf(load({}, { KUBERNETES_SERVICE_HOST: "10.96.0.1" }));
    expect(error.message).toBe(
      `no cluster to connect to: no kubeconfig at ${join(directory, ".kube/config")}, and this is not a pod with a service account`,
    );
    expect((await errorOf(load({}, { KUBERNETES_SERVICE_HOST: "a b", KUBERNETES_SERVICE_PORT: "x" }))).message).toContain(
      "make no address",
    );
  });
});

test("KUBERNETES_MASTER is the server of those who name none, as in kubectl", async () => {
  expect((await load({}, { KUBERNETES_MASTER: "http://master:8080" })).server).toBe("http://master:8080");
});

describe("says", () => {
  const TWO = [
    "contexts: [{name: prod, context: {cluster: c}}, {name: staging, context: {cluster: c}}]",
    "clusters: [{name: c, cluster: {server: 'https://h'}}]",
    "",
  ].join("\n");

  test("which contexts there are, and which was probably meant", async () => {
    const file = write("k.yaml", TWO);
    const error = await errorOf(load({ kubeconfig: file, context: "stagging" }));
    expect(error.message).toBe(`no context "stagging" in kubeconfig ${file}; did you mean "staging"?`);
    expect(error.hint).toBe("the contexts are prod, staging; for example --context=staging");
    const none = await errorOf(load({ kubeconfig: file }));
    expect(none.message).toBe(`no current context in kubeconfig ${file}`);
    expect(none.hint).toBe("the contexts are prod, staging; choose one: --context=prod");
  });

  test("where a file is broken, without what is in it", async () => {
    const file = write("k.yaml", "users:\n- name: me\n  user:\n    token: 's3cret\n");
    const error = await errorOf(load({ kubeconfig: file }));
    expect(error.message).toMatch(/k\.yaml:\d+: not YAML: /);
    expect(`${error.message}${error.hint}${JSON.stringify(error.details)}`).not.toContain("s3cret");
  });

  test.each([
    ["clusters: x", "clusters must be a list, not a string", 1],
    ["a: 1\nclusters:\n- 5", "clusters[0] must be a mapping, not a number", 3],
    ["users: [{name: u, user: {exec: {args: [1]}}}]", "users[0].user.exec.args[0] must be text, not a number", 1],
    [
      "users:\n- name: u\n  user: {exec: {apiVersion: x, interactiveMode: Maybe}}",
      "users[0].user.exec.interactiveMode must be Never, IfAvailable or Always",
      3,
    ],
    [
      "clusters: [{name: c, cluster: {insecure-skip-tls-verify: 'no way'}}]",
      "clusters[0].cluster.insecure-skip-tls-verify must be true or false, not a string",
      1,
    ],
    [
      "clusters:\n- name: c\n  cluster:\n    certificate-authority-data: '%%%'",
      "clusters[0].cluster.certificate-authority-data must be base64",
      4,
    ],
    ["just text", "the document must be a mapping, not a string", 1],
  ])("what is wrong with %j", async (text, problem, line) => {
    const file = write("k.yaml", text);
    const error = await errorOf(load({ kubeconfig: file }));
    expect(error.message).toBe(`cannot use kubeconfig ${file}:${line}: ${problem}`);
    expect(error.details).toMatchObject({ file, line });
  });

  test("that a folder is no file", async () => {
    const error = await errorOf(load({ kubeconfig: directory }));
    expect(error.message).toContain(`cannot read kubeconfig ${directory}: EISDIR`);
  });

  test.each([
    [
      "user: {exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, env: [{value: v}]}}",
      "exec.env has an entry without a name",
    ],
    ["user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}}", "exec has no command"],
    ["user: {auth-provider: {name: oidc}, exec: {command: x}}", "the user has both exec and auth-provider"],
  ])("what is wrong with the user %s", async (user, problem) => {
    const lines = [
      "current-context: c",
      "clusters: [{name: c, cluster: {server: 'https://h'}}]",
      "contexts: [{name: c, context: {cluster: c, user: u}}]",
      `users: [{name: u, ${user}}]`,
      "",
    ];
    const file = write("k.yaml", lines.join("\n"));
    expect((await errorOf(load({ kubeconfig: file }))).message).toBe(`cannot use kubeconfig ${file}: ${problem}`);
  });

  test("that a server is no URL, and that a cluster has none", async () => {
    expect((await errorOf(load({ server: "ftp://h" }))).message).toBe(
      "cannot use the connection flags: the server is no http or https URL",
    );
    const file = write(
      "k.yaml",
      "current-context: c\nclusters: [{name: k, cluster: {}}]\ncontexts: [{name: c, context: {cluster: k}}]\n",
    );
    expect((await errorOf(load({ kubeconfig: file }))).message).toBe(
      `context "c" of kubeconfig ${file} leads to no server: cluster "k" has no server`,
    );
  });

  test("that an authority is a folder", async () => {
    expect((await errorOf(load({ server: "https://h", certificateAuthority: directory }))).message).toContain(
      `certificate-authority ${directory} is no file`,
    );
  });
});

import { describe, expect, test } from "vitest";
import { ApiFailure, describeFailure, type Failure, isExpired } from "./api-failure.ts";
import { explainFailure } from "./explain-failure.ts";
import { networkFailure } from "./network-failure.ts";
import { roleFor } from "./role.ts";

const SERVER = "https://10.0.0.1:6443";

function http(status: number, reason: string, message: string): Failure {
  return { kind: "http", status, reason, message, causes: [] };
}

test.each<readonly [Failure, string, string, RegExp]>([
  [
    http(401, "Unauthorized", "Unauthorized"),
    "FARO_UNAUTHORIZED",
    `${SERVER} does not accept the credentials: Unauthorized (401): Unauthorized`,
    /log in again/,
  ],
  [
    http(403, "Forbidden", "pods is forbidden"),
    "FARO_RBAC_DENIED",
    `${SERVER} refuses permission: Forbidden (403): pods is forbidden`,
    /--dry-run/,
  ],
  [http(407, "", ""), "FARO_CLUSTER_UNREACHABLE", `the proxy before ${SERVER} wants a login: HTTP (407)`, /HTTPS_PROXY=/],
  [
    http(503, "", "no backend"),
    "FARO_CLUSTER_UNREACHABLE",
    `the API server ${SERVER} cannot answer: HTTP (503): no backend`,
    /readyz/,
  ],
  [
    { kind: "foreign", message: "an HTML page" },
    "FARO_CLUSTER_UNREACHABLE",
    `${SERVER} is no Kubernetes API server: it sent an HTML page`,
    /login proxy/,
  ],
  [
    { kind: "credential", message: "credential plugin aws failed" },
    "FARO_CREDENTIAL_PLUGIN",
    `no credentials for ${SERVER}: credential plugin aws failed`,
    /log in/,
  ],
  [{ kind: "credential", message: "token file x" }, "FARO_UNAUTHORIZED", `no credentials for ${SERVER}: token file x`, /log in/],
])("%j becomes %s", (failure, code, message, hint) => {
  const error = explainFailure(new ApiFailure("GET x", failure), SERVER);
  expect(error).toMatchObject({ code, message, details: { server: SERVER } });
  expect(error.hint).toMatch(hint);
  expect(explainFailure(failure, SERVER).message).toBe(message);
});

test.each([
  ["ECONNREFUSED", /nothing listens on 10\.0\.0\.1:6443/],
  ["ENOTFOUND", /has no address here/],
  ["EAI_AGAIN", /has no address here/],
  ["CERT_HAS_EXPIRED", /renew/],
  ["ERR_TLS_CERT_ALTNAME_INVALID", /--tls-server-name/],
  ["EPROTO", /--server=http:\/\/10\.0\.0\.1:6443/],
  ["SELF_SIGNED_CERT_IN_CHAIN", /--certificate-authority/],
  ["PROXY_REFUSED", /NO_PROXY=10\.0\.0\.1$/],
  ["ETIMEDOUT", /VPN/],
])("a network failure %s has a hint of its own", (code, hint) => {
  const error = explainFailure({ kind: "network", code, message: "m" }, SERVER);
  expect(error).toMatchObject({
    code: "FARO_CLUSTER_UNREACHABLE",
    message: `cannot reach the API server ${SERVER}: m (${code})`,
  });
  expect(error.hint).toMatch(hint);
});

describe("a network failure", () => {
  const coded = (message: string, code: string, cause?: unknown): Error => Object.assign(new Error(message, { cause }), { code });

  test.each([
    [coded("x", "ECONNREFUSED"), { code: "ECONNREFUSED", message: "connection refused" }],
    [
      new AggregateError([coded("a", "ENETUNREACH"), coded("b", "ECONNREFUSED")]),
      { code: "ENETUNREACH", message: "network unreachable" },
    ],
    [
      coded("outer", "UND_ERR_PRX_TLS", coded("inner", "CERT_HAS_EXPIRED")),
      { code: "CERT_HAS_EXPIRED", message: "the server's certificate has expired" },
    ],
    [
      coded("Proxy response (407) !== 200 when HTTP Tunneling", "UND_ERR_ABORTED"),
      { code: "PROXY_REFUSED", message: "the proxy answered 407" },
    ],
    [
      coded("Proxy Authentication Required (407)", "UND_ERR_INVALID_ARG"),
      { code: "PROXY_REFUSED", message: "the proxy answered 407" },
    ],
    [coded("something new with token=abc", "E_NEW"), { code: "E_NEW", message: "something new with [removed]" }],
    ["text", { code: "UNKNOWN", message: "text" }],
  ])("of %s", (error, expected) => {
    expect(networkFailure(error)).toEqual({ kind: "network", ...expected });
  });
});

test("expired history is told by status and by both reasons", () => {
  expect(isExpired(http(410, "", ""))).toBe(true);
  expect(isExpired(http(500, "Expired", ""))).toBe(true);
  expect(isExpired(http(500, "Gone", ""))).toBe(true);
  expect(isExpired(http(404, "NotFound", ""))).toBe(false);
  expect(describeFailure({ kind: "network", code: "X", message: "m" })).toBe("m (X)");
});

describe("a role", () => {
  const pods = { group: "", plural: "pods", namespaced: true };
  const services = { group: "", plural: "services", namespaced: true };
  const deployments = { group: "apps", plural: "deployments", namespaced: true };
  const nodes = { group: "", plural: "nodes", namespaced: false };

  test("for a namespace groups by API group and grants the logs of pods", () => {
    expect(roleFor([deployments, pods, services, pods], "prod")).toBe(`apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: faro
  namespace: prod
rules:
  - apiGroups: ["apps"]
    resources: ["deployments"]
    verbs: ["get", "list", "watch"]
  - apiGroups: [""]
    resources: ["pods", "services"]
    verbs: ["get", "list", "watch"]
  - apiGroups: [""]
    resources: ["pods/log"]
    verbs: ["get"]
`);
  });

  test("for all namespaces is a ClusterRole, and kinds without namespaces always need one", () => {
    expect(roleFor([deployments], undefined)).toContain("kind: ClusterRole\nmetadata:\n  name: faro\nrules:");
    const both = roleFor([deployments, nodes], "prod").split("---\n");
    expect(both.map((text) => /kind: (\w+)/.exec(text)?.[1])).toEqual(["Role", "ClusterRole"]);
    expect(both[1]).toContain('resources: ["nodes"]');
  });
});

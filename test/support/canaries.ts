/**
 * Secrets planted wherever one is found in the wild. Each is told by a word of its own, so that a search of everything that
 * Faro wrote names the place that leaked.
 */
import type { KubeObject } from "../../src/apiserver/index.ts";

/** One secret and the text that carries it. */
export interface Canary {
  /** What must stand nowhere. */
  readonly secret: string;
  readonly text: string;
}

let planted = 0;

/** A canary whose secret has `length` letters and digits, inside of what `wrap` makes of it. */
function canary(length: number, wrap: (secret: string) => string = (secret) => secret): Canary {
  planted++;
  const word = `c4n${String(planted).padStart(2, "0")}RY`;
  const secret = word.repeat(Math.ceil(length / word.length)).slice(0, length);
  return { secret, text: wrap(secret) };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const jwt = (body: string): string => `eyJhbGciOiJIUzI1NiJ9.${body}.${body}`;
const pem = (body: string): string => `-----BEGIN RSA PRIVATE KEY-----\n${body}\n${body}\n-----END RSA PRIVATE KEY-----`;

/** Known by their shape wherever they stand: in messages, log lines, annotations, data of a ConfigMap. */
function shaped(): readonly Canary[] {
  return [
    canary(40, jwt),
    canary(64, pem),
    canary(24, (secret) => `Authorization: Bearer ${secret}`),
    canary(16, (secret) => `authorization: basic ${secret}`),
    canary(24, (secret) => `postgres://app:${secret}@db:5432/shop`),
    canary(24, (secret) => `https://${secret}@git.example.com/shop.git`),
    canary(36, (secret) => `ghp_${secret}`),
    canary(24, (secret) => `glpat-${secret}`),
    canary(24, (secret) => `hvs.${secret}`),
    canary(35, (secret) => `AIza${secret}`),
  ];
}

export const IN_LOGS: readonly Canary[] = shaped();
export const IN_MESSAGES: readonly Canary[] = shaped();
export const IN_DATA: readonly Canary[] = shaped();

const [variable, mapVariable, flag, nextWord, script] = [
  canary(12),
  canary(12),
  canary(12, (secret) => `--password=${secret}`),
  canary(12),
  canary(12, (secret) => `exec app --api-key '${secret}' --verbose`),
];
const [appliedValue, appliedSecret, unreadable, helm, embedded] = [canary(12), canary(12), canary(12), canary(48), canary(12)];
const [secretData, secretString, secretAnnotation, dockerAuth] = [canary(12), canary(12), canary(12), canary(20)];
const termination = canary(30, (secret) => `cannot log in: bearer ${secret}`);

/** Those that stand in a known place of an object. */
export const IN_PLACES: readonly Canary[] = [
  variable,
  mapVariable,
  flag,
  nextWord,
  script,
  appliedValue,
  appliedSecret,
  unreadable,
  helm,
  embedded,
  secretData,
  secretString,
  secretAnnotation,
  dockerAuth,
  termination,
];

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

function podSpec(): Readonly<Record<string, unknown>> {
  const env = [{ name: "DB_PASSWORD", value: variable.text }];
  return {
    nodeName: "node-1",
    containers: [
      { name: "app", image: "shop", env, args: [flag.text, "--token", nextWord.text], command: ["sh", "-c", script.text] },
    ],
  };
}

/** A pod whose container runs, and writes `IN_LOGS`. */
export function pod(containerId: string): KubeObject {
  const applied = { kind: "Pod", spec: podSpec(), env: [{ name: "API_TOKEN", value: appliedValue.text }] };
  const running = { running: { startedAt: "2026-01-01T00:00:00Z" } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default", annotations: { [LAST_APPLIED]: JSON.stringify(applied) } },
    spec: podSpec(),
    status: {
      phase: "Running",
      containerStatuses: [{ name: "app", containerID: containerId, restartCount: 0, ready: true, state: running }],
    },
  };
}

/** A pod whose container ended with a message that the program wrote itself. */
function crashedPod(): KubeObject {
  const terminated = { exitCode: 1, reason: "Error", message: termination.text, finishedAt: "2026-01-01T00:00:00Z" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "crashed", namespace: "default" },
    spec: podSpec(),
    status: { phase: "Failed", containerStatuses: [{ name: "app", restartCount: 0, ready: false, state: { terminated } }] },
  };
}

/** What is planted beside the pod. */
export function objects(): readonly KubeObject[] {
  const metadata = (name: string, annotations: Readonly<Record<string, string>> = {}): KubeObject["metadata"] => ({
    name,
    namespace: "default",
    annotations,
  });
  const secretManifest = { apiVersion: "v1", kind: "Secret", metadata: { name: "inner" }, stringData: { key: embedded.text } };
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: metadata("credentials", { "example.com/copy-of-value": secretAnnotation.text }),
      data: { password: base64(secretData.text), ".dockerconfigjson": base64(`{"auths":{"r":{"auth":"${dockerAuth.text}"}}}`) },
      stringData: { plain: secretString.text },
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata("settings", {
        [LAST_APPLIED]: JSON.stringify({ apiVersion: "v1", kind: "Secret", stringData: { a: appliedSecret.text } }),
        "objectset.rio.cattle.io/applied": `{"cut":"${unreadable.text}`,
      }),
      data: Object.fromEntries(IN_DATA.map(({ text }, index) => [`key-${index}`, text])),
      env: { SHOP_DSN: mapVariable.text },
      manifests: [secretManifest],
    },
    crashedPod(),
    { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("sh.helm.release.v1.shop.v1"), data: { release: helm.text } },
  ];
}

/** One Event about the pod for each message. */
export function events(podUid: string): readonly KubeObject[] {
  return IN_MESSAGES.map(({ text }, index) => ({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `web.${index}`, namespace: "default" },
    involvedObject: { apiVersion: "v1", kind: "Pod", name: "web", namespace: "default", uid: podUid },
    reason: "Failed",
    message: `carrier ${index}: ${text}`,
    count: 1,
    lastTimestamp: "2026-01-01T00:00:00Z",
  }));
}

/** The objects that people and installers wrote: nodes, namespaces, and the application with its Service and configuration. */
import type { KubeObject } from "../kube-object.ts";
import type { HistoryRef } from "../history.ts";

export const NAMESPACE = "default";
export const APP = "my-app";
export const IMAGE = "registry.example/my-app";
export const NODES: readonly string[] = ["worker-1", "worker-2"];
/** The Deployment that is played with. */
export const DEPLOYMENT: HistoryRef = { apiVersion: "apps/v1", kind: "Deployment", namespace: NAMESPACE, name: APP };

/** What is there before the play begins. `now` is RFC 3339. */
export function clusterObjects(now: string): readonly KubeObject[] {
  const namespaces = ["kube-system", "kube-public", "kube-node-lease", NAMESPACE].map((name): KubeObject => ({
    kind: "Namespace",
    apiVersion: "v1",
    metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  }));
  return [...namespaces, ...NODES.map((name, at) => node(name, at, now)), serviceAccount()];
}

function node(name: string, at: number, now: string): KubeObject {
  const condition = (type: string, status: string, reason: string, message: string): unknown => ({
    type,
    status,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason,
    message,
  });
  const capacity = { cpu: "4", "ephemeral-storage": "61202244Ki", memory: "8145916Ki", pods: "110" };
  return {
    kind: "Node",
    apiVersion: "v1",
    metadata: {
      name,
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": `zone-${"ab"[at] ?? "c"}`,
      },
    },
    spec: { podCIDR: `10.244.${at + 1}.0/24`, podCIDRs: [`10.244.${at + 1}.0/24`] },
    status: {
      capacity,
      allocatable: capacity,
      conditions: [
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
      ],
      addresses: [
        { type: "InternalIP", address: `10.0.0.1${at + 1}` },
        { type: "Hostname", address: name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
      nodeInfo: {
        architecture: "amd64",
        containerRuntimeVersion: "containerd://2.1.4",
        kubeletVersion: "v1.35.0",
        operatingSystem: "linux",
      },
    },
  };
}

function serviceAccount(): KubeObject {
  return { kind: "ServiceAccount", apiVersion: "v1", metadata: { name: "default", namespace: NAMESPACE } };
}

/** What the application's people apply: configuration, credentials, Service. The Deployment follows by itself. */
export function applicationObjects(): readonly KubeObject[] {
  const metadata = { namespace: NAMESPACE, labels: { app: APP } };
  return [
    {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name: `${APP}-config`, ...metadata },
      data: { "config.yaml": "listen: 0.0.0.0:8080\ncache:\n  ttl: 30 seconds\n  entries: 5000\ndatabase:\n  pool: 8\n" },
    },
    {
      kind: "Secret",
      apiVersion: "v1",
      metadata: { name: `${APP}-database`, ...metadata },
      data: { password: Buffer.from("not-a-real-password").toString("base64") },
      type: "Opaque",
    },
    {
      kind: "Service",
      apiVersion: "v1",
      metadata: { name: APP, ...metadata },
      spec: {
        ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: "http" }],
        selector: { app: APP },
        clusterIP: "10.96.43.17",
        clusterIPs: ["10.96.43.17"],
        type: "ClusterIP",
        sessionAffinity: "None",
        ipFamilies: ["IPv4"],
        ipFamilyPolicy: "SingleStack",
        internalTrafficPolicy: "Cluster",
      },
      status: { loadBalancer: {} },
    },
  ];
}

/** The Deployment as it is first applied. */
export function deployment(version: string, replicas: number): KubeObject {
  return {
    kind: "Deployment",
    apiVersion: "apps/v1",
    metadata: {
      name: APP,
      namespace: NAMESPACE,
      labels: { app: APP },
      annotations: { "kubernetes.io/change-cause": `kubectl apply --filename=${APP}.yaml` },
    },
    spec: {
      replicas,
      selector: { matchLabels: { app: APP } },
      template: { metadata: { labels: { app: APP } }, spec: podSpec(version) },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
    status: {},
  };
}

function podSpec(version: string): Readonly<Record<string, unknown>> {
  const common = {
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: "IfNotPresent",
  };
  const config = { name: "config", mountPath: "/etc/my-app" };
  const password = { name: "DATABASE_PASSWORD", valueFrom: { secretKeyRef: { name: `${APP}-database`, key: "password" } } };
  return {
    volumes: [{ name: "config", configMap: { name: `${APP}-config`, defaultMode: 420 } }],
    initContainers: [
      { name: "migrate", image: `${IMAGE}:${version}`, args: ["migrate", "--wait"], env: [password], resources: {}, ...common },
    ],
    containers: [
      {
        name: APP,
        image: `${IMAGE}:${version}`,
        args: ["serve"],
        ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
        env: [password],
        resources: { limits: { memory: "256Mi" }, requests: { cpu: "100m", memory: "128Mi" } },
        volumeMounts: [config],
        readinessProbe: {
          httpGet: { path: "/ready", port: "http", scheme: "HTTP" },
          timeoutSeconds: 1,
          periodSeconds: 2,
          successThreshold: 1,
          failureThreshold: 3,
        },
        ...common,
      },
    ],
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    securityContext: {},
    schedulerName: "default-scheduler",
  };
}

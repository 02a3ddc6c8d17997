import { describe, expect, test } from "vitest";
import { relationsOf } from "./relations.ts";

interface Row {
  readonly what: string;
  readonly kind: string;
  readonly apiVersion?: string;
  readonly object: object;
  readonly states: readonly string[];
}

/** `<relation> <kind>.<group> <namespace>/<name> <- <proof>`, and `<relation> <- <proof>` for a selector. */
function stated(row: Pick<Row, "kind" | "apiVersion" | "object">): readonly string[] {
  const { apiVersion = "v1", kind, object } = row;
  const isEvent = kind === "Event" ? { kubeEvent: { involved: {}, reason: "", component: "", count: 1 } } : {};
  const relations = relationsOf({ apiVersion, kind, namespace: "shop", ...isEvent }, object);
  return [
    ...relations.named.map(({ relation, kind: of, group, namespace, name, proof }) => {
      return `${relation} ${of}.${group} ${namespace ?? ""}/${name} <- ${proof}`;
    }),
    ...relations.selecting.map(({ relation, proof }) => `${relation} <- ${proof}`),
    ...relations.aliases.map((alias) => `offers ${alias}`),
  ];
}

const pod = (spec: object): object => ({ metadata: { name: "web-1", namespace: "shop" }, spec });

const TABLE: readonly Row[] = [
  {
    what: "its Node, its account and its priority",
    kind: "Pod",
    object: pod({ nodeName: "n1", serviceAccountName: "robot", priorityClassName: "high", runtimeClassName: "gvisor" }),
    states: [
      "runs-on Node. /n1 <- spec.nodeName=n1",
      "uses ServiceAccount. shop/robot <- spec.serviceAccountName=robot",
      "uses PriorityClass.scheduling.k8s.io /high <- spec.priorityClassName=high",
      "uses RuntimeClass.node.k8s.io /gvisor <- spec.runtimeClassName=gvisor",
    ],
  },
  { what: "nothing by the account that every pod has", kind: "Pod", object: pod({ serviceAccountName: "default" }), states: [] },
  {
    what: "ConfigMaps and Secrets in env, envFrom, volumes, projected volumes and imagePullSecrets, once each with all proofs",
    kind: "Pod",
    object: pod({
      imagePullSecrets: [{ name: "pull" }],
      initContainers: [{ name: "init", env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "a" } } }] }],
      containers: [
        {
          name: "app",
          envFrom: [{ configMapRef: { name: "settings" } }, { secretRef: { name: "keys" } }],
          env: [{ name: "B", valueFrom: { secretKeyRef: { name: "keys", key: "b" } } }],
        },
      ],
      volumes: [
        { name: "conf", configMap: { name: "files" } },
        { name: "tls", secret: { secretName: "tls" } },
        { name: "both", projected: { sources: [{ configMap: { name: "files" } }, { secret: { name: "tls" } }] } },
      ],
    }),
    states: [
      "uses Secret. shop/pull <- spec.imagePullSecrets[].name=pull",
      "uses ConfigMap. shop/settings <- spec.initContainers[init].env[A].valueFrom.configMapKeyRef.name=settings, " +
        "spec.containers[app].envFrom[].configMapRef.name=settings",
      "uses Secret. shop/keys <- spec.containers[app].envFrom[].secretRef.name=keys, " +
        "spec.containers[app].env[B].valueFrom.secretKeyRef.name=keys",
      "uses ConfigMap. shop/files <- spec.volumes[conf].configMap.name=files, spec.volumes[both].projected.sources[].configMap.name=files",
      "uses Secret. shop/tls <- spec.volumes[tls].secret.secretName=tls, spec.volumes[both].projected.sources[].secret.name=tls",
    ],
  },
  {
    what: "claims by name, and those of ephemeral volumes by pod and volume",
    kind: "Pod",
    object: pod({
      volumes: [
        { name: "data", persistentVolumeClaim: { claimName: "data-db-0" } },
        { name: "scratch", ephemeral: { volumeClaimTemplate: {} } },
      ],
    }),
    states: [
      "uses PersistentVolumeClaim. shop/data-db-0 <- spec.volumes[data].persistentVolumeClaim.claimName=data-db-0",
      "uses PersistentVolumeClaim. shop/web-1-scratch <- spec.volumes[scratch].ephemeral",
    ],
  },
  {
    what: "not the root certificates that are mounted into every pod",
    kind: "Pod",
    object: pod({
      volumes: [{ name: "kube-api-access-x7k2p", projected: { sources: [{ configMap: { name: "kube-root-ca.crt" } }] } }],
    }),
    states: [],
  },
  {
    what: "the pods of its selector",
    kind: "Service",
    object: { spec: { selector: { app: "web", tier: "front" } } },
    states: ["selects <- spec.selector: app=web,tier=front"],
  },
  { what: "no pods without a selector", kind: "Service", object: { spec: { selector: {} } }, states: [] },
  {
    what: "its Service by label and its pods by uid",
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    object: {
      metadata: { labels: { "kubernetes.io/service-name": "web" } },
      endpoints: [{ targetRef: { kind: "Pod", name: "web-1", uid: "u1" } }, { addresses: ["10.0.0.1"] }],
    },
    states: [
      "publishes Service. shop/web <- metadata.labels[kubernetes.io/service-name]=web",
      "lists Pod. shop/web-1 <- endpoints[].targetRef.uid=u1",
    ],
  },
  {
    what: "its Service by its own name",
    kind: "Endpoints",
    object: {
      metadata: { name: "web" },
      subsets: [{ notReadyAddresses: [{ targetRef: { kind: "Pod", name: "web-1", uid: "u1" } }] }],
    },
    states: [
      "publishes Service. shop/web <- metadata.name=web",
      "lists Pod. shop/web-1 <- subsets[].addresses[].targetRef.uid=u1",
    ],
  },
  {
    what: "backends, class and certificate",
    kind: "Ingress",
    apiVersion: "networking.k8s.io/v1",
    object: {
      spec: {
        ingressClassName: "nginx",
        defaultBackend: { service: { name: "other" } },
        rules: [{ http: { paths: [{ backend: { service: { name: "web" } } }] } }],
        tls: [{ secretName: "tls" }],
      },
    },
    states: [
      "routes-to Service. shop/other <- spec.defaultBackend.service.name=other",
      "routes-to Service. shop/web <- spec.rules[].http.paths[].backend.service.name=web",
      "rests-on IngressClass.networking.k8s.io /nginx <- spec.ingressClassName=nginx",
      "rests-on Secret. shop/tls <- spec.tls[].secretName=tls",
    ],
  },
  {
    what: "backends and Gateways, also of another namespace",
    kind: "HTTPRoute",
    apiVersion: "gateway.networking.k8s.io/v1",
    object: {
      spec: {
        parentRefs: [{ name: "edge", namespace: "infra" }],
        rules: [{ backendRefs: [{ name: "web" }, { kind: "Bucket", name: "b" }] }],
      },
    },
    states: [
      "routes-to Service. shop/web <- spec.rules[].backendRefs[].name=web",
      "rests-on Gateway.gateway.networking.k8s.io infra/edge <- spec.parentRefs[].name=edge",
    ],
  },
  {
    what: "its class and its certificates",
    kind: "Gateway",
    apiVersion: "gateway.networking.k8s.io/v1",
    object: { spec: { gatewayClassName: "envoy", listeners: [{ tls: { certificateRefs: [{ name: "tls" }] } }] } },
    states: [
      "rests-on GatewayClass.gateway.networking.k8s.io /envoy <- spec.gatewayClassName=envoy",
      "rests-on Secret. shop/tls <- spec.listeners[].tls.certificateRefs[].name=tls",
    ],
  },
  {
    what: "what it scales",
    kind: "HorizontalPodAutoscaler",
    apiVersion: "autoscaling/v2",
    object: { spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } } },
    states: ["scales Deployment.apps shop/web <- spec.scaleTargetRef: Deployment, name=web"],
  },
  {
    what: "the pods of a selector with expressions",
    kind: "PodDisruptionBudget",
    apiVersion: "policy/v1",
    object: {
      spec: {
        selector: {
          matchLabels: { app: "web" },
          matchExpressions: [
            { key: "tier", operator: "In", values: ["a", "b"] },
            { key: "canary", operator: "DoesNotExist" },
          ],
        },
      },
    },
    states: ["selects <- spec.selector: app=web,tier in (a,b),!canary"],
  },
  {
    what: "every pod by an empty selector",
    kind: "NetworkPolicy",
    apiVersion: "networking.k8s.io/v1",
    object: { spec: { podSelector: {} } },
    states: ["selects <- spec.podSelector: all"],
  },
  { what: "its whole namespace", kind: "ResourceQuota", object: {}, states: ["limits <- metadata.namespace=shop"] },
  { what: "its whole namespace", kind: "LimitRange", object: {}, states: ["limits <- metadata.namespace=shop"] },
  {
    what: "its volume and its class",
    kind: "PersistentVolumeClaim",
    object: { spec: { volumeName: "pv-1", storageClassName: "fast" } },
    states: [
      "rests-on PersistentVolume. /pv-1 <- spec.volumeName=pv-1",
      "rests-on StorageClass.storage.k8s.io /fast <- spec.storageClassName=fast",
    ],
  },
  {
    what: "its class",
    kind: "PersistentVolume",
    object: { spec: { storageClassName: "fast" } },
    states: ["rests-on StorageClass.storage.k8s.io /fast <- spec.storageClassName=fast"],
  },
  {
    what: "the webhook that refused, by its name",
    kind: "Event",
    object: { message: 'Error creating: admission webhook "pods.policy.test" denied the request: no' },
    states: ["names AdmissionWebhook. /pods.policy.test <- message names webhook pods.policy.test"],
  },
  {
    what: "its webhooks under their names",
    kind: "ValidatingWebhookConfiguration",
    apiVersion: "admissionregistration.k8s.io/v1",
    object: { webhooks: [{ name: "pods.policy.test" }] },
    states: ["offers AdmissionWebhook.//pods.policy.test"],
  },
  {
    what: "the tools that manage it, as hints",
    kind: "Deployment",
    apiVersion: "apps/v1",
    object: {
      metadata: {
        labels: {
          "kustomize.toolkit.fluxcd.io/name": "apps",
          "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
          "olm.owner": "op.v1",
          "olm.owner.kind": "ClusterServiceVersion",
        },
        annotations: {
          "argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web",
          "meta.helm.sh/release-name": "web",
          "meta.helm.sh/release-namespace": "shop",
        },
      },
    },
    states: [
      "managed-by Kustomization.kustomize.toolkit.fluxcd.io flux-system/apps <- metadata.labels[kustomize.toolkit.fluxcd.io/name]=apps",
      "managed-by Application.argoproj.io argocd/shop <- metadata.annotations[argocd.argoproj.io/tracking-id]=shop",
      "managed-by HelmRelease.helm. shop/web <- metadata.annotations[meta.helm.sh/release-name]=web",
      "managed-by ClusterServiceVersion.operators.coreos.com /op.v1 <- metadata.labels[olm.owner]=op.v1",
    ],
  },
  {
    what: "the Argo CD Application of its label, and the Argo Workflow that runs it",
    kind: "Pod",
    object: {
      metadata: { labels: { "app.kubernetes.io/instance": "shop", "workflows.argoproj.io/workflow": "nightly" } },
    },
    states: [
      "managed-by Application.argoproj.io argocd/shop <- metadata.labels[app.kubernetes.io/instance]=shop",
      "managed-by Workflow.argoproj.io shop/nightly <- metadata.labels[workflows.argoproj.io/workflow]=nightly",
    ],
  },
  {
    what: "no Application by the label that a chart of Helm's sets as well",
    kind: "ConfigMap",
    object: { metadata: { labels: { "app.kubernetes.io/instance": "web", "app.kubernetes.io/managed-by": "Helm" } } },
    states: [],
  },
  {
    what: "nothing of a kind that is not in the table, whatever its fields are called",
    kind: "Widget",
    apiVersion: "example.com/v1",
    object: { metadata: { name: "w" }, spec: { selector: { app: "web" }, volumeName: "v" } },
    states: [],
  },
  {
    what: "the Helm release that it holds",
    kind: "Secret",
    object: { metadata: { labels: { owner: "helm", name: "web" } } },
    states: ["offers HelmRelease.helm./shop/web"],
  },
];

describe("relations that an object states", () => {
  test.each(TABLE)("a $kind names $what", (row) => {
    expect(stated(row)).toEqual(row.states);
  });

  test.each(TABLE)("a $kind of a strange shape states nothing, and does not throw", ({ kind, apiVersion }) => {
    const strange = [
      null,
      7,
      "text",
      [],
      { spec: 7 },
      { spec: { containers: 7, volumes: [null, 3], selector: [] }, metadata: [] },
    ];
    for (const object of strange) {
      const named = relationsOf({ apiVersion: apiVersion ?? "v1", kind, namespace: "shop" }, object).named;
      expect(named).toEqual([]);
    }
  });
});

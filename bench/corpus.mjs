/**
 * What the benchmark's server sends: lines of a watch as an API server writes them, made from a fixed seed-free rule so that the
 * program that sends them and the one that checks a recording know the same bytes. `linesOf(kind)` gives `count` lines by number:
 * object by object in turn, as on a real watch, each through the versions of a life that repeats itself.
 *
 *   pods     about 10 KB: 40 % managedFields, one container of two with variables, a secret's name among them; the status
 *            differs from version to version, and every fourth version is one that tells a transition
 *   events   about 1.1 KB, a new Event or a count that rises
 */

const PODS = 400;
const POD_VERSIONS = 4;
const EVENTS = 2_000;
const FIRST_VERSION = 1_000_000_000;
const KINDS = {
  pods: { count: PODS, versions: POD_VERSIONS, make: pod },
  events: { count: EVENTS, versions: 1, make: kubeEvent },
};

/** The resourceVersion of line `number`; all have ten digits. */
export function versionOf(number) {
  return String(FIRST_VERSION + number);
}

/**
 * The lines of one kind: `at(number)` is a copy of its own, newline included; `bytes` their mean length, `bytesOf(count)` that of the first;
 * after `templates` lines they repeat but for their version.
 *
 *   items     so many objects instead of a few hundred: the first lines show those of `listItems`, the next their next versions
 *   watches   the objects are spread over so many namespaces (`namespaceOf`)
 *   random    values of each version are its own, so that it has nothing in common with the one before
 */
export function linesOf(kind, { items = 0, watches = 1, random = false } = {}) {
  const { count, versions, make } = KINDS[kind];
  const objects = items > 0 ? items : count;
  const templates = [];
  // Whoever needs a few lines need not wait for all of them to be made.
  const template = (at) => {
    if (templates[at] !== undefined) return templates[at];
    const index = at % count;
    const object = make(index, Math.floor(at / count));
    const namespace = watches > 1 ? namespaceOf(index % watches) : undefined;
    return (templates[at] = templateOf(random ? randomised(object) : object, namespace));
  };
  const templateAt = (number) => template((Math.floor(number / objects) % versions) * count + ((number % objects) % count));
  const at = (number) => {
    const { line, versionAt, places, blanks } = templateAt(number);
    const copy = Buffer.from(line);
    // As long as "MODIFIED",
    if (number < objects) copy.write('"ADDED"   ,', 8, "latin1");
    copy.write(versionOf(number), versionAt, "latin1");
    if (items > 0) for (const place of places) copy.write(String(number % objects).padStart(12, "0"), place, "latin1");
    fillBlanks(copy, blanks, number);
    return copy;
  };
  const bytesOf = (number) => {
    let sum = 0;
    for (let each = 0; each < number; each++) sum += templateAt(each).line.length;
    return sum;
  };
  return {
    at,
    bytesOf,
    namespaceAt: (number) => namespaceOf((number % count) % watches),
    templates: count * versions,
    get bytes() {
      return bytesOf(count * versions) / (count * versions);
    },
  };
}

/** As long as that of the corpus with one watch. Objects take turns. */
export function namespaceOf(watch) {
  return `b${String(watch).padStart(4, "0")}`;
}

/** Items of a list of pods, each its own: `at(number)` is a copy, without `apiVersion` and `kind` as an API server writes them. */
export function listItems() {
  const templates = Array.from({ length: PODS }, (_, at) => {
    const { kind: _kind, apiVersion: _apiVersion, ...item } = pod(at, 0);
    const bytes = Buffer.from(JSON.stringify(item));
    return { bytes, places: placesOf(bytes), versionAt: bytes.indexOf('"resourceVersion":"') + 19 };
  });
  return {
    at: (number) => {
      const { bytes, places, versionAt } = templates[number % PODS];
      const copy = Buffer.from(bytes);
      for (const place of places) copy.write(String(number).padStart(12, "0"), place, "latin1");
      copy.write(versionOf(number), versionAt, "latin1");
      return copy;
    },
  };
}

/** The object's own bytes in a line of `linesOf`. */
export function objectOf(line) {
  return line.subarray(line.indexOf('"object":') + 9, -2);
}

function templateOf(object, namespace) {
  const text = JSON.stringify(object);
  const placed = namespace === undefined ? text : text.replaceAll('"namespace":"bench"', `"namespace":"${namespace}"`);
  const line = Buffer.from(`{"type":"MODIFIED","object":${placed}}\n`);
  const blanks = [...line.toString("latin1").matchAll(/~+/g)].map(({ index, 0: { length } }) => ({ index, length }));
  return { line, versionAt: line.indexOf('"resourceVersion":"') + 19, places: placesOf(line), blanks };
}

/** Where the number of a pod stands in its name and its uid. */
function placesOf(bytes) {
  return [bytes.indexOf('"name":"web-') + 19, bytes.indexOf('"uid":"00000001-') + 30];
}

/** A pod with blanks (`~`) instead of what versions and objects have in common: keys of `managedFields`, settings, annotations. */
function randomised(object) {
  const { metadata, spec } = object;
  const blank = (length) => "~".repeat(length);
  const keys = (fields) => Object.fromEntries(Object.values(fields).map((field, at) => [`f:${at}-${blank(8)}`, field]));
  const managed = metadata.managedFields.map((entry) => {
    const { "f:metadata": fields, ...others } = entry.fieldsV1;
    return { ...entry, fieldsV1: { "f:metadata": keys(fields), ...others } };
  });
  const annotations = { "example.com/config-hash": blank(24), "example.com/owner": blank(8) };
  const containers = spec.containers.map((container) => ({
    ...container,
    env: container.env.map(({ name, value, ...from }) =>
      value === undefined ? { name, ...from } : { name, value: blank(value.length) },
    ),
    args: ["--listen=:8080", `--shard=${blank(6)}`],
  }));
  return { ...object, metadata: { ...metadata, annotations, managedFields: managed }, spec: { ...spec, containers } };
}

const LETTERS = Buffer.alloc(1 << 20);
for (let at = 0, state = 1; at < LETTERS.length; at++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  LETTERS[at] = 97 + ((state >>> 16) % 26);
}

/** Letters that look drawn and are the same for the same line. */
function fillBlanks(line, blanks, number) {
  blanks.forEach(({ index, length }, at) => {
    const from = (number * 7_919 + at * 104_729) % (LETTERS.length - length);
    LETTERS.copy(line, index, from, from + length);
  });
}

function meta(kind, index) {
  const number = String(index).padStart(12, "0");
  return {
    name: `web-5d9c7f-${number}`,
    namespace: "bench",
    uid: `${kind}-4b1c-4e51-9f0a-${number}`,
    resourceVersion: versionOf(0),
    creationTimestamp: "2026-01-01T00:00:00Z",
  };
}

/** A pod of about 10 KB in one of four versions of its life. */
export function pod(index, version) {
  const { name, ...rest } = meta("00000001", index);
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      name,
      generateName: "web-5d9c7f-",
      ...rest,
      labels: { app: "web", "app.kubernetes.io/name": "web", "pod-template-hash": "5d9c7f", tier: `t${index % 5}` },
      annotations: { "example.com/config-hash": `${index}`.repeat(8), "example.com/owner": "team-web" },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: "web-5d9c7f",
          uid: "00000002-4b1c-4e51-9f0a-000000000000",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: [managedFields("kube-controller-manager", 40), managedFields("kubelet", 36)],
    },
    spec: podSpec(index),
    status: podStatus(index, version),
  };
}

function managedFields(manager, fields) {
  const names = Array.from({ length: fields }, (_, at) => [`f:field-${at}`, { ".": {}, "f:name": {}, "f:value": {} }]);
  return {
    manager,
    operation: "Update",
    apiVersion: "v1",
    time: "2026-01-01T00:00:00Z",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:metadata": Object.fromEntries(names), "f:spec": { "f:containers": {}, "f:enableServiceLinks": {} } },
  };
}

function podSpec(index) {
  const env = Array.from({ length: 20 }, (_, at) => ({ name: `SETTING_${at}`, value: `value-${at}-${"x".repeat(at)}` }));
  const secret = { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } };
  const probe = { httpGet: { path: "/healthz", port: 8080, scheme: "HTTP" }, timeoutSeconds: 1, periodSeconds: 10 };
  const container = (name) => ({
    name,
    image: `registry.example.com/team/${name}:1.42.${index}`,
    command: ["/bin/server"],
    args: ["--listen=:8080", `--shard=${index}`],
    ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
    env: name === "app" ? [...env, secret] : [],
    resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "100m", memory: "256Mi" } },
    volumeMounts: [{ name: "config", mountPath: "/etc/web" }, TOKEN_MOUNT],
    livenessProbe: probe,
    readinessProbe: probe,
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: "IfNotPresent",
  });
  return {
    volumes: [{ name: "config", configMap: { name: "web", defaultMode: 420 } }, TOKEN_VOLUME],
    containers: [container("app"), container("proxy")],
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    serviceAccountName: "web",
    serviceAccount: "web",
    nodeName: `node-${index % 20}`,
    securityContext: {},
    schedulerName: "default-scheduler",
    tolerations: ["not-ready", "unreachable"].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 300,
    })),
    priority: 0,
    enableServiceLinks: true,
  };
}

const TOKEN_MOUNT = {
  name: "kube-api-access-x7k2p",
  readOnly: true,
  mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
};
const TOKEN_VOLUME = {
  name: "kube-api-access-x7k2p",
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } },
    ],
    defaultMode: 420,
  },
};

/** Ready, ready at another probe's time, not ready, not ready at another time: every second version turns a condition. */
function podStatus(index, version) {
  const isReady = version < 2;
  const condition = (type, status) => ({
    type,
    status: status ? "True" : "False",
    lastProbeTime: null,
    lastTransitionTime: `2026-01-01T00:00:0${version}Z`,
  });
  const container = (name, ready) => ({
    name,
    state: { running: { startedAt: "2026-01-01T00:00:01Z" } },
    lastState: {},
    ready,
    restartCount: 0,
    image: `registry.example.com/team/${name}:1.42.${index}`,
    imageID: `registry.example.com/team/${name}@sha256:${"0123456789abcdef".repeat(4)}`,
    containerID: `containerd://${String(index).padStart(12, "0")}${name}${"ab".repeat(24)}`,
    started: true,
  });
  return {
    phase: "Running",
    conditions: [
      condition("PodReadyToStartContainers", true),
      condition("Initialized", true),
      condition("Ready", isReady),
      condition("ContainersReady", isReady),
      condition("PodScheduled", true),
    ],
    hostIP: "10.1.0.1",
    hostIPs: [{ ip: "10.1.0.1" }],
    podIP: "10.0.0.1",
    podIPs: [{ ip: "10.0.0.1" }],
    startTime: "2026-01-01T00:00:00Z",
    containerStatuses: [container("app", isReady), container("proxy", true)],
    qosClass: "Burstable",
  };
}

/** An Event of about 1.1 KB. */
export function kubeEvent(index) {
  const pods = String(index % PODS).padStart(12, "0");
  return {
    kind: "Event",
    apiVersion: "v1",
    metadata: {
      ...meta("00000003", index),
      managedFields: [
        {
          manager: "kubelet",
          operation: "Update",
          apiVersion: "v1",
          time: "2026-01-01T00:00:00Z",
          fieldsType: "FieldsV1",
          fieldsV1: {
            "f:count": {},
            "f:firstTimestamp": {},
            "f:involvedObject": {},
            "f:lastTimestamp": {},
            "f:message": {},
            "f:reason": {},
            "f:source": { "f:component": {}, "f:host": {} },
            "f:type": {},
          },
        },
      ],
    },
    involvedObject: {
      kind: "Pod",
      namespace: "bench",
      name: `web-5d9c7f-${pods}`,
      uid: `00000001-4b1c-4e51-9f0a-${pods}`,
      apiVersion: "v1",
      resourceVersion: "1000000010",
      fieldPath: "spec.containers{app}",
    },
    reason: "BackOff",
    message: `Back-off restarting failed container app in pod web-5d9c7f-${pods}_bench(00000001-4b1c-4e51-9f0a-${pods})`,
    source: { component: "kubelet", host: `node-${index % 20}` },
    firstTimestamp: "2026-01-01T00:00:00Z",
    lastTimestamp: "2026-01-01T00:10:00Z",
    count: 40,
    type: "Warning",
    eventTime: null,
    reportingComponent: "kubelet",
    reportingInstance: `node-${index % 20}`,
  };
}

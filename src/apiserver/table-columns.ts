/** The columns that `kubectl get` shows per kind (kubernetes `printers/internalversion/printers.go AddHandlers`). */
import { humanDuration } from "./human-duration.ts";
import { isObject, listAt, numberAt, textAt, textMapAt, valueAt } from "./json-value.ts";
import { summarizePod } from "./pod-status-text.ts";

export interface Column {
  readonly name: string;
  readonly type: "string" | "integer";
  /** Shown only by `-o wide`. */
  readonly wide?: true;
  /** The cell of one object; `now` is in milliseconds. */
  readonly cell: (object: unknown, now: number) => string | number;
}

const name: Column = { name: "Name", type: "string", cell: (object) => textAt(object, "metadata", "name") ?? "" };
const age: Column = {
  name: "Age",
  type: "string",
  cell: (object, now) => ageOf(textAt(object, "metadata", "creationTimestamp"), now),
};

const CONTAINERS: readonly Column[] = [
  wide("Containers", (object) => containerList(object, "name")),
  wide("Images", (object) => containerList(object, "image")),
  wide("Selector", (object) => joinMap(textMapAt(object, "spec", "selector", "matchLabels"))),
];

const POD: readonly Column[] = [
  name,
  text("Ready", (pod, now) => summarizePod(pod, now).ready),
  text("Status", (pod, now) => summarizePod(pod, now).status),
  text("Restarts", (pod, now) => summarizePod(pod, now).restarts),
  age,
  wide("IP", (pod) => textAt(pod, "status", "podIP") ?? "<none>"),
  wide("Node", (pod) => textAt(pod, "spec", "nodeName") ?? "<none>"),
  wide("Nominated Node", (pod) => textAt(pod, "status", "nominatedNodeName") ?? "<none>"),
  wide("Readiness Gates", () => "<none>"),
];

const EVENT: readonly Column[] = [
  text("Last Seen", (event, now) => ageOf(lastSeen(event), now)),
  text("Type", (event) => textAt(event, "type") ?? ""),
  text("Reason", (event) => textAt(event, "reason") ?? ""),
  text(
    "Object",
    (event) =>
      `${(textAt(event, "involvedObject", "kind") ?? "").toLowerCase()}/${textAt(event, "involvedObject", "name") ?? ""}`,
  ),
  wide("Subobject", (event) => textAt(event, "involvedObject", "fieldPath") ?? ""),
  wide("Source", (event) => [textAt(event, "source", "component"), textAt(event, "source", "host")].filter(Boolean).join(", ")),
  text("Message", (event) => (textAt(event, "message") ?? "").trim()),
  wide("First Seen", (event, now) => ageOf(textAt(event, "firstTimestamp") ?? textAt(event, "eventTime"), now)),
  { ...wide("Count", (event) => numberAt(event, "count") ?? 1), type: "integer" },
  wide("Name", (event) => textAt(event, "metadata", "name") ?? ""),
];

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  "/pods": POD,
  "/events": EVENT,
  "/configmaps": [name, count("Data", (map) => keyCount(map, "data") + keyCount(map, "binaryData")), age],
  "/secrets": [
    name,
    text("Type", (secret) => textAt(secret, "type") ?? "Opaque"),
    count("Data", (secret) => keyCount(secret, "data")),
    age,
  ],
  "/namespaces": [name, text("Status", (namespace) => textAt(namespace, "status", "phase") ?? ""), age],
  "/nodes": [
    name,
    text("Status", nodeStatus),
    text("Roles", nodeRoles),
    age,
    text("Version", (node) => textAt(node, "status", "nodeInfo", "kubeletVersion") ?? ""),
    wide("Internal-IP", (node) => nodeAddress(node, "InternalIP")),
    wide("External-IP", (node) => nodeAddress(node, "ExternalIP")),
    wide("OS-Image", (node) => nodeInfo(node, "osImage")),
    wide("Kernel-Version", (node) => `${nodeInfo(node, "kernelVersion")}${nodeArchitecture(node)}`),
    wide("Container-Runtime", (node) => nodeInfo(node, "containerRuntimeVersion")),
  ],
  "/services": [
    name,
    text("Type", (service) => textAt(service, "spec", "type") ?? "ClusterIP"),
    text("Cluster-IP", (service) => textAt(service, "spec", "clusterIP") ?? "<none>"),
    text("External-IP", () => "<none>"),
    text("Port(s)", servicePorts),
    age,
    wide("Selector", (service) => joinMap(textMapAt(service, "spec", "selector"))),
  ],
  "apps/deployments": [
    name,
    text("Ready", (object) => `${numberAt(object, "status", "readyReplicas") ?? 0}/${desired(object)}`),
    count("Up-to-date", (object) => numberAt(object, "status", "updatedReplicas") ?? 0),
    count("Available", (object) => numberAt(object, "status", "availableReplicas") ?? 0),
    age,
    ...CONTAINERS,
  ],
  "apps/replicasets": [
    name,
    count("Desired", desired),
    count("Current", (object) => numberAt(object, "status", "replicas") ?? 0),
    count("Ready", (object) => numberAt(object, "status", "readyReplicas") ?? 0),
    age,
    ...CONTAINERS,
  ],
  "apps/statefulsets": [
    name,
    text("Ready", (object) => `${numberAt(object, "status", "readyReplicas") ?? 0}/${desired(object)}`),
    age,
    ...CONTAINERS.slice(0, 2),
  ],
  "apps/daemonsets": [
    name,
    count("Desired", (object) => numberAt(object, "status", "desiredNumberScheduled") ?? 0),
    count("Current", (object) => numberAt(object, "status", "currentNumberScheduled") ?? 0),
    count("Ready", (object) => numberAt(object, "status", "numberReady") ?? 0),
    age,
    ...CONTAINERS,
  ],
  "batch/jobs": [
    name,
    text("Status", jobStatus),
    text("Completions", jobCompletions),
    text("Duration", jobDuration),
    age,
    ...CONTAINERS,
  ],
  "discovery.k8s.io/endpointslices": [
    name,
    text("AddressType", (slice) => textAt(slice, "addressType") ?? ""),
    text("Ports", (slice) =>
      firstThree(listAt(slice, "ports").map((port) => String(numberAt(port, "port") ?? textAt(port, "name") ?? "*"))),
    ),
    text("Endpoints", (slice) =>
      firstThree(listAt(slice, "endpoints").flatMap((endpoint) => listAt(endpoint, "addresses").map(String))),
    ),
    age,
  ],
  "apiextensions.k8s.io/customresourcedefinitions": [
    name,
    text("Created At", (object) => textAt(object, "metadata", "creationTimestamp") ?? ""),
  ],
};

/** The columns of a storage; name and age where Kubernetes' own are not modelled. */
export function columnsOf(storage: string): readonly Column[] {
  return COLUMNS[storage] ?? [name, age];
}

function text(columnName: string, cell: Column["cell"]): Column {
  return { name: columnName, type: "string", cell };
}

function count(columnName: string, cell: (object: unknown) => number): Column {
  return { name: columnName, type: "integer", cell };
}

function wide(columnName: string, cell: Column["cell"]): Column {
  return { name: columnName, type: "string", wide: true, cell };
}

function ageOf(time: string | undefined, now: number): string {
  return time === undefined ? "<unknown>" : humanDuration(now - Date.parse(time));
}

function lastSeen(event: unknown): string | undefined {
  return textAt(event, "series", "lastObservedTime") ?? textAt(event, "lastTimestamp") ?? textAt(event, "eventTime");
}

function desired(object: unknown): number {
  return numberAt(object, "spec", "replicas") ?? 1;
}

function keyCount(object: unknown, member: string): number {
  const value = valueAt(object, member);
  return isObject(value) ? Object.keys(value).length : 0;
}

function containerList(object: unknown, field: string): string {
  const containers = listAt(object, "spec", "template", "spec", "containers");
  return containers.map((container) => textAt(container, field) ?? "").join(",");
}

function joinMap(map: Readonly<Record<string, string>>): string {
  const entries = Object.entries(map);
  return entries.length === 0 ? "<none>" : entries.map(([key, value]) => `${key}=${value}`).join(",");
}

function servicePorts(service: unknown): string {
  const ports = listAt(service, "spec", "ports");
  return ports.length === 0
    ? "<none>"
    : ports.map((port) => `${numberAt(port, "port")}/${textAt(port, "protocol") ?? "TCP"}`).join(",");
}

/** Three, and how many more (`printers.go listWithMoreString`). */
function firstThree(values: readonly string[]): string {
  if (values.length === 0) return "<unset>";
  return `${values.slice(0, 3).join(",")}${values.length > 3 ? ` + ${values.length - 3} more...` : ""}`;
}

/** `printers.go printJob`. */
function jobStatus(job: unknown): string {
  const conditions = listAt(job, "status", "conditions").filter((condition) => textAt(condition, "status") === "True");
  const has = (type: string): boolean => conditions.some((condition) => textAt(condition, "type") === type);
  if (has("Complete")) return "Complete";
  if (has("Failed")) return "Failed";
  if (textAt(job, "metadata", "deletionTimestamp") !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(has) ?? "Running";
}

function jobCompletions(job: unknown): string {
  const succeeded = numberAt(job, "status", "succeeded") ?? 0;
  const wanted = numberAt(job, "spec", "completions");
  if (wanted !== undefined) return `${succeeded}/${wanted}`;
  const parallelism = numberAt(job, "spec", "parallelism") ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: unknown, now: number): string {
  const [start, end] = [textAt(job, "status", "startTime"), textAt(job, "status", "completionTime")];
  return start === undefined ? "" : humanDuration((end === undefined ? now : Date.parse(end)) - Date.parse(start));
}

function nodeAddress(node: unknown, type: string): string {
  const found = listAt(node, "status", "addresses").find((address) => textAt(address, "type") === type);
  return textAt(found, "address") ?? "<none>";
}

function nodeInfo(node: unknown, field: string): string {
  return textAt(node, "status", "nodeInfo", field) || "<unknown>";
}

/** Behind the kernel's version since 1.36, where both are known. */
function nodeArchitecture(node: unknown): string {
  const architecture = textAt(node, "status", "nodeInfo", "architecture") ?? "";
  return architecture === "" || nodeInfo(node, "kernelVersion") === "<unknown>" ? "" : ` (${architecture})`;
}

function nodeStatus(node: unknown): string {
  const ready = listAt(node, "status", "conditions").find((condition) => textAt(condition, "type") === "Ready");
  const base = textAt(ready, "status") === "True" ? "Ready" : ready === undefined ? "Unknown" : "NotReady";
  return valueAt(node, "spec", "unschedulable") === true ? `${base},SchedulingDisabled` : base;
}

function nodeRoles(node: unknown): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.keys(textMapAt(node, "metadata", "labels")).filter((key) => key.startsWith(prefix));
  return roles.length === 0 ? "<none>" : roles.map((key) => key.slice(prefix.length)).join(",");
}

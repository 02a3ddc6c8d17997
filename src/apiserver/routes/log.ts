/** GET …/pods/x/log: which instance's file is read, and the texts that the API server and the kubelet refuse with. */
import { unreachable } from "../../base/index.ts";
import type { ServerContext } from "../context.ts";
import { keyOf, type StoredVersion } from "../history.ts";
import { listAt, textAt, valueAt } from "../json-value.ts";
import { type LogReadOptions, readLog, sinceOf } from "../log-read.ts";
import type { ContainerLogs, LogFile } from "../logs.ts";
import type { OutStream } from "../out-stream.ts";
import type { ApiRequest, Target } from "../request.ts";
import { badRequest, invalidLogOptions, nodeUnreachable, status, StatusError } from "../status.ts";
import { absent } from "./absent.ts";

/** What a log request leads to: a file, or a text that stands in the body of a 200 answer. */
export type LogSource = { readonly file: LogFile; readonly node: string } | { readonly inBand: string };

export interface LogSetup {
  readonly source: LogSource;
  readonly read: LogReadOptions;
}

type LogTarget = Extract<Target, { kind: "resource" }>;

/** @throws StatusError 400, 404, 422, 500, 502, 504. */
export function findLog(context: ServerContext, request: ApiRequest, target: LogTarget): LogSetup {
  const name = target.name ?? "";
  const version = context.history.get(target.resource.storage, keyOf(target.namespace, name));
  if (version === undefined) throw absent(context, target.resource, { namespace: target.namespace, name });
  const read = readOptions(context, request.query, name);
  const pod: unknown = JSON.parse(version.text);
  const container = chooseContainer(pod, version, request.query.get("container") || undefined);
  const node = textAt(pod, "spec", "nodeName");
  // Not scheduled: there is no kubelet to ask, the answer is empty (`strategy.go LogLocation`).
  if (node === undefined) return { source: { inBand: "" }, read };
  checkNode(context.logs, node, `${version.namespace}/${name}/${container}`);
  const chosen = chooseInstance(pod, container, isTrue(request.query.get("previous")));
  const containerId = context.faults.onLogInstance?.(request, chosen) ?? chosen;
  return { source: findFile(context.logs, version, node, containerId), read };
}

function findFile(logs: ContainerLogs, pod: StoredVersion, node: string, containerId: string): LogSource {
  const file = logs.file(containerId);
  if (file === undefined) return { inBand: `unable to retrieve container logs for ${containerId}` };
  if (file.failure?.where === "instead") return { inBand: file.failure.text };
  if (!file.isRenamed) return { file, node };
  const { podUid, container, restartCount } = file.instance;
  const path = `/var/log/pods/${pod.namespace}_${pod.name}_${podUid}/${container}/${restartCount}.log`;
  return { inBand: `failed to try resolving symlinks in path "${path}": lstat ${path}: no such file or directory` };
}

/** @throws StatusError 500, 502, 504 when the node of a pod does not answer. */
function checkNode(logs: ContainerLogs, node: string, path: string): void {
  const failure = logs.nodeFailure(node);
  if (failure === undefined) return;
  const call = `Get "https://${node}:10250/containerLogs/${path}": dial tcp ${node}:10250`;
  switch (failure) {
    case "refused":
      throw nodeUnreachable(`${call}: connect: connection refused`);
    case "timeout":
      throw nodeUnreachable(`${call}: i/o timeout`);
    case "bad-gateway":
      throw new StatusError(status(502, "InternalError", `${call}: 502 Bad Gateway`));
    case "gateway-timeout":
      throw new StatusError(status(504, "Timeout", `${call}: 504 Gateway Timeout`));
    default:
      unreachable(failure);
  }
}

/** Sends the log, and when following, until the container ends, its node is lost, or the kubelet's four hours are over. */
export async function serveLog(context: ServerContext, setup: LogSetup, out: OutStream): Promise<void> {
  const { source, read } = setup;
  out.open("text/plain");
  if ("inBand" in source) {
    if (source.inBand !== "") await out.send(Buffer.from(source.inBand));
    return out.end();
  }
  const cancel = context.clock.after(context.settings.logStreamMs, () => out.end());
  const forget = context.logs.onNodeGone((node) => node === source.node && out.end());
  try {
    await sendFile(context.logs, source.file, read, out);
  } finally {
    cancel();
    forget();
  }
  out.end();
}

/** When it cannot be followed, the lines up to now, and the reason behind them. */
async function sendFile(logs: ContainerLogs, file: LogFile, read: LogReadOptions, out: OutStream): Promise<void> {
  const leave = read.follow ? logs.takeFollower() : undefined;
  const failure = file.failure?.text ?? (read.follow && leave === undefined ? NO_WATCHER : undefined);
  try {
    const options = failure === undefined ? read : { ...read, follow: false };
    for await (const chunk of readLog(file, options, out.signal)) await out.send(chunk);
    if (failure !== undefined) await out.send(Buffer.from(failure));
  } finally {
    leave?.();
  }
}

/** `cri-client logs.go ReadLogs`, when `inotify_init` fails. */
const NO_WATCHER = "failed to create fsnotify watcher: too many open files";

function readOptions(context: ServerContext, query: URLSearchParams, pod: string): LogReadOptions {
  const sinceTime = query.get("sinceTime") || undefined;
  const whole = (name: string, least: 0 | 1): number | undefined => readWhole(query, { name, least, pod });
  const sinceSeconds = whole("sinceSeconds", 1);
  if (sinceTime !== undefined && sinceSeconds !== undefined) {
    const message = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified";
    throw invalidLogOptions(pod, { field: "[]", message, reason: "FieldValueForbidden" });
  }
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime))) {
    throw badRequest(
      `parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(sinceTime)} as "2006"`,
    );
  }
  return {
    follow: isTrue(query.get("follow")),
    timestamps: isTrue(query.get("timestamps")),
    timestampPerPiece: context.settings.timestampPerPiece,
    since: sinceOf({ sinceTime, sinceSeconds }, context.clock),
    tailLines: whole("tailLines", 0),
    limitBytes: whole("limitBytes", 1),
  };
}

/** @throws StatusError 422 */
function readWhole(
  query: URLSearchParams,
  option: { readonly name: string; readonly least: 0 | 1; readonly pod: string },
): number | undefined {
  const text = query.get(option.name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= option.least) return value;
  const bound = option.least === 0 ? "greater than or equal to 0" : "greater than 0";
  const message = `Invalid value: ${text}: must be ${bound}`;
  throw invalidLogOptions(option.pod, { field: option.name, message, reason: "FieldValueInvalid" });
}

function isTrue(text: string | null): boolean {
  return text === "true" || text === "1";
}

/** @throws StatusError 400 when there is a choice or no such container (`strategy.go LogLocation`). */
function chooseContainer(pod: unknown, version: StoredVersion, asked: string | undefined): string {
  const names = (list: string): string[] => listAt(pod, "spec", list).map((container) => textAt(container, "name") ?? "");
  const [containers, init, ephemeral] = [names("containers"), names("initContainers"), names("ephemeralContainers")];
  if (asked !== undefined) {
    if ([...containers, ...init, ...ephemeral].includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${version.name}`);
  }
  const [only] = containers;
  if (only !== undefined && containers.length + init.length + ephemeral.length === 1) return only;
  const alternatives = init.length === 0 ? "" : ` or one of the init containers: [${init.join(" ")}]`;
  const debug = ephemeral.length === 0 ? "" : ` or one of the ephemeral containers: [${ephemeral.join(" ")}]`;
  throw badRequest(
    `a container name must be specified for pod ${version.name}, choose one of: [${containers.join(" ")}]${alternatives}${debug}`,
  );
}

/** The id of the instance whose file is read (kubelet `kubelet_pods.go validateContainerLogStatus`). @throws StatusError 400. */
function chooseInstance(pod: unknown, container: string, previous: boolean): string {
  const lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
  const own = lists.flatMap((list) => listAt(pod, "status", list)).find((one) => textAt(one, "name") === container);
  const what = `container "${container}" in pod "${textAt(pod, "metadata", "name")}"`;
  if (own === undefined) throw badRequest(`${what} is not available`);
  const last = textAt(own, "lastState", "terminated", "containerID");
  if (previous) {
    if (last === undefined) throw badRequest(`previous terminated ${what} not found`);
    return last;
  }
  if (valueAt(own, "state", "running") !== undefined) return textAt(own, "containerID") ?? "";
  const ended = textAt(own, "state", "terminated", "containerID") ?? last;
  if (ended !== undefined) return ended;
  if (valueAt(own, "state", "terminated") !== undefined) throw badRequest(`${what} is terminated`);
  throw badRequest(`${what} is waiting to start${whyWaiting(textAt(own, "state", "waiting", "reason"))}`);
}

function whyWaiting(reason: string | undefined): string {
  if (reason === undefined) return " - no logs yet";
  if (reason === "ErrImagePull") return ": image can't be pulled";
  if (reason === "ImagePullBackOff") return ": trying and failing to pull image";
  return `: ${reason}`;
}

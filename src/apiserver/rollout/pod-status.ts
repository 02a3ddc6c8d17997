/** A pod's status as a kubelet writes it, from what is known of its two containers. */
import { textAt } from "../json-value.ts";

export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | {
      readonly terminated: {
        readonly exitCode: number;
        readonly reason: string;
        readonly startedAt: string;
        readonly finishedAt: string;
        readonly containerID: string;
      };
    };

/** One container and its present instance. */
export interface ContainerRecord {
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly lastState: ContainerState | undefined;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
  readonly containerId: string | undefined;
}

export interface PodPicture {
  readonly hostIP: string;
  readonly podIP: string | undefined;
  readonly startTime: string;
  readonly init: ContainerRecord;
  readonly app: ContainerRecord;
  /** Conditions as last written, for their transition times. */
  readonly before: readonly unknown[];
  readonly now: string;
}

/** `status` of the pod. */
export function podStatus(pod: PodPicture): Readonly<Record<string, unknown>> {
  const isInitialized = "terminated" in pod.init.state && pod.init.state.terminated.exitCode === 0;
  const unready = { reason: "ContainersNotReady", message: `containers with unready status: [${pod.app.name}]` };
  const initFault = { reason: "ContainersNotInitialized", message: `containers with incomplete status: [${pod.init.name}]` };
  const condition = (type: string, holds: boolean, why: object = {}): unknown => ({
    type,
    status: holds ? "True" : "False",
    lastProbeTime: null,
    lastTransitionTime: transitionTime(pod, type, holds ? "True" : "False"),
    ...(holds ? {} : why),
  });
  const address = pod.podIP === undefined ? {} : { podIP: pod.podIP, podIPs: [{ ip: pod.podIP }] };
  return {
    phase: isInitialized && pod.app.containerId !== undefined ? "Running" : "Pending",
    conditions: [
      condition("PodReadyToStartContainers", pod.podIP !== undefined),
      condition("Initialized", isInitialized, initFault),
      condition("Ready", pod.app.ready, unready),
      condition("ContainersReady", pod.app.ready, unready),
      condition("PodScheduled", true),
    ],
    hostIP: pod.hostIP,
    hostIPs: [{ ip: pod.hostIP }],
    ...address,
    startTime: pod.startTime,
    initContainerStatuses: [containerStatus(pod.init)],
    containerStatuses: [containerStatus(pod.app)],
    qosClass: "Burstable",
  };
}

function transitionTime(pod: PodPicture, type: string, status: string): string {
  const before = pod.before.find((condition) => textAt(condition, "type") === type);
  return textAt(before, "status") === status ? (textAt(before, "lastTransitionTime") ?? pod.now) : pod.now;
}

function containerStatus(container: ContainerRecord): Readonly<Record<string, unknown>> {
  const { name, state, lastState, ready, restartCount, image, containerId, started } = container;
  return {
    name,
    state,
    lastState: lastState ?? {},
    ready,
    restartCount,
    image,
    imageID: containerId === undefined ? "" : imageId(image),
    ...(containerId === undefined ? {} : { containerID: containerId }),
    started,
  };
}

/** The digest that stands for an image: a made-up one, the same for the same image. */
function imageId(image: string): string {
  const [repository = "", tag = ""] = image.split(":");
  return `${repository}@sha256:${Buffer.from(tag.padEnd(32, "0")).toString("hex")}`;
}

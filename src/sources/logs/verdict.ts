/** What follows from how a connection to a log ended: the instance is read, or it is asked again, and when. Pure. */
import { unreachable } from "../../base/index.ts";
import { describeFailure, type Failure } from "../../cluster/index.ts";
import type { LogEnd } from "./connection.ts";

export type Verdict =
  | {
      readonly verdict: "ended";
      readonly outcome: "complete" | "incomplete";
      readonly reason: string;
      /** True when lines of the instance may be missing. */
      readonly gap: boolean;
    }
  | {
      readonly verdict: "again";
      readonly after: "at once" | "poll" | "misaligned" | "back-off";
      readonly atLeastMs?: number | undefined;
    };

/** What is known when a connection has ended. */
export interface Situation {
  readonly end: LogEnd;
  readonly pod: "live" | "deleting" | "gone";
  /** The pod's name, to tell "the pod is not there" from other things that are not found. */
  readonly podName: string;
  /** The instance can write nothing more, and that was so before the connection was opened. */
  readonly wasOver: boolean;
  /** The same, now. */
  readonly isOver: boolean;
  /** An earlier connection came to its own end, when or after the instance had. */
  readonly hasEnded: boolean;
  /** The connection brought all that was read last once more, and nothing new. */
  readonly isVerified: boolean;
  /** The request was for the instance before the current one. */
  readonly isPrevious: boolean;
  /** Connections since the last that brought something. */
  readonly tries: number;
}

/** Tries for an instance that can no longer change, before its log is given up. */
const LAST_TRIES = 5;
const WAITING_TRIES = 2;
const OTHER_INSTANCE_TRIES = 3;

export function judge(situation: Situation): Verdict {
  const { end, isOver, tries } = situation;
  switch (end.end) {
    case "aborted":
      return complete("recording stopped");
    case "eof":
      return judgeEof(situation, end.followed);
    case "cut":
    case "again":
      return { verdict: "again", after: "at once" };
    case "misaligned":
      return { verdict: "again", after: "misaligned" };
    case "other-instance":
      if (!isOver || tries < OTHER_INSTANCE_TRIES) return { verdict: "again", after: "misaligned" };
      return giveUp("the node keeps only a newer instance");
    case "other-pod":
      return giveUp("another pod has the name");
    case "in-band":
      if (!isOver || tries < LAST_TRIES) return { verdict: "again", after: "back-off" };
      return situation.hasEnded && end.text.startsWith(REMOVED) ? complete("container ended") : giveUp(end.text);
    case "failed":
      return judgeFailure(situation, end.failure);
    default:
      return unreachable(end);
  }
}

/**
 * A clean end proves nothing: the kubelet's four hours end a body so, and when its connection breaks the API server ends the
 * answer cleanly, too (`StreamObject` copies and returns). Read again after the container has ended, and nothing new: that is all.
 */
function judgeEof({ wasOver, isOver, isVerified, hasEnded, pod, tries }: Situation, followed: boolean): Verdict {
  if (wasOver && isVerified) return complete(pod === "gone" ? "pod deleted" : "container ended");
  // Nobody can be asked any more. A follow that ended while the pod was still there may have been cut.
  if (pod === "gone") return hasEnded ? complete("pod deleted") : giveUp("the connection ended before the pod was deleted");
  // A pod that is being deleted may go any moment.
  if (isOver || (pod === "deleting" && tries < WAITING_TRIES)) return { verdict: "again", after: "at once" };
  return followed ? { verdict: "again", after: "back-off" } : { verdict: "again", after: "poll" };
}

function judgeFailure({ pod, podName, isOver, hasEnded, isPrevious, tries }: Situation, failure: Failure): Verdict {
  if (failure.kind === "http" && isPodNotFound(failure, pod, podName)) {
    // The follow had ended by itself and then the pod went: that end was the container's.
    if (hasEnded) return complete("pod deleted");
    return giveUp(describeFailure(failure));
  }
  if (failure.kind === "http" && failure.status === 400 && isOver && (isPrevious || tries >= WAITING_TRIES))
    return giveUp(describeFailure(failure));
  // A node that is gone, a kubelet or an API server that restarts: the file is still there while the pod is.
  if (pod === "gone" && tries >= LAST_TRIES) return giveUp(describeFailure(failure));
  return { verdict: "again", after: "back-off", atLeastMs: failure.kind === "http" ? failure.retryAfterMs : undefined };
}

/**
 * True when an end of a follow that came before was its connection's, as far as this one tells: nobody answers for the kubelet, which
 * was cut off or restarts. One that answers is the one that ended the follow, whatever it still has of the container: it
 * removes the log, then forgets the pod, a moment before the API server does.
 */
export function denies(end: LogEnd): boolean {
  if (end.end === "failed") return end.failure.kind !== "http" || end.failure.status >= 500;
  return end.end === "cut";
}

/** What kubelets say of a container whose log they have removed, which they do when it has ended (`GetKubeletContainerLogs`). */
const REMOVED = "unable to retrieve container logs for ";

/** A kubelet that has just started does not know its pods and answers 404, too, with another text (`server.go getContainerLogs`). */
function isPodNotFound(failure: Extract<Failure, { kind: "http" }>, pod: Situation["pod"], podName: string): boolean {
  return failure.status === 404 && (pod === "gone" || failure.message.includes(`pods "${podName}" not found`));
}

function complete(reason: string): Verdict {
  return { verdict: "ended", outcome: "complete", reason, gap: false };
}

function giveUp(reason: string): Verdict {
  return { verdict: "ended", outcome: "incomplete", reason, gap: true };
}

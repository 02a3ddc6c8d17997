/**
 * What a person looks for when something broke: warnings, containers and pods that failed, gaps, conditions that are bad news,
 * and log lines that sound like an error.
 */
import { field, textField } from "../../base/index.ts";
import type { StoryEvent } from "../document.ts";
import { type SeenEvent, seenEvent } from "./seen.ts";

export function isTrouble(event: StoryEvent): boolean {
  return isBad(seenEvent(event));
}

/** The same of an event as an overview sees it. */
export function isBad(seen: SeenEvent): boolean {
  switch (seen.event_type) {
    case "K8S_EVENT":
      return seen.warning() !== undefined;
    case "POD_LIFECYCLE":
      return (
        seen.action === "evicted" ||
        (seen.data.exit_code ?? 0) !== 0 ||
        isFailedWait(seen.data.reason) ||
        seen.data.to === "Failed"
      );
    case "CONTAINER_LOG":
      return TROUBLE.test(seen.message);
    case "RECORDING_GAP":
      return seen.data.possible_loss;
    case "RESOURCE_UPDATE":
    case "CORRELATED_EVENT":
      return hasFailedCondition(seen.data);
  }
}

const TROUBLE =
  /\b(error|fatal|panic|exception|critical|traceback|segfault|out of memory)\b|level=(error|fatal)|"level":"(error|fatal)"/i;

/** Waiting reasons of the kubelet that are no ordinary step (kubernetes `pkg/kubelet/images`, `kuberuntime`). */
function isFailedWait(reason: string | undefined): boolean {
  return reason !== undefined && /BackOff|Err|Error|Invalid|Failed|NeverPull|OOMKilled|Deadline/.test(reason);
}

/** Conditions whose truth is bad news, for any kind. */
function hasFailedCondition(object: unknown): boolean {
  const conditions = field(field(object, "status"), "conditions");
  if (!Array.isArray(conditions)) return false;
  return conditions.some(
    (condition) =>
      (field(condition, "status") === "True" && /Failure|Failed|Pressure/.test(textField(condition, "type") ?? "")) ||
      textField(condition, "reason") === "ProgressDeadlineExceeded",
  );
}

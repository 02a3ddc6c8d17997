/** Why a capture ends, and what that makes of its result. Pure. */
import type { CaptureOutcome, Until } from "./options.ts";

/** Why a capture ends. */
export type Ending =
  | { readonly ending: "asked"; readonly why: string }
  | { readonly ending: "duration" }
  | { readonly ending: "until"; readonly outcome: "met" | "failed"; readonly why: string }
  | { readonly ending: "timeout" }
  | { readonly ending: "refused"; readonly error: Error };

/** An ending that leaves a recording. */
export type OrderlyEnding = Exclude<Ending, { readonly ending: "refused" }>;

/** `reasons`: what is missing; `until`: what the capture was to wait for. */
export function outcomeOf(ending: OrderlyEnding, reasons: readonly string[], until: Until | undefined): CaptureOutcome {
  if (ending.ending === "timeout") return "timed-out";
  if (ending.ending === "until" && ending.outcome === "failed") return "assertion-failed";
  if (ending.ending === "duration" && until !== undefined) return "assertion-failed";
  return reasons.length > 0 ? "incomplete" : "complete";
}

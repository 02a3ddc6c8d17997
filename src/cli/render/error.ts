/** The one place that shows an error to a person: what failed, on what and why; then what to do. */
import { errorMessage, FaroError } from "../../base/index.ts";

/** Lines of a stack that a report needs. */
const STACK_LINES_MAX = 6;

/** `error: …` and `hint: …`, each line ended. A cause is not added: messages say why themselves. */
export function renderError(error: unknown): string {
  if (!(error instanceof FaroError)) return renderBug(error);
  return `error: ${error.message}\n${error.hint === undefined ? "" : `hint: ${error.hint.trimEnd()}\n`}`;
}

function renderBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => line.startsWith("    at ")) : [];
  const lines = [
    `error: ${errorMessage(error)}`,
    ...stack.slice(0, STACK_LINES_MAX),
    "hint: this is a bug in Faro (FARO_INTERNAL); please report it with these lines",
  ];
  return `${lines.join("\n")}\n`;
}

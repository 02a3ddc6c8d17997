/** What the two output streams can show. */
import type { ColorMode, Environment } from "../config/index.ts";
import type { Output } from "./dependencies.ts";

/** Whether colours go to `output`: the flag, then NO_COLOR (https://no-color.org), FORCE_COLOR, then whether it is a terminal. */
export function hasColor(output: Output, mode: ColorMode, env: Environment): boolean {
  if (mode !== "auto") return mode === "always";
  if (isSet(env["NO_COLOR"])) return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return output.isTTY && env["TERM"] !== "dumb";
}

/** Whether a line may be written over: only where a person looks at it. */
export function isLive(output: Output, env: Environment): boolean {
  return output.isTTY && env["TERM"] !== "dumb" && !isSet(env["CI"]);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

/** `faro config view`: every option as this call would use it, in the form of a configuration file. */
import { showOptions } from "../../config/index.ts";
import type { Invocation } from "../command-line.ts";
import type { CliDependencies } from "../dependencies.ts";
import { EXIT_OK } from "../exit-code.ts";
import { resolveFor } from "./record.ts";

/** @returns the exit code */
export async function configView(invocation: Invocation, dependencies: CliDependencies): Promise<number> {
  const resolved = await resolveFor(invocation, dependencies);
  const shown = showOptions(resolved).filter((option) => invocation.showOrigin || option.value !== "");
  const entries = shown.map((option) => ({
    ...option,
    line: `${option.value === "" ? "# " : ""}${option.flag}:${option.value === "" ? "" : ` ${scalar(option.value)}`}`,
  }));
  const width = Math.max(...entries.map(({ line }) => line.length));
  for (const { line, origin } of entries) {
    dependencies.stdout.write(invocation.showOrigin ? `${line.padEnd(width)}  # ${origin}\n` : `${line}\n`);
  }
  for (const warning of resolved.warnings) dependencies.stderr.write(`warning: ${warning}\n`);
  return EXIT_OK;
}

/** Quoted where YAML would read something else: `*`, `!`, `a: b`, `#`. */
function scalar(text: string): string {
  return /^[A-Za-z0-9./~][^#:]*$|^[A-Za-z0-9./~](?!.*(: | #|:$)).*$/.test(text) ? text : JSON.stringify(text);
}

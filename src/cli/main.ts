/** From argv to an exit code. Never throws, and never ends the process itself. */
import { unreachable } from "../base/index.ts";
import type { CliDependencies } from "./dependencies.ts";
import type { Invocation } from "./command-line.ts";
import { exitCodeOfError } from "./exit-code.ts";
import { renderError } from "./render/error.ts";

/** Runs one command line (without Node and script). */
export async function main(argv: readonly string[], dependencies: CliDependencies): Promise<number> {
  try {
    const { readCommandLine } = await import("./command-line.ts");
    const line = readCommandLine(argv, {
      program: dependencies.program,
      version: dependencies.version,
      columns: dependencies.stdout.columns,
      write: (text) => dependencies.stdout.write(text),
      writeError: (text) => dependencies.stderr.write(text),
    });
    return line.kind === "answered" ? line.exitCode : await run(line.invocation, dependencies);
  } catch (error) {
    dependencies.stderr.write(renderError(error));
    return exitCodeOfError(error);
  }
}

/** Each command is loaded when it is asked for. */
async function run(invocation: Invocation, dependencies: CliDependencies): Promise<number> {
  switch (invocation.command) {
    case "record":
      return (await import("./commands/record.ts")).record(invocation, dependencies);
    case "demo":
      return (await import("./commands/demo.ts")).demo(invocation, dependencies);
    case "config":
      return (await import("./commands/config-view.ts")).configView(invocation, dependencies);
    case "serve":
      return (await import("./commands/serve.ts")).serve(invocation, dependencies);
    case "validate":
      return (await import("./commands/validate.ts")).validate(invocation, dependencies);
    case "story":
      return (await import("./commands/story.ts")).story(invocation, dependencies);
    case "verify":
      return (await import("./commands/verify.ts")).verify(invocation, dependencies);
    case "rebuild":
      return (await import("./commands/rebuild.ts")).rebuild(invocation, dependencies);
    default:
      return unreachable(invocation.command);
  }
}

/** `faro validate FILE…`: whether story files are as the format says. */
import { validateStory } from "../../views/index.ts";
import type { Invocation } from "../command-line.ts";
import type { CliDependencies } from "../dependencies.ts";
import { EXIT_ERROR, EXIT_OK } from "../exit-code.ts";

/** Of each file so many problems are told; a broken file has one for each of its lines. */
const PROBLEMS_MAX = 20;

/** @returns the exit code: 1 when a file is not as it should be */
export async function validate(invocation: Invocation, { stdout }: CliDependencies): Promise<number> {
  let isSound = true;
  for (const file of invocation.words) {
    let problems = 0;
    for await (const { line, what } of validateStory(file)) {
      problems++;
      if (problems <= PROBLEMS_MAX) stdout.write(`${file}${line === 0 ? "" : `:${line}`}: ${what}\n`);
    }
    if (problems > PROBLEMS_MAX) stdout.write(`${file}: … and ${problems - PROBLEMS_MAX} more\n`);
    if (problems === 0) stdout.write(`${file}: sound\n`);
    else isSound = false;
  }
  return isSound ? EXIT_OK : EXIT_ERROR;
}

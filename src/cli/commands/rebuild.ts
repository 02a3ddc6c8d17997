/** `faro rebuild DIR`: the story files again, from the recording alone. Needs no cluster. */
import type { Invocation } from "../command-line.ts";
import type { CliDependencies } from "../dependencies.ts";
import { EXIT_INCOMPLETE, EXIT_OK } from "../exit-code.ts";
import { renderStories } from "../render/stories.ts";

/** @returns the exit code */
export async function rebuild(invocation: Invocation, dependencies: CliDependencies): Promise<number> {
  const [directory = ""] = invocation.words;
  const stories = await dependencies.rebuildStories(directory);
  if (stories.length === 0) dependencies.stderr.write(`no story was written: the recording in ${directory} holds none\n`);
  else dependencies.stdout.write(renderStories(stories));
  return stories.some((story) => story.verdict === "incomplete") ? EXIT_INCOMPLETE : EXIT_OK;
}

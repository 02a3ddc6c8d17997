/** `faro story …`: stories that were recorded, read on a terminal or by a script. Needs no cluster. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaroError } from "../../base/index.ts";
import { chooseStory, locateStories, readStory, type StoryReader } from "../../views/index.ts";
import type { Invocation } from "../command-line.ts";
import type { CliDependencies } from "../dependencies.ts";
import { EXIT_OK } from "../exit-code.ts";
import { type ReadingOptions, readReadingOptions } from "../reading/reading-options.ts";
import { hasColor } from "../terminal.ts";
import type { Look } from "../render/story/paint.ts";
import { STORY_COMMANDS, type StoryCommand } from "../reading/story-commands.ts";
import { READERS } from "../reading/readers.ts";

/** @returns the exit code */
export async function story(invocation: Invocation, dependencies: CliDependencies): Promise<number> {
  const [name = "", ...words] = invocation.words;
  const command = STORY_COMMANDS.find((known) => known.name === name);
  if (command === undefined)
    throw new FaroError("FARO_USAGE", `there is no faro story ${name}`, { hint: "faro help story lists what there is" });
  const options = readReadingOptions(invocation.reading);
  const { id, path } = readWords(command, words, dependencies);
  const { stdout } = dependencies;
  const look: Look = { hasColor: hasColor(stdout, "auto", dependencies.env), columns: stdout.isTTY ? stdout.columns : undefined };
  await withStories(path, dependencies, async (files) => {
    const output = READERS[command.name]({ files, id, options, look, open: () => openStory(files, options, dependencies) });
    await writeAll(output, dependencies);
  });
  return EXIT_OK;
}

/** An ID comes first where a command takes one; the path is last and may be left out. */
function readWords(
  command: StoryCommand,
  words: readonly string[],
  { cwd, program }: CliDependencies,
): { readonly id: string; readonly path: string } {
  const [id = "", ...rest] = command.takesId ? words : ["", ...words];
  if (command.takesId && id === "") {
    throw new FaroError("FARO_USAGE", `${program} story ${command.name} needs an ID`, {
      hint: `kind/name, an event (e1042) or the beginning of a uid: ${program} story ${command.name} deployment/my-app`,
    });
  }
  if (rest.length > 1) {
    throw new FaroError("FARO_USAGE", `${program} story ${command.name} reads one file or directory, not ${rest.length}`, {
      hint: `for example ${program} story ${command.name}${command.takesId ? " ID" : ""} ./output`,
    });
  }
  return { id, path: rest[0] ?? join(cwd, "output") };
}

/** Story files, or those derived from a recording into a directory that goes away again. */
async function withStories(
  path: string,
  dependencies: CliDependencies,
  use: (files: readonly string[]) => Promise<void>,
): Promise<void> {
  const located = await locateStories(path);
  if (located.found === "stories") return use(located.files);
  const directory = await mkdtemp(join(tmpdir(), "faro-story-"));
  try {
    dependencies.stderr.write(
      `no story was written in ${located.directory} yet: deriving them from its recording (faro rebuild does it once for all)\n`,
    );
    const stories = await dependencies.rebuildStories(located.directory, directory);
    if (stories.length === 0)
      throw new FaroError("FARO_USAGE", `the recording in ${path} holds no story`, { hint: "nothing matched while it was made" });
    await use(stories.map(({ file }) => file));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function openStory(files: readonly string[], options: ReadingOptions, { stderr }: CliDependencies): Promise<StoryReader> {
  const [only] = files;
  if (files.length === 1 && only !== undefined && options.story === undefined) return readStory(only);
  const chosen = await chooseStory(files, options.story);
  if (options.story === undefined) {
    stderr.write(
      `the newest of ${files.length} stories: ${chosen.metadata.correlation_id} (--story chooses another; faro story list shows them)\n`,
    );
  }
  return chosen;
}

const BATCH_CHARACTERS = 1 << 16;

/** Text in pieces, waiting for whoever reads. */
async function writeAll(pieces: AsyncIterable<string>, { stdout }: CliDependencies): Promise<void> {
  let batch = "";
  for await (const piece of pieces) {
    batch += piece;
    if (batch.length < BATCH_CHARACTERS) continue;
    stdout.write(batch);
    batch = "";
    await stdout.drained();
  }
  stdout.write(batch);
}

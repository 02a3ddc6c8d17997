/**
 * A known bug of the field as a patch of Faro's sources. It names a room, not a file: the text must stand exactly once in
 * the room, wherever a refactoring has put it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Mutation {
  /** Kebab-case, for the command line. */
  readonly name: string;
  /** What somebody lost by this bug, and where it was seen: a sentence for the table of bugs. */
  readonly story: string;
  /** Folder below `src/`. */
  readonly room: string;
  readonly find: string;
  readonly replace: string;
  /** Test files or folders that should notice. */
  readonly tests: readonly string[];
}

/** Where a patch goes. */
export interface Place {
  /** Below the root of the project. */
  readonly file: string;
  readonly text: string;
}

/** Every place in the sources of the room, tests aside, at which the patch would apply. */
export function placesOf(mutation: Mutation, root: string): readonly Place[] {
  return sourcesOf(root, mutation.room).flatMap(({ file, text }) =>
    Array.from({ length: text.split(mutation.find).length - 1 }, () => ({ file, text })),
  );
}

/** The patched text of the one file that it changes. @throws Error when the patch applies nowhere, or more than once. */
export function applied(mutation: Mutation, root: string): Place {
  const [place, ...more] = placesOf(mutation, root);
  if (place === undefined) throw new Error(`${mutation.name} applies nowhere in src/${mutation.room}: write the patch anew`);
  if (more.length > 0) throw new Error(`${mutation.name} applies ${more.length + 1} times in src/${mutation.room}`);
  return { file: place.file, text: place.text.replace(mutation.find, () => mutation.replace) };
}

function sourcesOf(root: string, room: string): readonly Place[] {
  return readdirSync(join(root, "src", room), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/\.(?:test|cases)\.ts$/.test(name))
    .map((name) => join("src", room, name))
    .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
}

/** The output directory: created, tried and locked before anything connects to a cluster. */
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Clock, FaroError } from "../base/index.ts";
import { DIRECTORY_MODE, FILE_MODE } from "./layout.ts";
import { lockOutput, type OutputLock } from "./lock.ts";
import { outputNotWritable } from "./messages.ts";

/**
 * Makes sure that files can be created in `output`, and that no other Faro writes there until the returned lock
 * is released.
 * @throws FaroError `FARO_OUTPUT_NOT_WRITABLE`, `FARO_OUTPUT_LOCKED`
 */
export async function prepareOutput(output: string, clock: Clock): Promise<OutputLock> {
  try {
    await makeDirectory(resolve(output));
    await tryWriting(output);
    return await lockOutput(output, clock);
  } catch (error) {
    throw error instanceof FaroError ? error : outputNotWritable(output, error);
  }
}

/** Node's own `recursive` never returns where a file system refuses new directories with ENOENT, as /proc does. */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: DIRECTORY_MODE });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST" && (await stat(directory)).isDirectory()) return;
    const parent = dirname(directory);
    if (code !== "ENOENT" || parent === directory || (await isDirectory(parent))) throw error;
    await makeDirectory(parent);
    await mkdir(directory, { mode: DIRECTORY_MODE });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Whatever is wrong with it shows, with its reason, when it is made.
    return false;
  }
}

/** A byte, not only a name: a full disk still takes names. */
async function tryWriting(output: string): Promise<void> {
  const probe = join(output, `.faro-probe.${process.pid}`);
  try {
    await writeFile(probe, "\n", { mode: FILE_MODE });
  } finally {
    await rm(probe, { force: true });
  }
}

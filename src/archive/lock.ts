/**
 * One Faro per output directory. The lock is a file that names its holder; it is created whole or not at all
 * (written under another name, then linked), and taken over when the holder is a process of this host that no
 * longer runs. A holder on another host cannot be asked, so it counts as alive.
 */
import { constants, copyFile, link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { type Clock, isoTime } from "../base/index.ts";
import { errorCode } from "./file-layer.ts";
import { FILE_MODE, lockFile } from "./layout.ts";
import { outputLocked } from "./messages.ts";

export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When it took the lock. */
  readonly startedAt: string;
  /** Start of the process in the kernel's own count (Linux only): tells a process from a later one with its pid. */
  readonly processStart?: string;
}

export interface OutputLock {
  readonly holder: LockHolder;
  release(): Promise<void>;
}

/** Locks of this very process: a container that restarts gets its old pid 1 again, which is then no sign of life. */
const heldHere = new Set<string>();

/** @throws FaroError `FARO_OUTPUT_LOCKED` when a living Faro has it. */
export async function lockOutput(output: string, clock: Clock): Promise<OutputLock> {
  const file = lockFile(output);
  const holder = await describeSelf(clock);
  if (heldHere.has(file)) throw outputLocked(output, file, (await readHolder(file)) ?? holder);
  heldHere.add(file);
  try {
    await acquire(output, file, holder);
    return { holder, release: () => release(file) };
  } catch (error) {
    heldHere.delete(file);
    throw error;
  }
}

async function release(file: string): Promise<void> {
  if (!heldHere.has(file)) return;
  await rm(file, { force: true });
  heldHere.delete(file);
}

async function acquire(output: string, file: string, holder: LockHolder): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(holder)}\n`, { mode: FILE_MODE });
  try {
    while (!(await tryLink(draft, file))) {
      const other = await readHolder(file);
      if (other === undefined) continue;
      if (await isAlive(other)) throw outputLocked(output, file, other);
      if (await replace(file, other, draft)) return;
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Puts the draft in the place of a dead holder's lock. The right to do so is a file named after that holder,
 * which one process alone can create; whoever has it looks once more, since another may have had it before.
 * @throws FaroError `FARO_OUTPUT_LOCKED` when another process is about to do the same
 */
async function replace(file: string, dead: LockHolder, draft: string): Promise<boolean> {
  const right = `${file}.after-${`${dead.pid}-${dead.startedAt}`.replace(/[^A-Za-z0-9-]/g, "")}`;
  if (!(await tryLink(draft, right))) throw outputLocked(dirname(file), file, (await readHolder(file)) ?? dead);
  try {
    const now = await readHolder(file);
    if (now?.pid !== dead.pid || now.startedAt !== dead.startedAt) return false;
    await rename(draft, file);
    return true;
  } finally {
    await rm(right, { force: true });
  }
}

async function tryLink(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    return await tryCopy(draft, file);
  }
}

/** For file systems without hard links (FAT, some network volumes). */
async function tryCopy(draft: string, file: string): Promise<boolean> {
  try {
    await copyFile(draft, file, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** The holder as the file tells it; `undefined` when the file is gone by now. */
async function readHolder(file: string): Promise<LockHolder | undefined> {
  try {
    return parseHolder(await readFile(file, "utf8"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A file that is no lock of Faro's has an unknown holder on an unknown host: a person must look at it. */
function parseHolder(text: string): LockHolder {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "pid" in value && "host" in value && "startedAt" in value)
      return value as LockHolder;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { pid: 0, host: "unknown", startedAt: "unknown" };
}

async function isAlive(holder: LockHolder): Promise<boolean> {
  if (holder.host !== hostname()) return true;
  if (holder.pid === process.pid) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    return errorCode(error) !== "ESRCH";
  }
  const start = await processStart(holder.pid);
  return start === undefined || holder.processStart === undefined || start === holder.processStart;
}

async function describeSelf(clock: Clock): Promise<LockHolder> {
  const start = await processStart(process.pid);
  const holder = { pid: process.pid, host: hostname(), startedAt: isoTime(clock.now()) };
  return start === undefined ? holder : { ...holder, processStart: start };
}

/** Field 22 of `/proc/<pid>/stat` (proc(5)), counted behind the command's closing parenthesis. */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch (error) {
    if (errorCode(error) !== undefined) return undefined;
    throw error;
  }
}

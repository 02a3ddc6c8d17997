/**
 * The judge of what containers wrote: the log files on the node, in CRI format (`time stream F|P text`).
 * The kubelet removes them soon after a container, so each is opened as soon as it appears: an open file can be
 * read to its end after it was renamed or deleted.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/index.ts";

/** Lines of one container instance, in the order of its file. */
export interface InstanceLog {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  readonly restartCount: number;
  readonly lines: readonly NodeLogLine[];
}

export interface NodeLogLine {
  /** With nine digits of the second. The file omits zeros at the end; the kubelet puts them back (`kubelet/kuberuntime/logs`, `timeFormatOut`). */
  readonly time: string;
  readonly text: string;
}

/** A file stays for longer: until its container has restarted twice, or its log was rotated twice. */
const LOOK_MS = 150;

interface OpenFile {
  readonly descriptor: number;
  readonly path: string;
}

/** Holds every log file of one namespace's containers from its appearance on. */
export class NodeLogs {
  readonly #folder: string;
  readonly #namespace: string;
  readonly #files = new Map<string, OpenFile>();
  #running = true;
  readonly #collecting: Promise<void>;

  constructor(clusterFolder: string, namespace: string) {
    this.#folder = join(clusterFolder, "node-1/var-log/pods");
    this.#namespace = namespace;
    this.#collecting = this.#collect();
  }

  /** All instances seen, with all that was written to this moment. */
  instances(): readonly InstanceLog[] {
    this.#look();
    const instances = new Map<string, { readonly log: Omit<InstanceLog, "lines">; readonly parts: string[] }>();
    for (const file of this.#files.values()) {
      const log = identify(file.path);
      const key = `${log.podUid}/${log.container}/${log.restartCount}`;
      const entry = instances.get(key) ?? { log, parts: [] };
      entry.parts.push(readAll(file.descriptor));
      instances.set(key, entry);
    }
    // Rotation starts a new file under the same name. Lines begin with their time, which puts the parts in order.
    return [...instances.values()].map(({ log, parts }) => ({
      ...log,
      lines: linesOf(parts.toSorted((a, b) => (a < b ? -1 : 1)).join("")),
    }));
  }

  /** Every line of every instance, block by block, for runs that no memory holds. Files come in no order, and no line in parts. */
  *lines(): Generator<{ readonly instance: Omit<InstanceLog, "lines">; readonly lines: readonly NodeLogLine[] }> {
    this.#look();
    for (const { descriptor, path } of this.#files.values()) {
      const instance = identify(path);
      for (const text of blocksOf(descriptor)) yield { instance, lines: linesOf(text) };
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#collecting;
    for (const file of this.#files.values()) closeSync(file.descriptor);
    this.#files.clear();
  }

  async #collect(): Promise<void> {
    while (this.#running) {
      this.#look();
      await systemClock.sleep(LOOK_MS);
    }
  }

  #look(): void {
    for (const pod of namesIn(this.#folder)) {
      if (!pod.startsWith(`${this.#namespace}_`)) continue;
      for (const container of namesIn(join(this.#folder, pod))) {
        for (const file of namesIn(join(this.#folder, pod, container))) this.#open(join(this.#folder, pod, container, file));
      }
    }
  }

  #open(path: string): void {
    if (path.endsWith(".gz") || path.endsWith(".tmp")) return;
    const facts = statSync(path, { throwIfNoEntry: false });
    if (facts === undefined) return;
    const key = `${facts.dev}:${facts.ino}`;
    if (this.#files.has(key)) return;
    const descriptor = openSync(path, "r");
    if (fstatSync(descriptor).ino === facts.ino) this.#files.set(key, { descriptor, path });
    else closeSync(descriptor);
  }
}

/** Joins the parts of long lines: a `P` part is continued by the next line. The time is that of the first part. */
export function linesOf(text: string): readonly NodeLogLine[] {
  const lines: NodeLogLine[] = [];
  let open: NodeLogLine | undefined;
  for (const raw of text.split("\n")) {
    if (raw === "") continue;
    const [time = "", , tag = ""] = raw.split(" ", 3);
    const content = raw.slice(raw.indexOf(` ${tag} `, time.length + 1) + tag.length + 2);
    open = { time: open?.time ?? nineDigits(time), text: (open?.text ?? "") + content };
    if (tag === "P") continue;
    lines.push(open);
    open = undefined;
  }
  return lines;
}

function nineDigits(time: string): string {
  const [seconds = "", fraction = ""] = time.replace("Z", "").split(".");
  return `${seconds}.${fraction.padEnd(9, "0")}Z`;
}

/** `<namespace>_<pod>_<uid>/<container>/<restart count>.log`, with a suffix once it was rotated. */
function identify(path: string): Omit<InstanceLog, "lines"> {
  const [file = "", container = "", folder = ""] = path.split("/").toReversed();
  const [namespace = "", pod = "", podUid = ""] = folder.split("_");
  return { namespace, pod, podUid, container, restartCount: Number.parseInt(file, 10) };
}

function readAll(descriptor: number): string {
  const bytes = Buffer.alloc(fstatSync(descriptor).size);
  let read = 0;
  while (read < bytes.length) {
    const count = readSync(descriptor, bytes, read, bytes.length - read, read);
    if (count === 0) break;
    read += count;
  }
  return bytes.toString("utf8", 0, read);
}

const BLOCK_BYTES = 4 << 20;
const NEWLINE = 0x0a;

/** A file in texts that end behind whole lines. */
function* blocksOf(descriptor: number): Generator<string> {
  const block = Buffer.alloc(BLOCK_BYTES);
  let [at, kept] = [0, 0];
  for (;;) {
    const count = readSync(descriptor, block, kept, block.length - kept, at);
    if (count === 0) break;
    at += count;
    const bytes = block.subarray(0, kept + count);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) yield bytes.toString("utf8", 0, end);
    kept = bytes.copy(block, 0, end);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    // Folders come and go while they are walked.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return [];
    throw error;
  }
}

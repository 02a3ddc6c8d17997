/**
 * The judge of containers that write numbered lines (`bed/modules/workload`: number, time of writing, padding). It keeps a byte per
 * line and reader and a time per line, never a text, so that a run of millions of lines is judged in the memory of a test.
 */
import { createReadStream } from "node:fs";
import type { InstanceLog } from "./node-logs.ts";

/** One container instance, as its file on the node names it. */
export type InstanceName = Omit<InstanceLog, "lines">;

/** One line that a reader has not brought. */
export interface MissingLine {
  readonly instance: InstanceName;
  readonly number: number;
  /** When the container wrote it, milliseconds since 1970. */
  readonly written: number;
}

/** What became of all lines with one reader. */
export interface Judged {
  readonly written: number;
  /** Neither read nor excused: numbers that follow each other, with their instance. */
  readonly lost: readonly string[];
  readonly lostLines: number;
  /** Lines that were excused, by what excused them. */
  readonly excused: ReadonlyMap<string, number>;
  readonly repeated: number;
  /** Lines that no container wrote, the first of them. */
  readonly invented: readonly string[];
}

const LINE = /^(\d+) (\S+)(?: x*)?$/;
const MANY = 20;

class Instance {
  readonly name: InstanceName;
  readonly #times: number[] = [];
  written: number = 0;
  first: number = Number.POSITIVE_INFINITY;
  last: number = Number.NEGATIVE_INFINITY;

  constructor(name: InstanceName) {
    this.name = name;
  }

  wrote(number: number, at: number): void {
    if (this.#times[number] === undefined) this.written++;
    this.#times[number] = at;
    this.first = Math.min(this.first, at);
    this.last = Math.max(this.last, at);
  }

  /** When the line was written; `undefined` for a number that was not. */
  timeOf(number: number): number | undefined {
    return this.#times[number];
  }

  get highest(): number {
    return this.#times.length - 1;
  }
}

/** Everything that the containers wrote, by the node's files. */
export class WrittenLines {
  readonly #instances = new Map<string, Instance>();
  readonly #byPlace = new Map<string, Instance[]>();

  get written(): number {
    return [...this.#instances.values()].reduce((sum, { written }) => sum + written, 0);
  }

  get instances(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  /** Takes a line of a file. What a killed container left unfinished is no line of the judge. */
  wrote(name: InstanceName, text: string): void {
    const [, number, time = ""] = LINE.exec(text) ?? [];
    if (number === undefined || Number.isNaN(Date.parse(time))) return;
    const key = `${name.podUid}/${name.container}/${name.restartCount}`;
    let instance = this.#instances.get(key);
    if (instance === undefined) {
      instance = new Instance(name);
      this.#instances.set(key, instance);
      const place = `${name.pod}/${name.container}`;
      this.#byPlace.set(place, [...(this.#byPlace.get(place) ?? []), instance]);
    }
    instance.wrote(Number(number), Date.parse(time));
  }

  /** The instance of this pod and container that wrote the line: instances of one name run one after another. */
  find(pod: string, container: string, number: number, written: number): Instance | undefined {
    const found = this.#byPlace.get(`${pod}/${container}`)?.filter(({ first, last }) => first <= written && written <= last);
    return found?.find((instance) => instance.timeOf(number) === written);
  }
}

/** What one reader brought of them. */
export class ReadLines {
  readonly #written: WrittenLines;
  readonly #counts = new Map<Instance, Uint8Array>();
  readonly #invented: string[] = [];
  #repeated = 0;

  constructor(written: WrittenLines) {
    this.#written = written;
  }

  read(pod: string, container: string, text: string): void {
    const [, number, time = ""] = LINE.exec(text) ?? [];
    const instance = number === undefined ? undefined : this.#written.find(pod, container, Number(number), Date.parse(time));
    if (instance === undefined) {
      // A line that a killed container left unfinished is in no judge's file as a line.
      if (number !== undefined && this.#invented.length < MANY) this.#invented.push(`${pod}/${container} ${text.slice(0, 60)}`);
      return;
    }
    let counts = this.#counts.get(instance);
    if (counts === undefined) this.#counts.set(instance, (counts = new Uint8Array(instance.highest + 1)));
    const count = counts[Number(number)] ?? 0;
    if (count > 0) this.#repeated++;
    counts[Number(number)] = Math.min(255, count + 1);
  }

  /** `excuseOf` names what excuses a line that was not read; `undefined`: nothing does. */
  judge(excuseOf: (line: MissingLine) => string | undefined): Judged {
    const lost: string[] = [];
    const excused = new Map<string, number>();
    let lostLines = 0;
    for (const instance of this.#written.instances) {
      const counts = this.#counts.get(instance);
      let run: MissingLine[] = [];
      const endRun = (): void => {
        if (run.length > 0 && lost.length < MANY) lost.push(describeRun(run));
        run = [];
      };
      for (let number = 0; number <= instance.highest; number++) {
        const written = instance.timeOf(number);
        if (written === undefined) continue;
        if ((counts?.[number] ?? 0) > 0) {
          endRun();
          continue;
        }
        const line = { instance: instance.name, number, written };
        const excuse = excuseOf(line);
        if (excuse !== undefined) {
          excused.set(excuse, (excused.get(excuse) ?? 0) + 1);
          continue;
        }
        lostLines++;
        run = run.length < 2 ? [...run, line] : [run[0] ?? line, line];
      }
      endRun();
    }
    return { written: this.#written.written, lost, lostLines, excused, repeated: this.#repeated, invented: this.#invented };
  }
}

function describeRun(run: readonly MissingLine[]): string {
  const text = ({ number, written }: MissingLine): string => `${number} (${new Date(written).toISOString()})`;
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return "";
  const { pod, container, restartCount, podUid } = first.instance;
  return `${pod}/${container} ${podUid} life ${restartCount}: ${text(first)} to ${text(last)}`;
}

/** The lines of a file of any size, without their newlines. */
export async function* linesOfFile(path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 20 })) {
    const lines = `${rest}${String(chunk)}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

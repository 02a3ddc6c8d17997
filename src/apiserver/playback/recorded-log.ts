/** The log of a container in a recording that is read by its indexes: found and read when somebody asks for it. */
import type { IndexedSegment } from "../../archive/index.ts";
import { parseTimestamp, splitLogLine } from "../../record/index.ts";
import { ContainerLogs, type InstanceLog, type LogFile } from "../logs.ts";

export interface RecordedLine {
  /** Milliseconds; lines never change places. */
  readonly at: number;
  readonly timestamp: string;
  readonly content: Buffer;
}

export interface RecordedLog {
  readonly instance: InstanceLog;
  readonly opened: number;
  readonly lines: readonly RecordedLine[];
  /** When the recorder had read it to its end. */
  readonly ended: number | undefined;
}

/** `undefined` when no log of that container was recorded. */
export function readRecordedLog(segments: readonly IndexedSegment[], containerId: string): RecordedLog | undefined {
  const streams = new Set<string>();
  let instance: InstanceLog | undefined;
  let opened = 0;
  let ended: number | undefined;
  const lines: RecordedLine[] = [];
  for (const segment of segments) {
    const logs = segment.logs();
    for (const [stream, [podUid, container, restartCount, id, at]] of Object.entries(logs.streams)) {
      if (id !== containerId) continue;
      streams.add(stream);
      opened = instance === undefined ? at : opened;
      instance = { podUid, container, restartCount, containerId: id };
    }
    for (const stream of streams) {
      ended = logs.ends[stream] ?? ended;
      const blocks = logs.blocks[stream] ?? [];
      for (let at = 0; at < blocks.length; at += 2) readBlock(segment, blocks[at] ?? 0, lines);
    }
  }
  return instance === undefined ? undefined : { instance, opened: Math.min(opened, lines[0]?.at ?? opened), lines, ended };
}

function readBlock(segment: IndexedSegment, offset: number, into: RecordedLine[]): void {
  const record = segment.read(offset);
  if (record.type !== "log") return;
  let timestamp = record.at;
  for (const line of record.text.split("\n")) {
    const parts = splitLogLine(line);
    timestamp = parts.timestamp ?? timestamp;
    const at = Math.max(into.at(-1)?.at ?? 0, parseTimestamp(timestamp) ?? 0);
    into.push({ at, timestamp, content: Buffer.from(parts.message, record.encoding === "latin1" ? "latin1" : "utf8") });
  }
}

/** Log files that are filled up to the moment, each when it is asked for. */
export class PlayedLogs extends ContainerLogs {
  readonly #find: (containerId: string) => RecordedLog | undefined;
  readonly #now: () => number;
  readonly #playing = new Map<LogFile, { readonly log: RecordedLog; next: number }>();

  constructor(find: (containerId: string) => RecordedLog | undefined, now: () => number) {
    super();
    this.#find = find;
    this.#now = now;
  }

  override file(containerId: string): LogFile | undefined {
    return super.file(containerId) ?? this.#open(containerId);
  }

  /** The file if somebody has asked for it. */
  known(containerId: string): LogFile | undefined {
    return super.file(containerId);
  }

  /** Writes what was written up to now. */
  catchUp(): void {
    const now = this.#now();
    for (const [file, playing] of this.#playing) {
      const { log } = playing;
      for (let line = log.lines[playing.next]; line !== undefined && line.at <= now; line = log.lines[playing.next]) {
        file.append(line.content, line.timestamp);
        playing.next++;
      }
      if (log.ended === undefined || log.ended > now) continue;
      file.end();
      this.#playing.delete(file);
    }
  }

  #open(containerId: string): LogFile | undefined {
    const log = this.#find(containerId);
    if (log === undefined || log.opened > this.#now()) return undefined;
    const file = this.start(log.instance);
    this.#playing.set(file, { log, next: 0 });
    this.catchUp();
    return file;
  }
}

/**
 * Reads a story file event by event. The writer puts each event on a line of its own, so a file of any size is read in
 * bounded memory; a file that somebody reformatted (`jq .`) is parsed as a whole.
 */
import { type FileHandle, open } from "node:fs/promises";
import { errorMessage, FaroError, LineSplitter } from "../base/index.ts";
import {
  type StoryCoverage,
  type StoryEvent,
  type StoryMetadata,
  type StoryObject,
  type StoryOverview,
  STORY_SCHEMA_VERSION,
} from "../story/index.ts";
import { ALL_EVENTS, type EventSelection, isAfter, isWanted, readHead } from "./event-filter.ts";
import { isMap, parseJson, withoutComma } from "./parse-json.ts";

/** An open story: what stands before its events, and the events as often as they are asked for. */
export interface StoryReader {
  readonly path: string;
  readonly metadata: StoryMetadata;
  readonly coverage: StoryCoverage;
  /** Who appears; the root is the first. */
  readonly objects: readonly StoryObject[];
  /**
   * The events, oldest first, read from the file anew for each call.
   * @throws FaroError `FARO_RECORDING_DAMAGED` with the line that is no event
   */
  events(selection?: EventSelection): AsyncGenerator<StoryEvent>;
  /** What stands behind the events; `undefined` in a file that an older Faro wrote. */
  overview(): Promise<StoryOverview | undefined>;
  /** The events as the file has them, many at a time. */
  texts(selection?: EventSelection): AsyncGenerator<readonly EventText[]>;
}

/** An event that is parsed when somebody wants it: most of a large story are log lines, of which few matter. */
export interface EventText {
  /** `undefined` when it does not begin as Faro begins it. */
  readonly type: string | undefined;
  /** Its JSON: parsing loses integers above 2^53. */
  readonly bytes: Buffer;
  /** @throws FaroError `FARO_RECORDING_DAMAGED` */
  event(): StoryEvent;
}

/** Most stories have what stands before their events in the first chunk. */
const FIRST_BYTES = 1 << 14;
const CHUNK_BYTES = 1 << 20;

/**
 * Opens a story file.
 * @throws FaroError `FARO_RECORDING_DAMAGED` when it is no story, `FARO_RECORDING_TOO_NEW` when a newer Faro wrote it
 */
export async function readStory(path: string): Promise<StoryReader> {
  const handle = await openFile(path);
  try {
    return (await readLineWise(handle, path)) ?? (await readWhole(handle, path));
  } finally {
    await handle.close();
  }
}

/** What stands before the events, as the writer lays it out; `undefined` for any other layout. */
async function readLineWise(handle: FileHandle, path: string): Promise<StoryReader | undefined> {
  const members = new Map<string, unknown>();
  const objects: StoryObject[] = [];
  let isInObjects = false;
  let offset = 0;
  for await (const line of linesOf(handle)) {
    const text = line.toString("utf8");
    offset += line.length + 1;
    if (text === '"events": [') return lineReader(path, { members, objects, offset });
    if (text === '"objects": [') isInObjects = true;
    else if (isInObjects && text !== "],") objects.push(JSON.parse(withoutComma(text)));
    else if (!isInObjects && text !== "{") {
      const member = /^"(\w+)": (.*),$/.exec(text);
      if (member === null) return undefined;
      members.set(member[1] ?? "", parseJson(member[2] ?? ""));
    }
  }
  return undefined;
}

interface Head {
  readonly members: ReadonlyMap<string, unknown>;
  readonly objects: readonly StoryObject[];
  /** Where the first event begins. */
  readonly offset: number;
}

function lineReader(path: string, head: Head): StoryReader {
  checkVersion(path, head.members.get("schema_version"));
  return {
    path,
    metadata: head.members.get("metadata") as StoryMetadata,
    coverage: head.members.get("coverage") as StoryCoverage,
    objects: head.objects,
    async *events(selection = ALL_EVENTS) {
      for await (const batch of readTexts(path, head.offset, selection)) for (const text of batch) yield text.event();
    },
    overview: () => readOverview(path),
    texts: (selection = ALL_EVENTS) => readTexts(path, head.offset, selection),
  };
}

/** Lines of a file with their number (from 1), without their newline. The lines share memory: copy what is kept. */
export async function* readLines(path: string): AsyncGenerator<{ readonly number: number; readonly line: Buffer }> {
  const handle = await openFile(path);
  try {
    let number = 0;
    for await (const line of linesOf(handle)) yield { number: ++number, line };
  } finally {
    await handle.close();
  }
}

async function* readTexts(path: string, from: number, selection: EventSelection): AsyncGenerator<readonly EventText[]> {
  const handle = await openFile(path);
  try {
    let at = from;
    for await (const lines of batchesOf(handle, from)) {
      const batch: EventText[] = [];
      let isEnd = false;
      for (const line of lines) {
        const start = at;
        at += line.length + 1;
        const head = readHead(line);
        isEnd = isEndOfEvents(line) || (head !== undefined && isAfter(head, selection));
        if (isEnd) break;
        if (head === undefined || isWanted(head, selection)) batch.push(new TextOfLine(path, start, line, head?.type));
      }
      yield batch;
      if (isEnd) return;
    }
  } finally {
    await handle.close();
  }
}

class TextOfLine implements EventText {
  readonly type: string | undefined;
  readonly bytes: Buffer;
  readonly #path: string;
  readonly #start: number;

  constructor(path: string, start: number, line: Buffer, type: string | undefined) {
    this.#path = path;
    this.#start = start;
    this.bytes = line.at(-1) === COMMA ? line.subarray(0, -1) : line;
    this.type = type;
  }

  event(): StoryEvent {
    const event = parseJson(this.bytes.toString("utf8"));
    if (!isEvent(event)) throw damaged(this.#path, `the line at byte ${this.#start} is no event`);
    return event;
  }
}

/** `]`, and a comma where the overview follows. */
function isEndOfEvents(line: Buffer): boolean {
  return line[0] === CLOSING_BRACKET && (line.length === 1 || (line.length === 2 && line[1] === COMMA));
}

/** The last line but one: read from the end of the file, more and more of it until the line is whole. */
async function readOverview(path: string): Promise<StoryOverview | undefined> {
  const handle = await openFile(path);
  try {
    const { size } = await handle.stat();
    for (let length = OVERVIEW_BYTES; ; length *= 8) {
      const from = Math.max(0, size - length);
      const bytes = Buffer.allocUnsafe(size - from);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
      const text = bytes.toString("utf8", 0, bytesRead).trimEnd();
      if (!text.endsWith("}\n}")) return undefined;
      const start = text.lastIndexOf("\n", text.length - 3);
      if (start === -1 && from > 0) continue;
      const overview = OVERVIEW.exec(text.slice(start + 1, -2))?.[1];
      return overview === undefined ? undefined : (parseJson(overview) as StoryOverview | undefined);
    }
  } finally {
    await handle.close();
  }
}

const OVERVIEW = /^"overview": (.*)$/;
const OVERVIEW_BYTES = 1 << 16;
const COMMA = 0x2c;
const CLOSING_BRACKET = 0x5d;

/** For files of another layout; their size is bounded by the longest text that Node holds, 512 MiB. */
async function readWhole(handle: FileHandle, path: string): Promise<StoryReader> {
  const { size } = await handle.stat();
  const bytes = Buffer.alloc(size);
  await handle.read(bytes, 0, size, 0);
  const value = parseJson(bytes.toString("utf8"));
  if (!isMap(value) || !isMap(value["metadata"])) throw damaged(path, "it is no JSON object with `metadata` and `events`");
  checkVersion(path, value["schema_version"]);
  const { events } = value;
  if (!Array.isArray(events) || !events.every(isEvent)) throw damaged(path, "`events` is no list of events");
  const wanted = (selection: EventSelection): readonly StoryEvent[] =>
    events.filter((event) => isWanted({ type: event.event_type, timestamp: event.timestamp }, selection));
  return {
    path,
    metadata: value["metadata"] as unknown as StoryMetadata,
    coverage: value["coverage"] as StoryCoverage,
    objects: value["objects"] as readonly StoryObject[],
    async *events(selection = ALL_EVENTS) {
      yield* wanted(selection);
    },
    overview: () => Promise.resolve(value["overview"] as StoryOverview | undefined),
    async *texts(selection = ALL_EVENTS) {
      yield wanted(selection).map((event) => ({
        type: event.event_type,
        bytes: Buffer.from(JSON.stringify(event)),
        event: () => event,
      }));
    },
  };
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw new FaroError("FARO_USAGE", `${path} cannot be read: ${errorMessage(error)}`, {
      hint: "name a story file, the directory that --output was, or leave it away for ./output",
      cause: error,
    });
  }
}

async function* linesOf(handle: FileHandle): AsyncGenerator<Buffer> {
  for await (const lines of batchesOf(handle, 0)) yield* lines;
}

/** Many lines at a time: to wait for each of them takes longer than to read it. */
async function* batchesOf(handle: FileHandle, from: number): AsyncGenerator<readonly Buffer[]> {
  const lines = new LineSplitter();
  for (let at = from, size = FIRST_BYTES; ; size = CHUNK_BYTES) {
    // A new chunk each time: lines that were yielded still lie in the old one.
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(size), 0, size, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    yield [...lines.push(buffer.subarray(0, bytesRead))];
  }
  const rest = lines.rest();
  if (rest.length > 0) yield [rest];
}

function checkVersion(path: string, version: unknown): void {
  if (version === STORY_SCHEMA_VERSION) return;
  if (typeof version === "string" && Number(version) > Number(STORY_SCHEMA_VERSION)) {
    throw new FaroError(
      "FARO_RECORDING_TOO_NEW",
      `${path} is a story of schema version ${version}; this Faro reads ${STORY_SCHEMA_VERSION}`,
      {
        hint: "read it with the Faro that wrote it, or a newer one",
      },
    );
  }
  throw damaged(path, `schema_version is ${JSON.stringify(version)}`);
}

function damaged(path: string, why: string): FaroError {
  return new FaroError("FARO_RECORDING_DAMAGED", `${path} is no story file: ${why}`, {
    hint: "faro validate FILE lists what is wrong; faro rebuild DIR derives the stories of a recording again",
  });
}

function isEvent(value: unknown): value is StoryEvent {
  return (
    isMap(value) && typeof value["event_type"] === "string" && typeof value["timestamp"] === "string" && isMap(value["data"])
  );
}

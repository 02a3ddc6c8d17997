/**
 * Whether a file is a story as the format says: the schema, line by line, and what no schema can say: counts, order, one
 * correlation id. A file of any size is checked in bounded memory.
 */
import { readFile } from "node:fs/promises";
import { field, listField } from "../base/index.ts";
import { checkStoryPart, STORY_SCHEMA_VERSION, type StoryPart } from "../story/index.ts";
import { isMap, parseJson, withoutComma } from "./parse-json.ts";
import { readLines } from "./story-reader.ts";

export interface StoryProblem {
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
  readonly what: string;
}

const MEMBER = /^"(\w+)": (.*),$/s;

/** Yields what is wrong, in the order of the file. A file that another program laid out anew is read as a whole. */
export async function* validateStory(path: string): AsyncGenerator<StoryProblem> {
  const check = new StoryCheck();
  for await (const { number, line } of readLines(path)) {
    const text = line.toString("utf8");
    if ((number === 1 && text !== "{") || (number === 2 && !text.startsWith('"schema_version": '))) {
      yield* validateWhole(await readFile(path, "utf8"));
      return;
    }
    for (const what of check.line(text)) yield { line: number, what };
  }
  for (const what of check.end()) yield { line: 0, what };
}

function* validateWhole(text: string): Generator<StoryProblem> {
  const value = parseJson(withoutComma(text));
  const { schema_version: version, metadata, coverage, chronology, overview } = isMap(value) ? value : {};
  if (version === undefined) {
    yield { line: 0, what: "it is no JSON object with a schema_version" };
    return;
  }
  const check = new StoryCheck();
  const told = [
    ...check.member("schema_version", version),
    ...check.member("metadata", metadata),
    ...check.member("coverage", coverage),
    ...(chronology === undefined ? [] : check.member("chronology", chronology)),
    ...(overview === undefined ? [] : check.member("overview", overview)),
    ...listField(value, "objects").flatMap((object, index) =>
      checked("object", object).map((what) => `objects[${index}]: ${what}`),
    ),
    ...listField(value, "events").flatMap((event, index) => check.event(event).map((what) => `events[${index}]: ${what}`)),
  ];
  for (const what of [...told, ...check.counts()]) yield { line: 0, what };
}

type Place = "head" | "objects" | "events" | "after";

class StoryCheck {
  #place: Place = "head";
  #id: unknown;
  #promised: unknown;
  #events = 0;
  #lastTime = "";
  readonly #members = new Set<string>();

  line(text: string): readonly string[] {
    if (text === '"objects": [') return this.#enter("objects");
    if (text === '"events": [') return this.#enter("events");
    if (text === "]," || text === "]") return this.#enter(this.#place === "objects" ? "head" : "after");
    if (this.#place === "after" && text.startsWith('"overview": ')) return this.#memberLine(`${text},`);
    if (text === "{" || text === "}" || text === "") return [];
    switch (this.#place) {
      case "head":
        return this.#memberLine(text);
      case "objects":
        return checked("object", parseJson(withoutComma(text)));
      case "events":
        return this.event(parseJson(withoutComma(text)));
      case "after":
        return ["text behind the events"];
    }
  }

  end(): readonly string[] {
    return [...(this.#place === "after" ? [] : ["the file ends before its last line: it was cut"]), ...this.counts()];
  }

  counts(): readonly string[] {
    const missing = ["schema_version", "metadata", "coverage"].filter((member) => !this.#members.has(member));
    return [
      ...missing.map((member) => `${member} is missing`),
      ...(this.#promised === this.#events
        ? []
        : [`metadata.event_count is ${String(this.#promised)}, and there are ${this.#events} events`]),
    ];
  }

  #enter(place: Place): readonly string[] {
    this.#place = place;
    return [];
  }

  #memberLine(text: string): readonly string[] {
    const [, name, value] = MEMBER.exec(text) ?? [];
    return name === undefined ? ["this is no member of a story"] : this.member(name, parseJson(value ?? ""));
  }

  member(name: string, value: unknown): readonly string[] {
    if (value !== undefined) this.#members.add(name);
    if (name === "schema_version")
      return value === STORY_SCHEMA_VERSION ? [] : [`schema_version is ${JSON.stringify(value)}, not "${STORY_SCHEMA_VERSION}"`];
    if (name === "coverage" || name === "chronology" || name === "overview") return checked(name, value);
    // Members may be added.
    if (name !== "metadata") return value === undefined ? ["not JSON"] : [];
    this.#id = field(value, "correlation_id");
    this.#promised = field(value, "event_count");
    return checked("metadata", value);
  }

  event(value: unknown): readonly string[] {
    this.#events++;
    const time = field(value, "timestamp");
    const isBack = typeof time === "string" && time < this.#lastTime;
    if (typeof time === "string") this.#lastTime = time;
    return [
      ...checked("event", value),
      ...(field(value, "correlation_id") === this.#id ? [] : ["correlation_id is not that of the story"]),
      ...(isBack ? ["timestamp is before that of the event above"] : []),
    ];
  }
}

function checked(part: StoryPart, value: unknown): readonly string[] {
  return value === undefined ? ["not JSON"] : checkStoryPart(part, value);
}

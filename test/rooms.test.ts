/**
 * Holds the code to the table of rooms and to the house rules that no linter knows. A failure lists every
 * offending line at once, as `file:line what`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { FREE_BUILTINS, MAY_LISTEN, MAY_TOUCH_THE_PROCESS, OUTSIDE_ROOMS, ROOMS } from "../tools/rooms.ts";
import { readSource, type ImportOf, type SourceFacts } from "../tools/source-file.ts";

interface SourceFile {
  /** Below `src/`. */
  readonly path: string;
  readonly room: string;
  readonly isTest: boolean;
  readonly facts: SourceFacts;
}

const SRC = join(import.meta.dirname, "../src");
const files: readonly SourceFile[] = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map(readFile);
const code = files.filter((file) => !file.isTest);
const roomsThere = [...new Set(files.map((file) => file.room))].filter((room) => room !== "");

describe("the table of rooms", () => {
  it("lists every folder of src", () => {
    expect(roomsThere.filter((room) => ROOMS[room] === undefined)).toEqual([]);
  });

  it("is in an order in which every room imports only rooms before it, so it has no cycle", () => {
    const order = Object.keys(ROOMS);
    const backward = order.flatMap((room, index) =>
      [...(ROOMS[room]?.imports ?? []), ...(ROOMS[room]?.types ?? [])]
        .filter((other) => order.indexOf(other) >= index || !order.includes(other))
        .map((other) => `${room} -> ${other}`),
    );
    expect(backward).toEqual([]);
  });

  it("is obeyed: rooms meet only at doors, and only the rooms they may", () => {
    expect(offences(code, (file) => file.facts.imports.filter((entry) => isWrongRoom(file, entry)))).toEqual([]);
  });

  it("is obeyed by tests as far as doors go", () => {
    const tests = files.filter((file) => file.isTest);
    expect(offences(tests, (file) => file.facts.imports.filter((entry) => crossesBesideDoor(file, entry)))).toEqual([]);
  });

  it("grants each npm package and each part of Node to the rooms that use it", () => {
    expect(offences(code, (file) => file.facts.imports.filter((entry) => isNotGranted(file, entry)))).toEqual([]);
  });
});

describe("every room", () => {
  it.each(roomsThere)("%s has a door, tests and a README of at most 30 lines", (room) => {
    const readme = join(SRC, room, "README.md");
    expect(existsSync(join(SRC, room, "index.ts")), "index.ts").toBe(true);
    expect(
      files.some((file) => file.room === room && file.isTest),
      "tests",
    ).toBe(true);
    expect(existsSync(readme), "README.md").toBe(true);
    expect(readFileSync(readme, "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(30);
  });
});

describe("the house rules", () => {
  it("no enum, default export, any, non-null assertion, empty catch or skipped test", () => {
    expect(offences(files, (file) => file.facts.banned)).toEqual([]);
  });

  it("clock, chance, environment and console only where they belong", () => {
    const elsewhere = code.filter((file) => !MAY_TOUCH_THE_PROCESS.some((place) => file.path.startsWith(place)));
    expect(offences(elsewhere, (file) => file.facts.touchesProcess)).toEqual([]);
  });

  it("only telemetry, the embedded API server and views listen", () => {
    const others = code.filter((file) => !MAY_LISTEN.includes(file.room));
    expect(offences(others, (file) => file.facts.listens)).toEqual([]);
  });

  it("file names are kebab-case and say what is inside", () => {
    const vague = /(^|[-.])(utils?|helpers?|common|misc|managers?|core)([-.]|$)/;
    const names = files
      .map((file) => file.path)
      .filter((path) => !/^[a-z0-9.-]+$/.test(basename(path)) || vague.test(basename(path)));
    expect(names).toEqual([]);
  });

  it("no line is longer than 140 characters", () => {
    const long = files.flatMap((file) =>
      readFileSync(join(SRC, file.path), "utf8")
        .split("\n")
        .flatMap((line, index) => (line.length > 140 ? [`${file.path}:${index + 1} ${line.length} characters`] : [])),
    );
    expect(long).toEqual([]);
  });
});

function readFile(path: string): SourceFile {
  const parts = path.split("/");
  return {
    path,
    room: parts.length > 1 ? (parts[0] ?? "") : "",
    isTest: /\.(test|cases)\.ts$/.test(path) || path.includes("/testing/"),
    facts: readSource(readFileSync(join(SRC, path), "utf8"), path),
  };
}

function isWrongRoom(file: SourceFile, entry: ImportOf): boolean {
  const target = targetOf(file, entry);
  if (target === undefined || target.room === file.room) return false;
  if (crossesBesideDoor(file, entry)) return true;
  if (file.room === "") return !OUTSIDE_ROOMS.includes(file.path);
  const room = ROOMS[file.room];
  return !(room?.imports.includes(target.room) === true || (entry.typeOnly && room?.types?.includes(target.room) === true));
}

function crossesBesideDoor(file: SourceFile, entry: ImportOf): boolean {
  const target = targetOf(file, entry);
  return target !== undefined && target.room !== "" && target.room !== file.room && target.path !== `${target.room}/index.ts`;
}

function isNotGranted(file: SourceFile, entry: ImportOf): boolean {
  if (entry.from.startsWith(".") || file.room === "") return false;
  const room = ROOMS[file.room];
  if (entry.from.startsWith("node:")) return ![...FREE_BUILTINS, ...(room?.builtins ?? [])].includes(entry.from);
  const name = entry.from
    .split("/")
    .slice(0, entry.from.startsWith("@") ? 2 : 1)
    .join("/");
  return room?.packages?.includes(name) !== true;
}

/** Where a relative import leads below `src/`; nothing for packages and for what lies outside, such as `package.json`. */
function targetOf(file: SourceFile, entry: ImportOf): { readonly path: string; readonly room: string } | undefined {
  if (!entry.from.startsWith(".")) return undefined;
  const path = normalize(join(dirname(file.path), entry.from));
  if (path.startsWith("..")) return undefined;
  const parts = path.split("/");
  return { path, room: parts.length > 1 ? (parts[0] ?? "") : "" };
}

function offences(
  among: readonly SourceFile[],
  find: (file: SourceFile) => readonly { readonly line: number; readonly what?: string; readonly from?: string }[],
): readonly string[] {
  return among.flatMap((file) => find(file).map((hit) => `src/${file.path}:${hit.line} ${hit.what ?? hit.from ?? ""}`));
}

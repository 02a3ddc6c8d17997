/** The configuration file: YAML whose keys are the flags without their dashes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "../base/index.ts";
import type { Environment } from "./environment.ts";
import { CONFIG_VARIABLE, splitIfList } from "./environment.ts";
import { badFileValue, fileNotOptions, fileNotYaml, fileUnreadable, unknownFileKey } from "./messages.ts";
import type { RawValue } from "./option.ts";
import type { OptionKey } from "./option-values.ts";
import { OPTION_ROWS } from "./options.ts";

export interface FileSearch {
  /** From `--config`. */
  readonly named: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  readonly home: string;
}

export interface FromFile {
  /** The file that was read, if there is one. */
  readonly file: string | undefined;
  readonly values: ReadonlyMap<OptionKey, RawValue>;
}

const NOTHING: FromFile = { file: undefined, values: new Map() };

/**
 * Reads the named file, else `./faro.yaml`, else `$XDG_CONFIG_HOME/faro/config.yaml`: the first that exists, no merging.
 * @throws FaroError `FARO_USAGE` when a named file is missing, or any is unreadable, not YAML, or has an unknown key.
 */
export async function readConfigFile(search: FileSearch): Promise<FromFile> {
  const named = search.named ?? nonEmpty(search.env[CONFIG_VARIABLE]);
  if (named !== undefined) return decode(named, await readNamed(named));
  for (const file of customaryFiles(search)) {
    const content = await readIfThere(file);
    if (content !== undefined) return decode(file, content);
  }
  return NOTHING;
}

/** XDG's default is `~/.config`, on macOS too: that is where kubectl's users look. */
function customaryFiles(search: FileSearch): readonly string[] {
  const xdg = nonEmpty(search.env["XDG_CONFIG_HOME"]) ?? join(search.home, ".config");
  return [join(search.cwd, "faro.yaml"), join(xdg, "faro", "config.yaml")];
}

async function readNamed(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw fileUnreadable(file, codeOf(cause) === "ENOENT" ? "there is no such file" : errorMessage(cause), cause);
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT" || codeOf(cause) === "ENOTDIR") return undefined;
    throw fileUnreadable(file, errorMessage(cause), cause);
  }
}

async function decode(file: string, content: string): Promise<FromFile> {
  // Most runs have no file: the parser is loaded for those that do.
  const { parseDocument } = await import("yaml");
  // `failsafe` leaves every scalar the text that was written: `5m`, `8080` and `yes` go through the options' own schemas.
  const document = parseDocument(content, { schema: "failsafe", prettyErrors: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw fileNotYaml(file, problem.linePos?.[0].line ?? 1, firstLine(problem.message));
  const options: unknown = document.toJS();
  if (options === null || options === undefined || options === "") return { file, values: new Map() };
  if (typeof options !== "object" || Array.isArray(options)) throw fileNotOptions(file);
  return { file, values: new Map(Object.entries(options).map(([key, value]) => entryOf(file, key, value))) };
}

function entryOf(file: string, key: string, value: unknown): readonly [OptionKey, RawValue] {
  const row = OPTION_ROWS.find(([, option]) => option.flag === key || option.synonym === key);
  if (row === undefined)
    throw unknownFileKey(
      file,
      key,
      OPTION_ROWS.map(([, option]) => option.flag),
    );
  const [optionKey, option] = row;
  if (typeof value === "string") return [optionKey, splitIfList(option, value)];
  const isMany = option.form === "list" || option.form === "repeated";
  if (isMany && Array.isArray(value) && value.every((item) => typeof item === "string")) return [optionKey, value];
  throw badFileValue(file, key);
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "");
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

/** What the user asked for, from argv: a command with its words and flags, or an answer that commander gave itself. */
import { CommanderError } from "commander";
import { editDistance, FaroError } from "../base/index.ts";
import { type FlagValues, type OptionKey, OPTION_ROWS, type RawValue, splitItems, unknownFlag } from "../config/index.ts";
import { regularArguments } from "./arguments.ts";
import { EXIT_OK, EXIT_USAGE } from "./exit-code.ts";
import { READING_KEYS, type ReadingFlags, type ReadingKey } from "./reading/reading-options.ts";
import { buildProgram, COMMANDS, type CommandName, type ProgramOutput } from "./program.ts";

/** A command as it was typed. */
export interface Invocation {
  readonly command: CommandName;
  /** Objects, or the directory. */
  readonly words: readonly string[];
  readonly flags: FlagValues;
  /** From `--config`. */
  readonly configFile: string | undefined;
  readonly showOrigin: boolean;
  /** Flags of the commands that read stories. */
  readonly reading: ReadingFlags;
  /** The answer is for a program. */
  readonly json: boolean;
}

export type CommandLine =
  | { readonly kind: "run"; readonly invocation: Invocation }
  | { readonly kind: "answered"; readonly exitCode: number };

/**
 * Reads argv (without Node and script). Help and version are written to `output` at once.
 * @throws FaroError `FARO_USAGE`
 */
export function readCommandLine(argv: readonly string[], output: ProgramOutput): CommandLine {
  const { words, flags } = regularArguments(argv);
  let invocation: Invocation | undefined;
  const program = buildProgram(output, (command, commandWords, values) => {
    invocation = toInvocation(command, commandWords, values);
  });
  try {
    program.parse([...withCommand(words, flags, output.program), ...flags], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: "answered", exitCode: answered(error, words, output.program) };
  }
  return invocation === undefined ? { kind: "answered", exitCode: EXIT_OK } : { kind: "run", invocation };
}

/** `faro --resource=…` and `faro deploy/web` mean `faro record …`. */
function withCommand(words: readonly string[], flags: readonly string[], program: string): readonly string[] {
  const [first] = words;
  if (first === undefined) return flags.some((flag) => ["-h", "--help", "--version", "-V"].includes(flag)) ? [] : ["record"];
  if (first === "help" && words[1] !== undefined && !isCommand(words[1])) throw unknownCommand(words[1], program);
  if (first === "help" || isCommand(first)) return words;
  if (nearCommand(first) === undefined) return ["record", ...words];
  throw unknownCommand(first, program);
}

function isCommand(word: string): boolean {
  return COMMANDS.some((command) => command === word);
}

/** Stricter than for flags: `configmaps` is a kind, not a slip for `config`. */
function nearCommand(word: string): string | undefined {
  return [...COMMANDS, "help"].find((command) => editDistance(command, word) <= (word.length > 5 ? 2 : 1));
}

function unknownCommand(word: string, program: string): FaroError {
  const meant = nearCommand(word);
  const question = meant === undefined ? `the commands are ${COMMANDS.join(", ")}.` : `did you mean ${program} ${meant}?`;
  return new FaroError("FARO_USAGE", `unknown command ${word}`, {
    hint: `${question} To record a kind of that name: ${program} record ${word}`,
  });
}

/** Values as commander collected them: an array of texts for each flag that was given. */
function toInvocation(command: CommandName, words: readonly string[], values: Readonly<Record<string, unknown>>): Invocation {
  const flags = new Map<OptionKey, RawValue>();
  for (const [key, option] of OPTION_ROWS) {
    const texts = textsOf(values[key]);
    const last = texts.at(-1);
    if (last === undefined) continue;
    const many = option.form === "list" ? texts.flatMap(splitItems) : texts;
    flags.set(key, option.form === "list" || option.form === "repeated" ? many : last);
  }
  return {
    command,
    words,
    flags,
    configFile: textsOf(values["config"]).at(-1),
    showOrigin: values["showOrigin"] === true,
    json: values["json"] === true,
    reading: readingFlags(values),
  };
}

function readingFlags(values: Readonly<Record<string, unknown>>): ReadingFlags {
  const flags = new Map<ReadingKey, readonly string[]>();
  for (const key of READING_KEYS) {
    if (values[key] === true) flags.set(key, []);
    else if (values[key] !== undefined) flags.set(key, textsOf(values[key]));
  }
  return flags;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Commander's own answers keep their output; its complaints become Faro's. */
function answered(error: CommanderError, words: readonly string[], program: string): number {
  const command = words[0] ?? "record";
  switch (error.code) {
    case "commander.version":
    case "commander.helpDisplayed":
      return EXIT_OK;
    case "commander.help":
      return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    case "commander.unknownOption":
      throw refusedFlag(firstQuoted(error.message).replace(/=.*/s, ""), command, program);
    case "commander.missingArgument":
      throw new FaroError(
        "FARO_USAGE",
        `${program} ${command} needs ${command === "validate" ? "a story file" : "the directory of a recording"}`,
        {
          hint: `for example ${program} ${command} ${command === "validate" ? "output/deployment-my-app-3f2a9c1d.json" : "./output"}`,
        },
      );
    case "commander.unknownCommand":
      throw new FaroError("FARO_USAGE", `unknown command ${words.join(" ")}`, {
        hint: `for example ${program} config view --show-origin`,
      });
    case "commander.excessArguments":
      throw new FaroError("FARO_USAGE", `${program} ${command} takes fewer words than "${words.slice(1).join(" ")}"`, {
        hint: `${program} help ${command} shows its form`,
      });
    default:
      throw new FaroError("FARO_USAGE", error.message.replace(/^error: /, ""), { hint: `${program} help shows what goes where` });
  }
}

/** A flag that no command has, or that only others have. */
function refusedFlag(flag: string, command: string, program: string): FaroError {
  const known = OPTION_ROWS.map(([, option]) => option.flag);
  if (!known.includes(flag.replace(/^-+/, ""))) return unknownFlag(flag, [...known, "config", "help", "version"]);
  return new FaroError("FARO_USAGE", `${program} ${command} takes no ${flag}`, {
    hint: `${program} help ${command} lists what it takes`,
  });
}

function firstQuoted(message: string): string {
  return /'([^']*)'/.exec(message)?.[1] ?? message;
}

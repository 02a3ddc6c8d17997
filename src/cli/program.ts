/** The commands as commander knows them, and their help: examples first, flags in groups. */
import { Command, Option as Flag } from "commander";
import { type Group, GROUPS, type Option, OPTION_ROWS } from "../config/index.ts";
import { examplesFor } from "./examples.ts";
import { READING_FLAGS, type ReadingFlag } from "./reading/reading-options.ts";
import { STORY_COMMANDS } from "./reading/story-commands.ts";

export const COMMANDS = ["record", "demo", "story", "serve", "validate", "config", "rebuild", "verify"] as const;
export type CommandName = (typeof COMMANDS)[number];

export interface ProgramOutput {
  /** `faro` or `kubectl faro`. */
  readonly program: string;
  readonly version: string;
  readonly columns: number;
  write(text: string): void;
  writeError(text: string): void;
}

/** Called with the command that was asked for, its words and its flags. */
export type OnCommand = (command: CommandName, words: readonly string[], flags: Readonly<Record<string, unknown>>) => void;

const CONFIG_FLAG_HELP = "Configuration file; else ./faro.yaml, else $XDG_CONFIG_HOME/faro/config.yaml.";
const HELP_HELP = "Print this help; help COMMAND explains a command.";

const DESCRIPTION =
  "Faro records everything that happens to a Kubernetes workload: every version of its objects, " +
  "every Event, every log line, as one story.";

const PLACES = `
Every flag has a variable (FARO_LOG_LEVEL for --log-level) and a key in the configuration file (log-level: debug).
A flag beats a variable, a variable beats the file.`;

/** Heading of the flags that are no options of a recording. */
const GENERAL = "General:";

/** Commander keeps these apart from a command's options. */
const GENERAL_FLAGS: readonly Flag[] = [
  new Flag("--version", "Print the version.").helpGroup(GENERAL),
  new Flag("-h, --help", HELP_HELP).helpGroup(GENERAL),
];

const DEMO_GROUPS: readonly Group[] = ["Output", "Observability"];
const ROWS_BY_FLAG: ReadonlyMap<string, Option<unknown>> = new Map(OPTION_ROWS.map(([, option]) => [option.flag, option]));

export function buildProgram(output: ProgramOutput, onCommand: OnCommand): Command {
  const root = new Command(output.program)
    .description(DESCRIPTION)
    .version(output.version, "--version")
    .helpOption("-h, --help", HELP_HELP)
    .helpCommand("help [command]", "Explain a command.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => output.writeError(text),
      // Complaints are thrown, and shown by the renderer of all errors.
      outputError: () => undefined,
      getOutHelpWidth: () => output.columns,
      getErrHelpWidth: () => output.columns,
    });
  const record = recordCommand(root, onCommand);
  demoCommand(root, onCommand);
  storyCommand(root, onCommand);
  serveCommand(root, onCommand);
  validateCommand(root, onCommand);
  configCommand(root, onCommand);
  rebuildCommand(root, onCommand);
  verifyCommand(root, onCommand);
  for (const command of [root, ...root.commands, ...root.commands.flatMap((parent) => parent.commands)])
    describeHelp(command, output);
  // The program without a command records: its help shows how.
  root.usage("[record] [TYPE/NAME | TYPE [NAME]]... [flags]").configureHelp({
    ...HELP_STYLE,
    visibleOptions: (command) => [...(command === root ? record.options : command.options), ...GENERAL_FLAGS],
  });
  return root;
}

function recordCommand(root: Command, onCommand: OnCommand): Command {
  const command = root
    .command("record")
    .description("Record workloads (the command when none is named).")
    .usage("[TYPE/NAME | TYPE [NAME]]... [flags]");
  addFlags(command, GROUPS);
  return command
    .argument("[objects...]", "as kubectl names them: deploy/my-app, deploy my-app, po,svc")
    .action((words: readonly string[], flags) => onCommand("record", words, flags));
}

function demoCommand(root: Command, onCommand: OnCommand): void {
  const command = root
    .command("demo")
    .usage("[flags]")
    .description("Record a real incident that is played again: a rollout that fails and is rolled back; needs nothing.");
  addFlags(command, DEMO_GROUPS, (flag) => flag !== "dry-run");
  command.action((flags) => onCommand("demo", [], flags));
}

function configCommand(root: Command, onCommand: OnCommand): void {
  const config = root.command("config").usage("view [flags]").description("Look at the configuration.");
  const view = config.command("view").usage("[flags]").description("Print every option as this call would use it.");
  addFlags(view, GROUPS);
  view
    .addOption(new Flag("--show-origin", "Say where each value comes from.").helpGroup(GENERAL))
    .action((flags) => onCommand("config", ["view"], flags));
}

function rebuildCommand(root: Command, onCommand: OnCommand): void {
  root
    .command("rebuild")
    .usage("DIR")
    .description("Derive the story files again from a recording, for instance after a crash.")
    .argument("<directory>", "what --output was")
    .action((directory: string, flags) => onCommand("rebuild", [directory], flags));
}

function storyCommand(root: Command, onCommand: OnCommand): void {
  const parent = root
    .command("story")
    .usage("list | show | timeline | … [FILE | DIR]")
    .description("Read what was recorded: a story file, a directory of --output, or ./output.");
  for (const { name, takesId, help, flags } of STORY_COMMANDS) {
    const command = parent
      .command(name)
      .usage(`${takesId ? "ID " : ""}[FILE | DIR] [flags]`)
      .description(help);
    for (const key of flags) command.addOption(toReadingFlag(READING_FLAGS[key]).helpGroup("Reading:"));
    command
      .argument(
        "[words...]",
        takesId ? "kind/name, e1042, or the beginning of a uid; then the file or directory" : "file or directory",
      )
      .action((words: readonly string[], values) => onCommand("story", [name, ...words], values));
  }
}

function toReadingFlag({ flag, short, takes, help }: ReadingFlag): Flag {
  const spelling = `${short === undefined ? "" : `-${short}, `}--${flag}`;
  return takes === undefined ? new Flag(spelling, help) : collecting(new Flag(`${spelling} <${takes}>`, help));
}

function serveCommand(root: Command, onCommand: OnCommand): void {
  const command = root
    .command("serve")
    .usage("[DIR|FILE] [flags]")
    .description("Serve a recording, or a story, as a read-only Kubernetes API, for kubectl and its like.");
  for (const key of ["at", "speed", "port"] as const) command.addOption(toReadingFlag(READING_FLAGS[key]).helpGroup("Serving:"));
  command
    .argument("[path]", "what --output was, or a story file; ./output unless given")
    .action((path: string | undefined, values) => onCommand("serve", path === undefined ? [] : [path], values));
}

function validateCommand(root: Command, onCommand: OnCommand): void {
  root
    .command("validate")
    .usage("FILE...")
    .description("Check story files against their format.")
    .argument("<files...>", "story files")
    .action((files: readonly string[]) => onCommand("validate", files, {}));
}

function verifyCommand(root: Command, onCommand: OnCommand): void {
  root
    .command("verify")
    .usage("DIR [--json]")
    .description("Check a recording: every line, every seal, and that no period is silent.")
    .argument("<directory>", "what --output was")
    .addOption(new Flag("--json", "Print the findings as JSON.").helpGroup(GENERAL))
    .action((directory: string, flags) => onCommand("verify", [directory], flags));
}

function addFlags(command: Command, groups: readonly Group[], isWanted: (flag: string) => boolean = () => true): void {
  for (const [, option] of OPTION_ROWS) {
    if (groups.includes(option.group) && isWanted(option.flag)) command.addOption(toFlag(option));
  }
  command.addOption(collecting(new Flag("--config <FILE>", CONFIG_FLAG_HELP)).helpGroup(GENERAL));
}

/** Values are collected as text; `config/` alone knows what they mean. */
function toFlag(option: Option<unknown>): Flag {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  return collecting(new Flag(`${short}--${option.flag} <${option.takes}>`, describe(option))).helpGroup(`${option.group}:`);
}

function collecting(flag: Flag): Flag {
  return flag.argParser((value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value]);
}

function describe(option: Option<unknown>): string {
  const synonym = option.synonym === undefined ? "" : ` Also --${option.synonym}.`;
  return `${option.help}${synonym}${option.defaultText === "" || option.form === "switch" ? "" : ` (default: ${option.defaultText})`}`;
}

const HELP_STYLE = {
  optionTerm: (flag: Flag): string => {
    const option = ROWS_BY_FLAG.get(flag.long?.slice(2) ?? "");
    if (option?.form !== "switch") return flag.flags.replaceAll(/[<>]/g, "");
    const short = option.short === undefined ? "" : `-${option.short}, `;
    return option.default === true ? `${short}--[no-]${option.flag}` : `${short}--${option.flag}`;
  },
  subcommandTerm: (command: Command): string => `${command.name()} ${command.usage().replace(/ ?\[flags\]/, "")}`.trimEnd(),
};

function describeHelp(command: Command, { program, columns }: ProgramOutput): void {
  command
    .configureHelp({ ...HELP_STYLE, visibleOptions: (own) => [...own.options, ...GENERAL_FLAGS.slice(1)] })
    .addHelpText("before", examplesFor(command.name(), program, columns));
  if (command.name() === "record" || command.parent === null) {
    command.addHelpText("after", PLACES);
  }
}

/** The table of options in `docs/configuration.md`, made from the table in the code; a test holds the two together. */
import { GROUPS, type Option, spellings, variableOf } from "./option.ts";
import { OPTION_ROWS } from "./options.ts";

/** Markdown: one table for each group, in the order of help. */
export function documentOptions(): string {
  return GROUPS.map((group) => {
    const rows = OPTION_ROWS.map(([, option]) => option).filter((option) => option.group === group);
    return [
      `### ${group}`,
      "",
      "| Flag | Variable | Default | What it does |",
      "| --- | --- | --- | --- |",
      ...rows.map(documentOption),
    ].join("\n");
  }).join("\n\n");
}

function documentOption(option: Option<unknown>): string {
  const flags = [
    option.short === undefined ? undefined : `-${option.short}`,
    ...spellings(option)
      .slice(0, option.synonym === undefined ? 1 : 2)
      .map((flag) => `--${flag}`),
  ];
  const cells = [
    flags
      .filter((flag) => flag !== undefined)
      .map(code)
      .join(", "),
    code(variableOf(option)),
    option.defaultText === "" ? "" : option.defaultText.includes(" ") ? option.defaultText : code(option.defaultText),
    `${option.help} Takes ${option.expects}; ${code(`--${option.flag}=${option.example}`)}.`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}

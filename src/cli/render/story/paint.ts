/** Colours and widths of what is shown about stories. Without colour the same text. */

export type Tone = "plain" | "dim" | "bold" | "good" | "bad" | "warn" | "head";

const CODES: Readonly<Record<Tone, string>> = { plain: "", dim: "2", bold: "1", good: "32", bad: "31", warn: "33", head: "36" };
/** Objects are told apart by colours that are readable on black and on white, none of which means good or bad. */
const OBJECT_CODES: readonly string[] = ["36", "35", "34", "96", "95", "94"];

/** How a screen may look. */
export interface Look {
  readonly hasColor: boolean;
  /** Width of the screen; `undefined` in a pipe, where nothing is cut. */
  readonly columns: number | undefined;
}

export function paint({ hasColor }: Look, tone: Tone, text: string): string {
  return hasColor && CODES[tone] !== "" && text !== "" ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text;
}

/** The same name has the same colour in every command. */
export function paintObject({ hasColor }: Look, name: string, text: string = name): string {
  if (!hasColor || text === "") return text;
  let hash = 0;
  for (const character of name) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return `\u001b[${OBJECT_CODES[hash % OBJECT_CODES.length] ?? "36"}m${text}\u001b[0m`;
}

/** Cut at the end, with an ellipsis. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text : width <= 1 ? "…" : `${text.slice(0, width - 1)}…`;
}

/** Cut in the middle: the ends of generated names are what tells them apart. */
export function fitMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.ceil((width - 1) / 2);
  return `${text.slice(0, width - 1 - tail)}…${text.slice(text.length - tail)}`;
}

/** Lines of at most `width` characters, cut between words where there are any. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    const end = space > width / 2 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

/** What is left of a line after `used` characters; without bound in a pipe. */
export function room({ columns }: Look, used: number): number {
  return columns === undefined ? Number.MAX_SAFE_INTEGER : Math.max(10, columns - used);
}

/** Which lines of logs are chosen, as `--include` and `--exclude` say it. */
import { type LinearPattern, linearPattern } from "./linear-pattern.ts";

/** Patterns for the text of a line, without its timestamp. As data, because a recording says by which its stories were told. */
export interface LineChoice {
  /** One of them matches, unless there is none. */
  readonly include: readonly string[];
  /** None of them matches. */
  readonly exclude: readonly string[];
}

/** True for the text of a line that is chosen. */
export type ChoosesLine = (text: string) => boolean;

/** `undefined` when every line is chosen. @throws SyntaxError */
export function choosesLine(choice: LineChoice | undefined): ChoosesLine | undefined {
  const include = (choice?.include ?? []).map(linearPattern);
  const exclude = (choice?.exclude ?? []).map(linearPattern);
  if (include.length === 0 && exclude.length === 0) return undefined;
  const matches = (patterns: readonly LinearPattern[], text: string): boolean => patterns.some((pattern) => pattern.test(text));
  return (text) => (include.length === 0 || matches(include, text)) && !matches(exclude, text);
}

/**
 * Regular expressions whose time is linear in the text, whatever the expression: all ways through it are followed at once
 * (Thompson's construction, remembered as an automaton), so nobody's pattern can hold up a recorder.
 * The syntax is what RE2 and JavaScript share: literals,
 * `.`, classes, `\d \w \s`, groups, `|`, `* + ? {m,n}`, `^ $`, and `(?i)` in front. There are no look-arounds and no back
 * references, which cannot be had in linear time.
 */

/** A pattern that searches text: true when it matches anywhere. */
export interface LinearPattern {
  readonly source: string;
  test(text: string): boolean;
}

type Node =
  | { readonly node: "char"; readonly accepts: (char: string) => boolean }
  | { readonly node: "start" | "end" | "empty" }
  | { readonly node: "sequence" | "choice"; readonly of: readonly Node[] }
  | { readonly node: "repeat"; readonly of: Node; readonly min: number; readonly max: number };

type Step =
  | { readonly step: "char"; readonly accepts: (char: string) => boolean }
  | { readonly step: "start" | "end" | "match" }
  | { readonly step: "split"; readonly to: number[] };

/** Repetitions are written out, so their number is bounded, too. */
const STEPS_MAX = 10_000;
const REPEAT_MAX = 1_000;

/** @throws SyntaxError with what cannot be read, or is not linear. */
export function linearPattern(source: string): LinearPattern {
  const isCaseless = source.startsWith("(?i)");
  const node = new Parser(isCaseless ? source.slice(4) : source, isCaseless ? "iu" : "u").parse();
  const steps: Step[] = [];
  emit(node, steps);
  steps.push({ step: "match" });
  const search = new Search(steps);
  return { source, test: (text) => search.test(text) };
}

class Parser {
  readonly #chars: readonly string[];
  readonly #flags: string;
  #at = 0;

  constructor(source: string, flags: string) {
    this.#chars = Array.from(source);
    this.#flags = flags;
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#chars.length) throw new SyntaxError("a closing bracket without an opening one");
    return node;
  }

  #choice(): Node {
    const of = [this.#sequence()];
    while (this.#take("|")) of.push(this.#sequence());
    return { node: "choice", of };
  }

  #sequence(): Node {
    const of: Node[] = [];
    for (let next = this.#chars[this.#at]; next !== undefined && next !== "|" && next !== ")"; next = this.#chars[this.#at]) {
      of.push(this.#repeated(this.#atom()));
    }
    return { node: "sequence", of };
  }

  #repeated(atom: Node): Node {
    const times = this.#times();
    if (times === undefined) return atom;
    // Lazy or not makes no difference to whether there is a match.
    this.#take("?");
    if (this.#times() !== undefined) throw new SyntaxError("a repetition of a repetition");
    return { node: "repeat", of: atom, ...times };
  }

  #times(): { readonly min: number; readonly max: number } | undefined {
    if (this.#take("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take("?")) return { min: 0, max: 1 };
    const found = /^\{(\d+)(,(\d*))?\}/.exec(this.#chars.slice(this.#at, this.#at + 12).join(""));
    if (found === null) return undefined;
    this.#at += found[0].length;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === "" ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (max < min || min > REPEAT_MAX || (max > REPEAT_MAX && max !== Number.POSITIVE_INFINITY))
      throw new SyntaxError(`a repetition beyond ${REPEAT_MAX}`);
    return { min, max };
  }

  #atom(): Node {
    const char = this.#chars[this.#at++] ?? "";
    if (char === "(") return this.#group();
    if (char === "^") return { node: "start" };
    if (char === "$") return { node: "end" };
    if (char === "*" || char === "+" || char === "?") throw new SyntaxError(`${char} without anything to repeat`);
    if (char === "[") return this.#char(this.#class());
    if (char === "\\") return this.#char(`\\${this.#escaped()}`);
    return this.#char(char === "." ? "." : char.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&"));
  }

  #group(): Node {
    if (this.#take("?") && !this.#take(":"))
      throw new SyntaxError("a look-around, a name or a flag inside: only (?:…), and (?i) in front");
    const node = this.#choice();
    if (!this.#take(")")) throw new SyntaxError("an opening bracket without a closing one");
    return node;
  }

  #escaped(): string {
    const char = this.#chars[this.#at++];
    if (char === undefined) throw new SyntaxError("a backslash at the end");
    if (/[1-9kbBAzZGpPux]/.test(char)) throw new SyntaxError(`\\${char} is not understood`);
    return /[A-Za-z0]/.test(char) || /[\\^$.*+?()[\]{}|/]/.test(char) ? char : `u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  }

  #class(): string {
    const start = this.#at;
    if (this.#chars[this.#at] === "^") this.#at++;
    if (this.#chars[this.#at] === "]") throw new SyntaxError("an empty class");
    for (; this.#at < this.#chars.length; this.#at++) {
      if (this.#chars[this.#at] === "\\") this.#at++;
      else if (this.#chars[this.#at] === "]") return `[${this.#chars.slice(start, this.#at++).join("")}]`;
    }
    throw new SyntaxError("a class without its end");
  }

  /** One character; the engine's own expression for it sees no more than that one, so it takes no time to speak of. */
  #char(source: string): Node {
    const one = new RegExp(`^${source}$`, this.#flags);
    return { node: "char", accepts: (char) => one.test(char) };
  }

  #take(char: string): boolean {
    if (this.#chars[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
}

function emit(node: Node, steps: Step[]): void {
  if (steps.length > STEPS_MAX) throw new SyntaxError("it is too large");
  if (node.node === "char") steps.push({ step: "char", accepts: node.accepts });
  else if (node.node === "start" || node.node === "end") steps.push({ step: node.node });
  else if (node.node === "sequence") for (const each of node.of) emit(each, steps);
  else if (node.node === "choice") emitChoice(node.of, steps);
  else if (node.node === "repeat") emitRepeat(node, steps);
}

function emitChoice(of: readonly Node[], steps: Step[]): void {
  const [only] = of;
  if (of.length === 1 && only !== undefined) {
    emit(only, steps);
    return;
  }
  const split: Step & { step: "split" } = { step: "split", to: [] };
  steps.push(split);
  const ends: (Step & { step: "split" })[] = [];
  for (const each of of) {
    split.to.push(steps.length);
    emit(each, steps);
    const end: Step & { step: "split" } = { step: "split", to: [] };
    ends.push(end);
    steps.push(end);
  }
  for (const end of ends) end.to.push(steps.length);
}

function emitRepeat({ of, min, max }: Extract<Node, { node: "repeat" }>, steps: Step[]): void {
  for (let time = 0; time < min; time++) emit(of, steps);
  if (max === Number.POSITIVE_INFINITY) {
    const at = steps.length;
    const split: Step & { step: "split" } = { step: "split", to: [at + 1] };
    steps.push(split);
    emit(of, steps);
    steps.push({ step: "split", to: [at] });
    split.to.push(steps.length);
    return;
  }
  const splits: (Step & { step: "split" })[] = [];
  for (let time = min; time < max; time++) {
    const split: Step & { step: "split" } = { step: "split", to: [steps.length + 1] };
    splits.push(split);
    steps.push(split);
    emit(of, steps);
  }
  for (const split of splits) split.to.push(steps.length);
}

/** States that are remembered; hostile patterns have more, which are then worked out anew. */
const STATES_MAX = 1_000;
const ASCII = 128;

/** All places in the pattern at which a search may be, between two characters. */
interface State {
  /** Steps that wait for a character. */
  readonly waiting: readonly number[];
  readonly isMatch: boolean;
  /** It is one if the text ends here. */
  readonly isMatchAtEnd: boolean;
  /** The states behind it that have been worked out, by character. */
  readonly ascii: (State | undefined)[];
  readonly others: Map<string, State>;
}

/** The pattern as an automaton whose states are worked out when a text first leads to them: most texts lead to the same few. */
class Search {
  readonly #steps: readonly Step[];
  readonly #states = new Map<string, State>();
  readonly #start: State;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#start = this.#stateOf([0], true);
  }

  test(text: string): boolean {
    let state = this.#start;
    for (let at = 0; at < text.length && !state.isMatch;) {
      const code = text.charCodeAt(at);
      if (code < ASCII) {
        state = state.ascii[code] ?? this.#next(state, String.fromCharCode(code));
        at++;
      } else {
        const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
        state = state.others.get(char) ?? this.#next(state, char);
        at += char.length;
      }
    }
    return state.isMatch || state.isMatchAtEnd;
  }

  /** Where a character leads, from what waits for it; and the search may begin behind it. */
  #next(state: State, char: string): State {
    const from = [0];
    for (const index of state.waiting) {
      const step = this.#steps[index];
      if (step?.step === "char" && step.accepts(char)) from.push(index + 1);
    }
    if (this.#states.size >= STATES_MAX) {
      for (const known of this.#states.values()) {
        known.ascii.fill(undefined);
        known.others.clear();
      }
      this.#states.clear();
    }
    const key = from.join();
    const next = this.#states.get(key) ?? this.#stateOf(from, false);
    this.#states.set(key, next);
    const code = char.charCodeAt(0);
    if (code < ASCII) state.ascii[code] = next;
    else if (state.others.size < ASCII) state.others.set(char, next);
    return next;
  }

  #stateOf(from: readonly number[], isStart: boolean): State {
    const waiting = new Set<number>();
    const atEnd = new Set<number>();
    let [isMatch, isMatchAtEnd] = [false, false];
    for (const index of from) {
      isMatch ||= reach(this.#steps, index, waiting, { isStart, isEnd: false });
      isMatchAtEnd ||= reach(this.#steps, index, atEnd, { isStart, isEnd: true });
    }
    const ascii = Array.from<State | undefined>({ length: ASCII }).fill(undefined);
    return { waiting: [...waiting], isMatch, isMatchAtEnd, ascii, others: new Map() };
  }
}

/** Adds the steps that wait for a character, from `from` on; true when the pattern matches. */
function reach(
  steps: readonly Step[],
  from: number,
  into: Set<number>,
  at: { readonly isStart: boolean; readonly isEnd: boolean },
): boolean {
  const open = [from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (into.has(index)) continue;
    into.add(index);
    const step = steps[index];
    if (step?.step === "match") return true;
    if (step?.step === "split") open.push(...step.to);
    else if ((step?.step === "start" && at.isStart) || (step?.step === "end" && at.isEnd)) open.push(index + 1);
  }
  return false;
}

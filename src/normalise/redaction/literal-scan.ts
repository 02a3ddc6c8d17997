/**
 * Whether any of some literals stands in a piece of bytes, in one pass over them and without making a string: an automaton after
 * Aho and Corasick. For the question whether an object holds anything that a rule or a pattern must look at, which nearly none
 * does, that takes a third of the time of the expressions that ask for each by itself (`bench/stages.mjs`).
 */

/** The next state of each state and class of bytes, rows of a power of two; a state is the offset of its row. */
interface Automaton {
  readonly classes: Uint8Array;
  readonly next: Uint16Array;
}

/** In place of a state: a literal is complete. */
const FOUND = 0xffff;

interface TrieNode {
  readonly children: Map<number, TrieNode>;
  isEnd: boolean;
}

/** Scans for `literals`, which are ASCII. */
export class LiteralScan {
  readonly #automaton: Automaton;

  constructor(literals: readonly string[]) {
    this.#automaton = automatonOf(literals.map((literal) => Buffer.from(literal, "latin1")));
  }

  /** Offset behind the first literal in the bytes from `start` to `end` that is complete; -1 for none. */
  endOfFirst(bytes: Uint8Array, start: number, end: number): number {
    const { classes, next } = this.#automaton;
    let state = 0;
    for (let at = start; at < end; at++) {
      state = next[state + (classes[bytes[at] ?? 0] ?? 0)] ?? 0;
      if (state === FOUND) return at + 1;
    }
    return -1;
  }
}

function automatonOf(literals: readonly Uint8Array[]): Automaton {
  const classes = classesOf(literals);
  const root = trieOf(literals);
  const width = 2 ** Math.ceil(Math.log2(1 + Math.max(...classes)));
  const order = statesOf(root);
  const next = new Uint16Array(order.length * width);
  /** Where a state goes on that has no child for a byte: the longest end of what was read that begins a literal, too. */
  const back = new Map<TrieNode, number>([[root, 0]]);
  const rowOf = new Map(order.map((node, at) => [node, at * width]));
  for (const node of order) {
    const row = rowOf.get(node) ?? 0;
    const fallback = back.get(node) ?? 0;
    if (row > 0) next.copyWithin(row, fallback, fallback + width);
    for (const [byte, child] of node.children) {
      const column = classes[byte] ?? 0;
      const childBack = row === 0 ? 0 : (next[fallback + column] ?? 0);
      back.set(child, childBack);
      // A literal that ends here ends for every state that falls back to this one.
      next[row + column] = child.isEnd || childBack === FOUND ? FOUND : (rowOf.get(child) ?? 0);
    }
  }
  return { classes, next };
}

/** Bytes of no literal are of class 0. */
function classesOf(literals: readonly Uint8Array[]): Uint8Array {
  const classes = new Uint8Array(256);
  const used = new Set(literals.flatMap((literal) => [...literal]));
  for (const byte of used) classes[byte] = Math.max(...classes) + 1;
  return classes;
}

function trieOf(literals: readonly Uint8Array[]): TrieNode {
  const root: TrieNode = { children: new Map(), isEnd: false };
  for (const literal of literals) {
    let node = root;
    for (const byte of literal) {
      const child = node.children.get(byte) ?? { children: new Map(), isEnd: false };
      node.children.set(byte, child);
      node = child;
    }
    node.isEnd = true;
  }
  return root;
}

/** The nodes at which a scan goes on, by depth, the root first. */
function statesOf(root: TrieNode): readonly TrieNode[] {
  const states = [root];
  for (const node of states) for (const child of node.children.values()) if (!child.isEnd) states.push(child);
  return states;
}

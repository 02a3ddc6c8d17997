/** The difference of two texts, line by line, with some lines around each change, as `diff -u` shows it. */

export interface DiffLine {
  readonly kind: "same" | "removed" | "added" | "skipped";
  readonly text: string;
}

const CONTEXT_LINES = 2;

/** Lines of `before` and `after` in one order; unchanged stretches are cut to their edges. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  return withContext(compare(before.split("\n"), after.split("\n")));
}

/** Lines at both ends that are equal cost nothing; the rest is the longest common subsequence. */
function compare(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  return [...a.slice(0, start).map(same), ...middle(a.slice(start, endA), b.slice(start, endB)), ...a.slice(endA).map(same)];
}

function middle(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  const width = b.length + 1;
  const length = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => length[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(same(a[i] ?? ""));
      i++;
      j++;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1)))
      lines.push({ kind: "removed", text: a[i++] ?? "" });
    else lines.push({ kind: "added", text: b[j++] ?? "" });
  }
  return lines;
}

function withContext(lines: readonly DiffLine[]): readonly DiffLine[] {
  const isNear = new Uint8Array(lines.length);
  for (const [index, { kind }] of lines.entries()) {
    if (kind !== "same") isNear.fill(1, Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1);
  }
  const kept: DiffLine[] = [];
  for (const [index, line] of lines.entries()) {
    if (isNear[index] === 1) kept.push(line);
    else if (kept.length > 0 && kept.at(-1)?.kind !== "skipped") kept.push({ kind: "skipped", text: "…" });
  }
  return kept.at(-1)?.kind === "skipped" ? kept.slice(0, -1) : kept;
}

function same(text: string): DiffLine {
  return { kind: "same", text };
}

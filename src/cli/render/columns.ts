/** Plain columns, as kubectl prints them: no boxes, three spaces between. */

import { fit } from "./story/paint.ts";

const SPACES_BETWEEN = 3;

/**
 * On a screen columns that are spare, by their headings, are left out until the others fit, and then the ends of lines are cut.
 * In a pipe everything is there.
 */
export function renderFitting(
  rows: readonly (readonly string[])[],
  { columns }: { readonly columns: number | undefined },
  spare: readonly string[],
): string {
  if (columns === undefined) return renderColumns(rows);
  let shown = rows;
  for (const heading of spare) {
    if (widthOf(shown) <= columns) break;
    const place = shown[0]?.indexOf(heading) ?? -1;
    shown = shown.map((row) => row.filter((_, column) => column !== place));
  }
  return renderColumns(shown)
    .split("\n")
    .map((line) => fit(line, columns))
    .join("\n");
}

function widthOf(rows: readonly (readonly string[])[]): number {
  return Math.max(
    ...renderColumns(rows)
      .split("\n")
      .map(({ length }) => length),
  );
}

/** One line for each row, without trailing spaces, each ended. The first row is the heading. */
export function renderColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd((widths[column] ?? 0) + SPACES_BETWEEN))
          .join("")
          .trimEnd()}\n`,
    )
    .join("");
}

/** Plain columns, as kubectl prints them: no boxes, three spaces between. */

const SPACES_BETWEEN = 3;

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

/** What `faro verify` prints: one line for the whole, one for each finding, and what to do. */
import type { VerifyReport } from "../../capture/index.ts";

type Finding = VerifyReport["findings"][number];

export function renderVerification(report: VerifyReport, directory: string): string {
  const { verdict, segments, records, objects, logLines, runs, gaps, findings } = report;
  const extent =
    `${records} records in ${plural(segments, "segment")} of ${plural(runs, "run")}: ` +
    `${plural(objects, "version")}, ${plural(logLines, "log line")}, ${plural(gaps.opened, "gap")}` +
    (gaps.open > 0 ? ` (${gaps.open} open)` : "");
  const lines = [`${directory}: ${verdict}, ${extent}`, ...findings.map(renderFinding)];
  if (verdict === "damaged")
    lines.push(
      `to do: keep the recording as it is and derive what can be derived: faro rebuild ${directory}`,
      "       stories say in their coverage what could not be read; restore the files from a copy if there is one",
    );
  return `${lines.join("\n")}\n`;
}

function renderFinding({ severity, what, file, line, offset, bytes, seq }: Finding): string {
  const place = [
    file,
    line === undefined ? undefined : `line ${line}`,
    offset === undefined ? undefined : `byte ${offset}`,
    bytes === undefined ? undefined : `${bytes} bytes`,
    seq === undefined ? undefined : `seq ${seq}`,
  ].filter((part) => part !== undefined);
  return `${severity}: ${place.length === 0 ? "" : `${place.join(", ")}: `}${what}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

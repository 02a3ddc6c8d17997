import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { NO_COUNTS } from "./counts.ts";
import { SOME_GAUGES } from "./fake-capture.cases.ts";
import { metricFamilies } from "./metrics.ts";

test("docs/observability.md lists exactly the metrics that there are", async () => {
  const page = await readFile(new URL("../../docs/observability.md", import.meta.url), "utf8");
  const documented = page.split("\n").filter((line) => /^\| `(faro|process)_/.test(line));
  const families = metricFamilies({
    counts: NO_COUNTS,
    gauges: SOME_GAUGES,
    memory: { rss: 1, heapUsed: 1 },
    startedAt: 0,
    version: "1.0.0",
    nodeVersion: "v20",
  });
  expect(documented).toEqual(families.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`));
});

import { assert, double, property, string } from "fast-check";
import { expect, test } from "vitest";
import { emptyHistogram, observe, renderExposition } from "./exposition.ts";
import { parseExposition } from "./parse-exposition.cases.ts";

test("a counter without labels is three lines", () => {
  expect(renderExposition([{ type: "counter", name: "faro_x_total", help: "How many.", samples: [{ value: 3 }] }])).toBe(
    "# HELP faro_x_total How many.\n# TYPE faro_x_total counter\nfaro_x_total 3\n",
  );
});

test("backslashes, quotes and line ends are escaped where the format says", () => {
  const text = renderExposition([
    { type: "gauge", name: "x", help: 'a\\b\n"c"', samples: [{ labels: { why: 'a\\b\n"c"' }, value: 1.5 }] },
  ]);
  expect(text).toBe('# HELP x a\\\\b\\n"c"\n# TYPE x gauge\nx{why="a\\\\b\\n\\"c\\""} 1.5\n');
});

test("a histogram's buckets add up, and its last one is everything", () => {
  const histogram = [0.2, 1, 1.5, 9].reduce(observe, emptyHistogram([1, 2]));
  expect(renderExposition([{ type: "histogram", name: "h", help: "H.", histogram }])).toBe(
    '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="2"} 3\nh_bucket{le="+Inf"} 4\nh_sum 11.7\nh_count 4\n',
  );
});

test("numbers that are not finite have the format's spelling", () => {
  const samples = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value, index) => ({
    labels: { index: String(index) },
    value,
  }));
  expect(
    renderExposition([{ type: "gauge", name: "g", help: "G.", samples }])
      .split("\n")
      .slice(2, 5),
  ).toEqual(['g{index="0"} NaN', 'g{index="1"} +Inf', 'g{index="2"} -Inf']);
});

test("whatever a label holds, a strict reader reads the text back", () => {
  assert(
    property(string(), double({ noNaN: true }), (label, value) => {
      const families = parseExposition(
        renderExposition([{ type: "gauge", name: "g", help: "G.", samples: [{ labels: { label }, value }] }]),
      );
      const [read] = families.get("g")?.samples.values() ?? [];
      expect(read === value || (read === 0 && value === 0)).toBe(true);
    }),
  );
});

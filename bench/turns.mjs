/** What all comparisons have in common: programs by turns, medians beside the least and the most, ratios, and slopes. */
import { availableParallelism, loadavg } from "node:os";

/** A peer whose runs lie further apart than this share of their median says nothing about a ratio. */
const SPREAD_MAX = 0.25;

/** Runs every program in each round, so that what else the machine does falls on all alike. Gives what each returned, round by round. */
export async function byTurns(programs, rounds) {
  const taken = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(programs)) taken[name].push(await run());
  }
  return taken;
}

/** Of each program the median of what `valueOf` says of its runs; and how many times that of the first program each other one takes. */
export function compare(taken, valueOf) {
  const figures = Object.fromEntries(Object.entries(taken).map(([name, runs]) => [name, summary(runs.map(valueOf))]));
  const [[, own], ...peers] = Object.entries(figures);
  const ratios = Object.fromEntries(peers.map(([name, { median: peer }]) => [name, rounded(peer / own.median)]));
  const inconclusive = peers.filter(([, { median: middle, least, most }]) => most - least > SPREAD_MAX * middle);
  return { ...figures, ratios, ...(inconclusive.length > 0 && { inconclusive: inconclusive.map(([name]) => name) }) };
}

function summary(values) {
  return { median: rounded(median(values)), least: rounded(Math.min(...values)), most: rounded(Math.max(...values)) };
}

/** Of an even number of values the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** The value below which so large a share of them lies, 0 to 1. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
}

/** How a cost grows with a size: 1 in proportion, 0 not at all, by least squares over the logarithms. Points are `[size, cost]`. */
export function exponent(points) {
  const logs = points.filter(([, cost]) => cost > 0).map((point) => point.map(Math.log));
  if (logs.length < 2) return undefined;
  const [x, y] = [0, 1].map((at) => logs.reduce((sum, point) => sum + point[at], 0) / logs.length);
  const over = logs.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return rounded(logs.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / over);
}

/** Three significant digits, or all before the point. */
export function rounded(value) {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/** Prints one result as a line of JSON, with what the machine was. */
export function print(benchmark, figures) {
  console.log(
    JSON.stringify({ benchmark, node: process.version, cores: availableParallelism(), load: loadavg()[0], ...figures }),
  );
}

/** Runs the benchmarks, prints a table and the figures as JSON, and fails where a ratio has fallen. See README.md. */
import { spawnSync } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { readFileSync, writeFileSync } from "node:fs";
import { bareRead, clientGo, clientNode, faro, measureWith, slope } from "./harness.mjs";
import { option, programFile, stopAll } from "./processes.mjs";
import { median } from "./turns.mjs";

const quick = process.argv.includes("--quick");
const only = process.argv
  .find((word) => word.startsWith("--only="))
  ?.slice(7)
  .split(",");
/** The short form is for a merge on a small, shared machine: it measures what it judges, and stops when its time is up. */
const ROUNDS = Number(option("rounds", quick ? 3 : 5));
const [short, long] = option("sizes", quick ? "1,11" : "20,120").split(",");
const BUDGET_MS = quick ? 75_000 : Infinity;
const WATCHES = {
  "watch-pods": { BENCH_KIND: "pods" },
  "watch-events": { BENCH_KIND: "events" },
  "watch-random": { BENCH_KIND: "pods", BENCH_RANDOM: "1" },
};
const wanted = only ?? (quick ? ["watch-pods", "watch-events", "scan"] : Object.keys(WATCHES));
const FIGURES = new URL("figures.json", import.meta.url);
/** A ratio may fall by so much before it counts. */
const TOLERANCE = 0.2;

const programs = quick
  ? { faro, client_node: clientNode }
  : { faro, client_node: clientNode, client_go: clientGo(), bare_tls: bareRead };
for (const name of Object.keys(programs)) if (programs[name] === undefined) delete programs[name];
const watches = Object.entries(WATCHES).filter(([name]) => wanted.includes(name));
try {
  const rounds = await runRounds();
  const results = Object.fromEntries(watches.map(([name]) => [name, resultOf(rounds, name)]));
  for (const [name, result] of Object.entries(results)) print(name, result);
  const scan = wanted.includes("scan") ? scanned() : undefined;
  const machine = { node: process.version, cores: availableParallelism(), load: loadavg()[0] };
  console.log(JSON.stringify({ ...machine, rounds: rounds.length, short, long, results, scan }));
  judge(results);
  if (scan !== undefined) judgeScan(scan);
} finally {
  stopAll();
}

/** By turns, so that what else the machine does falls on all alike. Ends early rather than late. */
async function runRounds() {
  const began = performance.now();
  const rounds = [];
  while (rounds.length < ROUNDS) {
    const round = {};
    for (const [name, settings] of watches) {
      round[name] = {};
      for (const [program, run] of Object.entries(programs)) {
        const begun = await measureWith(run, { ...settings, BENCH_MB: short });
        const whole = await measureWith(run, { ...settings, BENCH_MB: long });
        round[name][program] = { ...slope(begun, whole), peakMb: whole.peakMb };
      }
    }
    rounds.push(round);
    const spent = performance.now() - began;
    if (spent + spent / rounds.length > BUDGET_MS) break;
  }
  return rounds;
}

/** What each program cost, and how much more than Faro. */
function resultOf(rounds, name) {
  const figures = Object.fromEntries(
    Object.keys(programs).map((program) => [program, summary(rounds.map((round) => round[name][program]))]),
  );
  const { faro: own, ...peers } = figures;
  const ratios = Object.fromEntries(
    Object.entries(peers).map(([peer, figure]) => [peer, round2(figure.cpu_ms_per_mb / own.cpu_ms_per_mb)]),
  );
  // Others' work adds to a cost and never takes from it, so the cheapest rounds say the most; a fall shows in both.
  const best = round2(figures.client_node.least / own.least);
  return { ...figures, ratios, best };
}

function summary(slopes) {
  const of = (key) => median(slopes.map((each) => each[key]));
  const costs = slopes.map((each) => each.msPerMb);
  return {
    cpu_ms_per_mb: round2(of("msPerMb")),
    least: round2(Math.min(...costs)),
    most: round2(Math.max(...costs)),
    cpu_us_per_change: round2(of("usPerEvent")),
    changes_per_s: Math.round(of("eventsPerSecond")),
    peak_mb: Math.round(Math.max(...slopes.map((each) => each.peakMb))),
  };
}

function print(name, { ratios, best, ...figures }) {
  for (const [program, figure] of Object.entries(figures)) console.error(row(name, program, figure));
  const words = Object.entries(ratios).map(([peer, ratio]) => `${ratio} of ${peer}`);
  console.error(`${name}: for what Faro takes, each takes ${words.join(", ")} (client_node in the cheapest rounds: ${best})\n`);
}

function row(name, program, { cpu_ms_per_mb, least, most, cpu_us_per_change, changes_per_s, peak_mb }) {
  const cells = [
    name.padEnd(14),
    program.padEnd(12),
    `${cpu_ms_per_mb} ms/MB`.padStart(14),
    `(${least}-${most})`.padStart(16),
    `${cpu_us_per_change} us/change`.padStart(20),
    `${changes_per_s} changes/s`.padStart(18),
    `${peak_mb} MB`.padStart(8),
  ];
  return cells.join(" ");
}

/** Compares the ratios with the committed ones, or commits these with `--update`. */
function judge(results) {
  const committed = JSON.parse(readFileSync(FIGURES, "utf8"));
  const key = quick ? "quick" : "full";
  if (process.argv.includes("--update")) {
    committed[key] = {
      ...committed[key],
      ...Object.fromEntries(Object.entries(results).map(([name, { ratios }]) => [name, ratios])),
    };
    writeFileSync(FIGURES, `${JSON.stringify(committed, undefined, 2)}\n`);
    return;
  }
  for (const [name, { ratios, best }] of Object.entries(results)) {
    const before = committed[key][name]?.client_node;
    if (before === undefined || Math.max(ratios.client_node, best) >= before * (1 - TOLERANCE)) continue;
    console.error(
      `${name}: ratio ${ratios.client_node}, ${best} at best, committed ${before}: more than ${TOLERANCE * 100} % lower`,
    );
    process.exitCode = 1;
  }
}

/** The reader of lines by itself. It fails by itself where it disagrees with `JSON.parse`. */
function scanned() {
  const { status, stdout } = spawnSync(process.execPath, [programFile("scan.mjs"), "--quick"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) process.exitCode = 1;
  const { pods, events } = JSON.parse(stdout);
  for (const [name, { us_per_line, ratios }] of Object.entries({ pods, events }))
    console.error(`scan of ${name}: ${us_per_line} us for a line; for what Faro takes, JSON.parse takes ${ratios.json_parse}`);
  return { pods: { ...pods.ratios, best: pods.best }, events: { ...events.ratios, best: events.best } };
}

/** Compares with the committed ratios, which `--update` does not write: they are the lowest of a machine under load. */
function judgeScan(scan) {
  const committed = JSON.parse(readFileSync(FIGURES, "utf8")).quick.scan;
  for (const [name, { json_parse, best }] of Object.entries(scan)) {
    if (Math.max(json_parse, best) >= committed[name] * (1 - TOLERANCE)) continue;
    console.error(`scan of ${name}: ratio ${json_parse}, committed ${committed[name]}: more than ${TOLERANCE * 100} % lower`);
    process.exitCode = 1;
  }
}

function round2(value) {
  return Math.round(value * 100) / 100;
}

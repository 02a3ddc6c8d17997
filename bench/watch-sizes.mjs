/**
 * What a change on a watch costs as something grows: the number of watches that the same changes come on, or of objects that were listed
 * before and change in turn. Faro beside client-node's `Watch`, or beside informers.
 *
 *   node bench/watch-sizes.mjs fan-out  [--sizes=1,30,200] [--mb=40] [--rounds=3]
 *   node bench/watch-sizes.mjs informer [--sizes=1000,10000,40000] [--mb=100] [--rounds=3]
 *
 * `--mb` is how much is sent behind what each run begins with, and whose cost is taken off. Prints a line of JSON for each size: CPU of a
 * change and peak memory, with an informer less than what a list of nothing takes. A run of Faro counts only when its recording is whole.
 */
import { clientGo, clientNode, clientNodeInformer, faro, measureWith, slope } from "./harness.mjs";
import { option } from "./processes.mjs";
import { byTurns, compare, exponent, print, rounded } from "./turns.mjs";

const LIMIT_MS = 20 * 60_000;
const patient = (run) => faro({ ...run, limitMs: LIMIT_MS });
const MODES = {
  "fan-out": {
    sizes: "1,30,200",
    programs: () => ({ faro: patient, client_node: clientNode }),
    settings: (size) => ({ BENCH_WATCHES: String(size) }),
    mb: { short: 5, long: 40 },
  },
  informer: {
    sizes: "1000,10000,40000",
    programs: () => ({ faro: patient, client_node: clientNodeInformer, client_go: clientGo() }),
    settings: (size) => ({ BENCH_ITEMS: String(size) }),
    mb: { short: 0, long: 100 },
    nothing: { BENCH_MB: "0" },
  },
};

const mode = process.argv[2];
const { sizes, programs: found, settings, mb, nothing } = MODES[mode];
const programs = Object.fromEntries(Object.entries(found()).filter(([, run]) => run !== undefined));
const rounds = Number(option("rounds", 3));
const long = mb.short + Number(option("mb", mb.long));
const base = nothing === undefined ? {} : await byTurns(runsWith(nothing), 1);
const costs = [];
const memory = [];
for (const size of option("sizes", sizes).split(",").map(Number)) {
  const short = runsWith({ ...settings(size), BENCH_MB: String(mb.short) });
  const whole = runsWith({ ...settings(size), BENCH_MB: String(long) });
  const both = Object.keys(programs).map((name) => [name, async () => slopeAndPeak(await short[name](), await whole[name]())]);
  const taken = await byTurns(Object.fromEntries(both), rounds);
  const named = Object.fromEntries(Object.entries(taken).map(([name, runs]) => [name, runs.map((run) => ({ ...run, name }))]));
  const cpu = compare(named, (run) => run.usPerEvent);
  const peak = compare(named, ({ name, peakMb }) => peakMb - (base[name]?.[0].peakMb ?? 0));
  print(mode, { size, cpu_us_per_change: cpu, [nothing === undefined ? "peak_mb" : "peak_growth_mb"]: peak });
  costs.push([size, cpu.faro.median]);
  memory.push([size, peak.faro.median]);
}
if (costs.length > 1) print(mode, { cpu_exponent: exponent(costs), memory_exponent: exponent(memory) });

function runsWith(environment) {
  const always = { BENCH_KIND: "pods", ...environment };
  return Object.fromEntries(Object.entries(programs).map(([name, run]) => [name, () => measureWith(run, always)]));
}

function slopeAndPeak(short, whole) {
  return { usPerEvent: slope(short, whole).usPerEvent, peakMb: rounded(whole.peakMb) };
}

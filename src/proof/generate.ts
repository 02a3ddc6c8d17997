/** Random schedules: a seed gives a cluster's life and what goes wrong in it. */
import { Chance } from "./chance.ts";
import { CLUSTERS } from "./clusters.ts";
import { PLAYED_FAULTS } from "./faults/catalogue.ts";
import type { PlayedFault } from "./faults/fault.ts";
import type { FaultUse, Schedule, Setting, WorkStep } from "./schedule.ts";
import { WORK_KINDS, type WorkKind } from "./work-kinds.ts";

const DICE = 1_000_000;

/** The schedule of a seed. One in twenty has no fault at all: then nothing may be missing, and no gap may be told. */
export function scheduleOf(seed: number): Schedule {
  const chance = new Chance(seed);
  const ms = chance.pick([15_000, 30_000, 60_000, 150_000]);
  const faults = chance.happens(0.05) ? [] : Array.from({ length: chance.between(1, 5) }, () => faultUse(chance, ms));
  const steps = Array.from({ length: chance.between(8, 50) }, () => workStep(chance, ms));
  return {
    seed,
    ms,
    setting: settingOf(chance),
    work: steps.sort((a, b) => a.at - b.at),
    faults: faults.sort((a, b) => a.at - b.at),
  };
}

function settingOf(chance: Chance): Setting {
  return {
    cluster: chance.below(CLUSTERS.length),
    window: chance.pick([0, 0, 0, 5, 20]),
    page: chance.pick([0, 0, 1, 3]),
    watchList: chance.happens(0.5),
    bookmarkMs: chance.pick([60_000, 60_000, 5_000]),
  };
}

/** Work comes in flurries: most steps share their second with others. */
function workStep(chance: Chance, ms: number): WorkStep {
  const second = Math.floor(chance.next() ** 2 * (ms / 1_000)) * 1_000;
  return {
    work: weighted(chance, WORK_KINDS),
    at: chance.happens(0.3) ? second : Math.min(ms, second + chance.below(1_000)),
    slot: chance.below(8),
    dice: chance.below(DICE),
  };
}

function faultUse(chance: Chance, ms: number): FaultUse {
  const fault = pickFault(chance);
  const [least, most] = fault.lasts;
  return { fault: fault.id, at: chance.below(ms), ms: chance.between(least, most), dice: chance.below(DICE) };
}

function pickFault(chance: Chance): PlayedFault {
  const total = PLAYED_FAULTS.reduce((sum, { share }) => sum + share, 0);
  let left = chance.next() * total;
  for (const fault of PLAYED_FAULTS) {
    left -= fault.share;
    if (left < 0) return fault;
  }
  return chance.pick(PLAYED_FAULTS);
}

function weighted(chance: Chance, weights: Readonly<Record<WorkKind, number>>): WorkKind {
  const kinds = Object.keys(weights).filter((kind): kind is WorkKind => Object.hasOwn(weights, kind));
  let left = chance.next() * kinds.reduce((sum, kind) => sum + weights[kind], 0);
  for (const kind of kinds) {
    left -= weights[kind];
    if (left < 0) return kind;
  }
  return "pause";
}

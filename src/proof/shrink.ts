/** Makes a failing schedule small: leaves out what it fails without (delta debugging, Zeller and Hildebrandt 2002). */
import type { FaultUse, Schedule, WorkStep } from "./schedule.ts";

type Part = { readonly part: "work"; readonly step: WorkStep } | { readonly part: "fault"; readonly use: FaultUse };

/** Answers whether a schedule still fails in the same way. */
export type StillFails = (schedule: Schedule) => Promise<boolean>;

/** The smallest failing schedule that at most `tries` runs find; `schedule` itself when it does not fail. */
export async function shrink(schedule: Schedule, stillFails: StillFails, tries: number = 400): Promise<Schedule> {
  const budget = { left: tries };
  const fails = async (candidate: Schedule): Promise<boolean> => budget.left-- > 0 && (await stillFails(candidate));
  const fewer = await withFewerParts(schedule, fails);
  return await withPlainSetting(fewer, fails);
}

async function withFewerParts(schedule: Schedule, fails: StillFails): Promise<Schedule> {
  let parts = partsOf(schedule);
  for (let size = Math.ceil(parts.length / 2); size >= 1;) {
    let isSmaller = false;
    for (let at = 0; at < parts.length;) {
      const rest = [...parts.slice(0, at), ...parts.slice(at + size)];
      if (await fails(withParts(schedule, rest))) {
        parts = rest;
        isSmaller = true;
      } else {
        at += size;
      }
    }
    if (size === 1 && !isSmaller) break;
    size = isSmaller && size === 1 ? 1 : Math.floor(size / 2);
  }
  return withParts(schedule, parts);
}

/** Then what is unusual about the cluster, one thing after the other. */
async function withPlainSetting(schedule: Schedule, fails: StillFails): Promise<Schedule> {
  const plainer: readonly ((from: Schedule) => Schedule)[] = [
    (from) => ({ ...from, setting: { ...from.setting, page: 0 } }),
    (from) => ({ ...from, setting: { ...from.setting, window: 0 } }),
    (from) => ({ ...from, setting: { ...from.setting, watchList: false } }),
    (from) => ({ ...from, setting: { ...from.setting, bookmarkMs: 60_000 } }),
    (from) => ({ ...from, faults: from.faults.map((use) => ({ ...use, ms: Math.min(use.ms, 1_000) })) }),
  ];
  let smallest = schedule;
  for (const change of plainer) if (await fails(change(smallest))) smallest = change(smallest);
  return smallest;
}

/** Faults first: what fails without one is the clearest finding. */
function partsOf({ faults, work }: Schedule): readonly Part[] {
  return [...faults.map((use): Part => ({ part: "fault", use })), ...work.map((step): Part => ({ part: "work", step }))];
}

function withParts(schedule: Schedule, parts: readonly Part[]): Schedule {
  return {
    ...schedule,
    work: parts.flatMap((part) => (part.part === "work" ? [part.step] : [])),
    faults: parts.flatMap((part) => (part.part === "fault" ? [part.use] : [])),
  };
}

/**
 * Proves that nothing is lost silently: runs random schedules of work and faults against the real capture, on virtual time.
 *
 *   npm run prove -- --schedules 10000 [--seed 1] [--no-shrink]
 *   npm run prove -- --line "faro-schedule-1 …"        runs one schedule again and prints what the oracles say
 *
 * Ends with 0 when no oracle objects. Each failure is printed with its seed and with the smallest schedule that still fails.
 */
import { parseArgs } from "node:util";
import { FAULTS, judge, parseSchedule, prove, runSchedule, shrunkLine } from "../dist/testing.js";

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    line: { type: "string" },
    shrink: { type: "boolean", default: true },
  },
  allowNegative: true,
});

process.on("unhandledRejection", (error) => {
  console.error("unhandled rejection:", error);
  process.exit(1);
});
process.exitCode = values.line === undefined ? await many() : await one(values.line);

async function one(line) {
  const violations = judge(await runSchedule(parseSchedule(line)));
  for (const { oracle, what } of violations) console.log(`${oracle} ${what}`);
  console.log(violations.length === 0 ? "no oracle objects" : `${violations.length} objections`);
  return violations.length === 0 ? 0 : 1;
}

async function many() {
  const [schedules, seed] = [Number(values.schedules), Number(values.seed)];
  // None played would be none that failed.
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(schedules) || schedules < 1) {
    console.error(
      `--seed=${values.seed} and --schedules=${values.schedules} have to be whole numbers, of schedules at least one`,
    );
    return 2;
  }
  const cpu = process.cpuUsage();
  const began = performance.now();
  const { figures, failures } = await prove({ seed, schedules, onFailure, onProgress });
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1_000;
  const played = FAULTS.filter(({ runs }) => runs === "here").length;
  console.log(`schedules      ${figures.schedules}, seeds ${seed} to ${seed + schedules - 1}`);
  console.log(`cluster time   ${(figures.virtualMs / 3_600_000).toFixed(1)} h`);
  console.log(`versions       ${figures.versions}`);
  console.log(`records        ${figures.records}`);
  console.log(`requests       ${figures.requests}`);
  console.log(`gaps told      ${figures.gaps}`);
  console.log(`recorder runs  ${figures.lives}`);
  console.log(`kept states    ${figures.states}`);
  console.log(
    `faults         ${[...figures.faults.values()].reduce((sum, n) => sum + n, 0)}, of ${figures.faults.size} kinds (${played} are played)`,
  );
  console.log(
    `time           ${seconds.toFixed(0)} s, ${((user + system) / 1_000 / figures.schedules).toFixed(0)} ms CPU a schedule`,
  );
  console.log(
    failures.length === 0
      ? "All oracles hold."
      : `${failures.length} schedules failed: seeds ${failures.map((f) => f.seed).join(", ")}`,
  );
  return failures.length === 0 ? 0 : 1;
}

async function onFailure(failure) {
  console.log(`seed ${failure.seed}: ${failure.schedule.faults.map(({ fault }) => fault).join(" ") || "no fault"}`);
  for (const { oracle, what } of failure.violations.slice(0, 5)) console.log(`  ${oracle} ${what}`);
  if (values.shrink) console.log(`  replay: npm run prove -- --line "${await shrunkLine(failure)}"`);
}

function onProgress({ schedules }) {
  const isTerminal = process.stderr.isTTY;
  if (schedules % (isTerminal ? 20 : 500) !== 0) return;
  if (isTerminal) process.stderr.write(`\r${schedules} `);
  else console.error(`${schedules} schedules after ${(performance.now() / 1_000).toFixed(0)} s`);
}

/** Plays one schedule against the real capture on virtual time, waits until all is quiet, and gathers the evidence. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRecordingSource, recordingDirectory } from "../archive/index.ts";
import type { FaroRecord } from "../record/index.ts";
import { Chance } from "./chance.ts";
import type { Evidence } from "./evidence.ts";
import { faultOf } from "./faults/catalogue.ts";
import type { Asked, Connection } from "./network.ts";
import { stretchesOf } from "./recorder-time.ts";
import type { Schedule } from "./schedule.ts";
import { World } from "./world.ts";

/** Something that happens at a moment of the schedule. */
interface Moment {
  readonly at: number;
  readonly call: () => void;
}

type Rest =
  | { readonly quietAt: number; readonly restless?: undefined }
  | { readonly restless: readonly string[]; readonly quietAt?: undefined };

/** Locks and story files, which the disk in memory does not hold, go to one that at least is no disk. */
const MEMORY = "/dev/shm";
/** A dead connection of an idle watch is noticed after at most seven minutes; then come backoff and repair. */
const QUIET_PATIENCE_MS = 20 * 60_000;
const QUIET_STEP_MS = 5_000;
/** A recorder that ended by itself is started again, as Kubernetes would. */
const RESTART_MS = 5_000;

/** Runs a schedule. Rejects only for what is a bug of the kit, or of the recorder. */
export async function runSchedule(schedule: Schedule): Promise<Evidence> {
  const directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "faro-proof-"));
  const world = new World(schedule, directory);
  try {
    await world.recorder.start();
    await play(world, momentsOf(world, schedule));
    const rest = await quiet(world);
    world.work.touchAll(new Chance(schedule.seed));
    await world.clock.advance(3_000);
    const isStopped = await world.recorder.stop();
    return await gather(world, schedule, isStopped ? rest : { restless: ["it does not stop"] });
  } finally {
    world.recorder.kill();
    world.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

function momentsOf(world: World, schedule: Schedule): readonly Moment[] {
  const moments: Moment[] = schedule.work.map((step) => ({ at: step.at, call: () => world.work.play(step) }));
  for (const use of schedule.faults) {
    const fault = faultOf(use.fault);
    if (fault.runs !== "here") continue;
    let end: (() => void) | undefined;
    const begin = (): void => {
      end = fault.begin(world, { chance: new Chance(use.dice), ms: use.ms });
    };
    moments.push({ at: use.at, call: begin }, { at: use.at + use.ms, call: () => end?.() });
  }
  return moments.sort((a, b) => a.at - b.at);
}

async function play(world: World, moments: readonly Moment[]): Promise<void> {
  for (const { at, call } of moments) {
    while (world.clock.monotonic() < at) {
      const left = at - world.clock.monotonic();
      await world.clock.advance(isDown(world) ? Math.min(left, RESTART_MS) : left);
      await world.recorder.settle();
      if (isDown(world)) await world.recorder.start();
    }
    call();
    await grant(world);
  }
}

/** Down although no fault wants it so. */
function isDown(world: World): boolean {
  return !world.recorder.isRunning && world.downs === 0;
}

async function grant(world: World): Promise<void> {
  for (let wish = world.wishes.shift(); wish !== undefined; wish = world.wishes.shift()) {
    if (wish === "stop") world.recorder.askToStop();
    else if (!world.recorder.isRunning) await world.recorder.start();
    await world.recorder.settle();
  }
}

/** The moment at which every scope is watched, no gap is open and nothing waits, or what kept that from coming. */
async function quiet(world: World): Promise<Rest> {
  world.work.settle(new Chance(1));
  const calmAt = world.clock.monotonic();
  let restless: readonly string[] = [];
  for (let waited = 0; waited < QUIET_PATIENCE_MS; waited += QUIET_STEP_MS) {
    if (!world.recorder.isRunning) await world.recorder.start();
    await world.clock.advance(QUIET_STEP_MS);
    await world.recorder.settle();
    restless = underWay(world, calmAt);
    if (restless.length === 0) return { quietAt: world.clock.monotonic() };
  }
  return { restless };
}

/** What is not at rest. */
function underWay(world: World, calmAt: number): readonly string[] {
  const { recorder, network } = world;
  const { capture } = recorder;
  if (capture === undefined) return ["no capture"];
  const { openGaps, queuedItems, unwrittenBytes, watches } = capture.gauges();
  const streams = [...network.connections].filter(({ isStream }) => isStream);
  const open = streams.filter(({ asked }) => asked.kind === "watch");
  // A scope may have two watches for a moment, and one of them may be dead.
  const scopes = new Set(open.map(({ asked: { path, query } }) => `${path} ${query.get("fieldSelector") ?? ""}`));
  const dead = streams.filter((stream) => !stream.isAlive && !isReadOtherwise(stream, world, calmAt));
  const reads = [...network.connections].filter(({ asked }) => asked.kind !== "watch" && asked.kind !== "log");
  return [
    ...(watches === 0 || scopes.size < watches ? [`${scopes.size} of ${watches} watches are open`] : []),
    ...dead.map(({ asked }) => `a dead connection to ${asked.url}`),
    ...reads.map(({ asked }) => `a read of ${asked.url}`),
    ...(openGaps > 0 ? [`${openGaps} gaps are open`] : []),
    ...(queuedItems > 0 || unwrittenBytes >= 65_536 ? [`${queuedItems} items and ${unwrittenBytes} bytes wait`] : []),
    ...capture.conditions().map((condition) => JSON.stringify(condition)),
  ];
}

/** Over a dead connection of a log nothing came that another read since has not brought; of a pod that is gone, nothing comes. */
function isReadOtherwise({ asked: { kind, path } }: Connection, { network, work }: World, calmAt: number): boolean {
  if (kind !== "log") return false;
  const isReadOf = (other: Asked): boolean => other.kind === "log" && other.path === path && other.at >= calmAt;
  return !work.hasPodOf(path) || network.asked.some((other) => isReadOf(other) && other.outcome === 200);
}

async function gather(world: World, schedule: Schedule, rest: Rest): Promise<Evidence> {
  const { recorder, network, work } = world;
  const damaged: string[] = [];
  const records: FaroRecord[] = [];
  const source = await openRecordingSource(recordingDirectory(recorder.output), {
    layer: recorder.disk,
    onDamage: ({ file, line, reason }) => damaged.push(`${file} line ${line}: ${reason}`),
  });
  for await (const { record } of source.scan()) records.push(record);
  await source.close();
  return {
    truth: work.truth,
    asked: network.asked,
    records,
    damaged,
    lives: recorder.lives,
    states: recorder.states,
    failures: recorder.failures.map((error) => (error instanceof Error ? (error.stack ?? error.message) : String(error))),
    times: stretchesOf(recorder.clock.steps, recorder.openings),
    quietAt: rest.quietAt,
    restless: rest.restless ?? [],
    endedAt: world.clock.monotonic(),
    left: { timers: recorder.clock.pending, connections: network.connections.size },
    faults: schedule.faults.map(({ fault }) => fault),
  };
}

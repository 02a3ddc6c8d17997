/** Faults of the recorder's own machine (F68 to F79). */
import type { World } from "../world.ts";
import { elsewhere, type Fault, here } from "./fault.ts";

const MOMENT: readonly [number, number] = [0, 0];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A process that is gone comes back when the fault ends. */
function restarting(world: World, end: () => void): () => void {
  world.downs++;
  end();
  return () => {
    world.downs--;
    if (world.downs === 0) world.wishes.push("start");
  };
}

export const OWN_FAULTS: readonly Fault[] = [
  here("F68", "a slow disk", {
    lasts: [1_000, 60_000],
    begin: (world, { chance }) => {
      const { disk } = world.recorder;
      const ms = chance.between(50, 3_000);
      disk.trouble.pause = () => world.clock.sleep(ms);
      return () => {
        disk.trouble.pause = undefined;
      };
    },
  }),
  here("F69", "a full disk", {
    lasts: [1_000, 60_000],
    begin: (world, { chance }) => {
      const { disk } = world.recorder;
      disk.trouble.free = chance.below(3_000);
      return () => {
        disk.trouble.free = Number.POSITIVE_INFINITY;
      };
    },
  }),
  here("F70", "a disk that fails", {
    lasts: [1_000, 30_000],
    begin: (world) => {
      const { disk } = world.recorder;
      disk.trouble.error = "EIO";
      return () => {
        disk.trouble.error = undefined;
      };
    },
  }),
  here("F71", "killed, and started again", {
    lasts: [100, 60_000],
    share: 3,
    begin: (world) => restarting(world, () => world.recorder.kill()),
  }),
  here("F72", "asked to stop, and started again", {
    lasts: [100, 60_000],
    begin: (world) => restarting(world, () => world.wishes.push("stop")),
  }),
  here("F73", "the wall clock is set", {
    lasts: MOMENT,
    begin: (world, { chance }) => {
      world.recorder.clock.stepWall(chance.pick([-HOUR, -MINUTE, -1_500, 1_500, MINUTE, HOUR]));
      return undefined;
    },
  }),
  here("F74", "the event loop is blocked", {
    lasts: [1_000, 10_000],
    begin: (world, { ms }) => {
      world.recorder.clock.block(ms);
      let release = (): void => undefined;
      const until = new Promise<void>((resolve) => {
        release = resolve;
      });
      const rule = { onChunk: () => ({ fate: "held", until }) as const };
      world.network.rules.add(rule);
      return () => {
        world.network.rules.delete(rule);
        release();
      };
    },
  }),
  elsewhere("F75", "the heap's limit", "memory is a matter of the process", "bench/run.mjs"),
  elsewhere(
    "F76",
    "an exec plugin that is slow, fails, or changes who it is",
    "credentials are below this seam",
    "src/cluster/http-client.test.ts",
  ),
  elsewhere("F77", "the kubeconfig is replaced", "it is read once, before the capture", "src/cluster/load-config.test.ts"),
  elsewhere(
    "F78",
    "the output directory is deleted",
    "an open file has no name that this disk could take away",
    "src/archive/recording-writer.test.ts",
  ),
  elsewhere(
    "F79",
    "the checkpoint is damaged, older or newer than the recording",
    "what a run goes on from is the recording itself, and a state that it bears out",
    "src/archive/state-file.test.ts",
  ),
];

/** Faults of kubelets and log files (F54 to F67). */
import { TRUE_TIME } from "../workload.ts";
import type { World } from "../world.ts";
import type { Fault, PlayedFault } from "./fault.ts";

const MOMENT: readonly [number, number] = [0, 0];

function endLogs(world: World, how: "end" | "reset"): void {
  for (const connection of world.network.connections) if (connection.asked.kind === "log") connection.finish(how);
}

export const LOG_FAULTS: readonly Fault[] = [
  here("F54", "a log file is rotated", (world, { chance }) => {
    const file = world.work.runningLog(chance);
    if (file !== undefined) world.work.rotate(file);
    return undefined;
  }),
  here("F55", "a log file is rotated twice while nobody reads it", (world, { chance }) => {
    const file = world.work.runningLog(chance);
    if (file === undefined) return undefined;
    endLogs(world, "reset");
    for (let times = 2; times > 0; times--) {
      world.work.write(file, 3);
      world.work.rotate(file);
    }
    return undefined;
  }),
  here("F56", "the kubelet cuts a followed log", (world) => {
    endLogs(world, "end");
    return undefined;
  }),
  {
    ...here("F57", "errors as text in the body of a log", (world, { chance }) => {
      const file = world.work.runningLog(chance);
      if (file === undefined) return undefined;
      file.fail({ text: chance.pick(IN_BAND), where: chance.happens(0.5) ? "instead" : "behind" });
      endLogs(world, "end");
      return () => file.fail();
    }),
    lasts: [500, 20_000],
  },
  here("F58", "containers restart again and again", (world, { chance }) => {
    for (let times = chance.between(2, 4); times > 0; times--)
      world.work.play({ work: "restart", at: 0, slot: chance.below(100), dice: chance.below(1e9) });
    return undefined;
  }),
  here("F59", "a pod by the same name", (world, { chance }) => {
    for (let slot = 0; slot < world.work.slots; slot++)
      if (chance.happens(0.5)) world.work.play({ work: "recreate", at: 0, slot, dice: chance.below(1e9) });
    return undefined;
  }),
  here("F60", "pods are deleted without grace", (world, { chance }) => {
    world.work.play({ work: "delete", at: 0, slot: chance.below(100), dice: 1 });
    return undefined;
  }),
  {
    id: "F61",
    title: "a node is gone: its logs do not answer",
    runs: "here",
    share: 0.5,
    lasts: [1_000, 60_000],
    begin: (world) => {
      endLogs(world, "reset");
      const rule = {
        onRequest: ({ kind }: { readonly kind: string }) =>
          kind === "log" ? ({ fate: "refused", code: "ECONNRESET" } as const) : undefined,
      };
      world.network.rules.add(rule);
      return () => world.network.rules.delete(rule);
    },
  },
  here("F62", "a log is silent, then comes in a burst", (world, { chance }) => {
    const file = world.work.runningLog(chance);
    if (file !== undefined) world.work.write(file, 200);
    return undefined;
  }),
  {
    ...here("F63", "the node's clock is an hour behind, or changes its zone", (world, { chance }) => {
      const isZone = chance.happens(0.5);
      world.work.node = isZone ? { offsetMs: 0, format: { offsetMinutes: 420 } } : { offsetMs: -3_600_000, format: {} };
      return () => {
        world.work.node = TRUE_TIME;
      };
    }),
    lasts: [500, 60_000],
  },
  {
    ...here(
      "F64",
      "the kubelet's old format: times in the middle of lines, fractions without the zeros at their end",
      (world, how) => {
        const format = { trimsZeros: true, digits: how.chance.pick([0, 3, 6, 9]) };
        const pieces = how.chance.happens(0.25) ? {} : { pieceMs: how.chance.pick([0, 1, 20]) };
        world.work.node = { offsetMs: 0, format, ...pieces };
        return () => {
          world.work.node = TRUE_TIME;
        };
      },
    ),
    lasts: [500, 60_000],
  },
  here("F65", "lines with equal timestamps", (world, { chance }) => {
    const file = world.work.runningLog(chance);
    if (file !== undefined) world.work.write(file, 12, new Date(world.clock.now()).toISOString().replace("Z", "000000Z"));
    return undefined;
  }),
  {
    ...here("F66", "the node has no inotify watches left", (world) => {
      world.work.logs.limitFollowers(0);
      endLogs(world, "end");
      return () => world.work.logs.limitFollowers(Number.POSITIVE_INFINITY);
    }),
    lasts: [500, 90_000],
  },
  {
    ...here("F67", "the log of the previous instance is answered, while a container waits to be restarted", (world, how) => {
      world.work.crash(how.chance, how.ms);
      if (how.chance.happens(0.5)) endLogs(world, "end");
      return undefined;
    }),
    lasts: [500, 20_000],
  },
];

/** What kubelets write where lines should be. */
const IN_BAND = [
  "unable to retrieve container logs for containerd://1",
  "failed to create fsnotify watcher: too many open files",
  'failed to open log file "/var/log/pods/a_b_c/app/0.log": open /var/log/pods/a_b_c/app/0.log: no such file or directory',
  "rpc error: code = Unavailable desc = connection error",
] as const;

function here(id: PlayedFault["id"], title: string, begin: PlayedFault["begin"]): PlayedFault {
  return { id, title, runs: "here", share: 0.5, lasts: MOMENT, begin };
}

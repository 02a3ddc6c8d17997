/** A container of numbered lines on an embedded kubelet, and what became of them. */
import { compose, type FaultHooks, type LogFile } from "../../src/apiserver/index.ts";
import { KubeletWorld } from "./kubelet-world.ts";

const TICK_MS = 100;
const LINES_A_TICK = 20;

export interface Writer {
  readonly world: KubeletWorld;
  readonly file: LogFile;
  readonly times: Map<string, number>;
  /** Writes for so long, and has the kubelet rotate. */
  write(ms: number): Promise<void>;
  /** Writes a line that no reader of the API is given: to the old file, right after the new one has been made. */
  writeBehind(): void;
  /** From now on the kubelet's reader is held up until then. */
  holdUp(ms: number): void;
}

export interface WriterOptions {
  readonly bytes?: number;
  readonly rotationMs?: number;
  readonly faults?: FaultHooks;
}

/** A container that writes 200 lines a second, of so many `bytes` each, and whose file is rotated every ten seconds or `rotationMs`. */
export function open({ bytes = 100, rotationMs = 10_000, faults = {} }: WriterOptions = {}): Writer {
  let heldUntil = 0;
  const world = new KubeletWorld({
    faults: compose(faults, {
      onLogChunk: ({ request }) => {
        const left = heldUntil - world.clock.now();
        return left > 0 && request.query.get("follow") === "true" ? { fault: "delay", ms: left } : undefined;
      },
    }),
  });
  const file = world.start();
  const times = new Map<string, number>();
  let [number, passed] = [0, 0];
  const next = (): string => {
    const text = `line ${number++} ${"x".repeat(bytes)}`;
    times.set(text, world.clock.now());
    return text;
  };
  return {
    world,
    file,
    times,
    write: async (ms) => {
      for (let left = ms; left > 0; left -= TICK_MS) {
        for (let line = 0; line < LINES_A_TICK; line++) file.append(next(), world.clock.now());
        await world.clock.advance(TICK_MS);
        passed += TICK_MS;
        if (passed % rotationMs === 0) file.rotate();
      }
    },
    writeBehind: () => file.appendBehind(next(), world.clock.now()),
    holdUp: (ms) => (heldUntil = world.clock.now() + ms),
  };
}

/** Lines that did not come and lie in no gap, and whether what came is in order. */
export function verdict({ world, times }: Pick<Writer, "world" | "times">): {
  readonly lost: number;
  readonly isInOrder: boolean;
  readonly missing: number;
} {
  const told = world.byInstance()["app-0"] ?? [];
  const order = [...times.keys()];
  const places = new Map(order.map((text, at) => [text, at]));
  const read = new Set(told);
  const missing = order.filter((text) => !read.has(text));
  const lost = missing.filter((text) => {
    const at = times.get(text) ?? 0;
    return !world.gaps().some(({ from, to }) => at >= (from ?? 0) && at <= (to ?? Number.POSITIVE_INFINITY));
  });
  const isInOrder = told.every((text, at) => at === 0 || (places.get(text) ?? -1) > (places.get(told[at - 1] ?? "") ?? -1));
  return { lost: lost.length, isInOrder, missing: missing.length };
}

/** How a container ends, if it does; a pod that is deleted at once leaves no time to read its log. */
export const ENDINGS = ["runs", "exits", "deleted", "deleted at once"] as const;

/** Brings the container to its end, and lets two minutes pass. */
export async function endAs({ world, file }: Writer, how: (typeof ENDINGS)[number]): Promise<void> {
  if (how === "deleted") {
    world.deletionRequested();
    file.end();
    await world.clock.advance(2_000);
  } else if (how !== "runs") world.exit();
  if (how.startsWith("deleted")) world.remove();
  await world.clock.advance(120_000);
}

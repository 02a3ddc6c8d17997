/**
 * "Nothing is lost silently" of a container that ends as soon as it has written (item 96), again and again, while the versions of its pod
 * come late or not at all: whichever instance the kubelet answers for, each line comes once, or lies within a gap.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { KubeletWorld } from "./kubelet-world.ts";

/** One instance, and which of its pod's versions are seen. */
interface Life {
  readonly lines: number;
  /** It goes on for so long after it has written. */
  readonly runsMs: number;
  readonly restsMs: number;
  readonly waits: boolean;
  readonly seen: { readonly started: boolean; readonly ended: boolean; readonly waiting: boolean };
}

interface Loop {
  readonly lives: readonly Life[];
  /** So long a request for a log is under way before the kubelet looks which instance is meant. */
  readonly delayMs: number;
  readonly ending: "runs" | "is deleted";
}

class Trial {
  readonly world: KubeletWorld;
  readonly #times = new Map<string, number>();

  constructor({ delayMs }: Pick<Loop, "delayMs">) {
    const bornAt = Date.UTC(2026, 0, 1, 12);
    this.world = new KubeletWorld({
      follower: { bornAt },
      faults: { onRequest: ({ url }) => (url.includes("/log?") && delayMs > 0 ? { fault: "delay", ms: delayMs } : undefined) },
    });
    this.world.isWatched = false;
  }

  async play({ lives, ending }: Loop): Promise<void> {
    const { world } = this;
    for (const each of lives) await this.#live(each);
    world.see();
    await world.clock.advance(60_000);
    if (ending === "is deleted") {
      world.remove();
      world.gone();
      await world.clock.advance(60_000);
    }
    await world.end();
  }

  async #live({ lines, runsMs, restsMs, waits, seen }: Life): Promise<void> {
    const { world } = this;
    const { clock } = world;
    const file = world.start();
    for (let line = 0; line < lines; line++) {
      const text = `line ${this.#times.size}`;
      this.#times.set(text, clock.now());
      file.append(text, clock.now());
    }
    if (seen.started) world.see();
    await clock.advance(runsMs);
    world.exit();
    if (seen.ended) world.see();
    if (waits) world.backOff();
    if (waits && seen.waiting) world.see();
    await clock.advance(restsMs);
  }

  /** Lines that did not come and lie in no gap, and those that came more than once. */
  verdict(): { readonly lost: readonly string[]; readonly repeated: readonly string[] } {
    const told = Object.values(this.world.byInstance()).flat();
    const isInGap = (at: number): boolean =>
      this.world.gaps().some(({ from, to }) => at >= (from ?? 0) && at <= (to ?? Number.POSITIVE_INFINITY));
    const lost = [...this.#times].filter(([text, at]) => !told.includes(text) && !isInGap(at)).map(([text]) => text);
    return { lost, repeated: told.filter((text, at) => told.indexOf(text) !== at) };
  }
}

const UNSEEN: Life["seen"] = { started: false, ended: false, waiting: false };

/** What lost lines without a word, once. */
const KNOWN: readonly (readonly [string, Loop])[] = [
  [
    "an instance is asked for, and the next but one answers and is called its end",
    {
      delayMs: 1_500,
      ending: "runs",
      lives: [
        life({ runsMs: 400, restsMs: 900, seen: { ...UNSEEN, started: true } }),
        life({ seen: { ...UNSEEN, ended: true } }),
        life({ runsMs: 400, seen: { ...UNSEEN, ended: true } }),
        life({}),
      ],
    },
  ],
  [
    "a log that was read to its end before its instance was seen to have ended is another one's",
    {
      delayMs: 1_500,
      ending: "runs",
      lives: [
        life({ seen: { ...UNSEEN, started: true } }),
        life({ runsMs: 1_600, seen: { ...UNSEEN, started: true } }),
        life({ seen: { ...UNSEEN, ended: true } }),
        life({ runsMs: 1_600 }),
        life({}),
      ],
    },
  ],
  [
    "the previous one is asked for, and the next one answers twice",
    {
      delayMs: 300,
      ending: "runs",
      lives: [life({ runsMs: 3_000 }), life({ seen: { ...UNSEEN, ended: true } }), life({ runsMs: 1_600, waits: true })],
    },
  ],
  [
    "each is taken for the one before it",
    {
      delayMs: 1_500,
      ending: "runs",
      lives: [
        life({ restsMs: 900 }),
        life({ restsMs: 900, seen: { ...UNSEEN, ended: true } }),
        life({ runsMs: 3_000, restsMs: 900 }),
        life({ seen: { ...UNSEEN, started: true } }),
        life({}),
      ],
    },
  ],
  [
    "the last of those that nobody saw ends in the second in which the next one begins",
    { delayMs: 0, ending: "runs", lives: [life({ runsMs: 1_600 }), life({}), life({ waits: true })] },
  ],
];

/** One that writes a line and ends at once. */
function life(how: Partial<Life>): Life {
  return { lines: 1, runsMs: 0, restsMs: 0, waits: false, seen: UNSEEN, ...how };
}

test.each(KNOWN)("%s: nothing is lost without a word", async (_, how) => {
  const trial = new Trial(how);
  await trial.play(how);
  expect(trial.verdict().lost).toEqual([]);
});

test("property: of a crash loop whose pod is seen now and then, each line comes once or lies in a gap", async () => {
  const lives = fc.record({
    lines: fc.integer({ min: 1, max: 3 }),
    runsMs: fc.constantFrom(0, 20, 400, 1_600, 3_000),
    restsMs: fc.constantFrom(0, 50, 900, 5_000, 11_000),
    waits: fc.boolean(),
    seen: fc.record({ started: fc.boolean(), ended: fc.boolean(), waiting: fc.boolean() }),
  });
  const loop = fc.record({
    lives: fc.array(lives, { minLength: 1, maxLength: 5 }),
    delayMs: fc.constantFrom(0, 300, 1_500),
    ending: fc.constantFrom<Loop["ending"]>("runs", "is deleted"),
  });
  await fc.assert(
    fc.asyncProperty(loop, async (how) => {
      const trial = new Trial(how);
      await trial.play(how);
      expect(trial.verdict().lost).toEqual([]);
    }),
    { numRuns: 300 },
  );
}, 120_000);

test.each([20, 900, 1_600])("a crash loop of lives of %s ms that is seen in time has no gap", async (runsMs) => {
  const seen = { started: true, ended: true, waiting: true };
  const each = life({ lines: 3, runsMs, restsMs: 11_000, waits: true, seen });
  const trial = new Trial({ delayMs: 50 });
  await trial.play({ lives: [each, each, each, each], delayMs: 50, ending: "runs" });
  expect(trial.world.gaps()).toEqual([]);
  expect(trial.verdict()).toEqual({ lost: [], repeated: [] });
});

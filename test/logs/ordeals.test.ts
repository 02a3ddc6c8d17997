/**
 * "Nothing is lost silently" of one container's log, against everything at once (items 94, 96, 98, 105): rotation goes on while the
 * kubelet's reader is held up, connections are cut or refused, no stream is free, the pod's versions come late, the container
 * restarts and the pod goes. Every line comes once, or lies in a gap. (A log that is empty when it is first read is that of a silent
 * container, unless nobody could read it for half a minute: here each writes in the end.)
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { LogFile } from "../../src/apiserver/index.ts";
import { KubeletWorld } from "./kubelet-world.ts";

const TICK_MS = 500;
const LINES_A_TICK = 25;
const ROTATION_MS = 10_000;
/** What was written so shortly before the recording stopped need not have come. */
const STOP_MS = 5_000;

const KINDS = ["held up", "cut", "refused", "without a stream", "polled", "late versions", "restarted", "undisturbed"] as const;
const ENDINGS = ["runs", "exits", "is deleted", "is deleted at once", "stopped"] as const;

interface Disturbance {
  readonly kind: (typeof KINDS)[number];
  readonly seconds: number;
}

interface Ordeal {
  /** The container has run for so long when Faro sees it first. */
  readonly unseen: number;
  readonly disturbances: readonly Disturbance[];
  readonly ending: (typeof ENDINGS)[number];
}

class Trial {
  readonly world: KubeletWorld;
  readonly #times = new Map<string, number>();
  #heldUntil = 0;
  #refusedUntil = 0;
  #file: LogFile | undefined;
  #passed = 0;
  #seenAt = 0;

  constructor() {
    this.world = new KubeletWorld({
      slots: 2,
      faults: {
        onLogChunk: ({ request }) => {
          const left = this.#heldUntil - this.world.clock.now();
          return left > 0 && request.query.get("follow") === "true" ? { fault: "delay", ms: left } : undefined;
        },
        onRequest: ({ url }) =>
          url.includes("/log?") && this.world.clock.now() < this.#refusedUntil ? { fault: "reset" } : undefined,
      },
    });
  }

  async play({ unseen, disturbances, ending }: Ordeal): Promise<void> {
    const { world } = this;
    world.isWatched = unseen === 0;
    this.#file = world.start();
    await this.#write(unseen);
    this.#seenAt = world.clock.now();
    world.isWatched = true;
    world.see();
    for (const { kind, seconds } of disturbances) await this.#disturb(kind, seconds);
    this.#append();
    await this.#end(ending);
  }

  /** Lines that did not come and lie in no gap, and those that came more than once. */
  verdict(): { readonly lost: readonly string[]; readonly repeated: readonly string[] } {
    const told = Object.values(this.world.byInstance()).flat();
    const read = new Set(told);
    const lost = [...this.#times].filter(([text, at]) => !read.has(text) && !this.#isExcused(at));
    const repeated = told.length === read.size ? [] : told.filter((text, at) => told.indexOf(text) !== at);
    return { lost: this.#runs(lost), repeated: repeated.slice(0, 3) };
  }

  #isExcused(at: number): boolean {
    if (at < this.#seenAt || at > this.#stoppedAt - STOP_MS) return true;
    return [...this.world.gaps(), ...this.#unrepaired()].some(
      ({ from, to }) => at >= (from ?? 0) && at <= (to ?? Number.POSITIVE_INFINITY),
    );
  }
  /** Times in which nobody read the log, and of which nobody says that they were made up for. */
  #unrepaired(): readonly { readonly from: number; readonly to?: number }[] {
    const behind = this.world.behind();
    return behind.flatMap((item, at) => {
      const next = behind[at + 1];
      return item.state === "opened" && !(next?.state === "closed" && next.isRead) ? [{ from: item.from }] : [];
    });
  }
  #stoppedAt = Number.POSITIVE_INFINITY;

  #runs(lost: readonly (readonly [string, number])[]): readonly string[] {
    const second = ([, at]: readonly [string, number]): number => (at - Date.UTC(2026, 0, 1, 12)) / 1_000;
    const [first, last] = [lost[0], lost.at(-1)];
    return first === undefined || last === undefined ? [] : [`${lost.length} between ${second(first)} and ${second(last)}`];
  }

  async #write(seconds: number): Promise<void> {
    for (let left = seconds * 1_000; left > 0; left -= TICK_MS) {
      this.#append();
      await this.world.clock.advance(TICK_MS);
      this.#passed += TICK_MS;
      if (this.#passed % ROTATION_MS === 0) this.#file?.rotate();
    }
  }

  #append(): void {
    for (let line = 0; line < LINES_A_TICK; line++) {
      const text = `line ${this.#times.size} ${"x".repeat(250)}`;
      this.#times.set(text, this.world.clock.now());
      this.#file?.append(text, this.world.clock.now());
    }
  }

  async #disturb(kind: Disturbance["kind"], seconds: number): Promise<void> {
    const { world } = this;
    const until = world.clock.now() + seconds * 1_000;
    switch (kind) {
      case "held up":
        this.#heldUntil = until;
        break;
      case "refused":
      case "cut":
        if (kind === "refused") this.#refusedUntil = until;
        for (const stream of world.server.streams) stream.reset();
        break;
      case "without a stream":
      case "polled":
        await this.#crowd(kind === "polled" ? 1 : 2, seconds);
        break;
      case "late versions":
        world.isWatched = false;
        await this.#write(seconds);
        world.isWatched = true;
        world.see();
        break;
      case "restarted":
        this.#append();
        world.exit();
        await world.clock.advance((seconds % 4) * 1_000);
        this.#file = world.start();
        break;
      case "undisturbed":
        break;
    }
    await this.#write(seconds);
  }

  /** Others take so many of the two streams, and more containers wait than there are streams. */
  async #crowd(taken: number, seconds: number): Promise<void> {
    const { slots, clock } = this.world;
    const leave = [slots.enter(), slots.enter()];
    const left = new AbortController();
    const held = Array.from({ length: taken }, () => slots.acquire("dying", left.signal).catch(() => undefined));
    await this.#write(seconds);
    left.abort(new Error("others are done"));
    for (const slot of await Promise.all(held)) slot?.release();
    for (const call of leave) call();
    await clock.advance(0);
  }

  async #end(ending: Ordeal["ending"]): Promise<void> {
    const { world } = this;
    if (ending === "is deleted") {
      world.deletionRequested();
      this.#file?.end();
      await world.clock.advance(2_000);
    } else if (ending.startsWith("is") || ending === "exits") world.exit();
    if (ending.startsWith("is")) world.remove();
    if (ending === "stopped") this.#stoppedAt = world.clock.now();
    else await world.clock.advance(120_000);
    await world.end();
  }
}

/** What lost lines without a word, once. */
const KNOWN: readonly (readonly [string, Ordeal])[] = [
  [
    "the first file is rotated before its reader is at its end, where kubelets begin to watch",
    { unseen: 0, disturbances: [during("held up", 11), during("undisturbed", 25)], ending: "runs" },
  ],
  [
    "the pod goes while the reader stands at the end of an old file",
    { unseen: 0, disturbances: [during("held up", 11)], ending: "is deleted" },
  ],
  [
    "the recording stops while the log cannot be reached",
    { unseen: 0, disturbances: [during("undisturbed", 5), during("refused", 20)], ending: "stopped" },
  ],
  [
    "the recording stops while a reader that never was in time is behind",
    { unseen: 0, disturbances: [during("held up", 18)], ending: "stopped" },
  ],
  [
    "no stream is free until the first file is gone",
    { unseen: 0, disturbances: [during("without a stream", 12), during("undisturbed", 10)], ending: "runs" },
  ],
];

function during(kind: Disturbance["kind"], seconds: number): Disturbance {
  return { kind, seconds };
}

test.each(KNOWN)("%s: nothing is lost without a word", async (_, how) => {
  const trial = new Trial();
  await trial.play(how);
  expect(trial.verdict()).toEqual({ lost: [], repeated: [] });
});

test("property: whatever disturbs the reading of a log, each line comes once or lies in a gap", async () => {
  const disturbance = fc.record({ kind: fc.constantFrom(...KINDS), seconds: fc.integer({ min: 1, max: 35 }) });
  const ordeal = fc.record({
    unseen: fc.constantFrom(0, 0, 4, 25),
    disturbances: fc.array(disturbance, { minLength: 1, maxLength: 5 }),
    ending: fc.constantFrom(...ENDINGS),
  });
  await fc.assert(
    fc.asyncProperty(ordeal, async (how) => {
      const trial = new Trial();
      await trial.play(how);
      expect(trial.verdict()).toEqual({ lost: [], repeated: [] });
    }),
    { numRuns: 40 },
  );
});

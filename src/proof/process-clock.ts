/**
 * The clock of one run of the recorder: virtual time as the cluster has it, but with a wall that can be stepped, timers that a
 * blocked process runs late, and an end: a killed process runs nothing more.
 */
import { type Clock, sleepAfter, type VirtualClock } from "../base/index.ts";
import type { Chance } from "./chance.ts";

/** From `at` (virtual milliseconds) on the wall clock shows virtual time plus `offset`. */
export interface WallStep {
  readonly at: number;
  readonly offset: number;
}

export class ProcessClock implements Clock {
  readonly #base: VirtualClock;
  readonly #chance: Chance;
  readonly #timers = new Set<() => void>();
  readonly #steps: WallStep[];
  #offset: number;
  #isKilled = false;
  #blockedUntil = 0;

  /** `before`: the clock of the process before this one, on the same machine. */
  constructor(base: VirtualClock, chance: Chance, before?: ProcessClock) {
    this.#base = base;
    this.#chance = chance;
    this.#steps = before === undefined ? [{ at: 0, offset: base.now() - base.monotonic() }] : [...before.steps];
    this.#offset = before?.offset ?? base.now() - base.monotonic();
  }

  /** Every offset that somebody read, oldest first, each from its first reading on. */
  get steps(): readonly WallStep[] {
    return this.#steps;
  }

  /** Timers that wait: none when everything that was started has ended. */
  get pending(): number {
    return this.#timers.size;
  }

  /** What the wall clock shows beyond virtual time, read or not. */
  get offset(): number {
    return this.#offset;
  }

  now(): number {
    if (this.#offset !== this.#steps.at(-1)?.offset) this.#steps.push({ at: this.#base.monotonic(), offset: this.#offset });
    return this.#base.monotonic() + this.#offset;
  }

  monotonic(): number {
    return this.#base.monotonic();
  }

  random(): number {
    return this.#chance.next();
  }

  /** Moves the wall clock, as NTP or a person does. */
  stepWall(ms: number): void {
    this.#offset += ms;
  }

  /** The process does nothing for so long: its timers run late. */
  block(ms: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, this.#base.monotonic() + ms);
  }

  /** No timer of this process runs any more, and none can be set. */
  kill(): void {
    this.#isKilled = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  after(ms: number, call: () => void): () => void {
    if (this.#isKilled) return () => undefined;
    const run = (): void => {
      this.#timers.delete(cancel);
      const late = this.#blockedUntil - this.#base.monotonic();
      if (late > 0) cancelLate = this.after(late, call);
      else call();
    };
    let cancelLate = (): void => undefined;
    const cancelFirst = this.#base.after(ms, run);
    const cancel = (): void => {
      cancelFirst();
      cancelLate();
      this.#timers.delete(cancel);
    };
    this.#timers.add(cancel);
    return cancel;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepAfter((wait, call) => this.after(wait, call), ms, signal);
  }
}

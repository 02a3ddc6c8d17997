/** The time of log lines: nanoseconds, and within one stream never twice the same. */
import type { Clock } from "../../base/index.ts";
import type { Seeded } from "./seeded.ts";

export class NodeTime {
  readonly #clock: Clock;
  readonly #chance: Seeded;
  #last = 0n;

  constructor(clock: Clock, chance: Seeded) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /** RFC 3339 with nine digits, in UTC. */
  next(): string {
    const drawn = BigInt(Math.floor(this.#clock.now())) * 1_000_000n + BigInt(this.#chance.between(0, 1_000_000));
    const least = this.#last + BigInt(this.#chance.between(2_000, 40_000));
    this.#last = drawn > least ? drawn : least;
    const seconds = new Date(Number(this.#last / 1_000_000n)).toISOString().slice(0, 19);
    return `${seconds}.${String(this.#last % 1_000_000_000n).padStart(9, "0")}Z`;
  }
}

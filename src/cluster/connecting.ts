/**
 * A connection that stands as soon as the network does. While a network is away, an attempt gets no answer until its time is over,
 * and one that began before the return may never get one: behind a NAT its first packets are forgotten. So an attempt that hangs is
 * joined by fresh ones, and the first that stands is taken, as RFC 8305 does with addresses.
 */
import { buildConnector } from "undici";
import type { Clock } from "../base/index.ts";

/** A recorder's pause is a gap in a story; a handshake seldom takes longer. */
const JOIN_MS = { least: 800, most: 1_200 } as const;
/** With the first, which may be slow by right, at most five are on their way at once. */
const JOINED_TIMEOUT_MS = 3_000;
/**
 * Attempts that join others, of all connections together. Where hundreds are opened at once a handshake takes long because there are so
 * many of them: one more each second for each made two thousand sockets of two hundred watches, and none of them stood any sooner.
 */
const JOINED_MAX = 32;
/** For the same reason connections begin in turn, so many at once; one that hangs for so long makes room for the next, and goes on. */
const BEGUN_MAX = 32;
const BEGUN_MS = 3_000;

/**
 * `options.timeout` is the time of the first attempt, in milliseconds: when it is over without any that stands, connecting has failed.
 * `joinedTimeoutMs` is that of each that joins it.
 */
export function persistentConnector(
  options: buildConnector.BuildOptions,
  clock: Clock,
  joinedTimeoutMs: number = JOINED_TIMEOUT_MS,
): buildConnector.connector {
  const first = buildConnector(options);
  const joined = buildConnector({ ...options, timeout: joinedTimeoutMs });
  const turns = new Turns(clock);
  let joining = 0;
  const begin = (target: buildConnector.Options, callback: buildConnector.Callback, leave: () => void): void => {
    let isOver = false;
    let cancel = (): void => undefined;
    const settle: buildConnector.Callback = (...[error, socket]) => {
      if (isOver) return void socket?.destroy();
      isOver = true;
      cancel();
      leave();
      if (error === null) callback(null, socket);
      else callback(error, null);
    };
    const joinLater = (): void => {
      cancel = clock.after(JOIN_MS.least + clock.random() * (JOIN_MS.most - JOIN_MS.least), () => {
        joinLater();
        if (joining === JOINED_MAX) return;
        joining++;
        joined(target, (...[error, socket]) => {
          joining--;
          if (error === null) settle(null, socket);
          else if (!isTimeout(error)) settle(error, null);
        });
      });
    };
    joinLater();
    first(target, settle);
  };
  return (target, callback) => turns.take((leave) => begin(target, callback, leave));
}

/** Who begins, in the order of asking. */
class Turns {
  readonly #clock: Clock;
  readonly #waiting: ((leave: () => void) => void)[] = [];
  #begun = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(begin: (leave: () => void) => void): void {
    if (this.#begun === BEGUN_MAX) return void this.#waiting.push(begin);
    this.#begun++;
    let isLeft = false;
    const leave = (): void => {
      if (isLeft) return;
      isLeft = true;
      cancel();
      this.#begun--;
      const next = this.#waiting.shift();
      if (next !== undefined) this.take(next);
    };
    const cancel = this.#clock.after(BEGUN_MS, leave);
    begin(leave);
  }
}

function isTimeout(error: Error): boolean {
  return "code" in error && error.code === "UND_ERR_CONNECT_TIMEOUT";
}

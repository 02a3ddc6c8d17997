/** Time that runs faster: for tests over real sockets in which a wait of half a minute is part of the story. */
import { type Clock, systemClock } from "../../src/base/index.ts";

/** A clock whose every second takes a `factor`-th of one. */
export function hastyClock(factor: number): Clock {
  const began = { wall: systemClock.now(), monotonic: systemClock.monotonic() };
  const elapsed = (): number => (systemClock.monotonic() - began.monotonic) * factor;
  return {
    now: () => began.wall + elapsed(),
    monotonic: elapsed,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
    after: (ms, call) => systemClock.after(ms / factor, call),
    random: () => systemClock.random(),
  };
}

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

/** `options.timeout` is the time of the first attempt, in milliseconds: when it is over without any that stands, connecting has failed. */
export function persistentConnector(options: buildConnector.BuildOptions, clock: Clock): buildConnector.connector {
  const first = buildConnector(options);
  const joined = buildConnector({ ...options, timeout: JOINED_TIMEOUT_MS });
  return (target, callback) => {
    const over = new AbortController();
    const settle: buildConnector.Callback = (...[error, socket]) => {
      if (over.signal.aborted) return void socket?.destroy();
      over.abort();
      if (error === null) callback(null, socket);
      else callback(error, null);
    };
    first(target, settle);
    void joinUntil(over.signal, clock, () =>
      joined(target, (...[error, socket]) => {
        if (error === null) settle(null, socket);
        else if (!isTimeout(error)) settle(error, null);
      }),
    );
  };
}

async function joinUntil(signal: AbortSignal, clock: Clock, attempt: () => void): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(JOIN_MS.least + clock.random() * (JOIN_MS.most - JOIN_MS.least), signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    attempt();
  }
}

function isTimeout(error: Error): boolean {
  return "code" in error && error.code === "UND_ERR_CONNECT_TIMEOUT";
}

/**
 * Where one answer goes: a socket (`socket-sink.ts`) or a reader in the same process (`local-sink.ts`). Everything that
 * makes answers writes here and knows no transport; faults of the transport are layers in between (`transport.ts`).
 */
import type { Clock } from "../base/index.ts";

/** Names in lower case; a list is sent as several headers of that name. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[]>>;

/** `close`: the connection ends in the middle of the body (FIN). `reset`: with RST. */
export type Break = "close" | "reset";

export interface ResponseSink {
  /** Aborts when nothing more can be sent: the client has gone, or the answer is over. */
  readonly signal: AbortSignal;
  /** Sends status and headers. Once, and before the body. */
  begin(status: number, headers: ResponseHeaders): void;
  /** Takes bytes of the body. A promise says that it is full, and resolves when it takes more or the client has gone. */
  write(data: Buffer): Promise<void> | undefined;
  /** The body is complete. */
  end(): void;
  /** The connection breaks, now: what is still on its way inside this process is lost. */
  break(how: Break): void;
  /** Resolves when nothing is on its way inside this process any more. */
  flushed(): Promise<void> | undefined;
}

/** Resolves when the signal aborts: how a sink waits that will never go on. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** A pause that a client going away cuts short. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
  });
}

/** Signals in order: the first asks for an orderly end, the second for an end at once. */
import type { EndSignal } from "./dependencies.ts";

/** What a recording listens to. Both promises stay pending when no signal comes. */
export interface SignalWatch {
  readonly first: Promise<EndSignal>;
  readonly second: Promise<EndSignal>;
  /** Stops listening: signals then do what the system does with them. */
  release(): void;
}

export function watchSignals(onSignal: (listener: (signal: EndSignal) => void) => () => void): SignalWatch {
  const first = withResolvers<EndSignal>();
  const second = withResolvers<EndSignal>();
  let seen = 0;
  const release = onSignal((signal) => {
    seen += 1;
    (seen === 1 ? first : second).resolve(signal);
  });
  return { first: first.promise, second: second.promise, release };
}

interface Resolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

/** `Promise.withResolvers` is younger than Node 20. */
function withResolvers<T>(): Resolvers<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

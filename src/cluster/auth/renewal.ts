/**
 * Credentials that are fetched, kept until they expire, and fetched again on 401. One fetch serves all who wait for it
 * (`plugin/pkg/client/auth/exec/exec.go` holds a mutex to the same end).
 */
import type { Clock } from "../../base/index.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";

/** What one fetch gave. */
export interface Fetched {
  readonly credentials: Credentials;
  /** `Clock.now()` from which on they are fetched anew; for ever when absent. */
  readonly renewAt?: number;
}

/** Fifty streams that fail together must not run a plugin fifty times in a row, nor hammer one that is broken. */
const RETRY_AFTER_MS = 5_000;

type State =
  | { readonly phase: "empty" }
  | { readonly phase: "held"; readonly fetched: Fetched; readonly fetchedAt: number }
  | { readonly phase: "failed"; readonly error: unknown; readonly failedAt: number; readonly last: Fetched | undefined };

export class Renewal implements CredentialSource {
  readonly #fetch: () => Promise<Fetched>;
  readonly #clock: Clock;
  #state: State = { phase: "empty" };
  #running: Promise<Credentials> | undefined;

  /** `fetch` is never called while an earlier call runs. */
  constructor(fetch: () => Promise<Fetched>, clock: Clock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  async current(): Promise<Credentials> {
    const state = this.#state;
    if (state.phase === "held" && this.#clock.now() < (state.fetched.renewAt ?? Number.POSITIVE_INFINITY))
      return state.fetched.credentials;
    if (state.phase === "failed" && this.#isRecent(state.failedAt)) throw state.error;
    return this.#renew();
  }

  async refresh(rejected: Credentials): Promise<Credentials> {
    const state = this.#state;
    const hasOthers = state.phase === "held" && state.fetched.credentials !== rejected;
    if (hasOthers || (state.phase === "held" && this.#isRecent(state.fetchedAt))) return state.fetched.credentials;
    if (state.phase === "failed" && this.#isRecent(state.failedAt)) throw state.error;
    return this.#renew();
  }

  #isRecent(moment: number): boolean {
    return this.#clock.monotonic() - moment < RETRY_AFTER_MS;
  }

  #renew(): Promise<Credentials> {
    this.#running ??= this.#fetchOnce().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #fetchOnce(): Promise<Credentials> {
    const last = this.#state.phase === "held" ? this.#state.fetched : undefined;
    try {
      const fetched = keepIdentity(await this.#fetch(), last);
      this.#state = { phase: "held", fetched, fetchedAt: this.#clock.monotonic() };
      return fetched.credentials;
    } catch (error) {
      this.#state = { phase: "failed", error, failedAt: this.#clock.monotonic(), last };
      throw error;
    }
  }
}

/** A fetch that gave the same again is no new generation: a request that was refused need not be repeated. */
function keepIdentity(fetched: Fetched, last: Fetched | undefined): Fetched {
  const [a, b] = [fetched.credentials, last?.credentials];
  const isSame = a.authorization === b?.authorization && a.certificate?.certificate === b?.certificate?.certificate;
  return isSame && b !== undefined ? { ...fetched, credentials: b } : fetched;
}

/** Owner of background work: whatever is started in a scope is aborted and joined when the scope closes. */
import { setMaxListeners } from "node:events";
import { errorMessage } from "./errors.ts";

export type Task = (signal: AbortSignal) => Promise<void>;

export class Scope {
  readonly #abort = new AbortController();
  readonly #tasks = new Map<Promise<void>, string>();
  readonly #onFailure: (error: Error, task: string) => void;

  /** `onFailure` hears of every task that throws for another reason than the scope's own end. */
  constructor(onFailure: (error: Error, task: string) => void, parent?: AbortSignal) {
    this.#onFailure = onFailure;
    // Every task may wait for the scope's end, and there are hundreds: Node would print a warning from the eleventh on.
    setMaxListeners(0, this.#abort.signal);
    if (parent?.aborted) this.#abort.abort(parent.reason);
    else parent?.addEventListener("abort", () => this.#abort.abort(parent.reason), { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Names of the tasks that run now. */
  get running(): readonly string[] {
    return [...this.#tasks.values()];
  }

  /** Runs `task` until it returns or the scope closes. */
  start(name: string, task: Task): void {
    if (this.signal.aborted) return;
    const run = (async () => {
      try {
        await task(this.signal);
      } catch (error) {
        if (this.signal.aborted) return;
        this.#onFailure(error instanceof Error ? error : new Error(errorMessage(error)), name);
      }
    })();
    this.#tasks.set(run, name);
    void run.then(() => this.#tasks.delete(run));
  }

  /** Waits for the tasks that run now to end by themselves. */
  async join(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks.keys());
  }

  /** Aborts all tasks and waits for them. */
  async close(reason: string = "closed"): Promise<void> {
    if (!this.signal.aborted) this.#abort.abort(new Error(reason));
    await this.join();
  }
}

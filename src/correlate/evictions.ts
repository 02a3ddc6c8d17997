/** What was forgotten to bound memory, said once a minute at most: from then on a late record about it finds no story. */
import type { GraphNode } from "./graph-node.ts";
import type { CorrelationRecord } from "./types.ts";

const SAY_EVERY_MS = 60_000;

export interface EvictionsState {
  readonly byKind: ReadonlyMap<string, number>;
  readonly saidAt: number;
}

export class Evictions {
  readonly #byKind = new Map<string, number>();
  #saidAt = Number.NEGATIVE_INFINITY;

  state(): EvictionsState {
    return { byKind: this.#byKind, saidAt: this.#saidAt };
  }

  restore({ byKind, saidAt }: EvictionsState): void {
    for (const [kind, count] of byKind) this.#byKind.set(kind, count);
    this.#saidAt = saidAt;
  }

  count({ kind }: GraphNode): void {
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0) + 1);
  }

  clear(): void {
    this.#byKind.clear();
  }

  /** The record that is due at `nowMs`, if any. */
  say(nowMs: number): readonly CorrelationRecord[] {
    if (this.#byKind.size === 0 || nowMs - this.#saidAt < SAY_EVERY_MS) return [];
    this.#saidAt = nowMs;
    const kinds = [...this.#byKind].map(([kind, count]) => `${count} ${kind}`).join(", ");
    const total = [...this.#byKind.values()].reduce((sum, count) => sum + count, 0);
    this.#byKind.clear();
    const what = "deleted objects forgotten";
    return [{ type: "incident", what, detail: `${total} in all: ${kinds}; their attribution is in the recording` }];
  }
}

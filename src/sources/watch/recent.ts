/**
 * What is kept of the objects that changed last, in two generations: when the younger is full, the older is forgotten.
 */
export class Recent<T extends { readonly bytes: number }> {
  readonly #bytesMax: number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #youngBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  find(key: string): T | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** The same, and it counts as changed. */
  use(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.remember(key, old);
    return old;
  }

  remember(key: string, kept: T): void {
    this.#youngBytes += kept.bytes - (this.#young.get(key)?.bytes ?? 0);
    this.#young.set(key, kept);
    if (this.#youngBytes < this.#bytesMax / 2) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }

  forget(key: string): void {
    this.#youngBytes -= this.#young.get(key)?.bytes ?? 0;
    this.#young.delete(key);
    this.#old.delete(key);
  }
}

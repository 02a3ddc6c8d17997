/** Names and numbers that look drawn by chance and are the same in every play. */
import { VirtualClock } from "../../base/index.ts";

/** Kubernetes' alphabet without vowels and look-alikes (apimachinery `util/rand`). */
const SAFE = "bcdfghjklmnpqrstvwxz2456789";

export class Seeded {
  readonly #numbers: VirtualClock;

  constructor(seed: number) {
    this.#numbers = new VirtualClock(0, seed);
  }

  /** A whole number from `least` (included) to `most` (excluded). */
  between(least: number, most: number): number {
    return least + Math.floor(this.#numbers.random() * (most - least));
  }

  /** The five letters behind a pod's name. */
  suffix(length: number = 5): string {
    return Array.from({ length }, () => SAFE[this.between(0, SAFE.length)] ?? "x").join("");
  }

  hex(length: number): string {
    return Array.from({ length }, () => this.between(0, 16).toString(16)).join("");
  }

  uid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-a${this.hex(3)}-${this.hex(12)}`;
  }
}

/** A template's hash as a ReplicaSet's name carries it: the same text gives the same ten letters (`SafeEncodeString`). */
export function templateHash(template: string): string {
  let hash = 0x811c9dc5;
  for (const letter of template) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return String(hash)
    .padStart(10, "0")
    .split("")
    .map((digit) => SAFE[(digit.codePointAt(0) ?? 0) % SAFE.length] ?? "x")
    .join("");
}

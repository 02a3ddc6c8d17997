/**
 * The limit on concurrent log requests: a queue, never a limit on coverage. While there are more containers than slots,
 * most slots follow those that need it most, for a while each, and the others are left for reading every other
 * container in turn.
 */

/** In the order in which they are served: what can be lost soonest comes first. */
export const URGENCIES = ["dying", "ended", "restarted", "unread", "known"] as const;
export type Urgency = (typeof URGENCIES)[number];

/** Who has waited so long comes first, whatever it is: nobody starves. */
const AGED_MS = 5_000;
/** Share of the slots that never follow while there are more containers than slots. */
const POLLING_SHARE = 0.2;
/** Between two reads of a container that has no slot to be followed in: longer, the more containers there are for a slot. */
const POLL_MIN_MS = 1_000;
const POLL_MAX_MS = 10_000;

export interface Slot {
  /** Whether the holder may follow, or must read what is there and release. */
  readonly mayFollow: boolean;
  release(): void;
}

export class LogSlots {
  readonly #max: number;
  readonly #now: () => number;
  readonly #waiting: { readonly urgency: Urgency; readonly since: number; readonly grant: (slot: Slot) => void }[] = [];
  readonly #onCrowded = new Set<() => void>();
  #held = 0;
  #following = 0;
  #containers = 0;

  /** `now`: milliseconds that never step back. */
  constructor(max: number, now: () => number) {
    this.#max = max;
    this.#now = now;
  }

  get held(): number {
    return this.#held;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** True while there are more containers than slots. */
  get isCrowded(): boolean {
    return this.#containers > this.#max;
  }

  /** How long a container that is read in turn waits for its next turn. */
  get pollMs(): number {
    const perSlot = this.#containers / this.#max;
    return Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, perSlot * POLL_MIN_MS));
  }

  /** A container that is to be read from now on. Returns a function that says it is not any more. */
  enter(): () => void {
    this.#containers++;
    if (this.#containers === this.#max + 1) for (const call of this.#onCrowded) call();
    let isLeft = false;
    return () => {
      if (!isLeft) this.#containers--;
      isLeft = true;
    };
  }

  /** Calls back when there begin to be more containers than slots. Returns a function that ends it. */
  onCrowded(call: () => void): () => void {
    this.#onCrowded.add(call);
    return () => this.#onCrowded.delete(call);
  }

  /** Waits for a slot: the urgent first, then in the order of asking. */
  async acquire(urgency: Urgency, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    return this.#held < this.#max ? this.#grant(urgency) : await this.#wait(urgency, signal);
  }

  /** A slot to look at a file with beside a follow, not to follow. While none is free, one look at a time goes beyond the limit. */
  tryLook(): Slot | undefined {
    if (this.#held < this.#max) return this.#grant("known");
    if (this.#isBeyond) return undefined;
    this.#isBeyond = true;
    return { mayFollow: false, release: () => (this.#isBeyond = false) };
  }
  #isBeyond = false;

  #grant(urgency: Urgency): Slot {
    const followersMax = this.isCrowded ? this.#max - Math.ceil(this.#max * POLLING_SHARE) : this.#max;
    // A pod under deletion has its grace period and no more: a poll after it finds nothing.
    const mayFollow = urgency === "dying" || this.#following < followersMax;
    this.#held++;
    if (mayFollow) this.#following++;
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      this.#held--;
      if (mayFollow) this.#following--;
      this.#grantNext();
    };
    return { mayFollow, release };
  }

  async #wait(urgency: Urgency, signal: AbortSignal): Promise<Slot> {
    return await new Promise<Slot>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
      };
      const entry = {
        urgency,
        since: this.#now(),
        grant: (slot: Slot): void => {
          signal.removeEventListener("abort", onAbort);
          resolve(slot);
        },
      };
      this.#waiting.push(entry);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  #grantNext(): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    const isAged = this.#now() - oldest.since >= AGED_MS;
    const most = isAged ? oldest : this.#waiting.reduce((best, entry) => (rank(entry) < rank(best) ? entry : best));
    this.#waiting.splice(this.#waiting.indexOf(most), 1);
    most.grant(this.#grant(most.urgency));
  }
}

function rank({ urgency }: { readonly urgency: Urgency }): number {
  return URGENCIES.indexOf(urgency);
}

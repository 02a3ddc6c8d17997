/**
 * One lane of processing. All versions of one object take the same lane, so they never overtake each other. A lane
 * holds a bounded number of items; more go to a spill file, in order, and come back from it. Only if the file cannot be
 * read back is an item shed, and then that is said with its scope.
 */
import { BoundedQueue, errorMessage, nextTurn, type Stamp } from "../base/index.ts";
import type { ApiResource } from "../cluster/index.ts";
import type { Spill, SpilledArrival } from "./spill.ts";
import type { WatchItem, WireObject } from "../sources/index.ts";

/** A version on its way to the recording. */
export interface ObjectArrival {
  readonly arrival: "object";
  readonly stamp: Stamp;
  readonly scope: string;
  readonly resource: ApiResource;
  readonly change: "ADDED" | "MODIFIED" | "DELETED" | "LISTED";
  readonly observedBy: Extract<WatchItem, { item: "object" }>["observedBy"];
  readonly object: WireObject;
  readonly isLate?: true;
  /** Generation of the history it belongs to, where that is another than at the start. */
  readonly epoch?: number;
}

/** A deletion that no server told. */
export interface VanishedArrival {
  readonly arrival: "vanished";
  readonly stamp: Stamp;
  readonly scope: string;
  readonly uid: string;
  readonly epoch?: number;
  readonly how: Pick<Extract<WatchItem, { item: "vanished" }>, "because" | "observedBy" | "isFinalState" | "after" | "by">;
}

export type Arrival = ObjectArrival | VanishedArrival;

export interface LaneOptions {
  readonly number: number;
  /** `--buffer-size`. */
  readonly items: number;
  readonly bytes: number;
  readonly spill: Spill;
  /** Without a promise where it need not wait: as nearly always. */
  readonly process: (arrival: Arrival) => Promise<void> | undefined;
  readonly onHigh: (items: number) => void;
  /** What was spilled cannot be read back. */
  readonly onShed: (arrival: SpilledArrival, why: string) => void;
}

/** After so many items of a queue everything else has its turn in the event loop: a pod takes up to half a millisecond. */
const ITEMS_IN_TURN = 8;

export class Lane {
  readonly #options: LaneOptions;
  readonly #queue: BoundedQueue<Arrival>;
  #spilled = 0;
  #waiting: (() => void)[] = [];
  #refusal = "";

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#queue = new BoundedQueue({ items: options.items, bytes: options.bytes });
  }

  get items(): number {
    return this.#queue.size + this.#spilled;
  }

  get bytes(): number {
    return this.#queue.bytes;
  }

  /** Takes the item at once, in memory or on disk; false when neither has room. Its producer then waits for `room`. */
  offer(arrival: Arrival): boolean {
    const bytes = arrival.arrival === "object" ? arrival.object.raw.length : 64;
    // What follows a spilled item spills too, or it would overtake it.
    if (this.#spilled === 0 && this.#queue.offer(arrival, bytes)) return true;
    try {
      this.#options.spill.write(arrival);
    } catch (error) {
      this.#refusal = errorMessage(error);
      return false;
    }
    if (this.#spilled === 0) this.#options.onHigh(this.#queue.size);
    this.#spilled++;
    return true;
  }

  /** Why the last item was not taken. */
  get refusal(): string {
    return this.#refusal;
  }

  /** Resolves when an item has gone on its way: there may be room again. */
  room(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Processes until `close`, then what is left. */
  async run(): Promise<void> {
    let inTurn = 0;
    while (await this.#queue.hasNext()) {
      for (let arrival = this.#queue.take(); arrival !== undefined; arrival = this.#queue.take()) {
        const isWaitedFor = this.#options.process(arrival);
        if (isWaitedFor !== undefined) await isWaitedFor;
        this.#wakeWaiting();
        if (++inTurn % ITEMS_IN_TURN === 0) await nextTurn();
      }
      if (this.#queue.size === 0 && this.#spilled > 0) await this.#unspill();
    }
    await this.#unspill();
  }

  close(): void {
    this.#queue.close();
  }

  async #unspill(): Promise<void> {
    while (this.#spilled > 0) {
      for (const arrival of this.#takeSpilled()) {
        await this.#options.process(arrival);
        this.#wakeWaiting();
        this.#spilled--;
      }
    }
  }

  /** The next batch; what the disk does not give back is shed, and said. */
  #takeSpilled(): readonly Arrival[] {
    try {
      const batch = this.#options.spill.take();
      if (batch.length === 0) this.#spilled = 0;
      return batch;
    } catch (error) {
      for (const lost of this.#options.spill.giveUp()) this.#options.onShed(lost, errorMessage(error));
      this.#spilled = 0;
      return [];
    }
  }

  #wakeWaiting(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

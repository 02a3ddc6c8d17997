/** Whether something may be recorded now: not while the disk is behind, and not while what the run knows is put together. */
import { nextTurn } from "../base/index.ts";
import type { RecordingWriter } from "../archive/index.ts";

/** Of those that waited, so many go on in one turn of the event loop. */
const WOKEN_AT_ONCE = 16;

export class Room {
  readonly #writer: Pick<RecordingWriter, "hasRoom" | "room">;
  #waiting: (() => void)[] = [];
  #isHeld = false;

  constructor(writer: Pick<RecordingWriter, "hasRoom" | "room">) {
    this.#writer = writer;
  }

  /** Nothing may be recorded that can wait. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Then `free()` has nothing to wait for. */
  get isFree(): boolean {
    return !this.#isHeld && this.#writer.hasRoom;
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    void this.#wake();
  }

  /** Resolves when it is not held, in the order of asking. */
  async released(): Promise<void> {
    while (this.#isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when the disk has taken enough and it is not held: the producer's back-pressure. */
  async free(): Promise<void> {
    while (!this.isFree) await (this.#isHeld ? this.released() : this.#writer.room());
  }

  async #wake(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isHeld) {
      for (const wake of this.#waiting.splice(0, WOKEN_AT_ONCE)) wake();
      await nextTurn();
    }
  }
}

/**
 * What is remembered of objects that seldom change, as text while nothing changes: of a thousand pods that live, few are at work at a
 * time, and their states are alike.
 */
import { Folds } from "../base/index.ts";

/** Holds a state, as it is or folded. */
export interface Rested<T> {
  awake: T | undefined;
  form: string;
  own: string;
  /** It was asked for since the last that came by. */
  isInUse: boolean;
}

/** Those that are as they are: as many as are under way in a large rollout. */
const AWAKE_MAX = 512;

/** States of one shape, plain data as `Folds` takes it. */
export class Resting<T> {
  readonly #folds = new Folds();
  /** Who is awake, in a circle: whoever comes takes the place of the next one that was not in use for a round. */
  readonly #awake: Rested<T>[] = [];
  #next = 0;

  /** The state, which the caller may change. */
  wake(rested: Rested<T>): T {
    rested.isInUse = true;
    if (rested.awake !== undefined) return rested.awake;
    // What was folded here was a `T`.
    const state = this.#folds.unfold(rested) as T;
    rested.awake = state;
    rested.form = "";
    rested.own = "";
    this.seat(rested);
    return state;
  }

  /** The state as it is now, to be read at once; whoever is folded stays so. */
  peek(rested: Rested<T>): T {
    // What was folded here was a `T`.
    return rested.awake ?? (this.#folds.unfold(rested) as T);
  }

  /** To be called once for each that comes, awake. */
  seat(rested: Rested<T>): void {
    if (this.#awake.length < AWAKE_MAX) {
      this.#awake.push(rested);
      return;
    }
    for (; ; this.#next = (this.#next + 1) % AWAKE_MAX) {
      const seated = this.#awake[this.#next];
      if (seated?.isInUse !== true) break;
      seated.isInUse = false;
    }
    const leaving = this.#awake[this.#next];
    if (leaving !== undefined) this.#lay(leaving);
    this.#awake[this.#next] = rested;
    this.#next = (this.#next + 1) % AWAKE_MAX;
  }

  #lay(rested: Rested<T>): void {
    const { form, own } = this.#folds.fold(rested.awake);
    rested.form = form;
    rested.own = own;
    rested.awake = undefined;
  }
}

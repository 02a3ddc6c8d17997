/**
 * Writes checkpoints: how far each scope has got, once everything before that stands in the recording. Arrivals take
 * lanes and may overtake each other, so a checkpoint is drawn up at one moment and written when the last arrival of that
 * moment has been appended. It stands behind all that it vouches for, and a recording is a prefix of what was appended:
 * whoever can read it can read the rest.
 */
import { isoTime } from "../base/index.ts";
import type { ScopeCheckpoint, ScopeId } from "../record/index.ts";
import type { Mark, Progress } from "./progress.ts";
import type { Recorder } from "./recorder.ts";

/** What one scope says when a checkpoint is drawn up. */
export interface ScopeStanding {
  readonly scope: ScopeId;
  readonly progress: Progress;
  /** Its watch is down, and no gap says so yet. */
  readonly isInterrupted: boolean;
}

export interface CheckpointsOptions {
  readonly recorder: Pick<Recorder, "lastSeq" | "note">;
  /** Lowest `seq` that was given out and is not appended yet. */
  readonly pendingFrom: () => number | undefined;
}

interface DrawnUp {
  readonly upTo: number;
  readonly at: number;
  readonly interrupted: readonly ScopeId[];
  readonly marks: ReadonlyMap<ScopeId, Mark | undefined>;
}

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  /** What the recording says, by scope. */
  readonly #written = new Map<ScopeId, Mark | undefined>();
  #drawnUp: DrawnUp | undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  /** A scope goes on where the recording says. */
  restore(scope: ScopeId, mark: Mark): void {
    this.#written.set(scope, mark);
  }

  /** A checkpoint waits for the last arrivals that it speaks of. */
  get isDrawnUp(): boolean {
    return this.#drawnUp !== undefined;
  }

  /** Writes what was drawn up, as soon as it is true; else draws up `standings` as they are at `now` (ms since 1970). */
  step(standings: readonly ScopeStanding[], now: number): void {
    this.#drawnUp ??= this.#drawUp(standings, now);
    if (this.#isAppended(this.#drawnUp.upTo)) this.#write(this.#drawnUp);
  }

  /** Takes back what the recording says of a scope: its history was lost. */
  withdraw(scope: ScopeId, now: number): void {
    this.#drawnUp = undefined;
    if (this.#written.get(scope) === undefined) return;
    const upTo = (this.#options.pendingFrom() ?? this.#options.recorder.lastSeq + 1) - 1;
    this.#write({ upTo, at: now, interrupted: [scope], marks: new Map([[scope, undefined]]) });
  }

  #drawUp(standings: readonly ScopeStanding[], at: number): DrawnUp {
    return {
      upTo: this.#options.recorder.lastSeq,
      at,
      interrupted: standings.filter(({ isInterrupted }) => isInterrupted).map(({ scope }) => scope),
      marks: new Map(standings.map(({ scope, progress }) => [scope, progress.safe])),
    };
  }

  #isAppended(seq: number): boolean {
    const pending = this.#options.pendingFrom();
    return pending === undefined || pending > seq;
  }

  #write({ upTo, at, interrupted, marks }: DrawnUp): void {
    const scopes: ScopeCheckpoint[] = [];
    for (const [scope, mark] of marks) {
      if (mark?.resourceVersion === this.#written.get(scope)?.resourceVersion) continue;
      this.#written.set(scope, mark);
      scopes.push(mark === undefined ? { scope, upTo } : { scope, ...mark });
    }
    this.#drawnUp = undefined;
    // Also when nothing happened: the gap of a recorder that is killed begins at its last checkpoint.
    this.#options.recorder.note({
      type: "checkpoint",
      upTo,
      coveredTo: isoTime(at),
      ...(interrupted.length === 0 ? {} : { interrupted }),
      scopes,
    });
  }
}

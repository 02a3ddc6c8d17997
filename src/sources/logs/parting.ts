/**
 * Looks after a follow whose container has ended, or is about to. The kubelet ends it by itself then; one that stays silent may be
 * a connection that is dead and does not say so.
 */
import type { Clock } from "../../base/index.ts";

/** `parting`: its container has ended, or its pod is being deleted. `gone`: so is the pod; `forced` while its containers may write on. */
export type Stage = "live" | "parting" | "gone" | "forced";

/** How long a follow may be silent. A look is repeated after twice as long each time: a container may take minutes to end. */
const SILENT_MS: Readonly<Record<Exclude<Stage, "live">, number>> = { parting: 2_000, gone: 20_000, forced: 60_000 };

export interface PartingOf {
  readonly clock: Clock;
  stage(): Stage;
  /** Whether the file has lines that did not come. Not asked when the pod is gone: nobody could tell. */
  isDead(): Promise<boolean>;
  /** Nothing more is expected of the connection. */
  giveUp(): void;
}

export class Parting {
  readonly #of: PartingOf;
  #stage: Stage = "live";
  #cancel: () => void = () => {};
  #isEnded = false;

  constructor(of: PartingOf) {
    this.#of = of;
    this.changed();
  }

  /** More is known of the pod. */
  changed(): void {
    const stage = this.#of.stage();
    if (stage === this.#stage) return;
    this.#stage = stage;
    this.heard();
  }

  /** The follow brought something. */
  heard(): void {
    if (this.#stage !== "live") this.#wait(SILENT_MS[this.#stage]);
  }

  end(): void {
    this.#isEnded = true;
    this.#cancel();
  }

  #wait(ms: number): void {
    this.#cancel();
    if (!this.#isEnded) this.#cancel = this.#of.clock.after(ms, () => void this.#silent(ms));
  }

  async #silent(ms: number): Promise<void> {
    const stage = this.#stage;
    if (stage !== "parting" || (await this.#of.isDead())) this.#of.giveUp();
    else if (stage === this.#stage) this.#wait(ms * 2);
  }
}

/**
 * Looks after one connection to a log while it is read: it is cut where it must not go on, compared with the file when it is quiet,
 * and opened anew before the kubelet cuts it after four hours (`pkg/kubelet/server/server.go`, Read and WriteTimeout).
 */
import { Deadline } from "../../base/index.ts";
import { Parting, type Stage } from "./parting.ts";
import type { PodNews } from "./pod-news.ts";
import type { FollowerParts, Reading } from "./reading.ts";

/** How long a connection to a superseded instance may go on: its own end comes within moments, another instance's does not. */
const SUPERSEDED_MS = 2_000;
/** While there are more containers than slots, a follower gives its slot back after so long; when they begin to be, soon. */
const LEASE_MS = 30_000;
const CROWDED_MS = 2_000;
/** A follow that brought nothing for so long is compared with the file. */
const QUIET_MS = 10 * 60_000;
/** A follow is opened anew after so long. */
const REOPEN_MS = 55 * 60_000;

/** How a silent stream and the file compare. */
export type Found = "differs" | "ahead" | "same" | "empty" | "unknown" | "unreachable" | "no slot";

/** A new connection would say no more than the present one. */
const READ_ON: ReadonlySet<Found> = new Set<Found>(["same", "empty", "unknown"]);

export interface Attended {
  readonly parts: FollowerParts;
  readonly reading: Reading;
  readonly follow: boolean;
  readonly cut: AbortController;
  readonly compare: () => Promise<Found>;
  /** True while the reader itself looks whether lines are left out: they may still come over this connection alone. */
  readonly isInDoubt: () => boolean;
}

export interface Attention {
  /** Something came. */
  heard(): void;
  end(): void;
}

export function attend(of: Attended): Attention {
  const { reading, cut } = of;
  const { news } = of.parts;
  const { log } = reading;
  const follow = of.follow ? new FollowAttention(of) : undefined;
  const { cancels, later } = timers(of);
  const onChange = (): void => {
    follow?.changed();
    if (reading.log !== log && log.aligner.lines > 0) cut.abort();
    else if (reading.superseded) later(SUPERSEDED_MS, () => cut.abort());
  };
  onChange();
  cancels.push(news.onChange(onChange));
  return {
    heard: () => follow?.heard(),
    end: () => {
      follow?.end();
      for (const cancel of cancels) cancel();
    },
  };
}

/** What a follow needs beyond that. */
class FollowAttention implements Attention {
  readonly #of: Attended;
  readonly #parting: Parting;
  readonly #cancels: readonly (() => void)[];
  readonly #quiet: Deadline;
  #isEnded = false;

  constructor(of: Attended) {
    this.#of = of;
    const { clock, slots } = of.parts.options;
    this.#parting = partingOf(of);
    const { cancels, later } = timers(of);
    later(REOPEN_MS + clock.random() * REOPEN_MS * 0.05, () => this.#compare(() => of.cut.abort()));
    const release = (ms: number): void => {
      if (of.parts.news.state === "live") later(ms, () => of.cut.abort());
    };
    if (slots.isCrowded) release(LEASE_MS);
    cancels.push(slots.onCrowded(() => release(CROWDED_MS)));
    this.#cancels = cancels;
    this.#quiet = new Deadline(clock, () => this.#compare(() => this.heard()));
    this.heard();
  }

  changed(): void {
    this.#parting.changed();
  }

  heard(): void {
    this.#parting.heard();
    if (!this.#isEnded) this.#quiet.start(QUIET_MS);
  }

  end(): void {
    this.#isEnded = true;
    this.#quiet.end();
    this.#parting.end();
    for (const cancel of this.#cancels) cancel();
  }

  #compare(then: () => void): void {
    void this.#of.compare().then((found) => (READ_ON.has(found) ? then() : this.#of.cut.abort()));
  }
}

interface Timers {
  readonly cancels: (() => void)[];
  readonly later: (ms: number, call: () => void) => void;
}

/** Timers that end together. */
function timers({ parts }: Attended): Timers {
  const cancels: (() => void)[] = [];
  return { cancels, later: (ms, call) => void cancels.push(parts.options.clock.after(ms, call)) };
}

function partingOf({ parts, reading, cut, compare, isInDoubt }: Attended): Parting {
  return new Parting({
    clock: parts.options.clock,
    stage: () => stageOf(reading, parts.news),
    isDead: async () => {
      if (isInDoubt()) return false;
      const found = await compare();
      return found === "ahead" || found === "differs";
    },
    giveUp: () => cut.abort(),
  });
}

function stageOf({ sight }: Reading, { state }: PodNews): Stage {
  if (state === "gone") return sight.ended ? "gone" : "forced";
  return state === "deleting" || sight.ended ? "parting" : "live";
}

/** What a fault is: a name from the catalogue, and what it does to a world. */
import type { Chance } from "../chance.ts";
import type { World } from "../world.ts";

export type FaultId = `F${number}`;

/** A fault that schedules use. */
export interface PlayedFault {
  readonly id: FaultId;
  readonly title: string;
  readonly runs: "here";
  /** How often it is drawn; 1 is the ordinary. */
  readonly share: number;
  /** Virtual milliseconds for which it is drawn, least and most. */
  readonly lasts: readonly [number, number];
  /** Begins it. What is returned ends it; nothing is returned by a fault of one moment. */
  readonly begin: (world: World, how: { readonly chance: Chance; readonly ms: number }) => (() => void) | undefined;
}

/** A fault that cannot happen between two functions of one process. */
export interface TestedElsewhere {
  readonly id: FaultId;
  readonly title: string;
  readonly runs: "elsewhere";
  readonly why: string;
  /** Test file or script that has it, below the project's root. */
  readonly where: string;
}

export type Fault = PlayedFault | TestedElsewhere;

/** A fault as its row says; `share` is 1 and it lasts up to twenty seconds unless the row says otherwise. */
export function here(
  id: FaultId,
  title: string,
  fault: Pick<PlayedFault, "begin"> & Partial<Pick<PlayedFault, "share" | "lasts">>,
): PlayedFault {
  return { id, title, runs: "here", share: 1, lasts: [500, 20_000], ...fault };
}

/** A fault that a test of its own has: why, and where. */
export function elsewhere(id: FaultId, title: string, why: string, where: string): TestedElsewhere {
  return { id, title, runs: "elsewhere", why, where };
}

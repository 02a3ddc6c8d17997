/** All faults by their number. Numbers are for ever: schedules name them. */
import type { Fault, FaultId, PlayedFault } from "./fault.ts";
import { LOG_FAULTS } from "./log-faults.ts";
import { NETWORK_FAULTS } from "./network-faults.ts";
import { OWN_FAULTS } from "./own-faults.ts";
import { SERVER_FAULTS } from "./server-faults.ts";

/** The catalogue, in the order of the numbers. */
export const FAULTS: readonly Fault[] = [...NETWORK_FAULTS, ...SERVER_FAULTS, ...LOG_FAULTS, ...OWN_FAULTS];

/** Those that schedules draw from. */
export const PLAYED_FAULTS: readonly PlayedFault[] = FAULTS.filter((fault) => fault.runs === "here");

const BY_ID: ReadonlyMap<string, Fault> = new Map(FAULTS.map((fault) => [fault.id, fault]));

export function isFaultId(text: string): text is FaultId {
  return BY_ID.has(text);
}

/** @throws RangeError for a number that is not in the catalogue. */
export function faultOf(id: FaultId): Fault {
  const fault = BY_ID.get(id);
  if (fault === undefined) throw new RangeError(`no fault ${id}`);
  return fault;
}

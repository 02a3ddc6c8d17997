/**
 * Two sizes of the same tests: the lane's, which takes minutes, and the long one of `FARO_LONG=1`, which takes hours and is run
 * before a release. The numbers differ, the code does not.
 */

/** True for the long form. */
export const IS_LONG: boolean = process.env["FARO_LONG"] === "1";

/** The lane's number, or the long form's. */
export function sized(lane: number, long: number): number {
  return IS_LONG ? long : lane;
}

/** Faro is killed with SIGKILL at random moments and started again on the same output, under load. */
import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../src/base/index.ts";
import { Ordeal, UNSCATHED } from "./ordeal.ts";
import { report } from "./report.ts";
import { sized } from "./size.ts";

const KILLS = sized(10, 100);
const LONGEST_LIFE_MS = 4_000;
let ordeal: Ordeal | undefined;

afterEach(async () => {
  await ordeal?.remove();
});

it(`kill -9 at ${KILLS} random moments: no version, Event or log line twice, and none lost without a gap`, async () => {
  ordeal = await Ordeal.start({ name: "kills" });
  for (let kill = 0; kill < KILLS; kill++) {
    // Every second one may hit the start, which takes most of a short life; the others hit a Faro that records.
    if (kill % 2 === 0) await ordeal.isUp();
    await systemClock.sleep(systemClock.random() * LONGEST_LIFE_MS);
    await ordeal.killFaro();
  }
  await ordeal.isUp();
  await ordeal.faro.watching();
  const findings = await ordeal.finish();
  report(`faro killed ${KILLS} times`, findings);
  expect(findings).toMatchObject(UNSCATHED);
}, 1_800_000);

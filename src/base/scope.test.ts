import { expect, test } from "vitest";
import { Scope } from "./scope.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("hundreds of tasks may wait on one scope without a warning from Node", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  const clock = new VirtualClock();
  const scope = new Scope(() => undefined);
  for (let task = 0; task < 100; task++) scope.start("waiting", (signal) => clock.sleep(1_000, signal));
  await clock.advance(1);
  await scope.close();
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
});

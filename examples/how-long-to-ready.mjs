#!/usr/bin/env node
/** For each pod: the time from its creation to each step until it was ready. */
import { readFileSync } from "node:fs";

const STEPS = ["scheduled", "initialized", "container-started", "ready"];

for (const file of process.argv.slice(2)) {
  const { events } = JSON.parse(readFileSync(file, "utf8"));
  const pods = new Map();
  for (const event of events) {
    if (event.event_type !== "POD_LIFECYCLE") continue;
    const times = pods.get(event.name) ?? new Map();
    if (!times.has(event.action)) times.set(event.action, Date.parse(event.timestamp));
    pods.set(event.name, times);
  }
  for (const [pod, times] of pods) {
    const from = times.get("created");
    if (from === undefined) continue;
    const steps = STEPS.map(
      (step) => `${step} ${times.has(step) ? `+${((times.get(step) - from) / 1000).toFixed(1)} s` : "never"}`,
    );
    console.log(`${pod}: ${steps.join(", ")}`);
  }
}

#!/usr/bin/env node
/** Prints a story as a timeline: a line for each event, without the objects. */
import { readFileSync } from "node:fs";

for (const file of process.argv.slice(2)) {
  const { metadata, events } = JSON.parse(readFileSync(file, "utf8"));
  console.log(`${metadata.resource_type} ${metadata.namespace}/${metadata.resource_name}, ${metadata.event_count} events`);
  for (const event of events) console.log(event.timestamp.slice(11), describe(event));
}

function describe(event) {
  const { data } = event;
  switch (event.event_type) {
    case "CONTAINER_LOG":
      return `${event.source_component}: ${data.message}`;
    case "K8S_EVENT":
      return `${event.source_component} ${data.reason}: ${data.message ?? data.note}`;
    case "POD_LIFECYCLE":
      return `${event.name} ${event.action} ${[data.container, [data.from, data.to].filter(Boolean).join(" -> "), data.reason].filter(Boolean).join(", ")}`;
    case "RECORDING_GAP":
      return `(something may be missing: ${data.scope}, ${data.cause})`;
    default:
      return `${event.action} ${event.resource} ${event.name} at ${event.resource_version}`;
  }
}

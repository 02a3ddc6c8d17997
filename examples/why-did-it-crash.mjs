#!/usr/bin/env node
/** For each container that ended with an error: its last log lines, and the last change of the root before it. */
import { readFileSync } from "node:fs";

const LINES = 5;
let crashes = 0;
for (const file of process.argv.slice(2)) {
  const { events } = JSON.parse(readFileSync(file, "utf8"));
  events.forEach((event, index) => {
    const { data } = event;
    if (event.action !== "container-terminated" || !data.exit_code) return;
    crashes++;
    const isOfContainer = (other) => other.event_type === "CONTAINER_LOG" && other.data.container_id === data.container_id;
    const lines = events.filter(isOfContainer).slice(-LINES);
    const image = imageOf(events.slice(0, index), event.uid, data.container);
    console.log(
      `${event.timestamp} ${event.name}/${data.container} ended with code ${data.exit_code} (${data.reason}), restart ${data.restart_count}, image ${image}`,
    );
    for (const line of lines) console.log(`  | ${line.data.message}`);
    const change = events.slice(0, index).findLast((other) => other.event_type === "RESOURCE_UPDATE" && isNewSpec(events, other));
    if (change)
      console.log(
        `  last change before: ${change.resource}/${change.name}, generation ${change.data.metadata.generation ?? "-"}, at ${change.timestamp}`,
      );
  });
}
console.log(crashes === 1 ? "1 crash" : `${crashes} crashes`);

function imageOf(before, uid, container) {
  const version = before.findLast((event) => event.uid === uid && event.data.spec !== undefined);
  return version?.data.spec.containers.find((entry) => entry.name === container)?.image ?? "unknown";
}

/** A version with a generation that no earlier version of the object has: somebody changed what is wanted. */
function isNewSpec(events, version) {
  const { generation } = version.data.metadata;
  return events.find((event) => event.uid === version.uid && event.data.metadata?.generation === generation) === version;
}

/**
 * Writes a large recording, as a busy cluster would leave it, to try what reads recordings at size:
 *
 *   node bench/make-recording.mjs DIR [GIGABYTES] [OBJECTS] [--killed]     1 and 10,000 unless given
 *
 * With `--killed` it ends by SIGKILL when all is synced, as a crash would end it.
 * Deployments with pods that change all the time, Events, and a log for every pod. Deterministic; a gigabyte takes some ten seconds.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openRecording } from "../dist/archive/index.js";
import { systemClock } from "../dist/base/index.js";

const [directory, gigabytes = "1", objects = "10000"] = process.argv.slice(2).filter((word) => !word.startsWith("--"));
if (directory === undefined) {
  console.error("usage: node bench/make-recording.mjs DIR [GIGABYTES] [OBJECTS]");
  process.exit(2);
}
const bytesMax = Number(gigabytes) * 1024 ** 3;
const count = Number(objects);
const START = Date.UTC(2026, 0, 1);
/** That of `server.mjs`. */
const CLUSTER_ID = "00000000-4b1c-4e51-9f0a-000000000000";
/** Changes a second in the recording's own time. */
const RATE = 50;

mkdirSync(directory, { recursive: true });
const writer = await openRecording({ directory: join(directory, "recording"), clock: systemClock, faroVersion: "1.0.0" });
let seq = 0;
let revision = 1_000;
const at = () => new Date(START + Math.floor((seq * 1_000) / RATE)).toISOString();
const append = (record) => writer.append({ seq: ++seq, at: at(), ...record });
const uidOf = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

/** Each pod is a story. */
const selection = { resources: ["pods.v1"], names: [], namespaces: [], selector: "" };
append({
  type: "run",
  state: "started",
  faroVersion: "1.0.0",
  epoch: 1,
  serverVersion: "v1.36.3",
  clusterId: CLUSTER_ID,
  selection,
});
append({ type: "scope", scope: "pods.v1/*", resource: "pods.v1", state: "opened" });
for (let number = 0; number < count; number++) version(number, number === 0 ? "LISTED" : "ADDED");
append({ type: "scope", scope: "pods.v1/*", resource: "pods.v1", state: "synced", resourceVersion: String(revision) });
for (let number = 0; number < count; number += 10) {
  append({
    type: "log-stream",
    stream: `s${number}`,
    instance: {
      podUid: uidOf(number),
      namespace: `team-${number % 50}`,
      pod: `web-${number}`,
      container: "app",
      containerKind: "app",
      containerId: `containerd://${number}`,
      restartCount: 0,
    },
  });
}
for (let step = 0; writer.bytes < bytesMax; step++) {
  version((step * 7_919) % count, "MODIFIED");
  if (step % 3 === 0) lines(((step * 104_729) % Math.ceil(count / 10)) * 10);
  // A run says each second how far it has got, this one every eight: what was recorded since has to be kept.
  if (step % RATE === 0) checkpoint();
  if (step % 1_000 === 0) await writer.room();
}
if (process.argv.includes("--killed")) {
  await writer.durable();
  process.kill(process.pid, "SIGKILL");
}
await writer.close();
console.log(
  `${(writer.bytes / 1024 ** 3).toFixed(2)} GB, ${seq} records, the middle is ${new Date((START + Date.parse(at())) / 2).toISOString()}`,
);

/** A pod of about 6 KB, as they are. */
function version(number, change) {
  revision += 1;
  const namespace = `team-${number % 50}`;
  const name = `web-${number}`;
  const metadata = {
    name,
    namespace,
    uid: uidOf(number),
    resourceVersion: String(revision),
    labels: { app: `app-${number % 200}` },
  };
  const status = {
    phase: "Running",
    containerStatuses: [
      {
        name: "app",
        ready: true,
        restartCount: 0,
        containerID: `containerd://${number}`,
        state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
      },
    ],
    note: `${revision} `.repeat(600),
  };
  const spec = { nodeName: `node-${number % 100}`, containers: [{ name: "app", image: "registry.example/web:1" }] };
  append({
    type: "object",
    epoch: 1,
    scope: "pods.v1/*",
    change,
    observedBy: change === "LISTED" ? "list" : "watch",
    resource: "pods.v1",
    apiVersion: "v1",
    kind: "Pod",
    namespace,
    name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    raw: Buffer.from(JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata, spec, status })),
  });
}

function checkpoint() {
  const scopes = [{ scope: "pods.v1/*", resourceVersion: String(revision), upTo: seq }];
  append({ type: "checkpoint", upTo: seq, coveredTo: at(), scopes });
}

function lines(number) {
  const time = at().replace("Z", "000000Z");
  const text = Array.from({ length: 20 }, (_, line) => `${time} request ${seq + line} took ${line} ms`).join("\n");
  append({ type: "log", stream: `s${number}`, count: 20, encoding: "utf8", text });
  seq += 19;
}

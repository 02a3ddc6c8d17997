/**
 * The cluster of the benchmark for logs: `BENCH_CONTAINERS` pods, each of whose containers writes
 * `BENCH_RATE` lines a second for `BENCH_SECONDS`, from the line `go` on standard input on. Prints its port, for `open?` when all logs are
 * followed, and in the end what was written, and in how many chunks it was sent. With `BENCH_MB` so many megabytes of lines have been
 * written before it is asked.
 */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { ClusterHistory, ContainerLogs, logTime, startApiServer } from "../dist/testing.js";

const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? "50");
const RATE = Number(process.env.BENCH_RATE ?? "200");
const SECONDS = Number(process.env.BENCH_SECONDS ?? "10");
const WRITER_MS = Number(process.env.BENCH_WRITER_MS ?? "5");
const BEFORE = Number(process.env.BENCH_MB ?? "0") * 1e6;
/** Lines are longer than a hundred bytes. */
const STARTED = Date.now() - BEFORE / 1e4;
const TEXT = "GET /api/v1/namespaces/default/orders?limit=500 200 17ms from 10.3.7.21 trace=".padEnd(96, "x");

let chunks = 0;
const history = new ClusterHistory();
const logs = new ContainerLogs();
history.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } });
const files = Array.from({ length: CONTAINERS }, (_, at) => startPod(`pod-${at}`));
const server = await startApiServer({
  history,
  logs,
  faults: {
    onLogChunk: () => {
      chunks++;
      return undefined;
    },
  },
});
let written = 0;
let bytes = 0;
let began;
/** Ten microseconds apart. */
while (bytes < BEFORE) writeLine(logTime(STARTED + Math.floor(written / 100), {}, (written % 100) * 10_000));
console.log(JSON.stringify({ port: server.port, lines: written, bytes }));

createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "open?") void whenOpen();
  if (line !== "go") return;
  began = performance.now();
  setTimeout(write, WRITER_MS);
});

/** Says when the logs of all containers are followed. */
async function whenOpen() {
  const followed = () => server.streams.filter(({ kind }) => kind === "log").length;
  while (followed() < CONTAINERS) await sleep(50);
  console.log(JSON.stringify({ followed: followed() }));
}

/** Spreads the lines over the containers in turn, so that those of one container come as far apart as its rate says. */
function write() {
  const due = Math.min(SECONDS, (performance.now() - began) / 1_000) * RATE * CONTAINERS;
  while (written < due) writeLine(logTime(Date.now()));
  if (performance.now() - began < SECONDS * 1_000) setTimeout(write, WRITER_MS);
  else console.log(JSON.stringify({ lines: written, bytes, chunks }));
}

function writeLine(time) {
  const line = `${written} ${TEXT}`;
  bytes += line.length + 32;
  files[written++ % CONTAINERS].append(line, time);
}

function startPod(name) {
  const containerId = `containerd://${name}`;
  const status = {
    name: "app",
    ready: true,
    restartCount: 0,
    containerID: containerId,
    image: "example/app:1",
    imageID: "example/app@1",
  };
  const { uid } = history.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "bench" },
    spec: { nodeName: "node-1", containers: [{ name: "app", image: "example/app:1" }] },
    status: {
      phase: "Running",
      containerStatuses: [{ ...status, state: { running: { startedAt: new Date(STARTED).toISOString() } } }],
    },
  });
  return logs.start({ namespace: "bench", pod: name, podUid: uid, container: "app", containerId, restartCount: 0 });
}

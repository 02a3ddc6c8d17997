/**
 * The cluster of `faro demo`, a Kubernetes API on a free port of this machine: a real incident that was recorded and is
 * played again, faster. Where the recording does not come along (an executable is one file), a rollout is made up.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  ClusterHistory,
  ContainerLogs,
  type Playback,
  playRollout,
  prepareCluster,
  startApiServer,
  startPlayback,
} from "../apiserver/index.ts";
import { type Clock, FaroError, formatDuration, isoTime } from "../base/index.ts";
import type { DemoCluster } from "./dependencies.ts";
import { readRecording } from "./recording.ts";

/** Beside `dist/` in a checkout and in the package. */
const INCIDENT = fileURLToPath(new URL("../../examples/recordings/bad-rollout", import.meta.url));
/** The incident lasts a minute; nobody should have to watch that long. */
const SPEED = 3;
/** Looks so often whether something is to be told. */
const TICK_MS = 50;
/** What was done last is still on its way to the recorder. */
const AFTERMATH_MS = 1_000;

/** What `incident.json` says beside a recording: what was recorded, and what people did meanwhile. */
interface Incident {
  readonly title: string;
  /** `apps/v1/Deployment`. */
  readonly resource: string;
  readonly name: string;
  readonly namespace: string;
  readonly steps: readonly { readonly at: string; readonly did: string }[];
}

/** `speed` is a factor on the usual one: 2 plays twice as fast. */
export async function startDemoCluster(clock: Clock, speed: number = 1): Promise<DemoCluster> {
  const description = join(INCIDENT, "incident.json");
  if (!existsSync(description)) return startRollout(clock, speed);
  return startIncident(decodeIncident(JSON.parse(await readFile(description, "utf8"))), clock, speed);
}

/** Our own file; the check is for one that somebody edited. */
function decodeIncident(value: unknown): Incident {
  if (typeof value === "object" && value !== null && "steps" in value && Array.isArray(value.steps)) return value as Incident;
  throw new FaroError("FARO_RECORDING_DAMAGED", `${INCIDENT}/incident.json holds no incident`);
}

async function startIncident(incident: Incident, clock: Clock, speed: number): Promise<DemoCluster> {
  const cluster = await readRecording(INCIDENT);
  const playback = await startPlayback({ cluster, clock, at: cluster.start, speed: 0, port: 0 });
  const { title, resource, name, namespace, steps } = incident;
  const lasts = formatDuration(cluster.end - cluster.start);
  return {
    namespace,
    resource,
    name,
    server: playback.url,
    clock: playback.clock,
    what: `a real incident, "${title}": ${lasts} of Kubernetes ${cluster.serverVersion}, played ${SPEED * speed} times as fast`,
    async play(tell, signal) {
      playback.setSpeed(SPEED * speed);
      await tellSteps({ playback, steps, clock, tell }, signal);
      await clock.sleep(AFTERMATH_MS / speed, signal);
    },
    close: () => playback.close(),
  };
}

interface Telling {
  readonly playback: Playback;
  readonly steps: Incident["steps"];
  readonly clock: Clock;
  readonly tell: (sentence: string) => void;
}

/** Each step at its moment, until the recording is over. */
async function tellSteps({ playback, steps, clock, tell }: Telling, signal: AbortSignal): Promise<void> {
  const untold = [...steps];
  for (;;) {
    const { at, end } = playback.state();
    for (let next = untold[0]; next !== undefined && Date.parse(next.at) <= at; next = untold[0]) {
      tell(`${isoTime(Date.parse(next.at)).slice(11, 19)}  ${next.did}`);
      untold.shift();
    }
    if (at >= end) return;
    await clock.sleep(TICK_MS, signal);
  }
}

/** A rollout that small controllers of our own play. */
export async function startRollout(clock: Clock, speed: number = 1): Promise<DemoCluster> {
  const history = new ClusterHistory({ clock });
  const logs = new ContainerLogs();
  prepareCluster({ history, clock });
  const server = await startApiServer({ history, logs, clock });
  return {
    namespace: "default",
    resource: "apps/v1/Deployment",
    name: "my-app",
    server: server.url,
    clock,
    what: "a rollout that fails and is rolled back",
    async play(tell, signal) {
      for await (const step of playRollout({ history, logs, clock, speed, signal })) tell(step.title);
    },
    close: () => server.close(),
  };
}

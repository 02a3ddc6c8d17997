/**
 * Changes that come alone: four watches, two of which are sent so many versions of pods and Events a second between them, one after the
 * other, and then nothing. Faro, client-node, the informer of client-go and a program that only writes down and syncs what comes
 * (`peers/bare-recorder.mjs`) side by side, each on streams of its own.
 *
 *   node bench/trickle.mjs [--rates=5,50,500] [--from=10] [--seconds=40] [--idle=1,10,100] [--only=faro] [--loop]
 *
 * Prints a line of JSON for each rate: CPU until `--from`, for each change from then until `--seconds`, and for each second in
 * which then nothing came; and for each number of watches on which nothing ever comes, Faro's CPU for a second. `--loop` adds how late the
 * event loop was, which costs CPU itself. Fails when Faro's recording is not whole.
 */
import { once } from "node:events";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { linesOf, objectOf, versionOf } from "./corpus.mjs";
import { recorderEnv } from "./harness.mjs";
import { clientGoProgram } from "./peers/client-go.mjs";
import { cpuMs, inFolder, kubeconfigFor, option, programFile, startFaro, startMeasured, startServer } from "./processes.mjs";
import { inStep } from "./recording-end.mjs";
import { linesOfRecording } from "./recording-lines.mjs";

const numbers = (text) => text.split(",").filter(Boolean).map(Number);
const RATES = numbers(option("rates", "5,50,500"));
const IDLE = numbers(option("idle", "1,10,100"));
const SECONDS = Number(option("seconds", 40));
const ONLY = option("only", "");
const LOOP = process.argv.includes("--loop");
const FROM = Number(option("from", 10));
const SETTLE_S = 10;
const IDLE_S = 20;
const CA = fileURLToPath(new URL("../test/cluster-config/fixtures/ca.crt", import.meta.url));
/** A watch-list begins with a bookmark that this server does not send. */
const NO_WATCH_LIST = { KUBE_FEATURE_WatchListClient: "false" };
const OBJECT = ',"object":';
const KINDS = ["deployments", "replicasets", "pods", "events"];
const FLAGS = ["--no-include-logs", "--log-level=error"];

if (LOOP) process.env.BENCH_LOOP = "1";
for (const rate of RATES) console.log(JSON.stringify(await inFolder((folder) => trickle(folder, rate))));
for (const watches of IDLE) console.log(JSON.stringify(await inFolder((folder) => idle(folder, watches))));

async function trickle(folder, rate) {
  const count = (rate * SECONDS) / 2;
  const { server, kubeconfig } = await serve(folder, { BENCH_CHANGES: String(rate), BENCH_COUNT: String(count) });
  const env = { ...NO_WATCH_LIST, ...recorderEnv({ folder, kind: KINDS.join(","), events: -1, kubeconfig }) };
  const go = ONLY === "" || ONLY === "client_go" ? clientGoProgram() : undefined;
  const flags = ["-n", "bench", "--resource=apps/v1/Deployment", "--related=replicasets,pods,events", ...FLAGS];
  const programs = {
    faro: () => startFaro({ folder, kubeconfig, flags }),
    client_node: () => startMeasured(programFile("peers", "client-node.mjs"), [], { env }),
    ...(go === undefined
      ? {}
      : { client_go: () => startMeasured(go, [], { env: { ...env, BENCH_FILE: join(folder, "go.jsonl") } }) }),
    bare: () => startMeasured(programFile("peers", "bare-recorder.mjs"), [], { env: bareEnv(folder, server) }),
  };
  const names = Object.keys(programs).filter((name) => ONLY === "" || ONLY === name);
  const measured = await Promise.all(names.map(async (name) => [name, await windows(programs[name](), rate)]));
  if (names.includes("faro")) await check(join(folder, "output/recording"), count);
  return { changes_per_s: rate, ...Object.fromEntries(measured), load: loadavg()[0] };
}

function bareEnv(folder, server) {
  const BENCH_PATHS = ["pods", "events"].map((kind) => `/api/v1/namespaces/bench/${kind}`).join(",");
  return { BENCH_SERVER: JSON.stringify({ server, ca: CA }), BENCH_PATHS, BENCH_FILE: join(folder, "bare.jsonl") };
}

/** Every line that was sent is there once, byte for byte, and `seq` is in their order; lanes may write them in another. */
async function check(recording, count) {
  const sent = { Pod: linesOf("pods"), Event: linesOf("events") };
  const seqs = { Pod: [], Event: [] };
  for await (const { line } of linesOfRecording(recording)) {
    const at = line.indexOf(OBJECT);
    const head = at === -1 ? "" : line.toString("latin1", 0, at);
    const kind = /"kind":"(Pod|Event)"/.exec(head)?.[1];
    if (kind === undefined) continue;
    const number = Number(/"resourceVersion":"(\d+)"/.exec(head)?.[1]) - Number(versionOf(0));
    const object = line.subarray(at + OBJECT.length, -1);
    if (seqs[kind][number] !== undefined || !object.equals(objectOf(sent[kind].at(number))))
      throw new Error(`${kind} ${number} is not recorded once and as it was sent`);
    seqs[kind][number] = Number(/"seq":(\d+)/.exec(head)?.[1]);
  }
  for (const [kind, all] of Object.entries(seqs)) {
    const isWhole = all.length === count && Array.from(all).every((seq, number) => number === 0 || seq > all[number - 1]);
    if (!isWhole) throw new Error(`not all of ${count} versions of ${kind} are recorded, or not in their order`);
  }
}

/** What a program takes from its start on. */
async function windows(program, rate) {
  const began = performance.now();
  const at = async (seconds) => {
    await sleep(began + seconds * 1_000 - performance.now());
    return { cpu: cpuMs(program.child.pid), ...(await lateness(program.child)) };
  };
  const [start, last, quiet, end] = [await at(FROM), await at(SECONDS), await at(SECONDS + 2), await at(SECONDS + 2 + IDLE_S)];
  await stop(program);
  return {
    start_ms: start.cpu,
    ms_per_change: round((last.cpu - start.cpu) / ((SECONDS - FROM) * rate)),
    idle_ms_per_s: round((end.cpu - quiet.cpu) / IDLE_S),
    ...(last.loopP99Ms === undefined ? {} : { start_late: late(start), late: late(last) }),
  };
}

async function idle(folder, watches) {
  const { kubeconfig } = await serve(folder, {});
  const namespaces = Array.from({ length: watches }, (_, at) => `bench-${at}`).join(",");
  const faro = startFaro({
    folder,
    kubeconfig,
    flags: ["-n", namespaces, "--resource=v1/ConfigMap", "--related=none", ...FLAGS],
  });
  await inStep(join(folder, "output/recording"), watches, faro);
  await sleep(SETTLE_S * 1_000);
  const before = cpuMs(faro.child.pid);
  await sleep(IDLE_S * 1_000);
  const after = cpuMs(faro.child.pid);
  await stop(faro);
  return { watches, idle_ms_per_s: round((after - before) / IDLE_S), load: loadavg()[0] };
}

async function serve(folder, settings) {
  const { port } = await startServer("trickle-server.mjs", settings).said();
  const server = `https://127.0.0.1:${port}`;
  return { server, kubeconfig: kubeconfigFor(folder, server, CA) };
}

async function stop({ child, usage }) {
  child.kill("SIGTERM");
  // client-node ends by the signal, and tells nothing.
  await usage.catch(() => undefined);
}

/** Nothing of a program that is not asked, or cannot be. */
async function lateness(child) {
  if (!LOOP || child.channel === undefined || child.channel === null) return {};
  child.send("how late?");
  const [answer] = await once(child, "message");
  return answer;
}

function late({ loopP99Ms, loopMaxMs }) {
  return { p99_ms: round(loopP99Ms), max_ms: round(loopMaxMs) };
}

function round(value) {
  return Math.round(value * 1_000) / 1_000;
}

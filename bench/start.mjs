/**
 * How long it takes to start: `faro --version` beside an empty Node program and `kubectl version --client`; and from the start to the
 * first change, synced to the disk, beside client-node's `Watch` and client-go's informer, which only write it.
 *
 *   node bench/start.mjs [--rounds=7] [--times=10]
 *
 * Prints two lines of JSON. `--times` is how many starts are measured together, because the kernel counts CPU in hundredths of a second.
 * Needs Linux (`/proc`).
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clientGo, clientNode, faro, measureWith } from "./harness.mjs";
import { FARO, option, programFile } from "./processes.mjs";
import { kubectlProgram } from "./peers/kubectl.mjs";
import { linesOfRecording } from "./recording-lines.mjs";
import { byTurns, compare, print } from "./turns.mjs";

const ROUNDS = Number(option("rounds", 7));
const TIMES = Number(option("times", 10));

const kubectl = kubectlProgram();
const versions = await byTurns(
  {
    faro: () => starts(process.execPath, [FARO, "--version"]),
    node: () => starts(process.execPath, ["-e", "0"]),
    ...(kubectl && { kubectl: () => starts(kubectl, ["version", "--client"]) }),
  },
  ROUNDS,
);
print("start", { cpu_ms: compare(versions, (run) => run.cpuMs), wall_ms: compare(versions, (run) => run.wallMs) });

/** Two versions of pods. */
const SETTINGS = { BENCH_KIND: "pods", BENCH_MB: "0.02", BENCH_FIRST: "1" };
const first = (program) => () => measureWith(program, SETTINGS);
const goProgram = clientGo();
const firsts = await byTurns(
  {
    faro: first(firstSynced),
    client_node: first(firstWritten(clientNode)),
    ...(goProgram && { client_go: first(firstWritten(goProgram)) }),
  },
  ROUNDS,
);
print("start", {
  first_change_ms: compare(firsts, ({ firstMs }) => firstMs),
  after_first_request_ms: compare(firsts, ({ connectedMs }) => connectedMs),
  cpu_ms: compare(firsts, ({ cpuMs }) => cpuMs),
});

/** The mean of one start. */
function starts(file, args) {
  const before = { cpu: childrenCpuMs(), at: performance.now() };
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env; // Node 20 reads and parses that file at every start, before any program
  for (let time = 0; time < TIMES; time++) {
    const { status, stderr } = spawnSync(file, args, { env, encoding: "utf8" });
    if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  }
  return { cpuMs: (childrenCpuMs() - before.cpu) / TIMES, wallMs: (performance.now() - before.at) / TIMES };
}

/** User and system time of all children that have ended. */
function childrenCpuMs() {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

/** The moment of the first sync that covers the last change. */
async function firstSynced(run) {
  const started = Date.now();
  const syncs = join(run.folder, "syncs");
  const node = ["--import", programFile("note-syncs.mjs")];
  const used = await faro({ ...run, node, env: { BENCH_SYNCS: syncs } });
  let wanted;
  for await (const { line, end } of linesOfRecording(join(run.folder, "output/recording")))
    if (line.includes(',"object":{')) wanted = end;
  const times = readFileSync(syncs, "utf8").trimEnd().split("\n");
  const [, at] = times.map((line) => line.split(" ").map(Number)).find(([size]) => size >= wanted);
  return { ...used, ...since(started, (await run.said()).connected, at) };
}

/** The moment at which a peer has written it, and ends. */
function firstWritten(program) {
  return async (run) => {
    const started = Date.now();
    const used = await program(run);
    const ended = Date.now();
    return { ...used, ...since(started, (await run.said()).connected, ended) };
  };
}

function since(started, connected, at) {
  return { firstMs: at - started, connectedMs: at - connected };
}

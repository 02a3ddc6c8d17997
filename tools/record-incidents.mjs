/**
 * Makes the incidents of `tools/incidents/` happen on a real cluster, and records each with Faro into `examples/recordings/`.
 *
 *   npm run incidents                 all of them, some six minutes
 *   npm run incidents -- crash-loop   these only
 *
 * Needs what `npm run test:cluster` needs. With FARO_TESTBED_KEEP=DIR a cluster that runs there is used, and goes on running.
 * What an incident's page quotes changes with its recording: `FARO_UPDATE=1 npx vitest run examples` writes it anew.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { INCIDENTS } from "./incidents/incidents.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const BED = join(ROOT, "test/cluster/bed");
const PROGRAM = join(ROOT, "dist/program/bin.cjs");
const TARGET = join(ROOT, "examples/recordings");
const NAMESPACE = "shop";
const RECORDING_BYTES_MAX = 1_000_000;

const wanted = process.argv.slice(2);
const chosen = INCIDENTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length < wanted.length) {
  console.error(`there are: ${INCIDENTS.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const kept = process.env.FARO_TESTBED_KEEP;
const folder = kept ?? mkdtempSync(join(tmpdir(), "faro-incidents-"));
const env = { ...process.env, FARO_TESTBED_KUBELETS: "1", FARO_TESTBED_DIR: folder };
try {
  execFileSync(join(BED, "up"), { env, stdio: ["ignore", 2, 2] });
  for (const incident of chosen) await record(incident);
} finally {
  if (kept === undefined) {
    execFileSync(join(BED, "down"), { env, stdio: ["ignore", 2, 2] });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A namespace, a Faro that watches before anything happens, the steps, the recording without what only a live one needs. */
async function record(incident) {
  console.log(`${incident.name}: ${incident.title}`);
  await kubectl(["delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true"]);
  await kubectl(["create", "namespace", NAMESPACE]);
  await waitFor(["get", "serviceaccount", "default", "-o", "name"], /default/, 60);
  const output = mkdtempSync(join(tmpdir(), "faro-incident-"));
  const { root, related } = incident;
  const args = [`--resource=${root.resource}`, `--name=${root.name}`, `-n=${NAMESPACE}`, `--related=${related.join(",")}`];
  const faro = spawn(process.execPath, [PROGRAM, "record", ...args, `--output=${output}`, "--metrics-port=0"], {
    env: { ...env, KUBECONFIG: join(folder, "kubeconfig"), FARO_LOG_LEVEL: "debug" },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const ended = new Promise((resolve) => faro.on("exit", resolve));
  try {
    await watching(faro, related.length + 1);
    const steps = [];
    for (const step of incident.steps) {
      if (step.did !== undefined) steps.push({ at: new Date().toISOString(), did: step.did });
      await take(step);
    }
    faro.kill("SIGINT");
    const code = await ended;
    if (code !== 0) throw new Error(`${incident.name}: faro ended with ${code}`);
    keep(incident, steps, output);
  } finally {
    faro.kill("SIGKILL");
    rmSync(output, { recursive: true, force: true });
  }
}

/** Every kind was listed once: from here on nothing is missed. */
async function watching(faro, scopes) {
  const inStep = new Set();
  let text = "";
  faro.stderr.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
    for (const line of text.split("\n")) {
      if (line.includes('"watch is in step"')) inStep.add(/"source":"([^"]+)"/.exec(line)?.[1]);
    }
  });
  for (let tries = 0; inStep.size < scopes; tries++) {
    if (tries > 300) throw new Error(`faro does not watch everything:\n${text}`);
    await sleep(200);
  }
}

async function take(step) {
  if (step.kubectl !== undefined) await kubectl(step.kubectl, step.input);
  else if (step.until !== undefined) await waitFor(step.until, step.matches, step.limitS);
  else await sleep(step.seconds * 1_000);
}

async function waitFor(args, matches, limitS) {
  for (let tries = 0; !matches.test(await kubectl(args).catch(() => "")); tries++) {
    if (tries > limitS * 2) throw new Error(`kubectl ${args.join(" ")}: not within ${limitS} s`);
    await sleep(500);
  }
}

function kubectl(args, input) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(BED, "ctl"), ["kubectl", "-n", NAMESPACE, ...args], { env, stdio: ["pipe", "pipe", 2] });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => (stdout += chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(stdout) : reject(new Error(`kubectl ${args.join(" ")} ended with ${code}`)),
    );
    child.stdin.end(input === undefined ? undefined : JSON.stringify(input));
  });
}

/** Story and lock are left out: the one can be derived again, the other says who writes. Segments are packed, as they may be. */
function keep({ name, title, root }, steps, output) {
  const target = join(TARGET, name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(join(target, "recording"), { recursive: true });
  let bytes = 0;
  for (const segment of readdirSync(join(output, "recording"))) {
    const text = readFileSync(join(output, "recording", segment));
    const strays = text.toString("utf8").match(/\/(?:tmp|home|root|work)\/[\w./-]+/g) ?? [];
    if (strays.length > 0) throw new Error(`${name} names paths of this machine: ${[...new Set(strays)].join(", ")}`);
    const packed = gzipSync(text, { level: 9 });
    bytes += packed.length;
    writeFileSync(join(target, "recording", `${segment}.gz`), packed);
  }
  writeFileSync(join(target, "incident.json"), `${JSON.stringify({ title, ...root, namespace: NAMESPACE, steps }, null, 2)}\n`);
  console.log(`  ${Math.round(bytes / 1024)} KiB`);
  if (bytes > RECORDING_BYTES_MAX) throw new Error(`${name} has ${bytes} bytes, which is more than a repository should carry`);
}

/**
 * What `npm start`, `npm test` and `npm run build` do. Plain JavaScript without a dependency, because on a
 * fresh checkout it is the part that runs before anything is installed.
 *
 *   node tools/run.mjs start [faro's arguments]    without arguments: the demo, which needs no cluster
 *   node tools/run.mjs test [vitest's arguments]   ends with `N passed, N failed, N skipped`
 *   node tools/run.mjs test:cluster [the same]     against a real Kubernetes; see test/cluster/README.md
 *   node tools/run.mjs mutations [parts of names]  puts known bugs back, one at a time, and runs the tests that must notice
 *   node tools/run.mjs build
 *   node tools/run.mjs bench [its arguments]
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const PROGRAM = join(ROOT, "dist/program/bin.cjs");
const BUILT_FROM = ["src", "schema", "package.json", "tsconfig.json", "tsconfig.build.json", "tools/bundle.mjs"];

const [task = "", ...rest] = process.argv.slice(2);
const tasks = { start, test, build, "test:cluster": testCluster, mutations, bench };
if (!Object.hasOwn(tasks, task)) {
  console.error(`usage: node tools/run.mjs ${Object.keys(tasks).join("|")} [arguments]`);
  process.exit(2);
}
process.exitCode = await tasks[task](rest);

/** Runs Faro in place of this process as far as Node allows: same terminal, same signals, same exit code. */
async function start(args) {
  ensureInstalled();
  ensureBuilt();
  const child = spawn(process.execPath, [PROGRAM, ...(args.length > 0 ? args : ["demo"])], { stdio: "inherit" });
  // A terminal sends Ctrl-C to Faro as well. A signal sent to this process alone has to be passed on, once.
  const interactive = process.stdin.isTTY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (!(interactive && signal === "SIGINT")) child.kill(signal);
    });
  }
  const [code, signal] = await new Promise((resolve) => child.on("exit", (...how) => resolve(how)));
  return code ?? (signal === "SIGINT" ? 130 : 143);
}

function test(args) {
  return runTests(args);
}

function testCluster(args) {
  return runTests(["--config=vitest.cluster.config.ts", ...args]);
}

function mutations(names) {
  return runTests(["--config=vitest.mutations.config.ts", ...(names.length === 0 ? [] : ["-t", names.join("|")])]);
}

async function bench(args) {
  ensureInstalled();
  ensureBuilt();
  const child = spawn(process.execPath, [join(ROOT, "bench/run.mjs"), ...args], { cwd: ROOT, stdio: "inherit" });
  return await new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
}

function runTests(args) {
  ensureInstalled();
  ensureBuilt();
  const folder = mkdtempSync(join(tmpdir(), "faro-test-"));
  const report = join(folder, "report.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const status = runTool("vitest", ["run", ...reporters, ...args]);
    const counts = countsOf(report);
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    return status === 0 && counts.failed > 0 ? 1 : status;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function build() {
  ensureInstalled();
  return compile();
}

/**
 * Sums a vitest report. A file that could not even be loaded, and an error outside every test, count as one
 * failure each: a run that tested nothing must not read as a clean one.
 */
function countsOf(report) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const facts = JSON.parse(readFileSync(report, "utf8"));
  const unloaded = facts.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
  const failed = facts.numFailedTests + unloaded;
  return {
    passed: facts.numPassedTests,
    failed: failed === 0 && !facts.success ? 1 : failed,
    skipped: facts.numPendingTests + facts.numTodoTests,
  };
}

function ensureInstalled() {
  if (isInstalled()) return;
  console.error("faro: installing what package-lock.json lists");
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith(".js") ? [process.execPath, [npm, "ci"]] : ["npm", ["ci"]];
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  console.error(`faro: npm ci failed${error ? `: ${error.message}` : ""}`);
  process.exit(1);
}

/**
 * npm keeps what it installed in `node_modules/.package-lock.json`. Optional packages of other platforms are
 * missing there; everything else has to be there as the lock file says.
 */
function isInstalled() {
  const written = join(ROOT, "node_modules/.package-lock.json");
  if (!existsSync(written)) return false;
  const wanted = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
  const found = JSON.parse(readFileSync(written, "utf8")).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const there = found[path];
    return there === undefined ? entry.optional === true : there.version === entry.version && there.integrity === entry.integrity;
  });
}

function ensureBuilt() {
  const built = existsSync(PROGRAM) ? statSync(PROGRAM).mtimeMs : 0;
  const newest = Math.max(...BUILT_FROM.map((path) => newestIn(join(ROOT, path))));
  if (newest <= built) return;
  const status = compile();
  if (status !== 0) process.exit(status);
}

/** Compiles beside `dist` and swaps it in, so that a program which runs meanwhile never sees half of a build. */
function compile() {
  const next = join(ROOT, `dist.${process.pid}`);
  const started = new Date();
  const compiled = runTool("tsc", ["-p", "tsconfig.build.json", "--outDir", next]);
  const status = compiled === 0 ? runNode("tools/bundle.mjs", [next]) : compiled;
  if (status === 0) {
    const program = join(next, "program/bin.cjs");
    chmodSync(program, 0o755);
    utimesSync(program, started, started); // a source that was saved during the build is newer than it
    rmSync(join(ROOT, "dist"), { recursive: true, force: true });
    renameSync(next, join(ROOT, "dist"));
  }
  rmSync(next, { recursive: true, force: true });
  return status;
}

/** Runs a program of an installed package with this Node, and returns its exit code. */
function runTool(name, args) {
  return runNode(join("node_modules/.bin", name), args);
}

function runNode(file, args) {
  const { status } = spawnSync(process.execPath, [join(ROOT, file), ...args], { cwd: ROOT, stdio: "inherit" });
  return status ?? 1;
}

/** Newest change below a path. A folder counts itself: that is how a file that was removed shows. */
function newestIn(path) {
  if (!existsSync(path)) return 0;
  const facts = statSync(path);
  if (!facts.isDirectory()) return path.endsWith(".test.ts") ? 0 : facts.mtimeMs;
  return Math.max(facts.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}

/**
 * Checks the package as its users get it: publint, then the packed archive installed into an empty folder from nothing but itself.
 * There its doors must resolve for TypeScript and for Node, its commands must start, and the examples of its documentation must run.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const problems = [];

const { messages } = await publint({ pkgDir: ROOT, strict: true });
problems.push(...messages.map((message) => formatMessage(message, manifest) ?? message.code));

const folder = mkdtempSync(join(tmpdir(), "faro-package-"));
const consumer = join(folder, "consumer");
const modules = join(consumer, "node_modules");
try {
  install();
  if (problems.length === 0) use();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "the package is sound" : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** From an empty cache and without a registry: what the package needs beside itself cannot come. */
function install() {
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], ROOT));
  const paths = packed.files.map(({ path }) => path);
  const strays = paths.filter((path) => /\.(test|cases)\./.test(path));
  if (strays.length > 0) problems.push(`tests are packed: ${strays.join(", ")}`);
  for (const wanted of ["LICENSE", "dist/THIRD_PARTY_NOTICES.txt"])
    if (!paths.includes(wanted)) problems.push(`not packed: ${wanted}`);
  mkdirSync(consumer);
  writeFileSync(join(consumer, "package.json"), '{"type":"module"}');
  const alone = ["--offline", "--ignore-scripts", "--cache", join(folder, "cache")];
  const started = performance.now();
  attempt("npm install", "npm", ["install", ...alone, join(folder, packed.filename)]);
  console.log(`installed in ${((performance.now() - started) / 1_000).toFixed(1)} s`);
  const installed = existsSync(modules) ? readdirSync(modules).filter((name) => !name.startsWith(".")) : [];
  if (installed.join() !== manifest.name) problems.push(`installed: ${installed.join(", ")}`);
}

function use() {
  checkTypes();
  attempt("import by a consumer", process.execPath, ["out/use.js"]);
  for (const [name, said] of [
    ["faro", manifest.version],
    ["kubectl-faro", "kubectl faro"],
  ]) {
    const flag = said === manifest.version ? "--version" : "--help";
    const answer = attempt(`${name} ${flag}`, join(modules, ".bin", name), [flag]);
    if (answer?.includes(said) === false) problems.push(`${name} ${flag} said ${answer}`);
  }
  // The pages say of what their examples run on: a recording, and the story of it.
  cpSync(join(modules, manifest.name, "examples/recordings/bad-rollout"), join(consumer, "output"), { recursive: true });
  mkdirSync(join(consumer, "stories"));
  attempt("faro rebuild", join(modules, ".bin/faro"), ["rebuild", "output"]);
  for (const page of ["library", "testing"]) {
    const text = readFileSync(join(ROOT, `docs/${page}.md`), "utf8");
    for (const [, code] of text.matchAll(/```js\n([\s\S]*?)```/g))
      attempt(`an example of docs/${page}.md`, process.execPath, ["--input-type=module", "--eval", code]);
  }
}

/** With `skipLibCheck: false`, the package's own declarations have to make sense where nothing is but Node's types. */
function checkTypes() {
  symlinkSync(join(ROOT, "node_modules/@types"), join(modules, "@types"), "dir");
  const names = Object.keys(manifest.exports).filter((name) => !name.endsWith(".json"));
  const imports = names.map((name, index) => `import * as m${index} from "${manifest.name}${name.slice(1)}";`);
  writeFileSync(
    join(consumer, "use.ts"),
    [...imports, `console.log(${names.map((_, i) => `Object.keys(m${i}).length`).join(", ")});`].join("\n"),
  );
  const settings = {
    module: "nodenext",
    target: "es2023",
    strict: true,
    types: ["node"],
    outDir: "out",
    rootDir: ".",
    skipLibCheck: false,
  };
  writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions: settings, include: ["use.ts"] }));
  attempt("types of a consumer", process.execPath, [join(ROOT, "node_modules/.bin/tsc"), "-p", "."]);
}

/** What it printed; nothing when it failed, which is a problem then. */
function attempt(what, command, args) {
  try {
    return run(command, args, consumer);
  } catch (error) {
    problems.push(`${what}: ${error.stdout}${error.stderr}`.trim());
    return undefined;
  }
}

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

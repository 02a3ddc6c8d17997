/**
 * Checks the package as its users get it: publint on the packed archive, then the archive installed beside a
 * small consumer whose imports must resolve for TypeScript and for Node, and whose `faro` must start.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
try {
  checkAsConsumer();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "the package is sound" : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function checkAsConsumer() {
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], ROOT));
  const strays = packed.files.map((file) => file.path).filter((path) => /\.(test|cases)\./.test(path));
  if (strays.length > 0) problems.push(`tests are packed: ${strays.join(", ")}`);
  run("tar", ["-xzf", packed.filename], folder);

  // Node finds the package by its name below node_modules; its own dependencies are those of this checkout.
  const modules = join(folder, "consumer/node_modules");
  mkdirSync(modules, { recursive: true });
  symlinkSync(join(folder, "package"), join(modules, manifest.name), "dir");
  symlinkSync(join(ROOT, "node_modules"), join(folder, "package/node_modules"), "dir");
  symlinkSync(join(ROOT, "node_modules/@types"), join(modules, "@types"), "dir");

  const names = Object.keys(manifest.exports).filter((name) => !name.endsWith(".json"));
  const imports = names.map((name, index) => `import * as m${index} from "${manifest.name}${name.slice(1)}";`);
  writeFileSync(
    join(folder, "consumer/use.ts"),
    [...imports, `console.log(${names.map((_, i) => `Object.keys(m${i}).length`).join(", ")});`].join("\n"),
  );
  const settings = {
    module: "nodenext",
    target: "es2023",
    strict: true,
    types: ["node"],
    outDir: "out",
    rootDir: ".",
    skipLibCheck: true,
  };
  writeFileSync(join(folder, "consumer/tsconfig.json"), JSON.stringify({ compilerOptions: settings, include: ["use.ts"] }));
  writeFileSync(join(folder, "consumer/package.json"), '{"type":"module"}');
  attempt("types of a consumer", process.execPath, [join(ROOT, "node_modules/.bin/tsc"), "-p", "."]);
  attempt("import by a consumer", process.execPath, ["out/use.js"]);
  attempt("faro --version", process.execPath, [join(folder, "package", manifest.bin.faro), "--version"]);
}

function attempt(what, command, args) {
  try {
    run(command, args, join(folder, "consumer"));
  } catch (error) {
    problems.push(`${what}: ${error.stdout}${error.stderr}`.trim());
  }
}

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

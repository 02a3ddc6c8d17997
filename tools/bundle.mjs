/**
 * What is published, made of all that `src/` takes from packages: whoever installs Faro installs nothing else. And in few files, because
 * Node takes most of a start to find, read and link hundreds of modules.
 *
 *   node tools/bundle.mjs <dist>     beside the modules that tsc wrote there:
 *                                    program/    what `faro` runs: bin.cjs and its parts
 *                                    library/    the doors of the package and their parts, with the types that they lead to
 *                                    THIRD_PARTY_NOTICES.txt
 *   node tools/bundle.mjs --program <folder>     the program alone
 */
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const DOORS = ["index", "testing"];
const NOTICES = "THIRD_PARTY_NOTICES.txt";
/** Those of its parts that are used. */
const UNDICI = {
  name: "undici-parts",
  resolveId: (id) => (id === "undici" ? join(ROOT, "tools/undici-parts.cjs") : undefined),
};
const PARTS = { chunkFileNames: "[name]-[hash].js" };

/** Writes the program to one file and what it has to say of the packages in it beside that. */
export async function bundleExecutable(folder, name) {
  const packages = await bundle(["src/cli/bin.ts"], folder, { format: "cjs", entryFileNames: name, codeSplitting: false });
  writeNotices(folder, packages);
}

/** What answers by itself is CommonJS, which starts sooner; the rest it loads as the modules that they are. */
async function bundleProgram(folder) {
  const start = { name: "start", resolveId: (id) => (id === "./start.ts" ? { id: "./start.js", external: true } : undefined) };
  await bundle(["src/cli/bin.ts"], folder, { format: "cjs", entryFileNames: "bin.cjs" }, [start]);
  return bundle(["src/cli/start.ts"], folder, PARTS);
}

async function bundlePackage(dist) {
  const program = await bundleProgram(join(dist, "program"));
  const doors = DOORS.map((door) => `src/${door}.ts`);
  const library = await bundle(doors, join(dist, "library"), PARTS);
  copyTypes(dist, join(dist, "library"));
  writeNotices(dist, [...program, ...library]);
}

/** Returns the folders of the packages that went in. */
async function bundle(input, folder, output, plugins = []) {
  const build = await rolldown({ cwd: ROOT, input, platform: "node", plugins: [UNDICI, ...plugins] });
  const written = await build.write({ dir: folder, format: "esm", ...output });
  await build.close();
  const modules = written.output.flatMap((chunk) => chunk.moduleIds ?? []);
  return modules.flatMap((id) => PACKAGE.exec(id)?.[0] ?? []);
}

/** What licenses ask for: their text goes wherever the code goes. */
function writeNotices(folder, packages) {
  const head = "Faro is under the Apache License 2.0. These packages are part of it, each under its own license:\n";
  const notices = [...new Set(packages)].map(noticeOf).sort((a, b) => a.localeCompare(b, "en"));
  writeFileSync(join(folder, NOTICES), [head, ...notices].join(`\n${"-".repeat(80)}\n\n`));
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((entry) => /^(licen[cs]e|copying|notice)/i.test(entry));
  if (!files.some((file) => /^[lc]/i.test(file))) throw new Error(`${name} has no license file: it cannot be passed on`);
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").trim());
  return `${[`${name} ${version} (${license})`, ...texts].join("\n\n")}\n`;
}

/** Copies the declarations that the doors lead to. The compiler says which; a package's cannot go along. */
function copyTypes(dist, library) {
  const settings = ["--listFilesOnly", "--ignoreConfig", "--noLib", "--module", "nodenext"];
  const doors = DOORS.map((door) => join(dist, `${door}.d.ts`));
  const tsc = [join(ROOT, "node_modules/.bin/tsc"), ...settings, ...doors];
  const files = execFileSync(process.execPath, tsc, { encoding: "utf8" }).trim().split("\n");
  const foreign = files.filter((file) => relative(dist, file).startsWith(".."));
  if (foreign.length > 0) throw new Error(`the types of the package lead to what is not in it: ${foreign[0]}`);
  for (const file of files) cpSync(file, join(library, relative(dist, file)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, folder] = process.argv.slice(2);
  await (first === "--program" ? bundleProgram(folder) : bundlePackage(first));
}

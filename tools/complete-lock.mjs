/**
 * Completes package-lock.json after `npm install` on a machine whose registry lacks packages of other platforms: npm
 * then leaves these optional packages out, and `npm ci` refuses the file. They are entered with the version that
 * their parent asks for and the platform that their name says; nothing of them is fetched on any other platform.
 *
 *   npm install … && node tools/complete-lock.mjs
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = join(import.meta.dirname, "../package-lock.json");
const OS = /(?:^|-)(android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|aix|win32|wasm32)(?:-|$)/;
const CPU = /(?:^|-)(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64|wasm32)(?:-|$)/;
const LIBC = { gnu: "glibc", musl: "musl" };

const lock = JSON.parse(readFileSync(FILE, "utf8"));
const added = [];
for (const [path, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (!/^\d/.test(version)) continue;
    const resolved = placesFor(path, name).find((place) => lock.packages[place] !== undefined);
    if (resolved !== undefined && lock.packages[resolved].version === version) continue;
    const place = resolved === undefined ? `node_modules/${name}` : `${path}/node_modules/${name}`;
    lock.packages[place] = { version, ...platformOf(name), ...(parent.dev ? { dev: true } : {}), optional: true };
    added.push(`${name}@${version}`);
  }
}
const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
writeFileSync(FILE, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, undefined, 2)}\n`);
console.log(added.length === 0 ? "nothing was missing" : `added ${added.join(", ")}`);

/** Where Node looks for `name` from the package at `path`, nearest first. */
function placesFor(path, name) {
  const steps = path.split("/node_modules/");
  return [...steps.keys()]
    .map((count) => `${steps.slice(0, steps.length - count).join("/node_modules/")}/node_modules/${name}`)
    .concat(`node_modules/${name}`);
}

function platformOf(name) {
  const base = name.slice(name.lastIndexOf("/") + 1);
  const os = OS.exec(base)?.[1];
  const cpu = CPU.exec(base)?.[1];
  const libc = os === "linux" ? LIBC[/-(gnu|musl)/.exec(base)?.[1]] : undefined;
  if (os === undefined || cpu === undefined) throw new Error(`the name ${name} does not say its platform`);
  return { cpu: [cpu], ...(libc ? { libc: [libc] } : {}), ...(os === "wasm32" ? {} : { os: [os] }) };
}

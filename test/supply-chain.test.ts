/** What comes from a registry is pinned, runs nothing on installation, and leaves no trace of where it came from. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOMS } from "../tools/rooms.ts";

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly cpu?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, "..");
const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
  readFileSync(join(ROOT, "package-lock.json"), "utf8"),
);
const installed = Object.entries(lock.packages).filter(([path]) => path !== "");

/** What goes into the program and the library: the packages that rooms are granted, with all that these need. */
const granted = [...new Set(Object.values(ROOMS).flatMap(({ packages }) => packages ?? []))];
const bundled = withNeeds(granted.map((name) => `node_modules/${name}`));

describe("package.json", () => {
  it("lets nobody install another package along with Faro", () => {
    const manifest: object = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(Object.keys(manifest).filter((key) => /dependencies/i.test(key))).toEqual(["devDependencies"]);
  });

  it("passes on the licenses of what is part of it", () => {
    const notices = readFileSync(join(ROOT, "dist/THIRD_PARTY_NOTICES.txt"), "utf8");
    const versions = granted.map((name) => `${name} ${lock.packages[`node_modules/${name}`]?.version}`);
    expect(versions.filter((version) => !notices.includes(`\n${version} (`))).toEqual([]);
  });
});

describe("package-lock.json", () => {
  it("holds no package that becomes part of Faro and runs a script when it is installed", () => {
    expect(bundled.length).toBeGreaterThan(granted.length);
    expect(bundled.filter((path) => lock.packages[path]?.hasInstallScript !== undefined)).toEqual([]);
  });

  it("holds no address of a package", () => {
    expect(installed.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  it("pins every package by its hash, but for development tools of platforms that tools/complete-lock.mjs entered", () => {
    const unpinned = installed.filter(([, entry]) => entry.integrity === undefined);
    expect(
      unpinned
        .filter(([, entry]) => !(entry.dev === true && entry.optional === true && entry.cpu !== undefined))
        .map(([path]) => path),
    ).toEqual([]);
  });

  it("is complete: it has every optional package of every platform, so that npm ci accepts it", () => {
    const wanted = installed.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {}));
    const there = new Set(installed.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)));
    expect(wanted.filter((name) => !there.has(name))).toEqual([]);
  });
});

describe("the files of the project", () => {
  it("name no package registry's host", () => {
    const hosts = ["registry.npmjs", "registry.yarnpkg", "npmmirror", "proxy.golang", "artifactory", "jfrog"].join("|");
    const found = spawnSync("git", ["grep", "-lIiE", hosts, "--", ".", ":!test/supply-chain.test.ts"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(found).toMatchObject({ status: 1, stdout: "" }); // 1 is git grep's word for "nothing found"
  });
});

/** Paths in the lock file, closed under what each package there needs. Throws when one is not locked. */
function withNeeds(paths: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const open = [...paths];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const entry = lock.packages[path];
    if (entry === undefined) throw new Error(`${path} is not in package-lock.json`);
    open.push(...Object.keys(entry.dependencies ?? {}).map((name) => placeOf(name, path)));
  }
  return [...found];
}

/** Where Node finds a package that `path` asks for: below it, or below a folder that it is in. */
function placeOf(name: string, path: string): string {
  const place = `${path}/node_modules/${name}`;
  if (lock.packages[place] !== undefined) return place;
  const parent = path.lastIndexOf("/node_modules/");
  return parent === -1 ? `node_modules/${name}` : placeOf(name, path.slice(0, parent));
}

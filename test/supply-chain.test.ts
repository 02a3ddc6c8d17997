/** What comes from a registry is pinned, runs nothing on installation, and leaves no trace of where it came from. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

interface LockedPackage {
  readonly dev?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly cpu?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, "..");
const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
  readFileSync(join(ROOT, "package-lock.json"), "utf8"),
);
const installed = Object.entries(lock.packages).filter(([path]) => path !== "");

describe("package-lock.json", () => {
  it("holds no runtime package that runs a script when it is installed", () => {
    expect(installed.filter(([, entry]) => entry.dev !== true && entry.hasInstallScript === true).map(([path]) => path)).toEqual(
      [],
    );
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

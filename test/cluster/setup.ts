/**
 * Starts a control plane with one real node and simulated ones before the first test of the lane, and stops it
 * by pid after the last. An instance that already runs is used as it is, and left running, when
 * `FARO_TESTBED_KEEP` names its folder: that saves the ten seconds while a test is being written.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

/** Where the cluster of this run is. Tests get it by `inject("cluster")`. */
export interface ClusterFacts {
  /** The instance's folder: kubeconfigs, logs of the components, the node's files. */
  readonly folder: string;
  readonly kubeconfig: string;
  /** May read pods and Events of `default`, nothing else. */
  readonly restrictedKubeconfig: string;
  readonly kubectl: string;
  /** `http://127.0.0.1:<port>` of etcd's JSON gateway. */
  readonly etcd: string;
  /** The script that kills, pauses and starts components. */
  readonly ctl: string;
}

declare module "vitest" {
  interface ProvidedContext {
    cluster: ClusterFacts;
  }
}

const BED = join(import.meta.dirname, "bed");

/** What the lane needs of a cluster: values that can be read in etcd, all of its history, crash loops that turn fast. */
const SETTINGS = {
  FARO_TESTBED_KUBELETS: "1",
  FARO_TESTBED_KWOK_NODES: "4",
  FARO_TESTBED_CRASH_BACKOFF: process.env["FARO_TESTBED_CRASH_BACKOFF"] ?? "4s",
  FARO_TESTBED_APISERVER_ARGS: "--storage-media-type=application/json --etcd-compaction-interval=0",
};

/** Starts the cluster in this folder, or those parts of it that do not run, in their order. Throws when it does not come up. */
export function bringUp(folder: string): void {
  runScript("up", folder);
}

function runScript(name: "up" | "down", folder: string): void {
  const env = { ...process.env, ...SETTINGS, FARO_TESTBED_DIR: folder };
  execFileSync(join(BED, name), { env, stdio: ["ignore", 2, 2] });
}

export function setup(project: TestProject): () => void {
  const kept = process.env["FARO_TESTBED_KEEP"];
  const folder = kept ?? mkdtempSync(join(tmpdir(), "faro-cluster-"));
  const stop = (): void => {
    if (kept !== undefined) return;
    runScript("down", folder);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    bringUp(folder);
    const facts = factsOf(folder);
    process.env["KUBECONFIG"] = facts.kubeconfig;
    process.env["FARO_TEST_KUBECTL"] = facts.kubectl;
    project.provide("cluster", facts);
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

function factsOf(folder: string): ClusterFacts {
  const bin = /^export PATH=([^:]+):/m.exec(readFileSync(join(folder, "env"), "utf8"))?.[1] ?? "";
  const etcdPort = /^ETCD=(\d+)$/m.exec(readFileSync(join(folder, "ports"), "utf8"))?.[1] ?? "";
  const kubectl = join(bin, "kubectl");
  if (!existsSync(kubectl) || etcdPort === "") throw new Error(`${folder} is not a running cluster of test/cluster/bed/up`);
  return {
    folder,
    kubeconfig: join(folder, "kubeconfig"),
    restrictedKubeconfig: join(folder, "kubeconfig.restricted"),
    kubectl,
    etcd: `http://127.0.0.1:${etcdPort}`,
    ctl: join(BED, "ctl"),
  };
}

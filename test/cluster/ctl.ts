/** Starts, stops, kills and cuts parts of the cluster under test. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { inject } from "vitest";

/** `ctl kill kube-apiserver`, `ctl cut`: see `bed/`. Returns what it printed; rejects when it fails. */
export async function ctl(...args: readonly string[]): Promise<string> {
  const cluster = inject("cluster");
  return (await promisify(execFile)(cluster.ctl, args, { env: { ...process.env, FARO_TESTBED_DIR: cluster.folder } })).stdout;
}

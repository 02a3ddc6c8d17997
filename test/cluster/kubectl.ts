/** The hand that works on the cluster in a test: kubectl, in one namespace that the test owns. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { inject } from "vitest";
import { until } from "./waiting.ts";

const run = promisify(execFile);

/** kubectl as admin. Rejects with its stderr when it fails. */
export async function kubectl(args: readonly string[], input?: unknown): Promise<string> {
  const cluster = inject("cluster");
  const pending = run(cluster.kubectl, ["--kubeconfig", cluster.kubeconfig, ...args], { maxBuffer: 256 << 20 });
  pending.child.stdin?.end(input === undefined ? undefined : JSON.stringify(input));
  return (await pending).stdout;
}

/** Longest wait for what the garbage collector removes. */
export const COLLECTED_MS = 180_000;

/** A namespace for one test. Its workloads are gone when `remove` has returned; the namespace itself soon after. */
export class TestNamespace {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** Creates it, and waits for the service account without which no pod can be created. */
  static async create(name: string): Promise<TestNamespace> {
    const namespace = new TestNamespace(`${name}-${process.pid}`);
    await kubectl(["create", "namespace", namespace.name]);
    await until("the default service account", 90_000, async () => (await namespace.list("serviceaccounts")).length > 0);
    return namespace;
  }

  async run(...args: readonly string[]): Promise<string> {
    return await kubectl(["-n", this.name, ...args]);
  }

  /** Server-side apply of one object. */
  async apply(object: unknown): Promise<void> {
    await kubectl(["-n", this.name, "apply", "--server-side", "-f", "-"], object);
  }

  async list(resource: string, selector = ""): Promise<readonly ListedObject[]> {
    const text = await this.run("get", resource, "-l", selector, "-o", "json");
    const list: { readonly items: readonly ListedObject[] } = JSON.parse(text);
    return list.items;
  }

  async uid(resource: string, name: string): Promise<string> {
    return await this.run("get", resource, name, "-o", "jsonpath={.metadata.uid}");
  }

  async rolledOut(workload: string): Promise<void> {
    await this.run("rollout", "status", workload, "--timeout=120s");
  }

  /** Waits until nothing of a kind is left: the garbage collector's own caches come back minutes after the API server did. */
  async gone(resource: string, selector = ""): Promise<void> {
    await until(
      `no ${resource} left in ${this.name}`,
      COLLECTED_MS,
      async () => (await this.list(resource, selector)).length === 0,
    );
  }

  async remove(): Promise<void> {
    await kubectl(["delete", "namespace", this.name, "--wait=false", "--ignore-not-found"]);
  }
}

export interface ListedObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly ready: boolean }[];
  };
}

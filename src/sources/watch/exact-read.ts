/**
 * Reading the past. A list at an exact version is answered from etcd until it compacts (KEP-2523); of one name it is one read
 * of one key (apiserver `registry/store.go ListPredicate`, `etcd3/store.go GetList`). Reads are budgeted: a server that has
 * just come back has others to serve.
 */
import { type ApiClient, ApiFailure, collectionPath, isExpired, type Query } from "../../cluster/index.ts";
import { acceptFor, nameSelector } from "./list.ts";
import { parsePage } from "./list-page.ts";
import type { WatchTarget, WireObject } from "./watch-item.ts";

/** The state at a version, or why it cannot be had. */
export type ExactRead =
  | { readonly read: "state"; readonly items: readonly WireObject[]; readonly bytes: number }
  /** Compacted. */
  | { readonly read: "expired" }
  /** The server ignores `resourceVersionMatch` and answers with the present, which proves nothing (KEP-2523). */
  | { readonly read: "unsupported" }
  /** The budget is spent, the server is in trouble, or nobody waits any longer: no more reads. */
  | { readonly read: "stopped" };

/** What one relist may cost. The first answer other than 200 and 410 ends it: 429 says that the server has no time for this. */
export class RepairBudget {
  #reads: number;
  #bytes: number;

  constructor(limits: { readonly reads: number; readonly bytes: number }) {
    this.#reads = limits.reads;
    this.#bytes = limits.bytes;
  }

  get reads(): number {
    return this.#bytes <= 0 ? 0 : this.#reads;
  }

  get bytes(): number {
    return this.#bytes;
  }

  spend(cost: { readonly reads: number; readonly bytes: number }): void {
    this.#reads -= cost.reads;
    this.#bytes -= cost.bytes;
  }

  stop(): void {
    this.#reads = 0;
  }
}

export interface ExactReader {
  /** The whole scope at a version; `metadataOnly` when only identities are wanted. */
  scopeAt(at: string, metadataOnly: boolean): Promise<ExactRead>;
  /** The one object of that name at a version. */
  nameAt(at: string, object: { readonly name: string; readonly namespace: string | undefined }): Promise<ExactRead>;
  readonly budget: RepairBudget;
}

/** `hurry`, which aborts with `signal` at the latest, ends the reading, but not what is made of what was read. */
export function exactReader(
  client: ApiClient,
  target: WatchTarget,
  how: { readonly budget: RepairBudget; readonly signal: AbortSignal; readonly hurry?: AbortSignal | undefined },
): ExactReader {
  const { budget, hurry = how.signal } = how;
  const read = async (at: string, of: { path: string; query: Query; metadataOnly: boolean }): Promise<ExactRead> => {
    if (budget.reads <= 0 || hurry.aborted) return { read: "stopped" };
    try {
      const query = { ...of.query, resourceVersion: at, resourceVersionMatch: "Exact" };
      const accept = acceptFor({ ...target, metadataOnly: of.metadataOnly }, "list");
      const response = await client.read({ path: of.path, query, accept, signal: hurry });
      budget.spend({ reads: 1, bytes: response.body.length });
      const page = parsePage(response.body, { request: `GET ${client.server}${of.path}`, resource: target.resource });
      // Part of a list proves nothing, but without a limit none is cut into pages.
      if (page.resourceVersion !== at || page.continueToken !== "") return { read: "unsupported" };
      return { read: "state", items: [...page.items], bytes: response.body.length };
    } catch (error) {
      if (hurry.aborted && !how.signal.aborted) return { read: "stopped" };
      if (!(error instanceof ApiFailure)) throw error;
      budget.spend({ reads: 1, bytes: 0 });
      if (isExpired(error.failure)) return { read: "expired" };
      budget.stop();
      return { read: "stopped" };
    }
  };
  return {
    budget,
    scopeAt: (at, metadataOnly) =>
      read(at, {
        path: collectionPath(target.resource, target.namespace),
        query: nameSelector(target),
        metadataOnly: metadataOnly || target.metadataOnly,
      }),
    nameAt: (at, { name, namespace }) =>
      read(at, {
        path: collectionPath(target.resource, namespace),
        query: { fieldSelector: `metadata.name=${name}` },
        metadataOnly: target.metadataOnly,
      }),
  };
}

/** One object as it was at a version; `undefined` when that cannot be read or another object had the name. */
export async function objectAt(
  reader: ExactReader,
  at: string,
  object: { readonly uid: string; readonly name: string; readonly namespace: string | undefined },
): Promise<WireObject | undefined> {
  const answer = await reader.nameAt(at, object);
  return answer.read === "state" ? answer.items.find(({ uid }) => uid === object.uid) : undefined;
}

/** What a capture would open: the answer to `--dry-run`, and what the start line says. */
import type { ScopeId } from "../record/index.ts";

export interface PlannedScope {
  readonly scope: ScopeId;
  /** `apps/v1/Deployment`. */
  readonly resourceType: string;
  /** `deployments` and `apps`, as a Role names them. */
  readonly plural: string;
  readonly group: string;
  readonly namespace?: string;
  /** Set when one object is watched by name. */
  readonly name?: string;
  readonly verbs: readonly ("get" | "list" | "watch")[];
  /** `root`, `owned by Deployment`, `Events`, … */
  readonly why: string;
  /** Data is never read: Secrets. */
  readonly metadataOnly: boolean;
}

export interface CapturePlan {
  readonly server: string;
  readonly serverVersion: string;
  readonly namespaces: readonly string[];
  readonly scopes: readonly PlannedScope[];
  /** Requested kinds that the cluster does not serve yet. */
  readonly waitingFor: readonly string[];
  /** True when `pods/log` is read too. */
  readonly logs: boolean;
  readonly logsWhy: string;
}

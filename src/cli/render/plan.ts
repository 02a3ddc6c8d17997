/** What a dry run prints: what would be watched, why, and the permissions it needs. */
import type { CapturePlan, PlannedScope } from "../../capture/index.ts";
import { renderColumns } from "./columns.ts";
import { renderRoles } from "./role.ts";

export function renderPlan(plan: CapturePlan): string {
  return [
    renderFacts(plan),
    renderColumns([["KIND", "NAMESPACE", "NAME", "VERBS", "WHY"], ...plan.scopes.map(toRow)]),
    renderPermissions(plan),
  ].join("\n");
}

function renderFacts(plan: CapturePlan): string {
  const facts = [
    ["Server", `${plan.server} (${plan.serverVersion})`],
    ["Namespaces", plan.namespaces.length === 0 ? "all" : plan.namespaces.join(", ")],
    ["Logs", plan.logs ? `yes: ${plan.logsWhy}` : `no: ${plan.logsWhy}`],
    ...(plan.waitingFor.length === 0 ? [] : [["Waiting for", `${plan.waitingFor.join(", ")}: not served by this cluster yet`]]),
  ];
  return renderColumns(facts);
}

function toRow(scope: PlannedScope): readonly string[] {
  const why = scope.metadataOnly ? `${scope.why}; metadata only` : scope.why;
  return [scope.resourceType, scope.namespace ?? "(all)", scope.name ?? "", scope.verbs.join(","), why];
}

function renderPermissions(plan: CapturePlan): string {
  return `# Permissions this needs, for kubectl apply -f -\n${renderRoles(plan)}`;
}

/** The permissions that a plan needs, as manifests that `kubectl apply` takes. */
import type { CapturePlan, PlannedScope } from "../../capture/index.ts";

interface Rule {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  readonly name: string | undefined;
}

/** A Role for each namespace and a ClusterRole for what is watched in all of them, as one YAML stream. */
export function renderRoles(plan: CapturePlan): string {
  const scopes = new Map<string | undefined, Rule[]>();
  for (const scope of plan.scopes) scopes.set(scope.namespace, [...(scopes.get(scope.namespace) ?? []), toRule(scope)]);
  if (plan.logs) addLogs(plan, scopes);
  return [...scopes].map(([namespace, rules]) => renderRole(namespace, rules)).join("---\n");
}

/** `pods/log` is read where pods are: in each namespace, or everywhere. */
function addLogs(plan: CapturePlan, scopes: Map<string | undefined, Rule[]>): void {
  const rule: Rule = { group: "", resource: "pods/log", verbs: ["get"], name: undefined };
  const namespaces = plan.namespaces.length === 0 ? [undefined] : plan.namespaces;
  for (const namespace of namespaces) scopes.set(namespace, [...(scopes.get(namespace) ?? []), rule]);
}

function toRule(scope: PlannedScope): Rule {
  return { group: scope.group, resource: scope.plural, verbs: scope.verbs, name: scope.name };
}

function renderRole(namespace: string | undefined, rules: readonly Rule[]): string {
  const metadata = namespace === undefined ? ["  name: faro"] : ["  name: faro", `  namespace: ${namespace}`];
  return [
    "apiVersion: rbac.authorization.k8s.io/v1",
    `kind: ${namespace === undefined ? "ClusterRole" : "Role"}`,
    "metadata:",
    ...metadata,
    "rules:",
    ...merge(rules).flatMap(renderRule),
    "",
  ].join("\n");
}

interface MergedRule {
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly name: string | undefined;
}

/** Resources of one group with the same verbs share a rule. */
function merge(rules: readonly Rule[]): readonly MergedRule[] {
  const merged = new Map<string, MergedRule>();
  for (const rule of rules) {
    const key = [rule.group, rule.verbs.join(), rule.name ?? ""].join(" ");
    const resources = new Set([...(merged.get(key)?.resources ?? []), rule.resource]);
    merged.set(key, { group: rule.group, verbs: rule.verbs, name: rule.name, resources: [...resources] });
  }
  return [...merged.values()];
}

function renderRule(rule: MergedRule): readonly string[] {
  return [
    `- apiGroups: [${rule.group === "" ? '""' : rule.group}]`,
    `  resources: [${rule.resources.join(", ")}]`,
    ...(rule.name === undefined ? [] : [`  resourceNames: [${rule.name}]`]),
    `  verbs: [${rule.verbs.join(", ")}]`,
  ];
}

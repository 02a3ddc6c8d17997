/** The permissions that recording needs, as YAML that can be applied. */
import type { ApiResource } from "./api-resource.ts";

const VERBS = '["get", "list", "watch"]';

interface Rule {
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: string;
}

/**
 * A Role for one namespace, or a ClusterRole when there is none or a kind has no namespaces; both when both are needed.
 * With pods among the resources it grants reading their logs.
 */
export function roleFor(
  resources: readonly Pick<ApiResource, "group" | "plural" | "namespaced">[],
  namespace: string | undefined,
): string {
  const isLocal = (resource: Pick<ApiResource, "namespaced">): boolean => namespace !== undefined && resource.namespaced;
  const local = rulesFor(resources.filter(isLocal));
  const global = rulesFor(resources.filter((resource) => !isLocal(resource)));
  const documents = [
    ...(local.length === 0 ? [] : [document("Role", namespace, local)]),
    ...(global.length === 0 ? [] : [document("ClusterRole", undefined, global)]),
  ];
  return documents.join("---\n");
}

function rulesFor(resources: readonly Pick<ApiResource, "group" | "plural">[]): readonly Rule[] {
  const byGroup = new Map<string, Set<string>>();
  for (const { group, plural } of resources) byGroup.set(group, (byGroup.get(group) ?? new Set()).add(plural));
  const rules = [...byGroup].map(([group, plurals]) => ({ group, resources: [...plurals], verbs: VERBS }));
  const hasPods = byGroup.get("")?.has("pods") === true;
  return hasPods ? [...rules, { group: "", resources: ["pods/log"], verbs: '["get"]' }] : rules;
}

function document(kind: "Role" | "ClusterRole", namespace: string | undefined, rules: readonly Rule[]): string {
  const lines = [
    "apiVersion: rbac.authorization.k8s.io/v1",
    `kind: ${kind}`,
    "metadata:",
    "  name: faro",
    ...(namespace === undefined ? [] : [`  namespace: ${namespace}`]),
    "rules:",
    ...rules.flatMap((rule) => [
      `  - apiGroups: ["${rule.group}"]`,
      `    resources: [${rule.resources.map((resource) => `"${resource}"`).join(", ")}]`,
      `    verbs: ${rule.verbs}`,
    ]),
  ];
  return `${lines.join("\n")}\n`;
}
